"""Evenings: setting one, the link that lies on its table, who comes, and who was there."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond, short, tag_of, unchanged
from congregation.models import Member
from congregation.outbox import address
from congregation.views.invitations import qr
from crews.models import Card
from rhythms import again
from rhythms.forms.evening import EveningForm
from rhythms.models import Arrival, ArrivalWords, Evening, EveningLink
from rhythms.models.evening_link import CLOSES_AFTER
from rhythms.views.meeting import sitting_down

State = Arrival.State


@require_safe
@never_cache
def evening(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Show an evening to everyone here; to hosts who comes, as they come."""
    this = _one(request, pk)
    rows = Arrival.objects.visible_to(request.member).filter(evening=this)
    if "If-None-Match" in request.headers:
        seen = rows.order_by("at", "pk").values_list("pk", "state")
        if same := unchanged(request, _tag(this, seen, now=clock.now())):
            return same
    context = page(this, request.member)
    return respond(request, "rhythms/evening.html", context, part="arrivals")


def _tag(this: Evening, rows: Iterable[tuple[uuid.UUID, str]], *, now: datetime) -> str:
    """Return the tag of what the page shows of those who come."""
    meeting = this.meeting
    facts = (
        meeting.state,
        now < meeting.ends_at,
        is_open(this, now=now),
        this.congregation.asks_again,
    )
    return tag_of(*facts, *rows)


def is_open(this: Evening, *, now: datetime) -> bool:
    """Whether somebody could still sit down at its table, had they the link."""
    return not this.is_called_off and now <= this.meeting.ends_at + CLOSES_AFTER


def page(this: Evening, member: Member) -> dict[str, Any]:
    """Return what the page of an evening shows to a member."""
    now = clock.now()
    arrivals = list(
        Arrival.objects.visible_to(member)
        .filter(evening=this)
        .select_related("member__congregation")
        .order_by("at", "pk")
    )
    words = {
        row.arrival_id: row
        for row in ArrivalWords.objects.visible_to(member).filter(arrival__in=arrivals)
    }
    rows = [(arrival, words.get(arrival.pk)) for arrival in arrivals]
    link = EveningLink.objects.visible_to(member).filter(evening=this).first()
    if link:
        link.evening = this
    mine = next((arrival for arrival in arrivals if arrival.member_id == member.pk), None)
    my_words = words.get(mine.pk) if mine else None
    card = Card.objects.visible_to(member).filter(member=member).first() if my_words else None
    return {
        "evening": this,
        "meeting": this.meeting,
        "link": link,
        "is_open": is_open(this, now=now),
        "tag": _tag(this, ((row.pk, row.state) for row in arrivals), now=now),
        "url": this.get_absolute_url(),
        "waiting": [row for row in rows if row[0].state == State.EXPECTED],
        "here": [row for row in rows if row[0].state == State.HERE],
        "declined": [row for row in rows if row[0].state == State.DECLINED],
        "mine": mine,
        "my_words": my_words,
        "may_carry": bool(my_words and my_words.first and not (card and card.is_written)),
        "is_carried": bool(my_words and card and card.meaning == my_words.first),
        "is_over": this.meeting.ends_at <= now,
        "again": again.others(this, member, now=now),
        "short": address(reverse("go", args=["m", short(this.meeting_id)])),
        "now": now,
        "tab": "calendar",
        **sitting_down(this.meeting, member, now=now),
    }


@require_http_methods(["GET", "HEAD", "POST"])
def evening_new(request: CongregationRequest) -> HttpResponse:
    """Set an evening."""
    member = request.member
    if not member.is_host:
        raise PermissionDenied
    form = EveningForm(
        request.POST if request.method == "POST" else None, congregation=member.congregation
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = Evening.call(**form.said(), by=member, now=clock.now(), pk=form.pk)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The table is set for %(name)s.") % {"name": made.name})
            return respond(request, "rhythms/evening_new.html", after=made)
    context = {"form": form, "tab": "host"}
    status = 422 if form.errors else 200
    return respond(request, "rhythms/evening_new.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def evening_edit(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Say anew when and where an evening is."""
    this = _one(request, pk)
    link = _link(request, this)
    form = EveningForm(
        request.POST if request.method == "POST" else None,
        congregation=request.member.congregation,
        evening=this,
        link=link,
    )
    if request.method == "POST" and form.is_valid():
        try:
            this.change(**form.said(), by=request.member, now=clock.now())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Changed."))
            return respond(request, "rhythms/evening_new.html", after=this)
    context = {"form": form, "evening": this, "tab": "host"}
    status = 422 if form.errors else 200
    return respond(request, "rhythms/evening_new.html", context, status=status)


@require_safe
@never_cache
def evening_poster(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the picture for the table, to print or to hold up; nothing else stands beside it."""
    this = _one(request, pk)
    link = _link(request, this)
    context: dict[str, Any] = {"evening": this, "meeting": this.meeting, "link": link}
    if not link.closed_at:
        url = address(reverse("at-the-table", args=[link.token]))
        context |= {"url": url, "qr": qr(url)}
    return respond(request, "rhythms/evening_poster.html", context | {"tab": "calendar"})


@require_POST
def evening_link(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Make a new link, or close it."""
    this = _one(request, pk)
    link = _link(request, this)
    try:
        if "close" in request.POST:
            link.close(by=request.member, now=clock.now())
            messages.success(request, _("Closed. The picture opens nothing any more."))
        else:
            link.renew(by=request.member, now=clock.now())
            messages.success(request, _("A new picture. The one before opens nothing any more."))
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    after = reverse("evening-poster", args=[this.congregation.slug, this.pk])
    return respond(
        request, "rhythms/evening.html", after=this if "close" in request.POST else after
    )


@require_POST
def evening_let_in(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Say the hosts' yes to those whom the host has seen on the page."""
    this, came = _one(request, pk), 0
    who = [key for key in (_uuid(word) for word in request.POST.getlist("who")) if key]
    try:
        came = this.let_in(who, by=request.member, now=clock.now(), again="again" in request.POST)
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    if came:
        said = ngettext("%(n)s person has come in.", "%(n)s people have come in.", came)
        messages.success(request, said % {"n": came})
    return _arrivals(request, this)


@require_POST
def arrival_decline(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Say not this time to one person."""
    rows = Arrival.objects.visible_to(request.member)
    rows = rows.select_related("evening__congregation", "evening__meeting__plan")
    arrival = get_object_or_404(rows.select_related("member__congregation"), pk=pk)
    try:
        arrival.decline(by=request.member, now=clock.now())
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    return _arrivals(request, arrival.evening)


@require_POST
def evening_call_off(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Let an evening not take place."""
    this = _one(request, pk)
    this.call_off(by=request.member, now=clock.now())
    messages.success(request, _("Called off."))
    return respond(request, "rhythms/evening.html", after=this)


@require_POST
def arrival_carry(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Put one's own first answer on one's card."""
    rows = ArrivalWords.objects.visible_to(request.member).filter(arrival__member=request.member)
    rows = rows.select_related("arrival__evening__congregation")
    words = get_object_or_404(rows, arrival=pk)
    try:
        words.carry(by=request.member)
        messages.success(request, _("It is on your card. Nobody sees it until you are looking."))
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    return respond(request, "rhythms/evening.html", after=words.arrival.evening)


@require_POST
def evening_again(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Say that one would like to sit with someone again, or take it back; the answer is that it's noted."""
    me, now = request.member, clock.now()
    rows = Arrival.objects.visible_to(me).select_related("evening__congregation")
    rows = rows.select_related("evening__meeting", "member__congregation")
    arrival = get_object_or_404(rows, pk=pk)
    try:
        if request.POST.get("on") == "1":
            again.note(arrival, by=me, now=now)
        else:
            again.take_back(arrival, by=me)
    except ValidationError as error:
        messages.error(request, error.messages[0])
    context = {"met": again.one(arrival, me, now=now)}
    after = f"{arrival.evening.get_absolute_url()}#a-{arrival.pk}"
    return respond(request, "rhythms/evening.html", context, part="wish", after=after)


def _arrivals(request: CongregationRequest, this: Evening) -> HttpResponse:
    context = page(this, request.member)
    return respond(request, "rhythms/evening.html", context, part="arrivals", after=this)


def _one(request: CongregationRequest, pk: uuid.UUID) -> Evening:
    rows = Evening.objects.visible_to(request.member)
    return get_object_or_404(rows.select_related("congregation", "meeting__plan", "caller"), pk=pk)


def _link(request: CongregationRequest, this: Evening) -> EveningLink:
    """Return the link of an evening for a host; others have none."""
    links = EveningLink.objects.visible_to(request.member).filter(evening=this)
    link = links.select_related("evening__meeting", "evening__congregation").first()
    if link is None:
        raise PermissionDenied
    return link


def _uuid(word: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(word)
    except ValueError:
        return None
