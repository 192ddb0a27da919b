"""Several rhythms of one crew: each with its own yes, its own end, or none."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from crews.models import Seat
from rhythms import committing, renewing
from rhythms.models import Commitment, LookBack, StepOut
from tests.rhythms.looking_back import OVER, open_lookback, says
from tests.rhythms.several import begin, rhythm_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(facilitator, member, mate):
    return [facilitator, member, mate]


def test_a_second_rhythm_runs_beside_the_first(crew, commitment, people, now):
    second = begin(crew, people, now=now, times=4)
    assert {commitment.state, second.state} == {"running"}
    crew.refresh_from_db()
    # The crew shows the oldest relational one.
    assert (crew.tempo, crew.cycle_ends_on) == ("weekly", commitment.ends_on)
    assert second.number == commitment.number + 1


def test_a_rhythm_has_one_commitment_at_a_time(crew, commitment, people, now):
    with pytest.raises(ValidationError, match="already"):
        committing.propose(
            crew,
            rhythm=commitment.rhythm,
            starts_on=date(2027, 1, 6),
            times=4,
            by=people[0],
            now=now,
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        Commitment.objects.create(
            congregation=crew.congregation,
            crew=crew,
            rhythm=commitment.rhythm,
            number=9,
            times=4,
            proposed_at=now,
            begins_on=now.date(),
            ends_on=now.date(),
        )


def test_one_proposal_of_a_kind_at_a_time(crew, commitment, people, now):
    def propose(by, **fields):
        this = rhythm_for(crew, **fields)
        return committing.propose(
            crew, rhythm=this, starts_on=this.starts_on, times=3, by=by, now=now
        )

    propose(people[0])
    with pytest.raises(ValidationError, match="of this kind"):
        propose(people[1])
    assert propose(people[1], kind="learning").state == "proposed"


def test_until_a_date_is_as_many_as_fit(crew, people, now):
    this = begin(crew, people, now=now, until=date(2026, 12, 24))
    assert (this.times, this.ends_on) == (5, date(2026, 12, 24))
    assert this.words == "Every Thursday, until Thu 24 Dec"
    with pytest.raises(ValidationError, match="once at most"):
        begin(crew, people, now=now, until=date(2026, 11, 28), kind="learning")


def test_without_an_end_only_where_the_rule_has_it(crew, people, now):
    crew.kind = "affinity"
    crew.save()
    with pytest.raises(ValidationError, match="co-ops, houses and pods"):
        begin(crew, people, now=now)
    crew.kind = "house"
    crew.save()
    this = begin(crew, people, now=now)
    assert this.is_open_ended
    assert (this.state, this.times, this.ends_on) == ("running", None, None)
    assert this.words == "Every Thursday, without an end"
    # Ten weeks ahead from its first day on.
    assert this.meetings.count() == 11
    assert this.meetings.get(number=1).which == "the first"
    crew.refresh_from_db()
    assert crew.cycle_ends_on is None


def test_the_database_knows_an_end_or_none(crew, commitment):
    for wrong in ({"times": None}, {"ends_on": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Commitment.objects.filter(pk=commitment.pk).update(**wrong)


def test_silence_at_one_look_back_ends_only_that_one(seated_crew, people, now):
    crew = seated_crew("Moss", [*people])
    this = open_lookback(crew, people)
    other = begin(crew, people, now=OVER, starts_on=date(2026, 12, 3))
    renewing.write(this, says("go"), by=people[0], now=OVER)
    renewing.write(this, says("go"), by=people[1], now=OVER)
    later = this.closes_at + timedelta(minutes=1)
    assert renewing.reveal_due(now=later) == 1
    # Mate said nothing: their seat stays, for the other rhythm; out of this one they are.
    assert not Seat.objects.filter(crew=crew, kept_until__isnull=False).exists()
    assert [out.member for out in StepOut.objects.filter(rhythm=this.commitment.rhythm)] == [
        people[2]
    ]
    # Two are too few for this rhythm: it isn't proposed anew, and the crew goes on with the other.
    crew.refresh_from_db()
    assert crew.state == "active"
    assert not Commitment.objects.filter(rhythm=this.commitment.rhythm).current().exists()
    other.refresh_from_db()
    assert other.state == "running"
    assert len(other.people()) == 3


def test_those_out_are_not_asked_and_not_waited_for(seated_crew, people, make_member, now):
    fourth = make_member("Kit Moana")
    crew = seated_crew("Moss", [*people, fourth])
    this = open_lookback(crew, people)
    StepOut.objects.create(
        congregation=crew.congregation,
        rhythm=this.commitment.rhythm,
        member=fourth,
        stepped_at=now,
    )
    assert fourth.pk not in {seat.member_id for seat in this.asked()}
    assert not LookBack.objects.waiting_for(fourth).exists()
    for person in people:
        renewing.write(this, says("go"), by=person, now=OVER)
    this.refresh_from_db()
    assert this.is_revealed
    after = Commitment.objects.get(follows=this.commitment)
    assert fourth not in after.awaited()
