"""Crews: the directory, one seen from outside, what a crew's room shows of them, and leaving one."""

import uuid
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from congregation.models import Member
from crews.forms.crews import FarewellForm
from crews.models import (
    Agreement,
    AgreementYes,
    Crew,
    Introduction,
    Lesson,
    Pin,
    Request,
    RequestAnswer,
    Season,
    Seat,
)
from crews.views.directory import Facets, sift

PAUSED_FOR: Final = timedelta(weeks=6)


@require_safe
def crews(request: CongregationRequest) -> HttpResponse:
    """Show one's own crews as tables, then every other crew here, sifted as the address says."""
    member = request.member
    if member.congregation.is_one_crew:
        # So far there is one table and no directory.
        one = Crew.objects.visible_to(member).select_related("congregation")
        crew = one.the_one(member.congregation)
        home = reverse("home", kwargs={"slug": member.congregation.slug})
        return HttpResponseRedirect(crew.get_absolute_url() if crew else home)
    everyone = list(
        Crew.objects.visible_to(member).alive().select_related("congregation").order_by("name")
    )
    mine = _tables(member)
    others = [crew for crew in everyone if crew.pk not in mine]
    facets: Facets[Crew] = {
        "kind": lambda crew: [crew.kind],
        "tempo": lambda crew: [crew.tempo],
        "room": lambda crew: ["1"] if crew.seats_open else [],
    }
    return respond(
        request,
        "crews/crews.html",
        {
            "now": clock.now(),
            "tables": [mine[crew.pk] | {"crew": crew} for crew in everyone if crew.pk in mine],
            **sift(request.GET, others, facets),
            "season": Season.objects.visible_to(member)
            .running()
            .select_related("congregation")
            .first(),
            "has_lessons": Lesson.objects.visible_to(member).shared().exists(),
        },
        part="directory",
    )


def _tables(member: Member) -> dict[uuid.UUID, dict[str, Any]]:
    """Return how one's own tables are laid: who sits where, in plain numbers."""
    seats = (
        Seat.objects.visible_to(member)
        .taken()
        .filter(crew__in=Crew.objects.visible_to(member).of(member))
        .order_by("number")
        .values_list("crew_id", "member_id", "kept_until")
    )
    tables: dict[uuid.UUID, dict[str, Any]] = defaultdict(
        lambda: {"people": 0, "kept": 0, "me": None, "kept_until": None}
    )
    for crew, person, kept_until in seats:
        table = tables[crew]
        if person == member.pk:
            table["me"], table["kept_until"] = table["people"], kept_until
        table["kept" if kept_until else "people"] += 1
    for table in tables.values():
        if table["kept_until"]:
            table["me"] = None
    return dict(tables)


def find(request: CongregationRequest, pk: uuid.UUID) -> Crew:
    """Return a crew that the reader may see, or answer 404."""
    crews = Crew.objects.visible_to(request.member).select_related("congregation")
    return get_object_or_404(crews, pk=pk)


def find_mine(request: CongregationRequest, pk: uuid.UUID) -> Crew:
    """Return a crew that the reader sits in, or answer 404: its room is nobody else's."""
    crews = Crew.objects.visible_to(request.member).of(request.member)
    return get_object_or_404(crews.select_related("congregation"), pk=pk)


def outside(crew: Crew, *, member: Member, now: datetime | None = None) -> dict[str, Any]:
    """Return what `crews/outside.html` shows to someone who doesn't sit in a crew."""
    mine = list(
        Request.objects.visible_to(member).filter(crew=crew, member=member).order_by("-asked_at")
    )
    last = next((one for one in mine if one.state == Request.State.NOT_NOW), None)
    introductions = Introduction.objects.visible_to(member)
    return {
        "crew": crew,
        "now": now,
        "request_open": next((one for one in mine if one.state == Request.State.OPEN), None),
        "invited": next((one for one in mine if one.state == Request.State.OFFERED), None),
        "can_ask": not crew.has_ended and crew.seats_open > 0,
        "offers_introduction": last is not None and last.has_heard_twice,
        "introduction_wished": introductions.wished().filter(member=member).exists(),
    }


def room(crew: Crew, *, member: Member, now: datetime) -> dict[str, Any]:
    """Return what the cards of a crew's room show to someone who sits in it.

    For the includes `crews/_people.html`, `_agreement.html`, `_pins.html` and `_requests.html`.
    """
    return {
        "crew": crew,
        "now": now,
        **people(crew, member=member),
        **agreement(crew, member=member),
        **pins(crew, member=member, now=now),
        **requests(crew, member=member),
    }


def people(crew: Crew, *, member: Member) -> dict[str, Any]:
    """Return who sits at the table, whose seat is kept, and one's own seat."""
    seats = list(
        Seat.objects.visible_to(member)
        .taken()
        .filter(crew=crew)
        .select_related("member__congregation", "crew")
        .order_by("number")
    )
    return {"seats": seats, "my_seat": next((s for s in seats if s.member_id == member.pk), None)}


def agreement(crew: Crew, *, member: Member) -> dict[str, Any]:
    """Return the agreement that holds, and who has said yes to it and who hasn't yet."""
    versions = Agreement.objects.visible_to(member).select_related("made_by", "crew")
    latest = versions.latest_of(crew)
    holding = latest if latest is None or latest.agreed_at else versions.holding_of(crew)
    yeses = list(
        AgreementYes.objects.visible_to(member)
        .filter(agreement=latest)
        .select_related("member")
        .order_by("said_at")
        if latest
        else ()
    )
    said = [yes.member for yes in yeses]
    sitting = (
        Member.objects.visible_to(member)
        .filter(
            pk__in=Seat.objects.visible_to(member).at_table().filter(crew=crew).values("member_id")
        )
        .order_by("name_key")
    )
    waiting = [
        person
        for person in (sitting if latest else ())
        if person not in said and person.state != Member.State.AWAY
    ]
    return {
        "agreement": latest,
        "holding": holding,
        "agreed": said,
        "agreed_names": ", ".join(person.first_name for person in said),
        "not_agreed": waiting,
        "agreed_at": max((yes.said_at for yes in yeses), default=None),
        "i_agreed": member in said,
    }


def pins(crew: Crew, *, member: Member, now: datetime) -> dict[str, Any]:
    """Return the board: the chat, notes and links, and what one took down a moment ago."""
    mine = Pin.objects.visible_to(member).filter(crew=crew)
    up = list(mine.up().select_related("made_by").order_by("made_at"))
    return {
        "chat": next((pin for pin in up if pin.kind == Pin.Kind.CHAT), None),
        "pins": up,
        "pins_removed": list(mine.just_removed(member, now=now).order_by("removed_at")),
    }


def requests(crew: Crew, *, member: Member) -> dict[str, Any]:
    """Return who would like to join, each with one's own answer; nobody else's, and no count."""
    open_ones = list(
        Request.objects.visible_to(member)
        .filter(crew=crew, state=Request.State.OPEN)
        .exclude(member=member)
        .select_related("member__congregation", "crew")
        .order_by("asked_at")
    )
    invited = list(
        Request.objects.visible_to(member)
        .filter(crew=crew, state=Request.State.OFFERED)
        .exclude(member=member)
        .select_related("member__congregation")
    )
    said = {
        answer.request_id: answer
        for answer in RequestAnswer.objects.visible_to(member).filter(request__in=open_ones)
    }
    return {"requests": [(one, said.get(one.pk)) for one in open_ones], "invited_ones": invited}


@require_http_methods(["GET", "HEAD", "POST"])
def crew_leave(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Step back from a crew, after a page that says what happens then."""
    member, now = request.member, clock.now()
    held = Q(pk__in=Crew.objects.visible_to(member).of(member)) | Q(
        pk__in=Seat.objects.visible_to(member).filter(member=member).values("crew_id")
    )
    crew = get_object_or_404(
        Crew.objects.visible_to(member).filter(held).select_related("congregation"), pk=pk
    )
    if request.method != "POST":
        seats = people(crew, member=member)
        if seats["my_seat"] is None:
            return respond(request, "crews/leave.html", after=crew)
        return respond(request, "crews/leave.html", _leave(crew, seats, FarewellForm()))
    form = FarewellForm(request.POST)
    if not form.is_valid():
        context = _leave(crew, people(crew, member=member), form)
        return respond(request, "crews/leave.html", context, status=422)
    crew.leave(by=member, now=now, farewell=form.cleaned_data["farewell"])
    messages.success(request, _("You have stepped back. Thank you for the time at this table."))
    url = reverse("crews", kwargs={"slug": member.congregation.slug})
    return respond(request, "crews/leave.html", after=url)


def _leave(crew: Crew, seats: dict[str, Any], form: FarewellForm) -> dict[str, Any]:
    at_table = sum(seat.kept_until is None for seat in seats["seats"])
    return {"crew": crew, "rests": at_table - 1 < crew.least, "form": form, **seats}


@require_POST
def seat_pause(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Step back for a while, in one tap: one's seat is kept, and one more tap takes it again."""
    member, now = request.member, clock.now()
    crew = find_mine(request, pk)
    seat = get_object_or_404(
        Seat.objects.visible_to(member).taken().select_related("crew__congregation", "member"),
        crew=crew,
        member=member,
    )
    today = now.astimezone(ZoneInfo(member.congregation.zone)).date()
    until = max(crew.cycle_ends_on or today, today + PAUSED_FOR)
    try:
        seat.pause(until, by=member, now=now)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Good. Your seat waits for you, and the others are told."))
    return respond(request, "hall/crew.html", after=crew)


@require_POST
def seat_retake(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Take one's own kept seat in a crew again."""
    member, now = request.member, clock.now()
    seats = (
        Seat.objects.visible_to(member)
        .filter(member=member, crew=pk)
        .select_related("crew__congregation", "member")
        .order_by("-taken_at")
    )
    seat = seats.first()
    if seat is None:
        raise Http404
    try:
        seat.retake(by=member, now=now)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Your seat is yours again."))
    return respond(request, "crews/crews.html", after=seat.crew)
