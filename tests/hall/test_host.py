import datetime as dt

import pytest

from congregation.models import Member
from crews.models import Card, Crew, Crewless, Seat
from rhythms.models import Meeting


@pytest.fixture
def make_crew(congregation, now):
    def make(name, people, held="", **fields):
        fields.setdefault("state", "active")
        crew = Crew.objects.create(
            congregation=congregation,
            name=name,
            founded_at=now - dt.timedelta(days=90),
            seats_taken=len(people),
            **fields,
        )
        for number, person in enumerate(people, 1):
            Seat.objects.create(
                congregation=congregation, crew=crew, member=person, number=number, taken_at=now
            )
        for back, letter in enumerate(reversed(held)):
            starts = now - dt.timedelta(weeks=back, days=3)
            Meeting.objects.create(
                congregation=congregation,
                crew=crew,
                starts_at=starts,
                ends_at=starts + dt.timedelta(hours=2),
                zone=congregation.zone,
                state="held" if letter == "h" else "not_held",
                came=3 if letter == "h" else None,
                seated=len(people),
            )
        return crew

    return make


def test_a_host_sees_size_crewless_and_crews(
    client_of, at, host, member, mate, peer, make_crew, now
):
    Crewless.objects.create(
        congregation=peer.congregation, member=peer, since=now - dt.timedelta(weeks=9)
    )
    make_crew("Seed Library", [host, member, mate], "hhhh")
    make_crew("Film Night", [host, member, mate], "hnnn")
    make_crew("Kayak Crew", [member, mate, host], "hh", state="resting", rests_since=now)
    page = client_of(host).get(at(host, "host")).content.decode()
    assert "Noor Haddad" in page
    assert "9 weeks" in page
    assert "met 1 of the last 4" in page
    for words in ["Seed Library", "Kayak Crew", "Could use a visit", "Resting", "4 <small>of 100"]:
        assert words in page


def test_who_is_happy_without_is_not_listed_nor_counted(client_of, at, host, peer, now):
    Crewless.objects.create(congregation=peer.congregation, member=peer, since=now)
    Card.objects.create(congregation=peer.congregation, member=peer, state="happy")
    page = client_of(host).get(at(host, "host")).content.decode()
    assert "Noor Haddad" not in page
    assert "<b>0</b>in none" in page


def test_a_partnership_is_nobodys_business(client_of, at, host, member, mate, make_crew):
    make_crew("Two of us", [member, mate], "hh", is_partnership=True, seats_max=2)
    assert "Two of us" not in client_of(host).get(at(host, "host")).content.decode()


def test_a_member_who_is_no_host_is_refused(client_of, at, host, member):
    assert client_of(member).get(at(member, "host")).status_code == 403


def test_an_outsider_finds_nothing(client_of, at, host, outsider):
    assert client_of(outsider).get(at(host, "host")).status_code == 404


def test_nobody_but_the_founder(client_of, at, host):
    page = client_of(host).get(at(host, "host")).content.decode()
    assert "You are founding" in page
    assert "No crews yet" in page


def test_as_many_queries_with_forty_crews_as_with_one(
    client_of, at, host, member, mate, make_crew, make_member, django_assert_max_num_queries, now
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = client_of(host)
    make_crew("First", [host, member, mate], "hnh")
    with CaptureQueriesContext(connection) as few:
        client.get(at(host, "host"))
    for n in range(39):
        make_crew(f"Crew {n}", [host, member, mate], "hnhhnh")
    for n in range(40):
        person = make_member(f"Person{n} New")
        Crewless.objects.create(congregation=person.congregation, member=person, since=now)
    with CaptureQueriesContext(connection) as many:
        assert client.get(at(host, "host")).status_code == 200
    assert len(many) == len(few)
    assert Member.objects.count() >= 40
