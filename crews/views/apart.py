"""Whom one would rather not be with, and whom one leaves out of suggestions: one's own page, and its buttons."""

import uuid

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from congregation.models import Member
from crews.models import Card, LeftOut, NotWith
from crews.views.pool import back


@require_safe
def left_out(request: CongregationRequest) -> HttpResponse:
    """Show one's own list, with a way to take each off it."""
    me = request.member
    rows = LeftOut.objects.visible_to(me).in_force(clock.now()).select_related("other")
    kept = [row for row in rows.order_by("other__name_key") if row.other_id]
    card = Card.objects.visible_to(me).filter(member=me).first()
    context = {
        "apart": NotWith.objects.visible_to(me).select_related("other").order_by("other__name_key"),
        "later": [row for row in kept if row.until],
        "close": [row for row in kept if not row.until],
        "are_mates_out": len(rows) > len(kept),
        "is_looking": bool(card and card.is_looking),
        "tab": "people",
    }
    return respond(request, "crews/left_out.html", context)


@require_POST
def not_with(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Choose not to be with someone, or take that back; the answer is for oneself alone."""
    me = request.member
    other = _other(request, pk)
    if request.POST.get("on") == "1":
        NotWith.choose(other, by=me, now=clock.now())
        messages.success(
            request, _("Noted. Nobody but you can see it, and nothing changes for anyone else.")
        )
    else:
        NotWith.take_back(other, by=me)
        messages.success(request, _("Taken back. Nobody knows that it was there."))
    return respond(request, "", after=_after(request, other))


@require_POST
def leave_out(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Leave someone out of one's suggestions, for some months or for good, or let them be suggested again."""
    me = request.member
    other = _other(request, pk)
    match request.POST.get("for"):
        case "months":
            LeftOut.not_now(other, by=me, now=clock.now())
            said = _("Not suggested for three months. Nobody but you knows.")
        case "good":
            LeftOut.for_good(other, by=me)
            said = _("Not suggested any more. Nobody but you knows.")
        case "no":
            LeftOut.take_back(other, by=me)
            said = _("May be suggested to you again.")
        case _:
            raise Http404
    messages.success(request, said)
    return respond(request, "", after=_after(request, other))


@require_POST
def left_out_mates(request: CongregationRequest) -> HttpResponse:
    """Say whether those with whom one sits or has sat in a crew are suggested."""
    LeftOut.mates(request.POST.get("on") == "1", by=request.member)
    messages.success(request, _("Noted. Nobody but you can see it."))
    return respond(request, "", after=back(request))


def _other(request: CongregationRequest, pk: uuid.UUID) -> Member:
    """Return someone else of one's congregation, also someone who has left it meanwhile, if on one's list."""
    me = request.member
    other = Member.objects.visible_to(me).filter(pk=pk).first()
    if other is None:
        rows = NotWith.objects.visible_to(me).filter(other=pk).select_related("other")
        other = get_object_or_404(rows).other
    if other.pk == me.pk:
        raise PermissionDenied
    return other


def _after(request: CongregationRequest, other: Member) -> str:
    if request.POST.get("here") == "them":
        return other.get_absolute_url()
    return back(request)
