"""What a table is asked in private: to end, to part, to mix, to sit anew. And the answers."""

import uuid
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from congregation import clock
from congregation.forms import OnceForm
from congregation.gate import CongregationRequest
from congregation.http import respond
from congregation.models import Member, Notice
from crews import asking
from crews.forms.asking import MeetForm, OneOfUsForm, SitForm, SomeoneForm
from crews.forms.ideas import YesForm
from crews.models import Crew, Placing, Question, QuestionAnswer, Request, Seat
from crews.views import crews

ASKED = gettext_lazy("Asked, with your yes. The others are asked in private.")


def of(crew: Crew, *, member: Member) -> dict[str, Any]:
    """Return what a table is asked just now, each with one's own answer; nobody else's, and no count."""
    rows = list(
        Question.objects.visible_to(member)
        .open()
        .filter(crew=crew)
        .select_related("crew", "other", "about__congregation", "lesson")
        .order_by("asked_at")
    )
    if not crew.is_partnership:
        rows += list(
            Question.objects.visible_to(member)
            .open()
            .filter(other=crew, kind=Question.Kind.SEATING)
            .select_related("crew", "other", "about__congregation", "lesson")
        )
    said = {
        answer.question_id: answer
        for answer in QuestionAnswer.objects.visible_to(member).filter(question__in=rows)
    }
    places: dict[uuid.UUID, dict[int, list[Member]]] = {row.pk: {1: [], 2: []} for row in rows}
    for placing in (
        Placing.objects.visible_to(member)
        .filter(question__in=rows)
        .select_related("member")
        .order_by("member__name_key")
    ):
        places[placing.question_id][placing.table].append(placing.member)
    shown = [(row, said.get(row.pk), places[row.pk][1], places[row.pk][2]) for row in rows]
    return {"questions": shown}


@require_POST
def question_answer(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Say in private yes or no to what one's table is asked."""
    member, now = request.member, clock.now()
    rows = Question.objects.visible_to(member).select_related(
        "crew__congregation", "other__congregation", "about"
    )
    question = get_object_or_404(rows, pk=pk)
    form, is_done = YesForm(request.POST), False
    if form.is_valid():
        try:
            is_done = asking.answer(question, form.cleaned_data["is_yes"], by=member, now=now)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
    else:
        messages.error(request, _("Say yes or not now."))
    mine = Seat.objects.visible_to(member).taken().filter(crew=question.crew, member=member)
    crew = question.crew if mine.exists() or question.other is None else question.other
    if is_done:
        messages.success(request, _("All of you have said yes."))
        return respond(request, "crews/_questions.html", after=crew)
    context = {"crew": crew, "now": now, **of(crew, member=member)}
    return respond(request, "crews/_questions.html", context, part="asked", after=crew)


def _alive(request: CongregationRequest, pk: uuid.UUID) -> Crew:
    """Return a crew that the reader sits in at the table, or answer 404 or 403."""
    crew = crews.find_mine(request, pk)
    seats = Seat.objects.visible_to(request.member).at_table()
    if not seats.filter(crew=crew, member=request.member).exists():
        raise PermissionDenied
    return crew


@require_http_methods(["GET", "HEAD", "POST"])
def crew_end(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask one's crew to come to its end, after a page that says what that means; a partnership ends."""
    crew, member, now = _alive(request, pk), request.member, clock.now()
    form = OnceForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            asked = asking.end(crew, by=member, now=now, pk=form.pk)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            crew.refresh_from_db()
            done = _("Closed, with thanks. Your room stays open to you.")
            messages.success(request, done if asked is None or crew.has_ended else ASKED)
        return respond(request, "crews/end.html", after=crew)
    return respond(request, "crews/end.html", {"crew": crew, "form": form, "tab": "crews"})


@require_http_methods(["GET", "HEAD", "POST"])
def crew_part(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask the others whether to part with one of them, after a page that says what else could be tried."""
    crew, member, now = _alive(request, pk), request.member, clock.now()
    if crew.is_partnership or crew.has_ended:
        raise PermissionDenied
    form = OneOfUsForm(request.POST if request.method == "POST" else None, crew=crew, member=member)
    if request.method == "POST" and form.is_valid():
        about = form.cleaned_data["person"]
        try:
            asking.part(crew, about, by=member, now=now, pk=form.pk)
        except ValidationError as error:
            form.add_error(None, error)
        except PermissionDenied:
            form.add_error("person", _("Choose someone who is at the table now."))
        else:
            messages.success(request, ASKED)
            return respond(request, "crews/part.html", after=crew)
    context = {"crew": crew, "form": form, "tab": "crews"}
    return respond(request, "crews/part.html", context, status=422 if form.errors else 200)


@require_safe
def parted(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Tell someone kindly that their crew goes on without them, and what there is now."""
    member = request.member
    told = Notice.objects.visible_to(member).filter(kind="crews.parted", about=pk)
    seat = get_object_or_404(
        Seat.objects.visible_to(member)
        .filter(member=member, pk__in=told.values("about"))
        .select_related("crew__congregation"),
        pk=pk,
    )
    return respond(request, "crews/parted.html", {"crew": seat.crew, "tab": "crews"})


@require_http_methods(["GET", "HEAD", "POST"])
def crew_invite(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask the others whether to invite someone to one's crew; `?person=` chooses them."""
    crew, member, now = _alive(request, pk), request.member, clock.now()
    if crew.is_partnership or crew.has_ended:
        raise PermissionDenied
    initial = {"person": request.GET.get("person", "")}
    data = request.POST if request.method == "POST" else None
    form = SomeoneForm(data, crew=crew, member=member, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            asked = Request.invite(
                crew, form.cleaned_data["person"], by=member, now=now, pk=form.pk
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            is_out = asked.state == Request.State.OFFERED
            messages.success(request, _("They are invited.") if is_out else ASKED)
            return respond(request, "crews/invite.html", after=crew)
    context = {"crew": crew, "form": form, "tab": "crews"}
    return respond(request, "crews/invite.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def crew_meet(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask one's crew whether to mix with another one."""
    crew, member, now = _alive(request, pk), request.member, clock.now()
    if crew.is_partnership or crew.has_ended:
        raise PermissionDenied
    form = MeetForm(request.POST if request.method == "POST" else None, crew=crew, member=member)
    if request.method == "POST" and form.is_valid():
        try:
            asking.meet(crew, form.cleaned_data["crew"], by=member, now=now, pk=form.pk)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, ASKED)
            return respond(request, "crews/meet.html", after=crew)
    context = {"crew": crew, "form": form, "tab": "crews"}
    return respond(request, "crews/meet.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def crew_sit(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Propose who sits where: one's crew becomes two, or mixes with one that would mix with it."""
    crew, member, now = _alive(request, pk), request.member, clock.now()
    if crew.is_partnership or crew.has_ended:
        raise PermissionDenied
    other = partner_crew(crew, member=member, now=now)
    seats = list(
        Seat.objects.visible_to(member)
        .taken()
        .filter(crew=crew)
        .select_related("member__congregation")
        .order_by("number")
    )
    if other is not None:
        # Both crews said that they would mix: by that, their people know of each other.
        seats += asking.seats_of(other, beside=crew, now=now)
    form = SitForm(
        request.POST if request.method == "POST" else None, seats=seats, crew=crew, other=other
    )
    if request.method == "POST" and form.is_valid():
        try:
            asking.seat_anew(
                crew,
                form.tables,
                other=other,
                name=form.cleaned_data.get("name", ""),
                by=member,
                now=now,
                pk=form.pk,
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, ASKED)
            return respond(request, "crews/sit.html", after=crew)
    context = {
        "crew": crew,
        "other": other,
        "form": form,
        "too_few": len(seats) < 2 * crew.congregation.seats_min,
        "tab": "crews",
    }
    return respond(request, "crews/sit.html", context, status=422 if form.errors else 200)


def partner_crew(crew: Crew, *, member: Member, now: datetime) -> Crew | None:
    """Return the crew that would mix with this one, as this one would with it."""
    agreed = (
        Question.objects.visible_to(member)
        .filter(crew=crew, kind=Question.Kind.MEET, state=Question.State.AGREED)
        .select_related("other__congregation")
        .order_by("-settled_at")
    )
    for question in agreed:
        other = question.other
        if other and not other.has_ended and asking.have_met(crew, other, now=now):
            return other
    return None
