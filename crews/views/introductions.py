"""Introductions: wished for, offered by hosts, answered in private."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from congregation.models import Member
from crews.forms.asking import IntroduceForm
from crews.forms.ideas import YesForm
from crews.models import Introduction, IntroductionAnswer, NotWith

State = Introduction.State


@require_POST
def introduction_wish(request: CongregationRequest) -> HttpResponse:
    """Say that one would like to be introduced, or take that back."""
    member = request.member
    if request.POST.get("back"):
        Introduction.take_back(by=member)
        messages.success(request, _("Taken back."))
    else:
        Introduction.wish(by=member, now=clock.now())
        messages.success(request, _("The hosts are told. You hear from one of them."))
    url = reverse("crews", kwargs={"slug": member.congregation.slug})
    return respond(request, "crews/crews.html", after=url)


@require_http_methods(["GET", "HEAD", "POST"])
def introduction_new(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Offer someone an introduction to a crew with an open seat, or to someone else; hosts may."""
    member, now = request.member, clock.now()
    people = Member.objects.visible_to(member).select_related("congregation")
    person = get_object_or_404(people, pk=pk)
    if not member.is_host:
        raise PermissionDenied
    form = IntroduceForm(
        request.POST if request.method == "POST" else None, person=person, member=member
    )
    if request.method == "POST" and form.is_valid():
        chosen = {name: form.cleaned_data[name] for name in ("crew", "other")}
        try:
            Introduction.offer(person, **chosen, by=member, now=now, pk=form.pk)
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, _("Offered. Each says yes or not now, in private."))
            url = reverse("host", kwargs={"slug": member.congregation.slug})
            return respond(request, "crews/introduction_new.html", after=url)
    lately = (
        Introduction.objects.visible_to(member)
        .lately(now)
        .filter(member=person)
        .select_related("crew", "other")
        .order_by("-offered_at")
    )
    context = {"person": person, "form": form, "lately": lately, "now": now, "tab": "host"}
    return respond(
        request, "crews/introduction_new.html", context, status=422 if form.errors else 200
    )


def _find(request: CongregationRequest, pk: uuid.UUID) -> Introduction:
    """Return one that the reader is asked, or answer 404: to hosts too, what is said is not there."""
    rows = Introduction.objects.visible_to(request.member).select_related(
        "member__congregation",
        "other__congregation",
        "crew__congregation",
        "offered_by__congregation",
        "congregation",
    )
    found = get_object_or_404(rows, pk=pk)
    if request.member.pk not in {found.member_id, found.other_id}:
        raise PermissionDenied
    to = found.other_id if found.member_id == request.member.pk else found.member_id
    if NotWith.objects.visible_to(request.member).filter(other=to).exists():
        raise Http404
    return found


def _page(found: Introduction, member: Member) -> dict[str, Any]:
    said = IntroductionAnswer.objects.visible_to(member).filter(introduction=found).first()
    now = clock.now()
    return {
        "introduction": found,
        "to": found.other if found.member_id == member.pk else found.member,
        "said": said,
        "is_open": bool(found.state == State.OFFERED and found.closes_at and found.closes_at > now),
        "now": now,
        "tab": "people",
    }


@require_safe
def introduction(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Show whom a host would introduce one to."""
    found = _find(request, pk)
    return respond(request, "crews/introduction.html", _page(found, request.member))


@require_POST
def introduction_answer(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Say in private whether one would like that."""
    found, member = _find(request, pk), request.member
    form = YesForm(request.POST)
    try:
        if form.is_valid():
            found.answer(form.cleaned_data["is_yes"], by=member, now=clock.now())
        else:
            messages.error(request, _("Say yes or not now."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    found.refresh_from_db(fields=["state"])
    context = _page(found, member)
    return respond(request, "crews/introduction.html", context, part="offer", after=found)
