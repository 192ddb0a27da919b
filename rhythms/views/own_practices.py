"""A crew's own practices: making one, changing it, sharing it with everyone here, taking one over."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from crews.views import crews
from rhythms import phrases
from rhythms.forms.own_practice import OwnPracticeForm
from rhythms.models import CrewPractice, SharedPractice
from rhythms.practices import catalogue, own
from rhythms.practices.own import Own
from rhythms.views.practices import mine, now_meetings, page

BLANK = Own(name="", purpose="", steps=())


@require_http_methods(["GET", "HEAD", "POST"])
def practice_adapt(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Make a practice one's crew's own, from one that everybody finds here or from nothing."""
    member, now = request.member, clock.now()
    crew = crews.find_mine(request, pk)
    base = catalogue.BY_KEY.get(request.POST.get("from") or request.GET.get("from", ""))
    sent = request.POST if request.method == "POST" else None
    form = OwnPracticeForm(sent, own=own.of(base) if base else BLANK)
    if sent is not None and form.is_valid():
        try:
            made = CrewPractice.write(crew, form.own, by=member, now=now, pk=form.pk)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Kept. It is your crew’s alone, until you share it."))
            return respond(request, "rhythms/own_practice.html", after=made)
    context = {"form": form, "crew": crew, "base": base, "seal": phrases.only_you(crew.seats_taken)}
    status = 422 if form.errors else 200
    return respond(request, "rhythms/own_practice.html", context | {"tab": "crews"}, status=status)


def _one(request: CongregationRequest, pk: uuid.UUID) -> CrewPractice:
    rows = CrewPractice.objects.visible_to(request.member).select_related("crew__congregation")
    return get_object_or_404(rows, pk=pk)


@require_safe
def our_practice(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Show a practice of one's crew."""
    this, member = _one(request, pk), request.member
    shared = SharedPractice.objects.visible_to(member).filter(source=this).first()
    context = page(this.guide, member) | {
        "row": this,
        "word": this.pk,
        "sit_at": now_meetings(member, this.crew),
        "shared": shared,
        "is_older": shared is not None and shared.version != this.version,
        "seal": phrases.only_you(this.crew.seats_taken),
    }
    return respond(request, "rhythms/practice.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def our_practice_edit(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Write a practice of one's crew anew."""
    this = _one(request, pk)
    sent = request.POST if request.method == "POST" else None
    form = OwnPracticeForm(sent, own=this.own, initial={"read": this.version})
    if sent is not None and form.is_valid():
        read = form.cleaned_data["read"] or 0
        try:
            this.change(form.own, read=read, by=request.member, now=clock.now())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Kept."))
            return respond(request, "rhythms/own_practice.html", after=this)
    context: dict[str, Any] = {"form": form, "crew": this.crew, "row": this, "tab": "crews"}
    context["seal"] = phrases.only_you(this.crew.seats_taken)
    status = 422 if form.errors else 200
    return respond(request, "rhythms/own_practice.html", context, status=status)


@require_POST
def our_practice_aside(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Lay a practice aside, or take it up again."""
    this = _one(request, pk)
    is_aside = request.POST.get("on") != "0"
    return _do(
        request,
        this,
        lambda: this.lay_aside(is_aside, by=request.member, now=clock.now()),
        _("Laid aside.") if is_aside else _("Taken up again."),
    )


@require_POST
def our_practice_share(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Give a copy to everyone here."""
    this = _one(request, pk)
    return _do(
        request,
        this,
        lambda: this.share(by=request.member, now=clock.now()),
        _("Everyone here can see it now. The others of your crew are told."),
    )


def _do(request: CongregationRequest, this: CrewPractice, verb: Any, words: str) -> HttpResponse:
    try:
        verb()
        messages.success(request, words)
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    return respond(request, "rhythms/practice.html", after=this)


def _shared(request: CongregationRequest, pk: uuid.UUID) -> SharedPractice:
    rows = SharedPractice.objects.visible_to(request.member)
    related = ("crew__congregation", "source__crew__congregation", "congregation")
    return get_object_or_404(rows.select_related(*related), pk=pk)


@require_safe
def shared_practice(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Show a practice that a crew shared with everyone here."""
    this, member = _shared(request, pk), request.member
    mine_too = mine(member)
    taken = CrewPractice.objects.visible_to(member).filter(taken_from=this)
    have = {*taken.values_list("crew_id", flat=True)}
    source = this.source.crew_id if this.source else None
    context = page(this.guide, member) | {
        "shared": this,
        "is_ours": any(crew.pk == source for crew in mine_too),
        "crews": [crew for crew in mine_too if crew.pk not in have | {source}],
        "taken": list(taken),
    }
    return respond(request, "rhythms/practice.html", context)


@require_POST
def shared_practice_take(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Make a shared practice one's own crew's."""
    this = _shared(request, pk)
    word = request.POST.get("crew", "")
    crew = next((crew for crew in mine(request.member) if str(crew.pk) == word), None)
    if crew is None:
        messages.warning(request, _("Choose which crew of yours takes it over."))
        return respond(request, "rhythms/practice.html", after=this)
    try:
        made = this.take_over(crew, by=request.member, now=clock.now())
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
        return respond(request, "rhythms/practice.html", after=this)
    messages.success(request, _("It is your crew’s own now. Change it as it suits you."))
    return respond(request, "rhythms/practice.html", after=made)


@require_POST
def shared_practice_back(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Take back what one's crew has shared."""
    this = _shared(request, pk)
    source = this.source
    this.take_back(by=request.member, now=clock.now())
    messages.success(request, _("Taken back. Only your crew sees it now."))
    assert source is not None
    return respond(request, "rhythms/practice.html", after=source)
