"""After two meetings missed without a word, one of the crew is asked for a kind one."""

from datetime import timedelta

import pytest

from congregation.models import Notice
from congregation.notices import kind_of
from rhythms import reminding

DAY = timedelta(days=1)


@pytest.fixture
def held(commitment, member, mate, facilitator, now):
    """The first two meetings, at which Dov was not."""
    rows = list(commitment.meetings.order_by("number")[:3])
    for meeting in rows[:2]:
        meeting.log(here=[member, facilitator], by=member, now=meeting.ends_at)
    return rows


def asked():
    return list(Notice.objects.filter(kind="rhythms.reach_out"))


def test_one_of_those_who_were_there_is_asked_once(held, crew, member, mate, facilitator, now):
    for _ in range(3):
        reminding.reach_out(now=now)
    (notice,) = asked()
    assert notice.recipient in (member, facilitator)
    seat = kind_of("rhythms.reach_out").find(notice.about, notice.recipient)
    assert seat.member == mate
    held[2].log(here=[member, facilitator], by=member, now=now)
    reminding.reach_out(now=now + DAY)
    assert len(asked()) == 1


def test_one_missed_meeting_or_a_word_is_nothing(commitment, member, mate, facilitator, now):
    first, second = commitment.meetings.order_by("number")[:2]
    first.log(here=[member, facilitator], by=member, now=first.ends_at)
    reminding.reach_out(now=now)
    second.come(answer="cant", by=mate, now=second.starts_at - DAY)
    second.log(here=[member, facilitator], by=member, now=second.ends_at)
    reminding.reach_out(now=now)
    assert not asked()


def test_nobody_asks_about_who_is_away_or_steps_back(held, crew, mate, now):
    mate.state = "away"
    mate.save()
    reminding.reach_out(now=now)
    mate.state = "active"
    mate.save()
    crew.seats.filter(member=mate).update(kept_until=(now + 40 * DAY).date())
    reminding.reach_out(now=now)
    assert not asked()


def test_what_is_long_ago_is_nobodys_business(held, now):
    reminding.reach_out(now=now + 30 * DAY)
    assert not asked()


def test_it_is_forgotten_with_who_came(held, commitment, now):
    from rhythms.models import LookBack
    from rhythms.renewing import reveal

    reminding.reach_out(now=now)
    assert asked()
    reveal(LookBack.open(commitment, now=now), now=now + 8 * DAY)
    assert not asked()


def test_it_costs_the_same_however_many_crews(
    held, seated_crew, make_commitment, make_member, now, django_assert_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    reminding.reach_out(now=now)
    with CaptureQueriesContext(connection) as few:
        reminding.reach_out(now=now)
    for n in range(3):
        people = [make_member(f"{word}{n} Ra") for word in ("Kit", "Lou", "Max")]
        crew = seated_crew(f"Crew {n}", people, state="active")
        for meeting in make_commitment(crew, people[0]).meetings.order_by("number")[:2]:
            meeting.log(here=people, by=people[0], now=meeting.ends_at)
    with django_assert_num_queries(len(few)):
        reminding.reach_out(now=now)
