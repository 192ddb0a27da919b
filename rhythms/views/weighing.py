"""What a crew does together with what it found: groups it, weighs it, shares of it."""

import uuid
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from crews import asking
from crews.forms.crews import LessonForm
from crews.models import Seat
from rhythms import weighing
from rhythms.forms.slips import GroupForm, WeighForm
from rhythms.found import Part, said
from rhythms.models import LookBack, Slip, Theme, Weighing
from rhythms.views.lookback import find

GROUP: Final = "rhythms/lookback_group.html"
WEIGH: Final = "rhythms/lookback_weigh.html"


@require_http_methods(["GET", "HEAD", "POST"])
def lookback_group(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Lay together what says one thing, and give it a name."""
    this = find(request, pk)
    if not this.is_revealed or this.weighing_at:
        return HttpResponseRedirect(this.get_absolute_url())
    if not _is_at_table(request, this):
        raise PermissionDenied
    parts = _parts(request, this)
    wrong: GroupForm | None = None
    if request.method == "POST":
        wrong = _group(request, this, parts)
        if wrong is None:
            here = reverse("lookback-group", kwargs={"slug": this.congregation.slug, "pk": pk})
            return respond(request, GROUP, after=f"{here}#part-{request.POST.get('part', '')}")
    forms = [
        wrong if wrong and wrong.of.prompt.key == part.prompt.key else GroupForm(part=part)
        for part in parts
        if part.heaps
    ]
    context = {
        "lookback": this,
        "crew": this.crew,
        "forms": forms,
        "may_weigh": sum(len(part.heaps) for part in parts) > 1,
        "tab": "crews",
    }
    return respond(request, GROUP, context, status=422 if wrong else 200)


def _group(request: CongregationRequest, this: LookBack, parts: list[Part]) -> GroupForm | None:
    """Do what a form says; return it where it doesn't hold."""
    part = next((one for one in parts if one.prompt.key == request.POST.get("part")), None)
    if part is None:
        raise PermissionDenied
    form = GroupForm(request.POST, part=part)
    if not form.is_valid():
        return form
    what, now = form.cleaned_data, clock.now()
    try:
        if what["into"] == "out":
            weighing.take_out(this, what["slips"], by=request.member, now=now)
        else:
            weighing.group(
                this,
                what["slips"],
                name=what["name"],
                into=form.theme,
                by=request.member,
                now=now,
                pk=form.pk,
            )
    except ValidationError as error:
        form.add_error(None, error)
        return form
    return None


@require_POST
def lookback_begin(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Begin to weigh what was grouped."""
    this = find(request, pk)
    if not this.is_revealed:
        return respond(request, GROUP, after=this)
    try:
        weighing.begin(this, by=request.member, now=clock.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return respond(request, GROUP, after=this)
    return respond(request, WEIGH, after=_weigh_page(this))


@require_http_methods(["GET", "HEAD", "POST"])
def lookback_weigh(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Lay one's three dots, face down; or see that they lie there."""
    this = find(request, pk)
    if not this.weighing_at or this.weighed_at:
        return HttpResponseRedirect(this.get_absolute_url())
    if not weighing.weighers(this).filter(member=request.member).exists():
        raise PermissionDenied
    parts = _parts(request, this)
    mine = Weighing.objects.visible_to(request.member).filter(lookback=this).first()
    form = WeighForm(
        request.POST if request.method == "POST" else None,
        parts=parts,
        laid=mine.dots if mine else None,
    )
    if request.method == "POST" and form.is_valid():
        try:
            if weighing.weigh(this, form.dots, by=request.member, now=clock.now()):
                return respond(request, WEIGH, after=this)
            return respond(request, WEIGH, after=_weigh_page(this))
        except ValidationError as error:
            form.add_error(None, error)
    context = {
        "lookback": this,
        "crew": this.crew,
        "form": form,
        "is_down": mine is not None and "change" not in request.GET and not form.errors,
        "could": weighing.weighers(this).count(),
        "tab": "crews",
    }
    return respond(request, WEIGH, context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def theme_lesson(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask one's crew whether to give something that it found to the congregation."""
    themes = Theme.objects.visible_to(request.member).select_related("lookback__crew__congregation")
    theme = get_object_or_404(themes, pk=pk)
    crew = theme.lookback.crew
    if crew.is_partnership or not _is_at_table(request, theme.lookback):
        raise PermissionDenied
    first = Slip.objects.visible_to(request.member).filter(theme=theme).in_order().first()
    words = theme.name or (first.words if first else "")
    form = LessonForm(request.POST if request.method == "POST" else None, initial={"words": words})
    if request.method == "POST" and form.is_valid():
        try:
            asking.share(
                crew, form.cleaned_data["words"], by=request.member, now=clock.now(), pk=form.pk
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(
                request, _("Asked, with your yes. It is shared once all of you have said so.")
            )
            return respond(request, "crews/lesson_new.html", after=crew)
    context: dict[str, Any] = {"crew": crew, "form": form, "action": request.path, "tab": "crews"}
    return respond(request, "crews/lesson_new.html", context, status=422 if form.errors else 200)


def _parts(request: CongregationRequest, this: LookBack) -> list[Part]:
    return said(this, request.member)[1]


def _is_at_table(request: CongregationRequest, this: LookBack) -> bool:
    seats = Seat.objects.visible_to(request.member).at_table()
    return seats.filter(crew=this.crew_id, member=request.member).exists()


def _weigh_page(this: LookBack) -> str:
    return reverse("lookback-weigh", kwargs={"slug": this.congregation.slug, "pk": this.pk})
