"""The page on which a rhythm is proposed, the yes, and two last yeses at once."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.db import connections

from congregation.models import Event
from crews.models import Seat
from rhythms.models import Commitment


@pytest.fixture
def said():
    return {
        "once": str(uuid.uuid4()),
        "tempo": "fortnightly",
        "times": "5",
        "date": "2026-11-27",
        "time": "18:30",
        "minutes": "120",
        "place": "The hall",
        "link": "meet.example/seeds",
    }


@pytest.fixture
def proposed(crew, member, client_of, at, said):
    client_of(member).post(at(member, "commitment-new", pk=crew.pk), said)
    return Commitment.objects.get()


def test_anyone_at_the_table_proposes(crew, member, client_of, at, said):
    browser = client_of(member)
    page = browser.get(at(member, "commitment-new", pk=crew.pk))
    assert "Only the three of you can see this page" in page.content.decode()
    answer = browser.post(at(member, "commitment-new", pk=crew.pk), said)
    assert answer.status_code == 302
    commitment = Commitment.objects.get()
    assert (commitment.times, commitment.begins_on) == (5, date(2026, 11, 27))
    assert commitment.words == "Every other Friday, five times"
    assert commitment.rhythm.link == "https://meet.example/seeds"
    assert [yes.member for yes in commitment.yeses.all()] == [member]


def test_sent_twice_it_is_proposed_once(crew, member, client_of, at, said):
    browser = client_of(member)
    for _ in range(2):
        assert browser.post(at(member, "commitment-new", pk=crew.pk), said).status_code == 302
    assert Commitment.objects.count() == 1
    assert Event.objects.filter(verb="commitment.propose").count() == 1


def test_a_second_proposal_is_told_so(crew, mate, proposed, client_of, at, said):
    page = client_of(mate).post(
        at(mate, "commitment-new", pk=crew.pk), {**said, "once": str(uuid.uuid4())}
    )
    assert page.status_code == 422
    assert "already" in page.content.decode()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("date", "2026-11-01", "has passed"),
        ("times", "1", "greater than or equal to 2"),
        ("link", "ftp://x.example", "begins with https"),
        ("link", "javascript:alert(1)", "begins with https"),
    ],
)
def test_what_does_not_hold_is_said_and_kept(crew, member, client_of, at, said, name, value, words):
    page = client_of(member).post(
        at(member, "commitment-new", pk=crew.pk), said | {name: value, "place": "My barn"}
    )
    assert page.status_code == 422
    assert words in page.content.decode()
    assert "My barn" in page.content.decode()
    assert not Commitment.objects.exists()


def test_a_mate_sees_it_and_says_yes(crew, mate, facilitator, proposed, client_of, at):
    page = client_of(mate).get(at(mate, "crew", pk=crew.pk)).content.decode()
    assert "Every other Friday, five times" in page
    assert "Ana proposes this" in page
    for person in (mate, facilitator):
        url = at(person, "commitment-yes", pk=proposed.pk)
        assert client_of(person).post(url).status_code == 302
    proposed.refresh_from_db()
    assert proposed.state == "running"
    page = client_of(mate).get(at(mate, "crew", pk=crew.pk)).content.decode()
    assert "0 of 5" in page


def test_only_the_proposer_takes_it_back(crew, member, mate, proposed, client_of, at):
    url = at(mate, "commitment-withdraw", pk=proposed.pk)
    assert client_of(mate).post(url).status_code == 403
    assert client_of(member).post(url).status_code == 302
    proposed.refresh_from_db()
    assert proposed.state == "withdrawn"


def test_who_may_not(crew, peer, outsider, member, proposed, client_of, at, said):
    # A crew is known to its congregation, so to a peer its proposals are refused, not hidden …
    assert client_of(peer).get(at(peer, "commitment-new", pk=crew.pk)).status_code == 403
    assert client_of(peer).post(at(peer, "commitment-new", pk=crew.pk), said).status_code == 403
    # … but what was proposed is the crew's own.
    assert client_of(peer).post(at(peer, "commitment-yes", pk=proposed.pk)).status_code == 404
    url = at(outsider, "commitment-new", pk=crew.pk)
    assert client_of(outsider).post(url, said).status_code == 404
    url = at(outsider, "commitment-yes", pk=proposed.pk)
    assert client_of(outsider).post(url).status_code == 404
    url = at(member, "commitment-yes", pk=proposed.pk)
    assert client_of(member).get(url).status_code == 405


def test_a_kept_seat_is_not_at_the_table(crew, mate, proposed, client_of, at):
    Seat.objects.filter(crew=crew, member=mate).update(kept_until=date(2027, 1, 1))
    assert client_of(mate).post(at(mate, "commitment-yes", pk=proposed.pk)).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_two_last_yeses_begin_it_once(crew, member, mate, facilitator, proposed, now):
    def say(person):
        try:
            Commitment.objects.get(pk=proposed.pk).say_yes(by=person, now=now)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(say, [mate, facilitator, mate, facilitator]))
    proposed.refresh_from_db()
    assert proposed.state == "running"
    assert proposed.meetings.count() == 5
    assert Event.objects.filter(verb="commitment.begin").count() == 1
