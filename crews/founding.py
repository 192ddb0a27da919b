"""How a crew comes into being: an idea whose people have all said yes gets its table.

Or somebody lays a table for their one crew, and those whom they invite sit down at it.
"""

from collections.abc import Collection
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from congregation.models import Event, Member
from crews.models import Crew, Idea, Proposal


def found(idea: Idea, people: Collection[Member], *, now: datetime) -> Crew:
    """Make the crew of an idea and seat its people, the caller first, then as they come.

    Whoever calls this has everyone's yes. An idea founds one crew, whoever else tries at the same
    moment; all of it happens or nothing.
    """
    with transaction.atomic():
        idea.hold()
        if idea.crew is not None:
            return idea.crew
        _hold(people)
        crew = Crew.objects.create(
            congregation_id=idea.congregation_id,
            name=idea.name,
            purpose=Truncator(idea.intention).chars(300),
            kind=idea.kind,
            tempo=idea.tempo,
            state=Crew.State.ACTIVE,
            seats_max=idea.congregation.seats_max,
            founded_at=now,
        )
        for person in sorted(people, key=lambda person: person.pk != idea.caller_id):
            crew.seat(person, by=None, now=now)
        _check_enough(crew)
        if not idea.begin(crew):
            raise ValidationError(_("This idea isn’t open any more."))
        Event.record("crew.found", crew, by=None, now=now)
    return crew


def gather(proposal: Proposal, people: Collection[Member], *, now: datetime) -> Crew:
    """Make the crew of a table that a season proposed, forming, and seat those who have said yes.

    Whoever calls this has the yes of each of them to sit with the others. When and how often it meets
    they settle together; until then it is forming.
    """
    with transaction.atomic():
        proposal.hold()
        if proposal.crew is not None:
            return proposal.crew
        _hold(people)
        idea, season = proposal.idea, proposal.season
        crew = Crew.objects.create(
            congregation_id=proposal.congregation_id,
            name=idea.name if idea else _name(proposal),
            purpose=Truncator(idea.intention).chars(300) if idea else "",
            kind=proposal.kind,
            tempo=proposal.tempo,
            state=Crew.State.FORMING,
            seats_max=season.congregation.seats_max,
            founded_at=now,
        )
        for person in people:
            crew.seat(person, by=None, now=now)
        _check_enough(crew)
        if idea and any(person.pk == idea.caller_id for person in people):
            idea.begin(crew)
        proposal.settle(crew, now=now)
        Event.record("crew.found", crew, by=None, now=now)
    return crew


def _name(proposal: Proposal) -> str:
    """Return what a crew is called until its people find a name: after its season, and a number."""
    founded = Proposal.objects.filter(season=proposal.season_id, crew__isnull=False).count()
    return f"{Truncator(proposal.season.name).chars(54)} {founded + 1}"


def _hold(people: Collection[Member]) -> None:
    # In one order everywhere, so that two tables with people in common don't wait for each other.
    ids = sorted(person.pk for person in people)
    list(Member.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))


def _check_enough(crew: Crew) -> None:
    if crew.seats_taken < crew.least:
        raise ValidationError(_("A crew needs at least %(least)s people.") % {"least": crew.least})


def lay(host: Member, *, name: str, purpose: str = "", seats: int, now: datetime) -> Crew:
    """Make the one crew of a congregation that begins with it, and seat its first host."""
    most = min(host.congregation.seats_max, 8)
    if not host.congregation.seats_min <= seats <= most:
        raise ValidationError(
            _("A crew has %(least)s to %(most)s seats.")
            % {"least": host.congregation.seats_min, "most": most}
        )
    with transaction.atomic():
        crew = Crew.objects.create(
            congregation_id=host.congregation_id,
            name=name,
            purpose=purpose,
            seats_max=seats,
            founded_at=now,
        )
        crew.seat(host, by=host, now=now)
        Event.record("crew.found", crew, by=host, now=now)
    return crew
