"""Rhythms without an end are laid out some weeks ahead by the sweep."""

from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from rhythms import horizon
from rhythms.models import Meeting, Pause, Plan, Rhythm
from tests.rhythms.several import begin

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(facilitator, member, mate):
    return [facilitator, member, mate]


@pytest.fixture
def house(seated_crew, people):
    return seated_crew("Moss House", people, state="active", kind="house")


@pytest.fixture
def endless(house, people, now):
    return begin(house, people, now=now)


def test_it_goes_on_in_step_and_twice_is_once(endless, now):
    last = endless.meetings.order_by("number").last()
    assert horizon.lay_out_due(now=now) == 0
    later = now + timedelta(weeks=6)
    made = horizon.lay_out_due(now=later)
    assert made == 5
    assert horizon.lay_out_due(now=later) == 0
    rows = list(endless.meetings.order_by("number"))
    assert [row.number for row in rows] == list(range(1, 17))
    assert rows[last.number].planned_for == last.planned_for + timedelta(weeks=1)
    clock = {row.starts_at.astimezone(ZoneInfo(row.zone)).time() for row in rows}
    assert clock == {time(19)}


def test_turns_go_on_where_they_were(endless, people, now):
    horizon.lay_out_due(now=now + timedelta(weeks=6))
    plans = Plan.objects.filter(meeting__commitment=endless).order_by("meeting__number")
    turns = [people.index(plan.facilitator) for plan in plans]
    assert turns == [n % 3 for n in range(len(turns))]


@pytest.mark.parametrize(
    ("tempo", "least"),
    [
        ("daily", 60),
        ("weekly", 9),
        ("fortnightly", 4),
        ("monthly", 3),
        ("quarterly", 3),
        ("yearly", 3),
    ],
)
def test_every_tempo_has_some_ahead(house, people, now, tempo, least):
    this = begin(house, people, now=now, tempo=tempo)
    for weeks in range(0, 120, 5):
        then = now + timedelta(weeks=weeks)
        horizon.lay_out_due(now=then)
        assert this.meetings.filter(planned_for__gt=then).count() >= (1 if weeks else least)
    numbers = list(this.meetings.order_by("planned_for").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))


def test_what_falls_into_a_pause_is_off_and_counts(endless, member, now):
    pause = Pause.objects.create(
        congregation=member.congregation,
        rhythm=endless.rhythm,
        first_on=date(2027, 2, 10),
        last_on=date(2027, 2, 16),
        made_by=member,
        made_at=now,
    )
    horizon.lay_out_due(now=now + timedelta(weeks=6))
    off = endless.meetings.get(state="cancelled")
    assert (off.local_date, off.pause) == (date(2027, 2, 11), pause)
    assert endless.meetings.filter(number=off.number + 1).exists()


def test_a_crew_that_rests_is_left_alone(house, endless, now):
    house.rest(by=None, now=now)
    assert horizon.lay_out_due(now=now + timedelta(weeks=8)) == 0


def test_the_congregations_own_too(congregation, now):
    rhythm = Rhythm.objects.create(
        congregation=congregation,
        name="Peer support call",
        tempo="monthly",
        rule="FREQ=MONTHLY;BYDAY=1TU",
        starts_on=date(2026, 12, 1),
        starts_at=time(19),
        zone="Pacific/Auckland",
    )
    assert horizon.lay_out_due(now=now) == 3
    rows = Meeting.objects.filter(rhythm=rhythm).order_by("starts_at")
    assert [row.local_date for row in rows] == [
        date(2026, 12, 1),
        date(2027, 1, 5),
        date(2027, 2, 2),
    ]
    assert all(row.is_open and row.commitment is None for row in rows)


def test_as_many_statements_however_many(
    seated_crew, make_member, people, now, django_assert_max_num_queries
):
    def endless_one(n):
        crew = seated_crew(f"House {n}", people, state="active", kind="house")
        begin(crew, people, now=now)

    endless_one(1)
    with django_assert_max_num_queries(20) as few:
        horizon.lay_out_due(now=now + timedelta(weeks=6))
    for n in range(2, 6):
        endless_one(n)
    with django_assert_max_num_queries(len(few)):
        assert horizon.lay_out_due(now=now + timedelta(weeks=12)) > 20
