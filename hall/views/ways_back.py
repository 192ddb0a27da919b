"""Ways back, for hosts: letting someone in again who has lost their way in."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import hand_over, handed_over, respond
from congregation.models import Member, WayBack, hashed
from congregation.outbox import address
from congregation.views.invitations import qr
from hall.forms import WayBackForm

A_PAGE = 24


@require_safe
def ways_back(request: CongregationRequest) -> HttpResponse:
    """Show hosts for whom a way back was opened, by whom, and what became of it."""
    _hosts_only(request)
    now = clock.now()
    rows = (
        WayBack.objects.visible_to(request.member)
        .select_related("congregation", "member", "opened_by", "second_by")
        .order_by("-opened_at", "pk")
    )
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    found = [(row, row.state(now=now)) for row in page]
    context = {"page": page, "rows": found, "now": now, "tab": "host"}
    return respond(request, "hall/ways_back.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Open a way back for someone, or ask a second host to."""
    people = Member.objects.visible_to(request.member).select_related("congregation", "user")
    person = get_object_or_404(people, pk=pk)
    _hosts_only(request)
    if person.pk == request.member.pk:
        raise PermissionDenied
    now = clock.now()
    alone = not WayBack.seconds(person, by=request.member, now=now)
    form = WayBackForm(request.POST if request.method == "POST" else None, alone=alone)
    if request.method == "POST" and form.is_valid():
        in_person = form.cleaned_data["how"] == "in_person"
        try:
            row, token = WayBack.begin(
                person, in_person=in_person, by=request.member, now=now, pk=form.pk
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return hand_over(row, token)
    last = WayBack.objects.visible_to(request.member).open(now).filter(member=person).first()
    # A host takes two others, so that where there are none nobody can let them in.
    stuck = alone and person.hosts(now=now)
    context = {
        "form": form,
        "person": person,
        "open": last,
        "alone": alone,
        "stuck": stuck,
        "tab": "people",
    }
    status = 422 if form.errors else 200
    return respond(request, "hall/way_back_new.html", context, status=status)


@require_safe
@never_cache
def way_back(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Show how a way back stands, and its link in the browser that has just made it."""
    row, now, me = _one(request, pk), clock.now(), request.member
    state = row.state(now=now)
    context: dict[str, Any] = {
        "way": row,
        "state": state,
        "is_mine": row.member_id == me.pk,
        "may_say_yes": state == "asked"
        and me.is_host
        and me.pk not in {row.member_id, row.opened_by_id},
        "hands_over": state == "open" and row.hands_over == me.pk,
        "may_close": state in {"asked", "open"} and me.is_host and row.member_id != me.pk,
        "now": now,
        "tab": "host" if me.is_host else "more",
    }
    token = handed_over(request, pk)
    if token and hashed(token) == row.token_hash and context["hands_over"]:
        link = address(reverse("way-in", args=[token]))
        context |= {"link": link, "qr": qr(link)}
    return respond(request, "hall/way_back.html", context)


@require_POST
def say_yes(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Say the second yes."""
    return _do(request, pk, "say_yes")


@require_POST
def new_link(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Make the link anew, which ends the one before."""
    return _do(request, pk, "new_link")


@require_POST
def close(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Take a way back away again."""
    return _do(request, pk, "close", _("Taken back. Its link opens nothing any more."))


def _do(request: CongregationRequest, pk: uuid.UUID, verb: str, words: str = "") -> HttpResponse:
    row, token = _one(request, pk), ""
    try:
        token = getattr(row, verb)(by=request.member, now=clock.now()) or ""
        if words:
            messages.success(request, words)
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    return hand_over(row, token)


def _hosts_only(request: CongregationRequest) -> None:
    if not request.member.is_host:
        raise PermissionDenied


def _one(request: CongregationRequest, pk: uuid.UUID) -> WayBack:
    rows = WayBack.objects.visible_to(request.member).select_related(
        "congregation", "member__congregation", "member__user", "opened_by", "second_by"
    )
    return get_object_or_404(rows, pk=pk)
