"""Partnerships: asking someone, and the answer that only the two know of."""

import uuid

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from congregation.models import Member
from crews.forms.asking import WordForm
from crews.forms.ideas import YesForm
from crews.models import PartnershipAnswer, PartnershipAsk

State = PartnershipAsk.State


@require_http_methods(["GET", "HEAD", "POST"])
def partnership_new(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask someone whom one shares a crew or a hello with to be partners; to others there is no such page."""
    member, now = request.member, clock.now()
    people = Member.objects.visible_to(member).select_related("congregation")
    person = get_object_or_404(people, pk=pk)
    asks = PartnershipAsk.objects.visible_to(member)
    waiting = asks.open().between(member, person).first() if person.pk != member.pk else None
    if waiting is not None and request.method != "POST":
        return respond(request, "crews/partnership_new.html", after=waiting)
    if not PartnershipAsk.may_ask(member, person):
        raise Http404
    form = WordForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            ask = PartnershipAsk.ask(
                person, word=form.cleaned_data["word"], by=member, now=now, pk=form.pk
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return respond(request, "crews/partnership_new.html", after=ask)
    context = {"person": person, "form": form, "tab": "people"}
    return respond(
        request, "crews/partnership_new.html", context, status=422 if form.errors else 200
    )


def _find(request: CongregationRequest, pk: uuid.UUID) -> PartnershipAsk:
    asks = PartnershipAsk.objects.visible_to(request.member).select_related(
        "first__congregation",
        "second__congregation",
        "asker__congregation",
        "congregation",
        "crew__congregation",
    )
    return get_object_or_404(asks, pk=pk)


@require_safe
def partnership_ask(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the two what one of them has asked, and each their own part of it."""
    ask, member = _find(request, pk), request.member
    return respond(request, "crews/partnership.html", _page(ask, member))


def _page(ask: PartnershipAsk, member: Member) -> dict[str, object]:
    said = PartnershipAnswer.objects.visible_to(member).filter(ask=ask).first()
    return {
        "ask": ask,
        "other": ask.other(member),
        "is_mine": ask.asker_id == member.pk,
        "said": said,
        "now": clock.now(),
        "tab": "people",
    }


@require_POST
def partnership_answer(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Say in private whether one would be partners; a yes begins it."""
    ask, member = _find(request, pk), request.member
    form = YesForm(request.POST)
    try:
        if form.is_valid():
            ask.answer(form.cleaned_data["is_yes"], by=member, now=clock.now())
        else:
            messages.error(request, _("Say yes or not now."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    if ask.state == State.BEGUN and ask.crew is not None:
        return respond(request, "crews/partnership.html", after=ask.crew)
    return respond(request, "crews/partnership.html", _page(ask, member), part="ask", after=ask)


@require_POST
def partnership_withdraw(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Take one's own wish back."""
    ask = _find(request, pk)
    try:
        ask.withdraw(by=request.member, now=clock.now())
        messages.success(request, _("Taken back."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return respond(request, "crews/partnership.html", after=ask)
