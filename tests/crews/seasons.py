"""A season of people who are free, for tests."""

from datetime import timedelta

from crews import rules
from crews.models import Card, ProposalAnswer, Proposed, Season, Seeker

MORNING, EVENING = (8 * 60, 12 * 60), (18 * 60, 22 * 60)
WEEKS = timedelta(weeks=2), timedelta(weeks=5)


def open_season(host, *, now, name="Summer crews"):
    """A season that people join for two weeks, and that goes on for three more."""
    says, closes = (now + weeks for weeks in WEEKS)
    return Season.open(name=name, says_until=says, closes_at=closes, by=host, now=now)


def free(person, *days, part=EVENING):
    """Say that someone is free in the evening of these days, from Monday = 0."""
    Card.of(person).free([rules.Free(day, *part) for day in days], by=person)


def joins(season, person, *days, now, **how):
    """Someone takes part, and is free in these evenings."""
    free(person, *days)
    return Seeker.join(season, **how, by=person, now=now)


def tables(season, number=None):
    """Who is asked to which table of a round, as sets of names."""
    found = {}
    rows = Proposed.objects.filter(season=season, round=number or season.rounds)
    for row in rows.select_related("member", "proposal"):
        found.setdefault(row.proposal.number, set()).add(row.member.name)
    return [names for _number, names in sorted(found.items())]


def yes(proposal, *people, now):
    """These people have said yes, without a crew forming at once."""
    for person in people:
        ProposalAnswer.objects.create(
            congregation_id=proposal.congregation_id,
            proposal=proposal,
            member=person,
            is_yes=True,
            said_at=now,
        )
