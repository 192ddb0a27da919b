"""Asking to join a crew that has room, and the private answers of those at its table."""

import uuid

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from crews.forms.crews import RequestForm
from crews.forms.ideas import YesForm
from crews.models import Request
from crews.views import crews


@require_http_methods(["GET", "HEAD", "POST"])
def request_new(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask to join a crew."""
    member, now = request.member, clock.now()
    crew = crews.find(request, pk)
    form = RequestForm(request.POST if request.method == "POST" else None)
    context = {**crews.outside(crew, member=member, now=now), "form": form}
    if request.method != "POST":
        return respond(request, "crews/request.html", context)
    if form.is_valid():
        try:
            Request.ask(crew, word=form.cleaned_data["word"], by=member, now=now, pk=form.pk)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Asked. You hear from them within two weeks."))
            return respond(request, "crews/request.html", after=crew)
    return respond(request, "crews/request.html", context, part="request", status=422)


@require_POST
def request_answer(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Say in private whether one would sit with someone."""
    asked, member, now = _find(request, pk), request.member, clock.now()
    form = YesForm(request.POST)
    if form.is_valid():
        try:
            asked.answer(form.cleaned_data["is_yes"], by=member, now=now)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
    else:
        messages.error(request, _("Say yes or not now."))
    if asked.state == Request.State.JOINED:
        words = _("You have all said yes. %(name)s sits with you now.")
        if asked.member_id == member.pk:
            words = _("There is your seat. Welcome.")
        messages.success(request, words % {"name": asked.member.first_name})
    if asked.offered_at is not None:
        # The room is theirs now, or the crew waits for their answer.
        return respond(request, "crews/_requests.html", after=asked.crew)
    crew = asked.crew
    context = {"crew": crew, "now": now, **crews.requests(crew, member=member)}
    return respond(request, "crews/_requests.html", context, part="asked", after=crew)


@require_POST
def request_withdraw(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Take one's own request back."""
    asked = _find(request, pk)
    try:
        asked.withdraw(by=request.member, now=clock.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return respond(request, "crews/outside.html", after=asked.crew)


def _find(request: CongregationRequest, pk: uuid.UUID) -> Request:
    found = Request.objects.visible_to(request.member)
    return get_object_or_404(found.select_related("crew__congregation", "member"), pk=pk)
