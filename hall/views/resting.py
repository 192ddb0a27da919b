"""Letting one's crew rest, and waking it."""

import uuid

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from crews.views import crews
from hall import resting


@require_POST
def crew_rest(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Let one's crew rest."""
    crew = crews.find_mine(request, pk)
    try:
        resting.rest(crew, by=request.member, now=clock.now())
        messages.success(request, _("Resting. Anyone at the table can wake it."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return respond(request, "hall/crew.html", after=crew)


@require_POST
def crew_wake(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Wake one's crew."""
    crew = crews.find_mine(request, pk)
    try:
        resting.wake(crew, by=request.member, now=clock.now())
        messages.success(request, _("Awake. Good to be back."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return respond(request, "hall/crew.html", after=crew)
