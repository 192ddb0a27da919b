"""Inviting: any member may, and a host says yes."""

import uuid
from typing import Any

import segno
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from congregation import clock
from congregation.forms import InviteForm
from congregation.gate import CongregationRequest
from congregation.http import hand_over, handed_over, respond
from congregation.models import Invitation, hashed
from congregation.outbox import address

A_PAGE = 24
State = Invitation.State


@require_safe
def invitations(request: CongregationRequest) -> HttpResponse:
    """Show a member whom they invited, and a host everyone who was."""
    now = clock.now()
    rows = (
        Invitation.objects.visible_to(request.member)
        .select_related("congregation", "inviter", "accepted_by__congregation")
        .order_by("-made_at", "pk")
    )
    waiting = list(rows.waiting())
    ongoing = [row for row in rows.pending() if row not in waiting]
    past = rows.exclude(pk__in=rows.pending().values("pk"))
    context = {
        "waiting": waiting,
        "open": [row for row in ongoing if row.expires_at > now],
        "expired": [row for row in ongoing if row.expires_at <= now],
        "page": Paginator(past, A_PAGE).get_page(request.GET.get("page")),
        "now": now,
        "tab": "people",
    }
    return respond(request, "congregation/invitations.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: CongregationRequest) -> HttpResponse:
    """Invite one named person."""
    form = InviteForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            row, token = Invitation.invite(
                name=data["name"],
                email=data["email"],
                word=data["word"],
                by=request.member,
                now=clock.now(),
                pk=form.pk,
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return hand_over(row, token)
    context = {"form": form, "tab": "people"}
    status = 422 if form.errors else 200
    return respond(request, "congregation/invite.html", context, status=status)


@require_safe
@never_cache
def invitation(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Show how an invitation stands, and its link in the browser that has just made it."""
    row = _one(request, pk)
    now = clock.now()
    context: dict[str, Any] = {
        "invitation": row,
        "state": row.state(now=now),
        "is_mine": row.inviter_id == request.member.pk,
        "now": now,
        "tab": "people",
    }
    token = handed_over(request, pk)
    if token and hashed(token) == row.token_hash and context["state"] == State.OPEN:
        link = address(reverse("welcome", args=[token]))
        context |= {"link": link, "qr": qr(link)}
    return respond(request, "congregation/invitation.html", context)


@require_POST
def invitation_approve(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Say the hosts' yes."""
    row, token = _one(request, pk), ""
    try:
        token = row.approve(by=request.member, now=clock.now(), again="again" in request.POST)
        messages.success(request, _("Yes said. %(name)s can come.") % {"name": row.name})
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    return hand_over(row, token)


@require_POST
def invitation_withdraw(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Take an invitation back."""
    row = _one(request, pk)
    try:
        row.withdraw(by=request.member, now=clock.now())
        messages.success(request, _("Taken back. Its link opens nothing any more."))
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    return hand_over(row)


@require_POST
def invitation_link(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Make a new link, which ends the one before."""
    row, token = _one(request, pk), ""
    try:
        token = row.new_link(by=request.member, now=clock.now())
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    return hand_over(row, token)


def _one(request: CongregationRequest, pk: uuid.UUID) -> Invitation:
    rows = Invitation.objects.visible_to(request.member)
    rows = rows.select_related("congregation", "inviter__congregation", "approved_by")
    return get_object_or_404(rows.select_related("accepted_by__congregation"), pk=pk)


def qr(link: str) -> SafeString:
    """Return the link as a picture: dark on white in every theme, as cameras want it."""
    code = segno.make(link, error="m", micro=False)
    picture = code.svg_inline(border=3, svgclass="qr", omitsize=True, dark="#000", light="#fff")
    return mark_safe(picture)  # noqa: S308  made of numbers alone
