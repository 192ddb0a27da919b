"""Everyone by name."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from congregation.models import Congregation, Member
from crews.models import Crew, Seat


@pytest.fixture
def sit(congregation, now):
    """Sit people at a table, without the verbs' checks: sit("Seed Library", ana, dov)."""

    def make(name, *people, **fields):
        crew = Crew.objects.create(
            congregation=congregation, name=name, founded_at=now, state="active", **fields
        )
        for number, person in enumerate(people, 1):
            Seat.objects.create(
                congregation=congregation, crew=crew, member=person, number=number, taken_at=now
            )
        return crew

    return make


@pytest.fixture
def crowd(congregation, now):
    """Put many more people in: crowd(30)."""

    def make(number, **fields):
        people = [
            Member(
                congregation=congregation,
                name=f"Person {i:03}",
                name_key=f"person {i:03}",
                search_key=f"person {i:03}",
                joined_at=now - timedelta(days=200),
                **fields,
            )
            for i in range(number)
        ]
        Member.objects.bulk_create(people)
        Congregation.objects.update(places_taken=Member.objects.count())
        return people

    return make


def test_everyone_is_there_by_name(member, mate, peer, outsider, client_of, at):
    page = client_of(member).get(at(member, "people"))
    assert page.status_code == 200
    assert page.text.index("Ana Sefo</a>") < page.text.index("Dov Levi</a>")
    assert page.text.index("Dov Levi</a>") < page.text.index("Noor Haddad</a>")
    assert "Zed" not in page.text


def test_an_outsider_finds_nothing(member, outsider, client_of, at):
    assert client_of(outsider).get(at(member, "people")).status_code == 404
    assert client_of(member).post(at(member, "people")).status_code == 405


def test_who_has_left_or_is_expected_is_not_there(member, make_member, client_of, at, now):
    make_member("Rua Paki", state="expected")
    make_member("Sami Oduya", state="left", left_at=now)
    make_member("Lena Vogel", state="away")
    page = client_of(member).get(at(member, "people")).text
    assert "Rua" not in page
    assert "Sami" not in page
    assert "Lena Vogel" in page


def test_search_knows_names_places_and_lines_without_accents(
    member, host, make_member, client_of, at
):
    make_member("Zoë Ångström", line="Fixes radios")
    browser, url = client_of(member), at(member, "people")

    def found(words):
        return browser.get(url, {"q": words}).text

    assert "Zoë Ångström</a>" in found("zoe")
    assert "Zoë Ångström</a>" in found("ANGSTROM radios")
    assert "Mei Ropata</a>" in found("otaki soup")
    assert "Ana Sefo</a>" not in found("otaki soup")
    assert "1 person for" in found("radios")
    nothing = found("<b>qqq</b>")
    assert "Nobody here goes by" in nothing
    assert "<b>qqq</b>" not in nothing


def test_who_came_lately_stands_at_the_top(member, mate, peer, make_member, client_of, at, now):
    make_member("Rua Paki", joined_at=now - timedelta(days=3))
    page = client_of(member).get(at(member, "people")).text
    assert page.index("New among us") < page.index("Rua Paki</a>") < page.index("Everyone, by name")
    assert "since Mon 16 Nov" in page
    assert "New among us" not in client_of(member).get(at(member, "people"), {"q": "rua"}).text


def test_while_founding_nobody_is_new(make_member, client_of, at, now):
    ana = make_member("Ana Sefo", joined_at=now)
    make_member("Dov Levi", joined_at=now)
    assert "New among us" not in client_of(ana).get(at(ana, "people")).text


def test_alone_one_is_asked_to_invite(host, client_of, at):
    page = client_of(host).get(at(host, "people")).text
    assert "A table for one" in page
    assert at(host, "invite") in page


def test_crews_show_only_where_each_chooses(member, mate, peer, host, sit, client_of, at):
    sit("Seed Library", member, mate)
    url = at(peer, "people")
    assert "Seed Library" not in client_of(peer).get(url).text
    assert client_of(member).get(url).text.count("Seed Library") == 2
    member.show_crews(True, by=member, now=member.joined_at)
    assert client_of(peer).get(url).text.count("Seed Library") == 1
    assert client_of(host).get(url).text.count("Seed Library") == 1


def test_partnerships_never_show(member, mate, sit, client_of, at):
    sit("Two of us", member, mate, is_partnership=True, seats_max=2)
    member.show_crews(True, by=member, now=member.joined_at)
    assert "Two of us" not in client_of(member).get(at(member, "people")).text
    assert "Two of us" not in client_of(mate).get(at(mate, "member", pk=member.pk)).text


def test_further_people_come_in_pages(member, crowd, client_of, at, htmx):
    crowd(60)
    browser, url = client_of(member), at(member, "people")
    first = browser.get(url).text
    assert first.count("card folk") == 24
    assert "Show 24 more" in first
    # Without scripts the address shows all up to there, so that Back and a copied link hold.
    assert browser.get(url, {"page": 2}).text.count("card folk") == 48
    part = browser.get(url, {"page": 3}, headers=htmx).text
    assert part.count("card folk") == 13
    assert "Show" not in part
    assert "<main" not in part
    assert "61 of 61" in part
    assert browser.get(url, {"page": "nonsense"}).status_code == 200


def test_three_or_thirty_or_two_hundred_cost_the_same(member, crowd, sit, client_of, at):
    browser, url, costs = client_of(member), at(member, "people"), []
    for number in [3, 30, 164]:
        people = crowd(number, shows_crews=True)
        for i in range(0, len(people) - 2, 6):
            sit(f"Crew {number} {i}", *people[i : i + 6])
        for asked in [{}, {"q": "person", "page": 99}]:
            with CaptureQueriesContext(connection) as cost:
                assert "Crew " in browser.get(url, asked).text
            costs.append(len(cost))
    assert costs[0::2] == costs[:1] * 3
    assert costs[1::2] == costs[1:2] * 3
    assert max(costs) <= 12
