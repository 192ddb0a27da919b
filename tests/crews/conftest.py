"""Crews with people at their tables, and ideas."""

from datetime import date, time, timedelta

import pytest

from crews.models import Crew, Crewless, Idea, Table


@pytest.fixture
def make_crew(congregation, now):
    """Make a crew in rhythm: make_crew("Seed Library", [member, mate])."""

    def make(name="Seed Library", people=(), **fields):
        fields.setdefault("state", Crew.State.ACTIVE)
        within = people[0].congregation if people else congregation
        crew = Crew.objects.create(
            congregation=within, name=name, founded_at=now - timedelta(days=60), **fields
        )
        for person in people:
            crew.seat(person, by=None, now=now - timedelta(days=60))
        return crew

    return make


@pytest.fixture
def crew(make_crew, member, mate, facilitator):
    return make_crew("Seed Library", [member, mate, facilitator], purpose="We keep seed alive.")


@pytest.fixture
def float_idea(now):
    """Float an idea: float_idea(member, name="Mending Circle", times=4)."""

    def make(by, **what):
        what = {
            "name": "Mending Circle",
            "intention": "Bring something broken.",
            "kind": "affinity",
            "tempo": "fortnightly",
            "times": 6,
            "minutes": 120,
            "begins_on": date(2027, 1, 10),
            "begins_at": time(14),
            "place": "Levin",
            "is_online": False,
            "holds": "Hands busy, talk slow.",
            "ritual": "Tea first.",
            "spoils": "Advice.",
        } | what
        return Idea.float(by=by, now=what.pop("now", now), **what)

    return make


@pytest.fixture
def idea(float_idea, member):
    return float_idea(member)


@pytest.fixture
def table(idea, member, mate, facilitator, now):
    """A table that Ana asks Dov and Joel to; nobody else of the congregation knows who is asked."""
    for person in (mate, facilitator):
        idea.answer("join", by=person, now=now)
    return Table.ask(idea, [mate, facilitator], by=member, now=now)


@pytest.fixture
def crewless(now):
    """Say that these people have had no crew for a while."""

    def make(*people):
        for person in people:
            Crewless.begin(person, now=now - timedelta(days=30))

    return make
