"""A crew that sits at its table."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from crews.models import Crew, Idea, Seat
from rhythms import committing


@pytest.fixture
def seated_crew(congregation, now):
    """Make a crew with these people: seated_crew("Seed Library", [member, mate])."""

    def make(name, people, **fields):
        fields.setdefault("founded_at", now - timedelta(days=60))
        crew = Crew.objects.create(
            congregation=people[0].congregation, name=name, seats_taken=len(people), **fields
        )
        for number, person in enumerate(people, 1):
            Seat.objects.create(
                congregation=crew.congregation,
                crew=crew,
                member=person,
                number=number,
                taken_at=now - timedelta(days=60),
            )
        return crew

    return make


@pytest.fixture
def crew(seated_crew, facilitator, member, mate):
    """Seed Library: Joel, Ana and Dov, in the order of their seats."""
    return seated_crew("Seed Library", [facilitator, member, mate], state="active")


@pytest.fixture
def make_commitment(now):
    """Let a crew run: make_commitment(crew, caller, on=date(2026, 11, 4), times=6)."""

    def make(crew, caller, on=date(2026, 11, 4), times=6, tempo="weekly", **fields):
        idea = Idea.objects.create(
            congregation=crew.congregation,
            caller=caller,
            name=crew.name,
            intention="Swap seeds.",
            tempo=tempo,
            times=times,
            minutes=90,
            begins_on=on,
            begins_at=fields.pop("at", time(19, 0)),
            zone=fields.pop("zone", "Pacific/Auckland"),
            place=fields.pop("place", "Joel’s kitchen"),
            floated_at=now - timedelta(days=60),
            open_until=now - timedelta(days=30),
        )
        people = [seat.member for seat in crew.seats.order_by("number")]
        before = datetime.combine(on, time(), tzinfo=UTC) - timedelta(days=3)
        return committing.first(crew, idea, people, now=before)

    return make


@pytest.fixture
def commitment(crew, facilitator, make_commitment):
    """Six Wednesdays at seven from 4 November: three are over, the fourth is on the 25th."""
    return make_commitment(crew, facilitator)


@pytest.fixture
def past(commitment):
    """The meeting of yesterday, Wednesday 18 November, which nobody has noted yet."""
    return commitment.meetings.get(number=3)


@pytest.fixture
def ahead(commitment):
    """The meeting to come, Wednesday 25 November."""
    return commitment.meetings.get(number=4)
