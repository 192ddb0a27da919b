"""Whose turn it is: handed on, or taken."""

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
from rhythms.models import Plan
from rhythms.views.meeting import after


def _plan(request: CongregationRequest, pk: uuid.UUID) -> Plan:
    plans = Plan.objects.visible_to(request.member).select_related(
        "meeting__crew__congregation", "meeting__congregation", "facilitator"
    )
    return get_object_or_404(plans, meeting=pk)


@require_POST
def hand_on(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Not this time: let the turn go to the next who can."""
    plan = _plan(request, pk)
    try:
        plan.hand_on(by=request.member, now=clock.now())
        if plan.facilitator:
            words = _("Handed on to %(name)s.") % {"name": plan.facilitator.first_name}
            messages.success(request, words)
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
