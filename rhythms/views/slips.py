"""What one puts by for a look-back, how a crew looks back, and what it found over time."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from crews.models import Crew, Seat
from crews.views import crews
from rhythms import phrases, prompts, trend
from rhythms.forms.slips import MannerForm, SlipForm
from rhythms.models import LookBack, Manner, Slip


@require_http_methods(["GET", "HEAD", "POST"])
def slips(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Put something by for the look-back, and see what lies there of one's own."""
    crew, member = crews.find_mine(request, pk), request.member
    asks_by = _asks_by(request, crew)
    form = SlipForm(request.POST if request.method == "POST" else None, asks_by=asks_by)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            Slip.put(
                crew,
                part=said["part"],
                words=said["words"],
                by=member,
                now=clock.now(),
                pk=form.pk,
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Put by. It waits for you in your look-back."))
            return respond(request, "rhythms/slips.html", after=_page(crew))
    mine = Slip.objects.visible_to(member).put_by().filter(crew=crew, member=member)
    seats = Seat.objects.visible_to(member).at_table().filter(crew=crew, member=member)
    context = {
        "crew": crew,
        "form": form,
        "mine": list(mine.order_by("put_at", "pk")),
        "may_put": seats.exists() and not crew.has_ended,
        "open": LookBack.objects.visible_to(member).filter(crew=crew).open().first(),
        "tab": "crews",
    }
    return respond(request, "rhythms/slips.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def slip(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Say anew what one has put by."""
    this = _find(request, pk)
    data = request.POST if request.method == "POST" else None
    initial = {"words": this.words, "part": this.part}
    form = SlipForm(data, initial=initial, asks_by=_asks_by(request, this.crew))
    if data is not None and form.is_valid():
        said = form.cleaned_data
        try:
            this.rewrite(part=said["part"], words=said["words"], by=request.member)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Written anew."))
            return respond(request, "rhythms/slip.html", after=_page(this.crew))
    context = {"crew": this.crew, "slip": this, "form": form, "tab": "crews"}
    return respond(request, "rhythms/slip.html", context, status=422 if form.errors else 200)


@require_POST
def slip_take_back(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Throw away, unread, what one has put by."""
    this = _find(request, pk)
    try:
        this.take_back(by=request.member)
        messages.success(request, _("Thrown away, unread."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return respond(request, "rhythms/slips.html", after=_page(this.crew))


@require_http_methods(["GET", "HEAD", "POST"])
def manner(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Choose what one's crew is asked when it looks back, and whether with names."""
    crew, member, now = crews.find_mine(request, pk), request.member, clock.now()
    seat = Seat.objects.visible_to(member).at_table().filter(crew=crew, member=member)
    if crew.has_ended or not seat.exists():
        raise PermissionDenied
    before = Manner.objects.visible_to(member).filter(crew=crew).first()
    initial = {
        "asks_by": before.asks_by if before else prompts.USUAL,
        "names": "on" if before and before.names_since else "off",
    }
    form = MannerForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        Manner.choose(
            crew, asks_by=said["asks_by"], with_names=said["names"] == "on", by=member, now=now
        )
        messages.success(request, _("So you look back next time. The others are told."))
        return respond(request, "rhythms/manner.html", after=crew)
    context: dict[str, Any] = {
        "crew": crew,
        "form": form,
        "ways": [
            (name, [prompt.question for prompt in prompts.of(key)]) for key, name in prompts.NAMES
        ],
        "tab": "crews",
    }
    return respond(request, "rhythms/manner.html", context, status=422 if form.errors else 200)


@require_safe
def lookbacks(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Show a crew what it found over time: never of one person, always of all."""
    crew = crews.find_mine(request, pk)
    over = trend.over_time(crew, request.member)
    context = {
        "crew": crew,
        "trend": over,
        "seal": phrases.only_you(len(crews.people(crew, member=request.member)["seats"])),
        "tab": "crews",
    }
    return respond(request, "rhythms/lookbacks.html", context)


def _asks_by(request: CongregationRequest, crew: Crew) -> str:
    chosen = Manner.objects.visible_to(request.member).filter(crew=crew).first()
    return chosen.asks_by if chosen else prompts.USUAL


def _page(crew: Crew) -> str:
    return reverse("slips", kwargs={"slug": crew.congregation.slug, "pk": crew.pk})


def _find(request: CongregationRequest, pk: uuid.UUID) -> Slip:
    mine = Slip.objects.visible_to(request.member).put_by().filter(member=request.member)
    return get_object_or_404(mine.select_related("crew__congregation"), pk=pk)
