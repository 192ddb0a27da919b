"""A look-back opens by itself after the last meeting of a commitment, once."""

from datetime import timedelta

import pytest

from congregation.models import Event, Mail, Notice
from crews.models import Seat
from rhythms import renewing
from rhythms.models import Commitment, LookBack, Meeting
from tests.rhythms.looking_back import DEADLINE, OVER, WEEK, open_lookback, says, six_tuesdays

pytestmark = pytest.mark.django_db


@pytest.fixture
def crew(seated_crew, member, mate, facilitator):
    return seated_crew("Tuesday Pod", [member, mate, facilitator])


@pytest.fixture
def people(crew, member, mate, facilitator):
    return [member, mate, facilitator]


def test_it_opens_and_tells_everyone_at_the_table(crew, people):
    lookback = open_lookback(crew, people)
    assert lookback.commitment.state == "looking_back"
    assert lookback.closes_at == DEADLINE  # a week on, at the hour at which they meet
    told = Notice.objects.filter(kind="rhythms.lookback_opened", about=lookback.pk)
    assert {notice.recipient for notice in told} == set(people)
    assert Mail.objects.filter(kind="rhythms.lookback_opened").count() == 3
    event = Event.objects.get(verb="lookback.open")
    assert (event.actor, event.circle) == (None, crew.pk)


def test_twice_is_once(crew, people):
    open_lookback(crew, people)
    assert renewing.open_due(now=OVER) == 0
    assert renewing.open_due(now=OVER + WEEK) == 0
    assert LookBack.objects.count() == 1
    assert LookBack.open(Commitment.objects.get(), now=OVER) is None


def test_a_meeting_nobody_noted_is_over_after_three_hours(crew, people):
    commitment = six_tuesdays(crew, people)
    last = Meeting.objects.get(commitment=commitment, number=6)
    Meeting.objects.filter(pk=last.pk).update(state="planned", came=None)
    assert renewing.open_due(now=last.ends_at + timedelta(hours=2, minutes=59)) == 0
    assert renewing.open_due(now=last.ends_at + timedelta(hours=3)) == 1


def test_one_that_was_called_off_may_still_be_put_back(crew, people):
    commitment = six_tuesdays(crew, people)
    last = Meeting.objects.get(commitment=commitment, number=6)
    Meeting.objects.filter(pk=last.pk).update(state="cancelled")
    assert renewing.open_due(now=last.starts_at - timedelta(days=3)) == 0
    assert renewing.open_due(now=last.ends_at + timedelta(hours=3)) == 1


def test_opened_late_it_leaves_most_of_a_week(crew, people):
    six_tuesdays(crew, people)
    renewing.open_due(now=OVER + timedelta(days=10))
    lookback = LookBack.objects.get()
    assert lookback.closes_at == DEADLINE + 2 * WEEK


def test_the_hour_stays_over_a_clock_change(crew, people):
    commitment = six_tuesdays(crew, people)
    # Daylight saving ends in Auckland on Sunday 4 April 2027.
    last = Meeting.objects.get(commitment=commitment, number=6)
    shift = last.starts_at.replace(year=2027, month=3, day=30) - last.starts_at
    last.starts_at += shift
    last.ends_at += shift
    last.save()
    renewing.open_due(now=last.ends_at)
    closes = LookBack.objects.get().closes_at
    assert closes - last.starts_at == timedelta(days=7, hours=1)


def test_those_who_rest_or_came_later_are_not_asked(crew, people, peer, make_member, now):
    six_tuesdays(crew, people)
    resting, newcomer = make_member("Rua Tane"), make_member("Nils Berg")
    for number, person in ((4, resting), (5, newcomer)):
        Seat.objects.create(
            congregation=crew.congregation,
            crew=crew,
            member=person,
            number=number,
            taken_at=OVER - WEEK if person == resting else OVER + WEEK,
            kept_until=(OVER + 9 * WEEK).date() if person == resting else None,
        )
    renewing.open_due(now=OVER)
    lookback = LookBack.objects.get()
    assert [seat.member for seat in lookback.asked()] == people
    assert not lookback.asks(peer)


def test_a_crew_that_has_ended_does_not_look_back(crew, people):
    commitment = six_tuesdays(crew, people)
    crew.end(by=people[0], now=OVER)
    assert renewing.open_due(now=OVER) == 0
    commitment.refresh_from_db()
    assert commitment.state == "ended"
    assert not LookBack.objects.exists()


def test_who_has_not_written_is_told_once_more(crew, people, member, mate):
    lookback = open_lookback(crew, people)
    renewing.write(lookback, says("go"), by=member, now=OVER)
    mate.state = "away"
    mate.save()
    assert renewing.remind_due(now=DEADLINE - timedelta(hours=25)) == 0
    assert renewing.remind_due(now=DEADLINE - timedelta(hours=24)) == 1
    assert renewing.remind_due(now=DEADLINE - timedelta(hours=23)) == 0
    told = Notice.objects.filter(kind="rhythms.lookback_closing")
    assert [notice.recipient.name for notice in told] == ["Joel King"]


def test_as_many_queries_however_many_crews(
    seated_crew, make_member, django_assert_num_queries, people, crew
):
    open_lookback(crew, people)
    with django_assert_num_queries(3):  # ends, middles, and quarters
        renewing.open_due(now=OVER)
    with django_assert_num_queries(1):
        renewing.reveal_due(now=OVER)
    with django_assert_num_queries(1):
        renewing.remind_due(now=OVER)
