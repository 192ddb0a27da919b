"""Written alone, laid face down: nobody can tell who has."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rhythms import renewing
from rhythms.models import Decision, LookBack, Slip
from tests.rhythms.looking_back import DEADLINE, OVER, everyone, open_lookback, says, sends

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(member, mate, facilitator):
    return [member, mate, facilitator]


@pytest.fixture
def crew(seated_crew, people):
    return seated_crew("Tuesday Pod", people)


@pytest.fixture
def lookback(crew, people):
    return open_lookback(crew, people)


def same(page):
    """Return a page without what differs from one request to the next anyway."""
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page)


def test_it_lies_on_the_table(lookback, member, client_of, at):
    client, url = client_of(member), at(member, "lookback", pk=lookback.pk)
    answer = client.post(
        at(member, "lookback-write", pk=lookback.pk),
        sends("go", celebrate="Twins.", helped="", would_carry="on", change="Stop at nine"),
    )
    assert (answer.status_code, answer["Location"]) == (302, url)
    page = client.get(url).text
    assert "Yours is on the table" in page
    assert "/l/" in page
    assert "Twins." not in page
    again = client.get(url + "?change=1").text
    assert "Twins." in again
    decision = Decision.objects.get(lookback=lookback, member=member)
    assert (decision.way, decision.would_carry) == ("go", True)
    assert decision.written_at is not None


@pytest.mark.parametrize("way", ["go", "change", "rest", "end"])
def test_leaving_every_line_empty_is_an_answer(lookback, member, client_of, at, way):
    answer = client_of(member).post(at(member, "lookback-write", pk=lookback.pk), sends(way))
    assert answer.status_code == 302
    assert lookback.has_from(member)


def test_a_way_on_is_needed_and_nothing_is_lost(lookback, member, client_of, at):
    answer = client_of(member).post(
        at(member, "lookback-write", pk=lookback.pk), sends("", celebrate="Twins.", word="Thanks")
    )
    assert answer.status_code == 422
    assert "Say how you go on" in answer.text
    assert "Twins." in answer.text
    assert "Thanks" in answer.text
    assert not lookback.has_from(member)


@pytest.mark.parametrize("reader", ["member", "facilitator", "host in the crew"])
def test_nobody_can_tell_who_has_written(
    seated_crew, member, mate, facilitator, host, client_of, at, reader
):
    """What a mate, the facilitator and a host read is the same before and after another wrote."""
    people = [member, mate, facilitator, host]
    lookback = open_lookback(seated_crew("Tuesday Pod", people), people)
    who = {"member": member, "facilitator": facilitator, "host in the crew": host}[reader]
    client, kwargs = client_of(who), {"pk": lookback.pk}
    pages = [at(who, "lookback", **kwargs), at(who, "crew", pk=lookback.crew_id), at(who, "home")]
    pages += [at(who, "host")] if who == host else []

    def read():
        return [same(client.get(page).text) for page in pages]

    before = read()
    renewing.write(lookback, says("end", celebrate="Twins."), by=mate, now=OVER)
    assert read() == before
    client.post(at(who, "lookback-write", **kwargs), sends("go"))
    waiting = read()
    other = facilitator if who == member else member
    renewing.write(lookback, says("go"), by=other, now=OVER)
    assert read() == waiting
    assert waiting != before
    assert {row.member_id for row in Decision.objects.visible_to(who)} == {who.pk}
    assert not Slip.objects.visible_to(who).exclude(member=who).exists()


def test_the_last_one_sees_what_was_found(lookback, people, member, client_of, at):
    everyone(lookback, people[1:], ["go", "rest"])
    client, url = client_of(member), at(member, "lookback", pk=lookback.pk)
    client.post(at(member, "lookback-write", pk=lookback.pk), sends("go", celebrate="Twins."))
    page = client.get(url).text
    assert "What we found" in page
    for words in ("Twins.", "By Dov", "By Joel", "Rest"):
        assert words in page


def test_twice_is_once(lookback, people, member, client_of, at):
    everyone(lookback, people[1:], ["go", "go"])
    client, url = client_of(member), at(member, "lookback-write", pk=lookback.pk)
    first, second = (client.post(url, sends("go", celebrate="Twins.")) for _ in range(2))
    assert (first.status_code, second.status_code) == (302, 302)
    assert Slip.objects.filter(lookback=lookback).count() == 3


def test_twice_is_once_for_who_ended(lookback, people, member, client_of, at):
    everyone(lookback, people[1:], ["go", "go"])
    client, url = client_of(member), at(member, "lookback-write", pk=lookback.pk)
    first, second = (client.post(url, sends("end")) for _ in range(2))
    assert (first.status_code, second.status_code) == (302, 302)
    page = client.get(at(member, "lookback", pk=lookback.pk)).text
    assert "Go well" in page
    assert "The next table" not in page


def test_what_comes_late_is_given_back(lookback, people, member, client_of, at):
    everyone(lookback, people[1:], ["go", "go"])
    renewing.reveal_due(now=DEADLINE)
    answer = client_of(member).post(
        at(member, "lookback-write", pk=lookback.pk), sends("go", worked="Food first")
    )
    assert answer.status_code == 422
    assert "This came after it had opened" in answer.text
    assert "Food first" in answer.text
    assert not [row for row in Slip.objects.all() if row.words == "Food first"]


def test_past_the_deadline_writing_opens_it(lookback, member, client_of, at, monkeypatch):
    from congregation import clock

    monkeypatch.setattr(clock, "now", lambda: DEADLINE + timedelta(seconds=5))
    client_of(member).post(at(member, "lookback-write", pk=lookback.pk), sends("go", worked="Yes"))
    lookback.refresh_from_db()
    assert lookback.is_revealed
    assert [row.words for row in Slip.objects.filter(lookback=lookback)] == ["Yes"]


def test_lacking_the_role(lookback, people, member, client_of, at, now):
    from crews.models import Seat

    Seat.objects.get(crew=lookback.crew, member=member).keep(DEADLINE.date(), now=now)
    page = client_of(member).get(at(member, "lookback", pk=lookback.pk))
    assert "Take my seat again" in page.text
    answer = client_of(member).post(at(member, "lookback-write", pk=lookback.pk), sends("go"))
    assert answer.status_code == 403


def test_it_waits_for_those_who_have_not_written(lookback, people, member, peer):
    assert list(LookBack.objects.waiting_for(member)) == [lookback]
    lookback.draft(says("go"), by=member, now=OVER)
    assert list(LookBack.objects.waiting_for(member)) == [lookback]
    lookback.write(says("go"), by=member, now=OVER)
    assert list(LookBack.objects.waiting_for(member)) == []
    assert list(LookBack.objects.waiting_for(peer)) == []


def test_as_many_queries_however_many_people(seated_crew, make_member, client_of, at):
    counts = []
    for size in (3, 8):
        people = [make_member(f"P{size}x{n} Q") for n in range(size)]
        lookback = open_lookback(seated_crew(f"Crew {size}", people), people)
        client, url = client_of(people[0]), at(people[0], "lookback", pk=lookback.pk)
        sizes = []
        for step in range(3):
            client.get(url)
            with CaptureQueriesContext(connection) as queries:
                client.get(url)
            sizes.append(len(queries))
            if step == 0:
                renewing.write(lookback, says("go", worked="w"), by=people[0], now=OVER)
            else:
                everyone(lookback, people[1:], ["go"] * (size - 1))
        counts.append(sizes)
    assert counts[0] == counts[1]
