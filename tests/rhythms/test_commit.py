"""A crew proposes a rhythm to itself; each says yes openly; the last yes begins it."""

from datetime import date, time, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from congregation.models import Event, Notice
from crews.models import Crew, Idea
from rhythms import committing
from rhythms.models import Commitment, Meeting, Plan


@pytest.fixture
def idea(congregation, facilitator, now):
    return Idea.objects.create(
        congregation=congregation,
        caller=facilitator,
        name="Seed Library",
        intention="Swap seeds.",
        times=6,
        minutes=90,
        begins_on=date(2026, 11, 26),
        begins_at=time(19, 0),
        zone="Pacific/Auckland",
        place="Joel’s kitchen",
        floated_at=now - timedelta(days=5),
        open_until=now + timedelta(days=5),
    )


@pytest.fixture
def crew(seated_crew, facilitator, member, mate):
    return seated_crew("Seed Library", [facilitator, member, mate])


def rhythm(crew, **fields):
    return committing.rhythm_of(
        crew,
        **{
            "tempo": "weekly",
            "starts_on": date(2026, 11, 26),
            "starts_at": time(19, 0),
            "zone": "Pacific/Auckland",
            "minutes": 90,
        }
        | fields,
    )


def propose(crew, by, now, **fields):
    times = fields.pop("times", 6)
    this = rhythm(crew, **fields)
    return committing.propose(
        crew, rhythm=this, starts_on=this.starts_on, times=times, by=by, now=now
    )


def test_the_first_rhythm_comes_from_the_idea(crew, idea, facilitator, member, mate, now):
    commitment = committing.first(crew, idea, [facilitator, member, mate], now=now)
    meetings = list(Meeting.objects.filter(commitment=commitment).order_by("number"))
    assert [m.number for m in meetings] == [1, 2, 3, 4, 5, 6]
    assert meetings[0].starts_at.isoformat() == "2026-11-26T06:00:00+00:00"
    assert commitment.state == "running"
    assert commitment.ends_on == date(2026, 12, 31)
    assert commitment.yeses.count() == 3
    turns = Plan.objects.filter(meeting__commitment=commitment).order_by("meeting__number")
    assert [plan.facilitator for plan in turns] == [facilitator, member, mate] * 2
    assert turns[0].place == "Joel’s kitchen"
    crew.refresh_from_db()
    assert (crew.state, crew.tempo, crew.cycle_ends_on) == ("active", "weekly", date(2026, 12, 31))


def test_a_first_date_that_has_passed_moves_on_a_beat(crew, idea, facilitator, member, mate, now):
    idea.begins_on = date(2026, 11, 12)
    commitment = committing.first(crew, idea, [facilitator, member, mate], now=now)
    # At 7 pm on Thursday the 19th, that very meeting begins: the next one to come is a week on.
    assert commitment.begins_on == date(2026, 11, 26)
    assert commitment.meetings.count() == 6


def test_wall_time_is_kept_over_a_clock_change(crew, idea, facilitator, member, mate, now):
    idea.begins_on, idea.zone = date(2027, 3, 18), "Europe/Berlin"
    commitment = committing.first(crew, idea, [facilitator, member, mate], now=now)
    hours = [m.starts_at.hour for m in commitment.meetings.order_by("number")]
    assert hours == [18, 18, 17, 17, 17, 17]


def test_the_last_yes_begins_it(crew, facilitator, member, mate, now):
    commitment = propose(crew, member, now)
    assert commitment.state == "proposed"
    assert [person.name for person in commitment.awaited()] == [facilitator.name, mate.name]
    told = Notice.objects.filter(kind="rhythms.commitment_proposed")
    assert {notice.recipient for notice in told} == {facilitator, mate}
    commitment.say_yes(by=facilitator, now=now)
    assert commitment.state == "proposed"
    commitment.say_yes(by=mate, now=now)
    assert commitment.state == "running"
    assert commitment.meetings.count() == 6
    # Whoever proposed it begins.
    assert commitment.meetings.get(number=1).plan.facilitator == member
    begun = Notice.objects.filter(kind="rhythms.commitment_begun")
    assert {notice.recipient for notice in begun} == {facilitator, member, mate}


def test_a_yes_twice_is_once(crew, facilitator, member, mate, now):
    commitment = propose(crew, member, now)
    for person in (mate, mate, facilitator, facilitator):
        commitment.say_yes(by=person, now=now)
    assert commitment.yeses.count() == 3
    assert commitment.meetings.count() == 6
    assert Event.objects.filter(verb="commitment.yes").count() == 2
    assert Event.objects.filter(verb="commitment.begin").count() == 1
    assert commitment.begin(now=now) is False


def test_only_those_at_the_table(crew, member, peer, outsider, now):
    for stranger in (peer, outsider):
        with pytest.raises(PermissionDenied):
            propose(crew, stranger, now)
    commitment = propose(crew, member, now)
    with pytest.raises(PermissionDenied):
        commitment.say_yes(by=peer, now=now)


def test_those_away_are_not_waited_for(crew, facilitator, member, mate, now):
    mate.state = "away"
    mate.save()
    crew.congregation.seats_min = 2
    commitment = propose(crew, member, now)
    commitment.say_yes(by=facilitator, now=now)
    assert commitment.state == "running"


def test_one_proposal_at_a_time(crew, facilitator, member, now):
    propose(crew, member, now)
    with pytest.raises(ValidationError, match="already"):
        propose(crew, facilitator, now)


def test_a_proposal_is_sent_once(crew, member, now):
    made = propose(crew, member, now)
    again = committing.propose(
        crew,
        rhythm=rhythm(crew),
        starts_on=date(2026, 11, 26),
        times=6,
        by=member,
        now=now,
        pk=made.pk,
    )
    assert again == made
    assert Commitment.objects.count() == 1


def test_too_few_or_too_late(crew, member, mate, now):
    with pytest.raises(ValidationError, match="passed"):
        propose(crew, member, now, starts_on=date(2026, 11, 19))
    crew.seats.filter(member=mate).update(left_at=now)
    with pytest.raises(ValidationError, match="from 3 people"):
        propose(crew, member, now)
    crew.state = Crew.State.ENDED
    with pytest.raises(ValidationError, match="ended"):
        propose(crew, member, now)


def test_the_proposer_takes_it_back(crew, facilitator, member, now):
    commitment = propose(crew, member, now)
    with pytest.raises(PermissionDenied):
        commitment.withdraw(by=facilitator, now=now)
    commitment.withdraw(by=member, now=now)
    commitment.withdraw(by=member, now=now)
    assert Event.objects.filter(verb="commitment.withdraw").count() == 1
    with pytest.raises(ValidationError, match="no longer open"):
        commitment.say_yes(by=facilitator, now=now)
    assert propose(crew, facilitator, now).number == 2


def test_once_its_proposer_has_left_anyone_sets_it_aside(crew, facilitator, member, peer, now):
    commitment = propose(crew, member, now)
    crew.seats.filter(member=member).update(left_at=now)
    with pytest.raises(PermissionDenied):
        commitment.withdraw(by=peer, now=now)
    commitment.withdraw(by=facilitator, now=now)
    assert commitment.state == "withdrawn"


def test_it_begins_when_the_silent_one_has_left(crew, facilitator, member, mate, make_member, now):
    fourth = make_member("Lou Park")
    crew.seats.create(congregation=crew.congregation, member=fourth, number=4, taken_at=now)
    commitment = propose(crew, member, now)
    for person in (facilitator, mate):
        commitment.say_yes(by=person, now=now)
    assert committing.begin_ready(now=now) == 0
    crew.seats.filter(member=fourth).update(left_at=now)
    assert committing.begin_ready(now=now) == 1
    assert committing.begin_ready(now=now) == 0
