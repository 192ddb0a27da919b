"""Crew ideas: the list, one idea with its answers, floating one, asking a table."""

import uuid
from datetime import datetime
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Case, Exists, IntegerField, OuterRef, Q, Value, When
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond, short
from congregation.models import Member
from congregation.outbox import address
from crews.forms.ideas import AnswerForm, AskForm, IdeaForm
from crews.models import Answer, Idea, Place, Table, TableAnswer
from crews.models.idea import LATELY
from crews.views import seeds
from crews.views.directory import Facets, sift

MOST: Final = 60


def find(request: CongregationRequest, pk: uuid.UUID) -> Idea:
    """Return an idea of the reader's congregation, or answer 404."""
    ideas = Idea.objects.visible_to(request.member).select_related(
        "caller__congregation", "congregation", "crew__congregation"
    )
    return get_object_or_404(ideas, pk=pk)


@require_safe
def ideas(request: CongregationRequest) -> HttpResponse:
    """Show the ideas that are open, those whose table forms, and what has begun lately."""
    member, now = request.member, clock.now()
    asked = Table.objects.visible_to(member).filter(
        idea=OuterRef("pk"), state=Table.State.ASKING, closes_at__gt=now
    )
    rows = (
        Idea.objects.visible_to(member)
        .filter(
            Q(state=Idea.State.OPEN, open_until__gt=now)
            | Q(state=Idea.State.FORMING)
            | Q(state=Idea.State.BEGUN, crew__founded_at__gt=now - LATELY)
        )
        .select_related("caller", "congregation", "crew__congregation")
        .annotate(
            is_asked=Exists(asked),
            turn=Case(
                When(state=Idea.State.OPEN, then=Value(0)),
                When(state=Idea.State.FORMING, then=Value(1)),
                default=Value(2),
                output_field=IntegerField(),
            ),
        )
        .order_by("turn", "-floated_at")[:MOST]
    )
    found = {row.pk: row for row in rows}
    joiners: dict[uuid.UUID, list[Member]] = {pk: [] for pk in found}
    for said in (
        Answer.objects.visible_to(member)
        .filter(idea__in=found, choice=Answer.Choice.JOIN)
        .select_related("member")
        .order_by("answered_at")
    ):
        if said.member_id != found[said.idea_id].caller_id:
            joiners[said.idea_id].append(said.member)
    facets: Facets[Idea] = {
        "kind": lambda idea: [idea.kind],
        "tempo": lambda idea: [idea.tempo],
        "where": lambda idea: [
            where for where, is_so in (("place", idea.place), ("online", idea.is_online)) if is_so
        ],
        "room": lambda idea: ["1"] if _has_room(idea, len(joiners[idea.pk])) else [],
    }
    sifted = sift(request.GET, list(found.values()), facets)
    shown = [(idea, joiners[idea.pk]) for idea in sifted["found"]]
    context = sifted | {"ideas": shown, "now": now}
    return respond(request, "crews/ideas.html", context, part="directory")


def _has_room(idea: Idea, joining: int) -> bool:
    """Tell whether someone more fits round the table of an idea, or of the crew that it became."""
    if idea.crew is not None:
        return idea.crew.seats_open > 0
    return idea.state == Idea.State.OPEN and joining < idea.most_asked


@require_safe
def idea(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one idea: the invitation, the answers, and the table that may form."""
    found = find(request, pk)
    return respond(request, "crews/idea.html", page(found, member=request.member, now=clock.now()))


def page(
    idea: Idea,
    *,
    member: Member,
    now: datetime,
    answer_form: AnswerForm | None = None,
    ask_form: AskForm | None = None,
) -> dict[str, Any]:
    """Return what the page of an idea shows a member."""
    answers = list(
        Answer.objects.visible_to(member)
        .filter(idea=idea)
        .select_related("member")
        .order_by("-choice", "answered_at")
    )
    mine = next((answer for answer in answers if answer.member_id == member.pk), None)
    is_caller = idea.caller_id == member.pk
    table = (
        Table.objects.visible_to(member)
        .filter(idea=idea, state=Table.State.ASKING, closes_at__gt=now)
        .first()
    )
    joins = [
        answer
        for answer in answers
        if answer.choice == Answer.Choice.JOIN and answer.member_id != idea.caller_id
    ]
    is_open = idea.is_open(now=now)
    takes_part = table is not None or is_caller or mine in joins
    shared = idea.times_shared() if takes_part and (is_open or table) else None
    missing = 0
    if is_open and is_caller:
        # Counted are those whom the form offers: without whom its caller would rather not be with.
        ask_form = ask_form or AskForm(idea=idea, member=member)
        missing = max(idea.least_asked - len(ask_form.joining), 0)
    return {
        "idea": idea,
        "now": now,
        "answers": [answer for answer in answers if answer.member_id != idea.caller_id],
        "callers_answer": next(
            (answer for answer in answers if answer.member_id == idea.caller_id), None
        ),
        "joins": joins,
        "missing": missing,
        "my_answer": mine,
        "is_caller": is_caller,
        "is_open": is_open,
        "answer_form": answer_form or AnswerForm(initial={"word": mine.word if mine else ""}),
        "ask_form": None if missing and ask_form and not ask_form.errors else ask_form,
        "are_all_offered": not ask_form or len(ask_form.joining) == len(joins),
        "shared": shared,
        "shared_days": shared.days(member.zone, idea.begins_on) if shared else None,
        "here": member.zone,
        "may_find_time": is_open and (is_caller or mine in joins),
        "address": address(reverse("go", args=["i", short(idea.pk)])),
        **table_of(table, member=member),
        **seeds.of_idea(idea, member=member, is_open=is_open),
    }


def table_of(table: Table | None, *, member: Member) -> dict[str, Any]:
    """Return the table that one is asked to: its people, and one's own answer; nobody else's."""
    if table is None:
        return {"table": None}
    places = (
        Place.objects.visible_to(member)
        .filter(table=table)
        .select_related("member")
        .order_by("member__name_key")
    )
    people = [place.member for place in places]
    people.sort(key=lambda person: person.pk != table.idea.caller_id)
    said = TableAnswer.objects.visible_to(member).filter(table=table).first()
    return {"table": table, "table_people": people, "said": said}


@require_http_methods(["GET", "HEAD", "POST"])
def idea_new(request: CongregationRequest) -> HttpResponse:
    """Float an idea, in four short parts; `?like=` begins from one of one's own."""
    member, now = request.member, clock.now()
    if request.method != "POST":
        like = request.GET.get("like", "")
        form = IdeaForm(initial=_begin(member, like), member=member, now=now)
        return respond(request, "crews/idea_new.html", {"form": form, "like": like}, part="float")
    form = IdeaForm(request.POST, member=member, now=now)
    at = int(request.POST.get("part", "0")) if request.POST.get("part", "0").isdigit() else 0
    go = request.POST.get("go", "on")
    if go == "back":
        form.turn_to(at - 1, checked=0)
        return respond(request, "crews/idea_new.html", {"form": form}, part="float")
    is_sound = form.turn_to(at + 1, checked=min(at, len(IdeaForm.PARTS)) + 1)
    if is_sound and go == "float" and form.is_valid():
        try:
            made = Idea.float(by=member, now=now, pk=form.pk, **form.what)
        except ValidationError as error:
            form.add_error(None, error)
            is_sound = form.turn_to(at, checked=len(IdeaForm.PARTS))
        else:
            messages.success(request, _("Your idea is open. Everyone here can answer it."))
            return respond(request, "crews/idea_new.html", after=made)
    status = 200 if is_sound else 422
    return respond(request, "crews/idea_new.html", {"form": form}, part="float", status=status)


def _begin(member: Member, like: str) -> dict[str, Any]:
    try:
        mine = Idea.objects.visible_to(member).filter(caller=member, pk=uuid.UUID(like)).first()
    except ValueError:
        mine = None
    return IdeaForm.like(mine) if mine else IdeaForm.blank()


@require_POST
def idea_answer(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Say that one would join, or another time."""
    found, member, now = find(request, pk), request.member, clock.now()
    form = AnswerForm(request.POST)
    if form.is_valid():
        try:
            found.answer(
                form.cleaned_data["choice"], word=form.cleaned_data["word"], by=member, now=now
            )
        except ValidationError as error:
            form.add_error(None, error)
    status = 422 if form.errors else 200
    context = page(found, member=member, now=now, answer_form=form if form.errors else None)
    return respond(request, "crews/idea.html", context, part="idea", after=found, status=status)


@require_POST
def idea_ask(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask some of those who would join to a table; only the caller may."""
    found, member, now = find(request, pk), request.member, clock.now()
    if found.caller_id != member.pk:
        raise PermissionDenied
    form = AskForm(request.POST, idea=found, member=member)
    if form.is_valid():
        try:
            Table.ask(found, form.cleaned_data["people"], by=member, now=now)
        except ValidationError as error:
            form.add_error(None, error)
    status = 422 if form.errors else 200
    context = page(found, member=member, now=now, ask_form=form if form.errors else None)
    return respond(request, "crews/idea.html", context, part="idea", after=found, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def idea_close(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Withdraw one's own idea, after a page that says what that means."""
    found, member, now = find(request, pk), request.member, clock.now()
    if found.caller_id != member.pk:
        raise PermissionDenied
    if request.method != "POST":
        return respond(request, "crews/idea_close.html", {"idea": found})
    try:
        found.close(by=member, now=now)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return respond(request, "crews/idea_close.html", after=found)
    messages.success(request, _("Your idea is withdrawn. Thank you for floating it."))
    url = reverse("ideas", kwargs={"slug": member.congregation.slug})
    return respond(request, "crews/idea_close.html", after=url)
