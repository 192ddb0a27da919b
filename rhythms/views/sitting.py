"""A sitting: choosing a practice at a meeting, each one's yes, and the clock that all follow."""

import math
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond, tag_of, unchanged
from congregation.models import HelpNumber, Member
from rhythms import phrases
from rhythms.forms.sitting import SittingForm
from rhythms.models import CrewPractice, Meeting, Sitting
from rhythms.models.sitting import is_time
from rhythms.practices import catalogue
from rhythms.practices.shape import Practice, Stage
from rhythms.views.meeting import meetings_of
from rhythms.views.practices import card

State = Sitting.State


@require_http_methods(["GET", "HEAD", "POST"])
def sitting_new(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Choose a practice and say who is here; then sit down to it."""
    member, now = request.member, clock.now()
    this = get_object_or_404(meetings_of(member), pk=pk)
    if this.is_open and not member.is_host:
        raise PermissionDenied
    context: dict[str, Any] = {"meeting": this, "name": this.name_for(member)}
    context |= {"tab": "crews" if this.crew_id else "people", "is_time": is_time(this, now=now)}
    context["going_on"] = Sitting.objects.visible_to(member).filter(meeting=this).going_on().first()
    word = request.POST.get("practice") or request.GET.get("practice", "")
    guide, words = chosen(this, member, word)
    if guide is None:
        return respond(request, "rhythms/sitting_choose.html", context | choices(this, member))
    sent = request.POST if request.method == "POST" else None
    form = SittingForm(sent, guide=guide, people=this.people(), away=this.cant(), reader=member)
    context |= card(guide) | {"form": form, "word": word}
    if sent is not None and form.is_valid():
        try:
            made = Sitting.open(this, guide, words=words, by=member, now=now, **form.said)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            made.meeting = this
            return respond(request, "rhythms/sitting_new.html", after=made)
    status = 422 if form.errors else 200
    return respond(request, "rhythms/sitting_new.html", context, status=status)


def chosen(this: Meeting, member: Member, word: str) -> tuple[Practice | None, str]:
    """Return the practice that a word stands for at a meeting, and the crew's own words if it is theirs."""
    if word in catalogue.BY_KEY:
        return catalogue.BY_KEY[word], ""
    try:
        key = uuid.UUID(word)
    except ValueError:
        return None, ""
    mine = CrewPractice.objects.visible_to(member).filter(crew=this.crew_id, pk=key).first()
    return (mine.guide, mine.words) if mine else (None, "")


def choices(this: Meeting, member: Member) -> dict[str, Any]:
    """Return the practices that could be done at a meeting: a crew's own, and those for so many people."""
    ours = CrewPractice.objects.visible_to(member).filter(crew=this.crew_id).in_use()
    people = len(this.people())
    fits = [one for one in catalogue.ALL if this.is_open or one.suits(people)]
    return {
        "ours": [card(row.guide) | {"word": str(row.pk)} for row in ours],
        "practices": [
            card(one, people) | {"word": one.key}
            for one in fits
            if not (this.is_open and one.is_intimate)
        ],
    }


@require_safe
def sitting(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Show where a sitting is, to look again and again."""
    now = clock.now()
    this = find(request, pk)
    if "If-None-Match" in request.headers and (same := unchanged(request, tag(this))):
        return _with_time(same, now)
    return show(request, this, now=now)


def find(request: CongregationRequest, pk: uuid.UUID) -> Sitting:
    """Return a sitting at a meeting of one's own, or say that there is none."""
    member = request.member
    rows = Sitting.objects.visible_to(member).seen_by(member)
    return get_object_or_404(rows, pk=pk)


def tag(this: Sitting) -> str:
    """Return the tag of what someone sees of a sitting: it tells of nobody else's yes before all have said it."""
    return tag_of(this.version, this.state, this.is_sitter, this.has_said, get_language())  # type: ignore[attr-defined]


def show(
    request: CongregationRequest, this: Sitting, *, now: datetime, after: bool = False
) -> HttpResponse:
    """Answer with where a sitting is, and what time it is here."""
    context = now_at(this, request.member, now=now)
    if not getattr(request, "htmx", False):
        context["help_numbers"] = HelpNumber.objects.visible_to(request.member)
    answer = respond(
        request, "rhythms/sitting.html", context, part="now", after=this if after else None
    )
    return _with_time(answer, now)


def _with_time(answer: HttpResponse, now: datetime) -> HttpResponse:
    answer["Sitting-Now"] = str(_ms(now))
    return answer


def _ms(moment: datetime | None) -> int | str:
    return round(moment.timestamp() * 1000) if moment else ""


@dataclass(frozen=True)
class Row:
    """One step in the list of all: done, now or still to come."""

    stage: Stage
    state: str
    often: int


def rows(laid: Sequence[Stage], at: int) -> list[Row]:
    """Return each step once, however many turns there are, and how far they are with it."""
    now = laid[at]
    found = []
    for stage in laid:
        # Within the part they are at, what is done is what is done of this turn.
        if stage.turn != (now.turn if stage.part == now.part else 1):
            continue
        state = "now" if stage == now else "done" if stage.number < at else ""
        found.append(Row(stage, state, stage.turns))
    return found


def now_at(this: Sitting, member: Member, *, now: datetime) -> dict[str, Any]:
    """Return what the page of a sitting shows to someone at this moment."""
    guide, laid = this.guide, this.stages
    stage = laid[this.step]
    after = laid[this.step + 1] if this.step + 1 < len(laid) else None
    listed = rows(laid, this.step)
    place = next(n for n, row in enumerate(listed, 1) if row.state == "now")
    left = math.ceil(this.left(now=now).total_seconds())
    is_sitter: bool = this.is_sitter  # type: ignore[attr-defined]
    return {
        "sitting": this,
        "practice": guide,
        "meeting": this.meeting,
        "stage": stage,
        "next_stage": after,
        "is_new_turn": after is not None
        and (after.part, after.turn) != (stage.part, stage.turn)
        and after.turns > 1,
        "rows": listed,
        "which": phrases.which_of(place, len(listed)) if len(listed) > 1 else "",
        "minutes": [one.step.minutes for one in laid],
        "gone": min(max(1 - left / stage.seconds, 0), 1),
        "left": f"{left // 60}:{left % 60:02}",
        "is_up": left <= 0,
        "ends_ms": _ms(this.ends_at),
        "paused_ms": _ms(this.paused_at),
        "now_ms": _ms(now),
        "tag": tag(this),
        "has_said": this.has_said,  # type: ignore[attr-defined]
        "is_sitter": is_sitter,
        "may_move": member.is_host if this.meeting.is_open else is_sitter or not guide.is_intimate,
        "may_see": is_sitter or not guide.is_intimate or this.is_over,
        "seal": seal(this),
        "people_words": phrases.number(this.people),
        "tab": "crews" if this.meeting.crew_id else "people",
        "now": now,
    }


def seal(this: Sitting) -> str:
    """Return who can see a sitting."""
    if this.meeting.is_open:
        return _("Everyone in the congregation can see this page")
    if this.meeting.crew:
        return phrases.only_you(this.meeting.crew.seats_taken)
    return phrases.only_you(2)


@require_POST
def sitting_yes(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Say one's own yes to an intimate practice."""
    this = find(request, pk)
    try:
        this.say_yes(by=request.member, now=clock.now())
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    return show(request, find(request, pk), now=clock.now(), after=True)


@require_POST
def sitting_move(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Start, pause, go on or back, pass, or add a minute."""
    this, do = find(request, pk), request.POST.get("do", "")
    moved = this.move(do, version=_version(request), by=request.member, now=clock.now())
    if do == "pass" and not moved and this.state == State.OPEN:
        messages.info(request, _("You pass. Nobody is told, and nothing is asked of you."))
    return show(request, find(request, pk), now=clock.now(), after=True)


def _version(request: HttpRequest) -> int:
    said = request.POST.get("version", "")
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 9 else -1


@require_POST
def sitting_stop(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """End it for all, for no reason."""
    find(request, pk).stop(by=request.member, now=clock.now())
    return show(request, find(request, pk), now=clock.now(), after=True)
