"""Seasons: what one sees of the one that runs, taking part, the answer to a proposed table; the hosts' page."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond, tag_of, unchanged
from crews import seasons
from crews.forms.ideas import YesForm
from crews.forms.pool import in_words
from crews.forms.seasons import DaysForm, JoinForm, SeasonForm
from crews.models import (
    Card,
    Crew,
    FreeTime,
    Idea,
    Proposal,
    ProposalAnswer,
    Proposed,
    Season,
    Seeker,
)
from crews.models.season import LATELY


def _find(request: CongregationRequest, pk: uuid.UUID) -> Season:
    """Return a season of the reader's congregation, or answer 404."""
    rows = Season.objects.visible_to(request.member).select_related("congregation")
    return get_object_or_404(rows, pk=pk)


def _the_one(request: CongregationRequest) -> Season | None:
    """Return the season that runs, or else the one that ended lately."""
    lately = Q(closed_at__isnull=True) | Q(closed_at__gt=clock.now() - LATELY)
    rows = Season.objects.visible_to(request.member).filter(lately).select_related("congregation")
    return rows.order_by("-opened_at").first()


@require_safe
def season(request: CongregationRequest) -> HttpResponse:
    """Show the season that runs, as far as it concerns the reader; looked at again while it is computed."""
    found = _the_one(request)
    if found is None:
        return respond(request, "crews/season.html", {"season": None, "tab": "crews"})
    if found.state == Season.State.PROPOSING:
        tag = tag_of(found.pk, found.state, found.rounds, found.claimed_at)
        context = {"season": found, "now": clock.now(), "tag": tag, "tab": "crews"}
        return unchanged(request, tag) or respond(
            request, "crews/season.html", context, part="season"
        )
    return respond(request, "crews/season.html", _page(request, found), part="season")


def _page(request: CongregationRequest, found: Season) -> dict[str, Any]:
    member, now = request.member, clock.now()
    mine = Seeker.objects.visible_to(member).filter(season=found).first()
    proposal = (
        Proposal.objects.visible_to(member)
        .asking()
        .filter(season=found, answers_until__gt=now)
        .select_related("season", "idea__congregation", "congregation")
        .first()
    )
    crew = Crew.objects.visible_to(member).of(member).filter(proposal__season=found)
    return {
        "season": found,
        "tab": "crews",
        "now": now,
        "mine": mine,
        "takes_part": found.takes_part(now=now),
        "has_times": FreeTime.objects.visible_to(member).filter(member=member).exists(),
        "ideas": _ideas(request, found),
        "number": seasons.progress(found).people,
        "crew": crew.select_related("congregation").first(),
        "another": found.has_another_round(now=now),
        **_proposal(request, proposal),
    }


def _ideas(request: CongregationRequest, found: Season) -> list[Idea]:
    rows = Idea.objects.visible_to(request.member).filter(season=found)
    open_ones = rows.filter(state__in=[Idea.State.OPEN, Idea.State.FORMING])
    return list(open_ones.select_related("caller", "congregation").order_by("-floated_at")[:24])


def _proposal(request: CongregationRequest, proposal: Proposal | None) -> dict[str, Any]:
    """Return a proposed table: its people, its time on the reader's clock, and the reader's own answer."""
    if proposal is None:
        return {"proposal": None}
    member, now = request.member, clock.now()
    places = Proposed.objects.visible_to(member).filter(proposal=proposal)
    people = [
        place.member
        for place in places.select_related("member").order_by("member__name_key")
        if place.member.state != "left"
    ]
    said = ProposalAnswer.objects.visible_to(member).filter(proposal=proposal).first()
    return {
        "proposal": proposal,
        "people": people,
        "said": said,
        "times": [in_words(free) for free in proposal.times(member.zone, now.date())],
        "where": Card.Where(proposal.where).label,
    }


@require_http_methods(["GET", "HEAD", "POST"])
def season_new(request: CongregationRequest) -> HttpResponse:
    """Open a season; hosts may."""
    member, now = request.member, clock.now()
    if not member.is_host:
        raise PermissionDenied
    data = request.POST if request.method == "POST" else None
    form = SeasonForm(data, member=member, now=now)
    if request.method == "POST" and form.is_valid():
        try:
            made = Season.open(**form.what, by=member, now=now, pk=form.pk)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The season is open, and everyone is told."))
            return respond(request, "", after=made)
    status = 422 if form.errors else 200
    context: dict[str, Any] = {"form": form, "tab": "host"}
    context["running"] = Season.objects.visible_to(member).running().first()
    return respond(request, "crews/season_new.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def season_join(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Say that one would take part, when one is free, and what counts."""
    found, member, now = _find(request, pk), request.member, clock.now()
    mine = Seeker.objects.visible_to(member).filter(season=found).first()
    free = FreeTime.objects.visible_to(member).filter(member=member).by_member()
    data = request.POST if request.method == "POST" else None
    form = JoinForm(data, free=free.get(member.pk, []), mine=mine)
    if request.method == "POST" and form.is_valid():
        try:
            Seeker.join(found, **form.wishes, by=member, now=now)
            Card.of(member).free(form.times, by=member)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("You take part. You are told when a table is proposed."))
            return respond(request, "", after=found)
    context = {"season": found, "form": form, "mine": mine, "now": now}
    context |= {"takes_part": found.takes_part(now=now), "tab": "crews"}
    status = 422 if form.errors else 200
    return respond(request, "crews/season_join.html", context, status=status)


@require_POST
def season_leave(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Take back that one takes part."""
    found = _find(request, pk)
    try:
        Seeker.leave(found, by=request.member, now=clock.now())
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, _("You take no part in this season. Nobody is told."))
    return respond(request, "", after=found)


@require_POST
def proposal_answer(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Say in private whether one would, with these people or those of them who say yes."""
    member = request.member
    rows = Proposal.objects.visible_to(member).select_related(
        "season__congregation", "idea", "crew"
    )
    proposal = get_object_or_404(rows, pk=pk)
    form, crew = YesForm(request.POST), None
    if form.is_valid():
        try:
            crew = seasons.answer(proposal, form.cleaned_data["is_yes"], by=member, now=clock.now())
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
    else:
        messages.error(request, _("Say yes or not this time."))
    if crew is not None:
        messages.success(request, _("Everyone has said yes: your crew forms."))
        return respond(request, "", after=crew)
    found = proposal.season
    return respond(request, "crews/season.html", _page(request, found), part="season", after=found)


@require_http_methods(["GET", "HEAD", "POST"])
def season_host(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Show hosts how a season goes, in counts; they may change its days."""
    found, member, now = _find(request, pk), request.member, clock.now()
    if not member.is_host:
        raise PermissionDenied
    posted = request.method == "POST"
    form = DaysForm(
        request.POST if posted else None, initial=DaysForm.of(found), member=member, now=now
    )
    if posted and form.is_valid():
        try:
            found.move(**form.what, by=member, now=now)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The days are changed."))
            return respond(request, "", after=request.path)
    progress = seasons.progress(found)
    tag = tag_of(found.pk, found.state, found.rounds, progress)
    if not posted and (same := unchanged(request, tag)):
        return same
    context = {
        "season": found,
        "progress": progress,
        "form": form,
        "now": now,
        "tag": tag,
        "takes_part": found.takes_part(now=now),
        "without": max(progress.people - progress.placed, 0),
        "tab": "host",
    }
    status = 422 if form.errors else 200
    return respond(request, "crews/season_host.html", context, part="progress", status=status)


@require_POST
def season_hurry(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Let tables be put together now; hosts may."""
    found = _find(request, pk)
    found.hurry(by=request.member, now=clock.now())
    messages.success(request, _("Tables are put together within half a minute."))
    return respond(request, "", after=found)


@require_http_methods(["GET", "HEAD", "POST"])
def season_end(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """End a season, after a page that says what that means; hosts may."""
    found, member = _find(request, pk), request.member
    if not member.is_host:
        raise PermissionDenied
    if request.method != "POST":
        return respond(request, "crews/season_end.html", {"season": found, "tab": "host"})
    seasons.end(found, by=member, now=clock.now())
    messages.success(request, _("The season is over. Everyone who took part is told."))
    return respond(request, "", after=found)
