"""What is done at a meeting: practices that are put on it in a tap, in order, with their minutes."""

import uuid

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from rhythms import agenda as rules
from rhythms.models import Meeting
from rhythms.practices import catalogue
from rhythms.views import meeting as meetings
from rhythms.views import planned


@require_POST
def agenda(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Put a practice on the agenda, move a line up, or take one off."""
    member, now = request.member, clock.now()
    mine = meetings.meetings_of(member).filter(crew__isnull=False)
    this = get_object_or_404(mine, pk=pk)
    plan = this.plan_of()
    try:
        known = rules.lines(plan.agenda)
        plan.lay(
            _changed(request, this, known), read=request.POST.get("read", ""), by=member, now=now
        )
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    this.plan = plan
    context = meetings.card(this, member, now=now) | {
        "here": request.POST.get("here", ""),
        "agenda_open": True,
    }
    return respond(
        request,
        "rhythms/_agenda.html",
        context,
        part="agenda",
        after=meetings.after(request, this),
    )


def _changed(request: CongregationRequest, this: Meeting, known: list[str]) -> list[str]:
    """Return the lines as someone wants them to be."""
    if "practice" in request.POST:
        word, member = request.POST["practice"], request.member
        ours = {str(row.pk): row.guide for row in planned.ours(this, member)}
        guide = ours.get(word) or catalogue.BY_KEY.get(word)
        if guide is None:
            return known
        minutes = guide.minutes(planned.coming(this, member))
        return rules.add(known, str(guide.name), minutes, guide.key)
    if "up" in request.POST:
        return rules.up(known, _place(request, "up"))
    if "off" in request.POST:
        return rules.without(known, _place(request, "off"))
    return known


def _place(request: HttpRequest, name: str) -> int:
    said = request.POST.get(name, "")
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 4 else -1
