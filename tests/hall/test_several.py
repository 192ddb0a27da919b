"""Someone in several congregations: one home, a switch, and nothing of one shown in another."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from congregation.models import Member, Notice
from tests.hall.test_home import crew_of

A_PLACE = 17  # what one more congregation costs at most, in statements


@pytest.fixture
def also_in(make_congregation, make_member, member, now):
    """Let Ana be in one more congregation, in a crew there: also_in("Levin")."""

    def make(name):
        place = make_congregation(name)
        there = Member.objects.create(
            congregation=place, user=member.user, name="Ana of there", joined_at=now
        )
        mate = make_member(f"{name}er One", place)
        crew, _commitment = crew_of([there, mate], now, name=f"{name} Choir", state="looking_back")
        return there, crew

    return make


def test_in_one_it_leads_there(member, client_of, at):
    assert client_of(member).get("/").headers["Location"] == at(member, "home")
    assert 'class="hop"' not in client_of(member).get(at(member, "home")).text


def test_in_two_one_home_has_both(member, mate, also_in, client_of, at, now):
    crew_of([member, mate], now)
    there, crew = also_in("Levin")
    Notice.tell("congregation.growth", [there], there, now=now)
    page = client_of(member).get("/").text
    assert all(words in page for words in ["Otaki", "Levin", "Seed Library", "1 new notice"])
    assert at(there, "home") in page
    assert at(member, "home") in page
    assert "Levin Choir" in page


def test_the_switch_leads_on_and_says_what_is_new(member, also_in, client_of, at, now):
    there, _crew = also_in("Levin")
    Notice.tell("congregation.growth", [there], there, now=now)
    page = client_of(member).get(at(member, "home")).text
    assert 'class="hop"' in page
    assert at(there, "home") in page
    assert "1 new" in page
    assert 'class="hop"' in client_of(member).get(at(there, "home")).text


def test_nothing_of_one_shows_in_the_other(member, peer, mate, also_in, client_of, at, now):
    there, crew = also_in("Levin")
    for person in (peer, mate):
        for name in ("home", "people", "crews", "calendar"):
            assert "Levin" not in client_of(person).get(at(person, name)).text
        assert "Levin" not in client_of(person).get(at(person, "member", pk=member.pk)).text
    for name in ("people", "crews", "calendar"):
        assert "Levin Choir" not in client_of(member).get(at(member, name)).text
    assert client_of(member).get(at(member, "crew", pk=crew.pk)).status_code == 404


def test_who_has_left_one_has_one_home_again(member, also_in, client_of, at, now):
    there, _crew = also_in("Levin")
    there.leave(by=there, now=now)
    assert client_of(member).get("/").headers["Location"] == at(member, "home")


def queries(browser, url):
    with CaptureQueriesContext(
        connection,
    ) as found:
        assert browser.get(url).status_code == 200
    return len(found)


def test_each_more_costs_the_same_and_the_frame_costs_nothing_more(member, also_in, client_of, at):
    also_in("Levin")
    browser = client_of(member)
    browser.get("/")
    two, frame = queries(browser, "/"), queries(browser, at(member, "people"))
    also_in("Foxton")
    three = queries(browser, "/")
    also_in("Shannon")
    assert queries(browser, "/") - three == three - two <= A_PLACE
    assert queries(browser, at(member, "people")) == frame
