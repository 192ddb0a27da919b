"""Seeds: a crew that works well sends out an idea, and someone of it visits what comes of it."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from congregation.models import Member
from crews.models import Crew, Idea, Seat, Seed
from crews.views import crews


def of_idea(idea: Idea, *, member: Member, is_open: bool) -> dict[str, Any]:
    """Return the seed that an idea is, and of which of one's own crews it could be one."""
    seed = (
        Seed.objects.visible_to(member)
        .filter(idea=idea)
        .select_related("crew__congregation", "visitor__congregation")
        .first()
    )
    could = Crew.objects.none()
    if seed is None and is_open and idea.caller_id == member.pk:
        mine = Crew.objects.visible_to(member).of(member)
        could = mine.filter(state=Crew.State.ACTIVE, is_partnership=False).order_by("name")
    here = Seat.objects.visible_to(member).at_table().filter(member=member)
    return {
        "seed": seed,
        "could_seed": could,
        "may_visit": seed is not None
        and seed.visitor_id is None
        and idea.caller_id != member.pk
        and here.filter(crew=seed.crew_id).exists(),
    }


def of_crew(crew: Crew, *, member: Member) -> dict[str, Any]:
    """Return what a crew has seeded, and whose seed it is itself."""
    rows = (
        Seed.objects.visible_to(member)
        .select_related("crew", "visitor__congregation", "idea__crew__congregation", "congregation")
        .order_by("number")
    )
    return {
        "seeds": list(rows.filter(crew=crew).exclude(idea__state=Idea.State.CLOSED)),
        "seeded_by": rows.filter(idea__crew=crew).first(),
    }


@require_POST
def seed_plant(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Call one's own idea a seed of one's crew."""
    ideas = Idea.objects.visible_to(request.member).select_related("congregation")
    idea = get_object_or_404(ideas, pk=pk)
    try:
        wanted = uuid.UUID(request.POST.get("crew", ""))
    except ValueError:
        messages.error(request, _("Choose a crew."))
        return respond(request, "crews/idea.html", after=idea)
    crew = crews.find_mine(request, wanted)
    try:
        Seed.plant(crew, idea, by=request.member, now=clock.now())
        messages.success(request, _("It is a seed of %(crew)s now.") % {"crew": crew.name})
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return respond(request, "crews/idea.html", after=idea)


def _find(request: CongregationRequest, pk: uuid.UUID) -> Seed:
    seeds = Seed.objects.visible_to(request.member).select_related(
        "idea__congregation", "crew__congregation"
    )
    return get_object_or_404(seeds, pk=pk)


@require_POST
def seed_visit(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Say that one visits what comes of a seed of one's crew."""
    seed = _find(request, pk)
    try:
        seed.visit(by=request.member, now=clock.now())
        messages.success(request, _("You visit them once they have begun."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return respond(request, "crews/idea.html", after=seed.crew)


@require_POST
def seed_visited(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Note that one has visited."""
    seed = _find(request, pk)
    try:
        seed.has_visited(by=request.member, now=clock.now())
        messages.success(request, _("Noted. Thank you for going."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return respond(request, "crews/idea.html", after=seed.crew)
