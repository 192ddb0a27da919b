"""A common time: when each could meet, and the recurring times that this leaves, to be proposed in one tap."""

import uuid
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from congregation.models import Member
from crews.common_time import Could, Slot, common_times
from crews.dates import dates
from crews.forms.common_time import CommonTimeForm, CycleForm
from crews.models import CommonTime, Crew, FreeTime, Idea, Seat, Tempo
from crews.models import common_time as times
from crews.rules import Free
from crews.views import ideas
from rhythms.models import Rhythm

# From so many on, "all but one" names nobody.
LEAST_FOR_ALL_BUT_ONE = 4


@require_http_methods(["GET", "HEAD", "POST"])
def crew_time(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Find a time for one's crew."""
    member = request.member
    crews = Crew.objects.visible_to(member).of(member).alive().select_related("congregation")
    crew = get_object_or_404(crews, pk=pk)
    at_table = Seat.objects.visible_to(member).at_table().filter(crew=crew, member=member)
    if not at_table.exists() or member.state != Member.State.ACTIVE:
        raise PermissionDenied
    last = Rhythm.objects.visible_to(member).filter(crew=crew).order_by("-starts_on").first()
    zone = last.zone if last else crew.congregation.zone
    usual = {
        "tempo": (last.tempo if last else crew.tempo) or Tempo.WEEKLY.value,
        "times": 6,
        "minutes": last.minutes if last else 90,
    }
    return _page(request, crew, zone=zone, usual=usual)


@require_http_methods(["GET", "HEAD", "POST"])
def idea_time(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Find a time for an idea, among those who would join."""
    member, now = request.member, clock.now()
    idea = ideas.find(request, pk)
    if not idea.is_open(now=now) or member not in times.people(idea):
        raise PermissionDenied
    usual = {"tempo": idea.tempo, "times": idea.times, "minutes": idea.minutes}
    return _page(request, idea, zone=idea.zone, usual=usual)


def _page(
    request: CongregationRequest, circle: Crew | Idea, *, zone: str, usual: dict[str, Any]
) -> HttpResponse:
    member, now = request.member, clock.now()
    free, need, has_said = own(circle, member)
    is_post = request.method == "POST"
    form = CommonTimeForm(request.POST if is_post else None, free=free, if_need_be=need)
    if is_post and form.is_valid():
        CommonTime.say(circle, form.times, form.if_need_be, by=member, now=now)
        messages.success(request, _("Kept. Only what all of you share is shown."))
        return respond(request, "rhythms/common_time.html", after=request.get_full_path())
    cycle = CycleForm(request.GET if "tempo" in request.GET else usual)
    wanted = cycle.cleaned_data if cycle.is_valid() else usual
    context = {
        "circle": circle,
        "crew": circle if isinstance(circle, Crew) else None,
        "idea": circle if isinstance(circle, Idea) else None,
        "is_caller": isinstance(circle, Idea) and circle.caller_id == member.pk,
        "form": form,
        "cycle": cycle,
        "has_said": has_said,
        "zone": zone,
        "here": member.zone,
        "now": now,
        "tab": "crews",
        **proposals(circle, zone=zone, cycle=wanted, now=now),
    }
    status = 422 if form.errors else 200
    return respond(request, "rhythms/common_time.html", context, status=status)


def own(circle: Crew | Idea, member: Member) -> tuple[list[Free], list[Free], bool]:
    """Return what someone said to a circle: free, if need be, and whether they did; else their card's times."""
    of = {"crew" if isinstance(circle, Crew) else "idea": circle}
    rows = list(CommonTime.objects.visible_to(member).filter(**of))
    if rows:
        free = [Free(r.weekday, r.begins, r.ends) for r in rows if not r.if_need_be]
        need = [Free(r.weekday, r.begins, r.ends) for r in rows if r.if_need_be]
        return free, need, True
    card = FreeTime.objects.visible_to(member).filter(member=member)
    return [Free(row.weekday, row.begins, row.ends) for row in card], [], False


def proposals(
    circle: Crew | Idea, *, zone: str, cycle: dict[str, Any], now: datetime
) -> dict[str, Any]:
    """Return the times that a circle could meet at, and how many of it have said when they could."""
    said, people = times.said(circle), times.people(circle)
    could = [Could(person.zone, tuple(free), tuple(need)) for person, (free, need) in said.items()]
    slots: list[Slot] = []
    if len(could) > 1:
        slots = common_times(
            could,
            zone=zone,
            after=now.astimezone(ZoneInfo(zone)).date(),
            missing=int(len(could) >= LEAST_FOR_ALL_BUT_ONE),
            **cycle,
        )
    return {
        "said": len(could),
        "people": len(people),
        "slots": [_shown(slot, circle, zone, cycle) for slot in slots],
    }


def _shown(slot: Slot, circle: Crew | Idea, zone: str, cycle: dict[str, Any]) -> dict[str, Any]:
    starts = datetime.combine(slot.first, slot.at, ZoneInfo(zone))
    name, slug = "commitment-new", circle.congregation.slug
    query = urlencode(
        {
            "date": slot.first.isoformat(),
            "time": f"{slot.at:%H:%M}",
            **{key: cycle[key] for key in ("tempo", "times", "minutes")},
        }
    )
    url = f"{reverse(name, kwargs={'slug': slug, 'pk': circle.pk})}?{query}"
    return {
        "slot": slot,
        "starts": starts,
        "last_on": dates(slot.first, cycle["tempo"], cycle["times"])[-1],
        "number": cycle["times"],
        "url": url,
    }


@require_POST
def idea_meet_at(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Let one's own idea begin at a time that all who would join could."""
    idea = ideas.find(request, pk)
    try:
        starts = datetime.fromisoformat(request.POST.get("starts", ""))
        idea.meet_at(starts.date(), starts.time(), by=request.member, now=clock.now())
        messages.success(request, _("Your idea begins then. Those who would join are told."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    except ValueError:
        messages.error(request, _("Choose one of the times."))
    return respond(request, "crews/idea.html", after=idea)
