"""A crew's room: what it shows first in each state, to whom, and at what cost."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from congregation import clock
from crews.models import Crew, Pin
from rhythms import committing
from rhythms.models import Change, Decision, LookBack
from tests.rhythms.conftest import ahead, commitment, crew, make_commitment, past, seated_crew

__all__ = ["ahead", "commitment", "crew", "make_commitment", "past", "seated_crew"]


@pytest.fixture
def room(client_of, at):
    """Return a crew's room as someone sees it: room(member, crew)."""

    def look(person, of):
        return client_of(person).get(at(person, "crew", pk=of.pk)).content.decode()

    return look


def test_in_rhythm(ahead, crew, member, mate, room, now):
    ahead.come(answer="coming", brings="soup", by=mate, now=now)
    page = room(member, crew)
    assert "Only the three of you can see this page" in page
    assert "Every Wednesday, six times" in page
    assert "0 of 6" in page
    assert "Wed 25 Nov, 7:00 pm" in page
    assert "to 8:30 pm, your time (Auckland)" in page
    assert "Joel’s kitchen" in page
    assert "Brings soup" in page
    assert "Seed Library in six days, 7:00 pm. Joel leads. Coming?" in page
    assert "http://localhost:8000/m/" in page
    # On a phone the one thing to do comes first: the answer stands before the table.
    assert page.index('name="answer"') < page.index('class="hall-g"')


def test_the_evening_itself(ahead, crew, member, facilitator, room, now):
    clock.move(ahead.starts_at - now - timedelta(hours=2))
    assert "Seed Library tonight, 7:00 pm." in room(member, crew)
    assert "Tonight" in room(member, crew)


def test_dates_as_notes(commitment, crew, facilitator, member, mate, room, now):
    first, second, third = commitment.meetings.order_by("number")[:3]
    first.log(here=[facilitator, member, mate], by=member, now=now)
    second.log(here=[facilitator, member], by=member, now=now)
    page = room(member, crew)
    assert "2 of 6" in page
    assert "all 3" in page
    assert "2 of 3" in page
    assert "not noted" in page
    assert "Two of six meetings held." in page
    third.not_held(by=member, now=now)
    assert "a rest" in room(member, crew)


def test_a_meeting_that_is_over_waits_to_be_noted(past, crew, member, room, at):
    assert at(member, "we-met", pk=past.pk) in room(member, crew)


def test_last_time(past, crew, facilitator, member, mate, room, now):
    past.log(here=[facilitator, member, mate], by=member, mood="warm", note="Frost.", now=now)
    assert "Frost." in room(mate, crew)
    assert "How it was" not in room(mate, crew)
    for person in (facilitator, mate):
        past.say_mood("flat", by=person, now=now)
    assert "warm 1, flat 2" in " ".join(room(mate, crew).split())


def test_a_seat_that_is_kept_counts_among_those_who_see(ahead, crew, member, mate, room, now):
    crew.seats.filter(member=mate).update(kept_until=date(2027, 1, 1))
    assert "Only the three of you can see this page" in room(member, crew)
    page = room(mate, crew)
    assert "Your seat is kept for you" in page
    assert "Take my seat again" in page
    assert 'name="answer"' not in page


def test_a_proposal(crew, member, mate, room, now):
    committing.propose(
        crew,
        rhythm=committing.rhythm_of(
            crew,
            tempo="monthly",
            starts_on=date(2026, 12, 17),
            starts_at=now.time(),
            zone="Pacific/Auckland",
            minutes=60,
        ),
        starts_on=date(2026, 12, 17),
        times=6,
        by=member,
        now=now,
    )
    assert "Yes, I’m in" in room(mate, crew)
    page = room(member, crew)
    assert "Yes, I’m in" not in page
    assert "Take my proposal back" in page


def test_no_dates_yet(crew, member, room, at):
    page = room(member, crew)
    assert "No dates yet" in page
    assert at(member, "commitment-new", pk=crew.pk) in page


def test_resting(crew, member, mate, facilitator, room, at, now):
    crew.rest(by=None, now=now)
    page = room(member, crew)
    assert "Rest is a rhythm too." in page
    assert at(member, "commitment-new", pk=crew.pk) in page
    crew.seats.filter(member=mate).update(left_at=now)
    page = room(member, crew)
    assert at(member, "commitment-new", pk=crew.pk) not in page
    assert at(member, "pool") in page


def test_ended(ahead, crew, member, room, now):
    Crew.objects.filter(pk=crew.pk).update(state="ended", ended_at=now)
    page = room(member, crew)
    assert "This table is closed, with thanks" in page
    assert "I need to step back" not in page
    assert 'name="answer"' not in page


def test_looking_back(commitment, crew, member, mate, congregation, room, now):
    commitment.state = "looking_back"
    commitment.save()
    lookback = LookBack.objects.create(
        congregation=congregation,
        crew=crew,
        commitment=commitment,
        opened_at=now,
        closes_at=now + timedelta(days=4),
    )
    assert "Start looking back" in room(member, crew)
    Decision.objects.create(
        congregation=congregation, lookback=lookback, member=mate, saved_at=now, written_at=now
    )
    assert "Yours is written" in room(mate, crew)
    # That somebody has written shows to nobody else.
    assert "Start looking back" in room(member, crew)
    commitment.state = "ended"
    commitment.save()
    lookback.revealed_at = now
    lookback.save()
    Change.choose(lookback, "Begin on time", member, by=mate, now=now)
    page = room(mate, crew)
    assert "Your look-back is open" in page
    assert "What you change: Begin on time. Ana carries it." in page


def test_a_partnership_is_two(
    seated_crew, make_commitment, member, peer, host, room, at, client_of
):
    two = seated_crew("Ana and Noor", [member, peer], is_partnership=True, seats_max=2)
    make_commitment(two, member)
    page = room(peer, two)
    assert "Only the two of you can see this page" in page
    assert client_of(host).get(at(host, "crew", pk=two.pk)).status_code == 404


def test_our_chat(ahead, crew, member, mate, congregation, room, now):
    Pin.objects.create(
        congregation=congregation,
        crew=crew,
        kind="chat",
        url="https://chat.example/seeds",
        made_by=mate,
        made_at=now,
    )
    assert 'href="https://chat.example/seeds"' in room(member, crew)


def test_from_outside(past, crew, member, peer, host, outsider, client_of, at, now):
    past.log(here=[member], by=member, note="Frost.", now=now)
    for stranger in (peer, host):
        page = client_of(stranger).get(at(stranger, "crew", pk=crew.pk))
        assert page.status_code == 200
        words = page.content.decode()
        assert "Seed Library" in words
        for hidden in ("Frost.", "Joel’s kitchen", "Dov", 'name="answer"'):
            assert hidden not in words
    assert client_of(outsider).get(at(outsider, "crew", pk=crew.pk)).status_code == 404
    assert client_of(member).post(at(member, "crew", pk=crew.pk)).status_code == 405


def test_a_host_sees_that_a_meeting_was_and_no_more(past, member, host, client_of, at, now):
    past.log(here=[member], by=member, note="Frost.", now=now)
    page = client_of(host).get(at(host, "meeting", pk=past.pk)).content.decode()
    assert "They met; 1 came." in page
    assert "Frost." not in page
    assert "Ana" not in page


def test_a_long_commitment_costs_as_much_as_a_short_one(
    seated_crew, make_commitment, make_member, client_of, at, now
):
    def cost(people, times):
        crew = seated_crew(f"Crew of {len(people)}", people, state="active")
        commitment = make_commitment(crew, people[0], times=times)
        for meeting in commitment.meetings.filter(ends_at__lte=now):
            meeting.log(here=people, by=people[0], mood="warm", now=now)
        ahead = commitment.meetings.filter(starts_at__gt=now).order_by("number")[0]
        for person in people:
            ahead.come(answer="coming", by=person, now=now)
        # Whose turn it is reads a line more than the others.
        reader = ahead.plan.facilitator
        browser, url = client_of(reader), at(reader, "crew", pk=crew.pk)
        with CaptureQueriesContext(connection) as context:
            assert browser.get(url).status_code == 200
        return len(context)

    few = cost([make_member(f"A{number} X") for number in range(3)], 4)
    many = cost([make_member(f"B{number} X") for number in range(8)], 26)
    assert many == few
    assert few <= 36
