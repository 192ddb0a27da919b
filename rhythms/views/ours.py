"""The congregation's own rhythms: all of them, one with its dates, and what hosts do with them."""

import uuid
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from congregation.models import Member
from rhythms import ours as verbs
from rhythms.forms.ours import OursForm
from rhythms.models import Coming, Meeting, Rhythm
from rhythms.models.rhythm import RhythmQuerySet

# So many dates of one rhythm its page shows at most.
SHOWN = 12


def _all(member: Member) -> RhythmQuerySet:
    return (
        Rhythm.objects.visible_to(member).filter(crew__isnull=True).select_related("congregation")
    )


@require_safe
def ours(request: CongregationRequest) -> HttpResponse:
    """Show everyone the congregation's rhythms with their next dates; hosts may begin one."""
    return respond(request, "rhythms/ours.html", _page(request.member, now=clock.now()))


def _page(member: Member, *, now: datetime) -> dict[str, Any]:
    rhythms = sorted(
        _all(member).filter(ended_on__isnull=True), key=lambda rhythm: rhythm.name.casefold()
    )
    upcoming: dict[uuid.UUID | None, Meeting] = {}
    for meeting in _ahead(member, rhythms, now=now):
        upcoming.setdefault(meeting.rhythm_id, meeting)
    said = _answers(member, list(upcoming.values()))
    return {
        "rhythms": [
            (rhythm, coming := upcoming.get(rhythm.pk), said.get(coming.pk) if coming else None)
            for rhythm in rhythms
        ],
        "suggested": verbs.suggested(rhythms) if member.is_host else [],
        "now": now,
        "tab": "calendar",
    }


def _ahead(member: Member, rhythms: list[Rhythm], *, now: datetime) -> list[Meeting]:
    rows = Meeting.objects.visible_to(member).filter(
        rhythm__in=rhythms, ends_at__gt=now, state=Meeting.State.PLANNED
    )
    return list(rows.select_related("congregation", "plan").order_by("starts_at"))


def _answers(member: Member, meetings: list[Meeting]) -> dict[uuid.UUID, Coming]:
    rows = Coming.objects.visible_to(member).filter(meeting__in=meetings, member=member)
    return {coming.meeting_id: coming for coming in rows}


@require_safe
def one(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Show everyone one rhythm of the congregation, and its dates to come."""
    member, now = request.member, clock.now()
    rhythm = get_object_or_404(_all(member), pk=pk)
    meetings = list(
        Meeting.objects.visible_to(member)
        .filter(rhythm=rhythm, ends_at__gt=now)
        .select_related("congregation", "plan")
        .order_by("starts_at")[:SHOWN]
    )
    said = _answers(member, meetings)
    context = {
        "rhythm": rhythm,
        "dates": [(meeting, said.get(meeting.pk)) for meeting in meetings],
        "now": now,
        "tab": "calendar",
    }
    return respond(request, "rhythms/ours_one.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: CongregationRequest) -> HttpResponse:
    """Begin a rhythm of the congregation, perhaps as one is suggested."""
    member, now = request.member, clock.now()
    _check(member)
    like = next((s for s in verbs.SUGGESTIONS if s.key == request.GET.get("like")), None)
    form = OursForm(
        request.POST if request.method == "POST" else None,
        zone=member.congregation.zone,
        now=now,
        like=like,
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = verbs.begin(form.said(), by=member, now=now, pk=form.pk)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("%(name)s has its dates.") % {"name": made.name})
            return respond(request, "rhythms/ours_new.html", after=_url(made))
    status = 422 if form.errors else 200
    context = {"form": form, "tab": "calendar"}
    return respond(request, "rhythms/ours_new.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Change a rhythm of the congregation: all that is to come, or from one of its dates on."""
    member, now = request.member, clock.now()
    rhythm = get_object_or_404(_all(member), pk=pk)
    _check(member)
    since = _since(request, rhythm)
    form = OursForm(
        request.POST if request.method == "POST" else None,
        zone=rhythm.zone,
        now=now,
        said=verbs.said_of(rhythm, since, now=now),
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = verbs.change(rhythm, form.said(), since=since, by=member, now=now)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Kept. Whoever said they’d come is told."))
            return respond(request, "rhythms/ours_new.html", after=_url(made))
    status = 422 if form.errors else 200
    context = {"form": form, "rhythm": rhythm, "since": since, "tab": "calendar"}
    return respond(request, "rhythms/ours_new.html", context, status=status)


@require_POST
def end(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """End a rhythm of the congregation."""
    rhythm = get_object_or_404(_all(request.member), pk=pk)
    _check(request.member)
    verbs.end(rhythm, by=request.member, now=clock.now())
    messages.success(request, _("%(name)s has come to its end.") % {"name": rhythm.name})
    slug = request.member.congregation.slug
    return respond(request, "rhythms/ours.html", after=reverse("ours", kwargs={"slug": slug}))


def _check(member: Member) -> None:
    if not member.is_host:
        raise PermissionDenied


def _since(request: CongregationRequest, rhythm: Rhythm) -> Meeting | None:
    """Return the date of a rhythm from which on it is to change, where the address names one."""
    said = request.GET.get("since")
    if not said:
        return None
    try:
        pk = uuid.UUID(said)
    except ValueError:
        pk = uuid.UUID(int=0)
    rows = Meeting.objects.visible_to(request.member).filter(rhythm=rhythm)
    return get_object_or_404(rows, pk=pk)


def _url(rhythm: Rhythm) -> str:
    return reverse("ours-one", kwargs={"slug": rhythm.congregation.slug, "pk": rhythm.pk})
