"""A meeting: when and where it is, who comes, what is done; and its file for one's own calendar."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond, short
from congregation.models import Member
from congregation.outbox import address
from rhythms import history, phrases, turns
from rhythms.calendars import events, writing
from rhythms.forms.meeting import MoodForm, PlanForm
from rhythms.models import Coming, Log, Meeting, Mood, Plan, Presence, Sitting
from rhythms.models.meeting import MeetingQuerySet
from rhythms.models.sitting import is_time
from rhythms.views import planned


def meetings_of(member: Member) -> MeetingQuerySet:
    """Return the meetings that are a member's own, with what their pages need."""
    return (
        Meeting.objects.visible_to(member)
        .of(member)
        .select_related(
            "congregation",
            "crew__congregation",
            "commitment",
            "rhythm",
            "plan__facilitator",
            "plan__second",
            "evening",
            "hello__first",
            "hello__second",
        )
    )


@require_safe
def meeting(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Show a meeting to those whose meeting it is; to a host of another crew only that it was."""
    member, now = request.member, clock.now()
    this = meetings_of(member).filter(pk=pk).first()
    if this is None:
        seen = Meeting.objects.visible_to(member).select_related("crew", "congregation")
        outside = {"meeting": get_object_or_404(seen, pk=pk), "now": now, "tab": "host"}
        return respond(request, "rhythms/meeting_outside.html", outside)
    if this.is_open and hasattr(this, "evening"):
        return HttpResponseRedirect(this.evening.get_absolute_url())
    return respond(request, "rhythms/meeting.html", page(this, member, now=now))


def page(this: Meeting, member: Member, *, now: datetime) -> dict[str, Any]:
    """Return what the page of one's own meeting shows."""
    context = card(this, member, now=now) | {"here": "meeting"}
    if this.state == Meeting.State.HELD:
        context |= memory(this, member)
    if context["may_log"] and this.state == Meeting.State.NOT_HELD:
        context["may_catch_up"] = this.may_catch_up(now=now)
    if this.crew and this.state in {Meeting.State.HELD, Meeting.State.NOT_HELD}:
        context["history"] = history.of(this, member)
    if this.crew and this.state == Meeting.State.PLANNED:
        context |= turn(this, member, context["people"], context["cant"], now=now)
    return context


def memory(this: Meeting, member: Member) -> dict[str, Any]:
    """Return what its crew remembers of a meeting that was held."""
    came = (
        Presence.objects.visible_to(member)
        .filter(meeting=this)
        .select_related("member")
        .order_by("member__name_key")
    )
    log = Log.objects.visible_to(member).filter(meeting=this).select_related("logged_by").first()
    people = [presence.member for presence in came]
    sittings = Sitting.objects.visible_to(member).filter(meeting=this)
    return {
        "log": log,
        "came": people,
        "moods": this.moods_said(log),
        "mood_form": mood_form(this, member, people),
        "practices_done": [row.guide.name for row in sittings.done()],
    }


def mood_form(this: Meeting, member: Member, came: list[Member]) -> MoodForm | None:
    """Return the question how it was, for who was there; nothing once the answer stands with others'."""
    if member not in came:
        return None
    mine = Mood.objects.visible_to(member).filter(meeting=this).first()
    if mine is not None and mine.is_shown:
        return None
    return MoodForm(initial={"mood": mine.word if mine else ""})


def card(this: Meeting, member: Member, *, now: datetime) -> dict[str, Any]:
    """Return what the card of a meeting shows to one of its people: who comes, where, what we'll do."""
    people = this.people() if not this.is_open else this.expected()
    said = {
        coming.member_id: coming
        for coming in Coming.objects.visible_to(member).filter(meeting=this)
    }
    cant = {pk for pk, coming in said.items() if coming.answer == Coming.Answer.CANT}
    come = sum(person.pk not in cant for person in people)
    is_mine = this.is_of(member) if this.is_open else any(p.pk == member.pk for p in people)
    may_plan = member.is_host if this.is_open else is_mine
    is_ahead = this.state == Meeting.State.PLANNED and this.ends_at > now
    return {
        "meeting": this,
        "plan": getattr(this, "plan", None),
        "name": this.name_for(member),
        "people": people,
        "mine": said.get(member.pk),
        "others": [(person, said.get(person.pk)) for person in people if person.pk != member.pk],
        "answers": Coming.Answer,
        "cant": cant,
        "may_answer": is_mine and is_ahead,
        "may_plan": may_plan and is_ahead and this.starts_at > now,
        "may_put_back": may_plan,
        "may_log": is_mine and this.crew_id and this.starts_at <= now,
        "is_near": this.starts_at < now + timedelta(days=7),
        "elsewhere": this.zone != timezone.get_current_timezone_name(),
        "link": address(reverse("go", args=["m", short(this.pk)])),
        "seal": seal(this),
        "now": now,
        "tab": tab(this),
        **sitting_down(this, member, now=now),
        **(planned.shown(this, member, people=come, now=now) if this.crew else {}),
    }


def seal(this: Meeting) -> str:
    """Return who sees a meeting's page."""
    if this.is_open:
        return _("Everyone here can see this page, and who comes")
    return phrases.only_you(this.crew.seats_taken if this.crew else 2)


def tab(this: Meeting) -> str:
    """Return where in the bar a meeting's page belongs."""
    if this.is_open:
        return "calendar"
    return "crews" if this.crew_id else "people"


def sitting_down(this: Meeting, member: Member, *, now: datetime) -> dict[str, Any]:
    """Return whether one could sit down to a practice now, and the sitting that is going on."""
    if not is_time(this, now=now):
        return {}
    rows = Sitting.objects.visible_to(member).filter(meeting=this).going_on()
    return {"may_sit": member.is_host or not this.is_open, "going_on": rows.first()}


def turn(
    this: Meeting, member: Member, people: list[Member], cant: set[uuid.UUID], *, now: datetime
) -> dict[str, Any]:
    """Return whose turn a meeting to come is, why, and who is next."""
    found = turns.card(this, member, people, cant, now=now)
    if found.get("my_turn"):
        found["unreached"] = unreached(this, member, people)
    return found


# What is mailed of a meeting to come.
OF_MEETINGS = ["rhythms.meeting_soon", "rhythms.meeting_moved"]


def unreached(this: Meeting, member: Member, people: list[Member]) -> str:
    """Return the names of those whom no mail of a meeting to come reaches, for whose turn it is.

    Whether there is no address, it isn't proven, or they don't want such mail is told to nobody.
    """
    if this.state != Meeting.State.PLANNED:
        return ""
    others = [person.pk for person in people if person.pk != member.pk]
    found = Member.objects.visible_to(member).filter(pk__in=others).unreached(OF_MEETINGS)
    return phrases.names([person.first_name for person in found.order_by("name_key", "pk")])


@require_safe
def ics(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Hand a meeting over as a file for one's own calendar."""
    this = get_object_or_404(meetings_of(request.member), pk=pk)
    return HttpResponse(
        events.file_of([this], request.member),
        content_type=f"{writing.MEDIA_TYPE}; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="meeting.ics"'},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Say anew when and where a meeting is, and what is done."""
    this = get_object_or_404(meetings_of(request.member), pk=pk)
    if this.is_open and not request.member.is_host:
        raise PermissionDenied
    plan: Plan | None = getattr(this, "plan", None)
    form = PlanForm(request.POST or None, meeting=this, plan=plan)
    context = {
        "form": form,
        "meeting": this,
        "name": this.name_for(request.member),
        "seal": seal(this),
        "tab": tab(this),
    }
    if request.method == "POST" and form.is_valid():
        said = {name: form.cleaned_data[name] for name in ("place", "link", "agenda")}
        try:
            this.replan(starts_at=form.starts_at, by=request.member, now=clock.now(), **said)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Kept. The others are told if time or place changed."))
            return respond(request, "rhythms/meeting_plan.html", after=this)
    status = 422 if form.errors else 200
    return respond(request, "rhythms/meeting_plan.html", context, status=status)


@require_POST
def call_off(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Leave a meeting out, ahead of time."""
    return _do(request, pk, "call_off", _("Called off. The others are told."))


@require_POST
def put_back(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Meet after all."""
    return _do(request, pk, "put_back", _("You meet after all. The others are told."))


def _do(request: CongregationRequest, pk: uuid.UUID, verb: str, words: str) -> HttpResponse:
    this = get_object_or_404(meetings_of(request.member), pk=pk)
    try:
        getattr(this, verb)(by=request.member, now=clock.now())
        messages.success(request, words)
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    return respond(request, "rhythms/meeting.html", after=this)


def after(request: CongregationRequest, this: Meeting) -> str:
    """Return where someone goes on who has answered: the page they came from."""
    if this.crew_id and request.POST.get("here") != "meeting":
        slug = request.member.congregation.slug
        return reverse("crew", kwargs={"slug": slug, "pk": this.crew_id}) + "#next"
    return this.get_absolute_url()
