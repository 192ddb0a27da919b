"""What a crew leaves: its closing page, and the lessons it gives to the congregation."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from congregation.models import Member
from crews import asking
from crews.forms.crews import ClosingForm, LessonForm
from crews.models import ClosingWord, Crew, Lesson
from crews.views import crews

A_PAGE = 20


def closing(crew: Crew, *, member: Member, form: ClosingForm | None = None) -> dict[str, Any]:
    """Return the page that a crew closes with: what each of its people wrote, and the lessons shared."""
    words = list(
        ClosingWord.objects.visible_to(member)
        .filter(crew=crew)
        .select_related("member__congregation")
        .order_by("written_at")
    )
    mine = next((word for word in words if word.member_id == member.pk), None)
    initial = {"made": mine.made, "thanks": mine.thanks} if mine else {}
    return {
        "closing_words": words,
        "closing_form": form or ClosingForm(initial=initial),
        "my_closing": mine,
        "shared_lessons": Lesson.objects.visible_to(member).shared().filter(crew=crew),
    }


@require_POST
def closing_word(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Write one's own part of the page that one's crew closes with."""
    crew, member = crews.find_mine(request, pk), request.member
    form = ClosingForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            ClosingWord.write(crew, **form.cleaned_data, by=member, now=clock.now())
            messages.success(request, _("Written. Only you who sat here read it."))
            status = 200
        except ValidationError as error:
            form.add_error(None, error)
    context = {
        "crew": crew,
        "now": clock.now(),
        **closing(crew, member=member, form=form if form.errors else None),
    }
    after = crew if status == 200 else None
    return respond(
        request, "crews/closing.html", context, part="closing", after=after, status=status
    )


@require_http_methods(["GET", "HEAD", "POST"])
def lesson_new(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask one's crew whether to give a lesson to the congregation, in one's own words."""
    crew, member, now = crews.find_mine(request, pk), request.member, clock.now()
    if crew.is_partnership:
        raise PermissionDenied
    form = LessonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            asking.share(crew, form.cleaned_data["words"], by=member, now=now, pk=form.pk)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(
                request, _("Asked, with your yes. It is shared once all of you have said so.")
            )
            return respond(request, "crews/lesson_new.html", after=crew)
    context = {"crew": crew, "form": form, "tab": "crews"}
    return respond(request, "crews/lesson_new.html", context, status=422 if form.errors else 200)


@require_safe
def lessons(request: CongregationRequest) -> HttpResponse:
    """Show everyone what crews have learned and shared, the latest first."""
    member = request.member
    rows = (
        Lesson.objects.visible_to(member)
        .shared()
        .select_related("crew__congregation")
        .order_by("-shared_at")
    )
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    mine = set(Crew.objects.visible_to(member).of(member).values_list("pk", flat=True))
    context = {"page": page, "mine": mine, "now": clock.now(), "tab": "crews"}
    return respond(request, "crews/lessons.html", context)


@require_POST
def lesson_take_back(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Take back a lesson of one's crew."""
    member = request.member
    lesson = get_object_or_404(
        Lesson.objects.visible_to(member).select_related("crew", "congregation"), pk=pk
    )
    lesson.take_back(by=member, now=clock.now())
    messages.success(request, _("Taken back: nobody else reads it any more."))
    return respond(request, "crews/lessons.html", after=lesson.get_absolute_url())
