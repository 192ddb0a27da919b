"""Whose turn it is: handed on, taken, swapped; and how a crew takes turns."""

import uuid

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from crews.models import Crew
from rhythms.models import NotLeading, Plan, Swap, Turns
from rhythms.views.meeting import after


def _plan(request: CongregationRequest, pk: uuid.UUID) -> Plan:
    plans = Plan.objects.visible_to(request.member).select_related(
        "meeting__crew__congregation", "meeting__congregation", "facilitator", "second"
    )
    return get_object_or_404(plans, meeting=pk)


@require_POST
def hand_on(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Not this time: let the turn go to the next who can."""
    plan = _plan(request, pk)
    by_second = plan.second_id == request.member.pk
    try:
        plan.hand_on(by=request.member, now=clock.now())
        to = plan.second if by_second else plan.facilitator
        if to:
            messages.success(request, _("Handed on to %(name)s.") % {"name": to.first_name})
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    return respond(request, "rhythms/meeting.html", after=after(request, plan.meeting))


@require_POST
def take(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Take this turn oneself."""
    plan = _plan(request, pk)
    try:
        plan.take(by=request.member, now=clock.now())
        messages.success(request, _("It’s your turn now. Thank you."))
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    return respond(request, "rhythms/meeting.html", after=after(request, plan.meeting))


@require_POST
def swap(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Offer one's turn at this meeting for someone else's at a later one."""
    plan = _plan(request, pk)
    try:
        meeting, _comma, person = request.POST.get("for", "").partition(",")
        other = _plan(request, uuid.UUID(meeting))
        asked = next(one for one in other.meeting.people() if one.pk == uuid.UUID(person))
        Swap.ask(plan, other, asked, by=request.member, now=clock.now())
        messages.success(request, _("%(name)s is asked.") % {"name": asked.first_name})
    except (ValueError, StopIteration):
        messages.warning(request, _("Choose whose turn you would take."))
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    return respond(request, "rhythms/meeting.html", after=after(request, plan.meeting))


def _swap(request: CongregationRequest, pk: uuid.UUID) -> Swap:
    swaps = Swap.objects.visible_to(request.member).select_related(
        "plan__meeting__crew__congregation", "other__meeting", "asker", "asked"
    )
    return get_object_or_404(swaps, pk=pk)


@require_POST
def swap_answer(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Swap turns with someone who offers it, or not this time."""
    this, yes = _swap(request, pk), request.POST.get("answer") == "yes"
    try:
        this.answer(yes, by=request.member, now=clock.now())
        messages.success(request, _("Swapped.") if yes else _("Not this time, then."))
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    return respond(request, "rhythms/meeting.html", after=this)


@require_POST
def swap_back(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Take an offer to swap back."""
    this = _swap(request, pk)
    this.take_back(by=request.member, now=clock.now())
    return respond(request, "rhythms/meeting.html", after=this)


@require_POST
def turns(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Take turns in a crew or no longer; or let the crew lead two together, or one at a time."""
    crew = get_object_or_404(Crew.objects.visible_to(request.member).of(request.member), pk=pk)
    now = clock.now()
    try:
        if "lead" in request.POST:
            leads = request.POST["lead"] == "yes"
            NotLeading.choose(crew, leads, by=request.member, now=now)
            words = (
                _("You are asked by turns again.")
                if leads
                else _("You aren’t asked to lead any more. Nobody asks why.")
            )
            messages.success(request, words)
        elif "pairs" in request.POST:
            pairs = request.POST["pairs"] == "yes"
            Turns.go(crew, in_pairs=pairs, by=request.member, now=now)
            messages.success(
                request,
                _("From now on two of you lead together.")
                if pairs
                else _("From now on one of you leads at a time."),
            )
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    return respond(request, "rhythms/meeting.html", after=f"{crew.get_absolute_url()}#turn")
