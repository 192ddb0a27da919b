"""The board of a crew: notes, links, and its chat."""

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
from crews.forms.crews import PinForm
from crews.models import Pin
from crews.views import crews


@require_http_methods(["GET", "HEAD", "POST"])
def pin_new(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Pin a note, a link, or the crew's chat."""
    member, now = request.member, clock.now()
    crew = crews.find_mine(request, pk)
    if request.method != "POST":
        kind = request.GET.get("kind", "")
        form = PinForm(initial={"kind": kind} if kind in Pin.Kind.values else None)
        return respond(request, "crews/pin_new.html", {"crew": crew, "form": form})
    form = PinForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        try:
            Pin.put(
                crew,
                kind=said["kind"],
                words=said["words"],
                url=said["url"],
                by=member,
                now=now,
                pk=form.pk,
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Pinned."))
            return respond(request, "crews/pin_new.html", after=crew)
    context = {"crew": crew, "form": form}
    return respond(request, "crews/pin_new.html", context, part="pin", status=422)


@require_POST
def pin_remove(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Take a pin down; the board offers to put it back for a while."""
    pin = _find(request, pk)
    pin.remove(by=request.member, now=clock.now())
    return _board(request, pin)


@require_POST
def pin_back(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Put back what one has just taken down."""
    pin = _find(request, pk)
    try:
        pin.put_back(by=request.member, now=clock.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return _board(request, pin)


def _find(request: CongregationRequest, pk: uuid.UUID) -> Pin:
    pins = Pin.objects.visible_to(request.member).select_related("crew__congregation")
    return get_object_or_404(pins, pk=pk)


def _board(request: CongregationRequest, pin: Pin) -> HttpResponse:
    now = clock.now()
    context = {
        "crew": pin.crew,
        "now": now,
        **crews.pins(pin.crew, member=request.member, now=now),
    }
    return respond(request, "crews/_pins.html", context, part="board", after=pin.crew)
