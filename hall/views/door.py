"""The door: the way in for who is signed out; one home for who is in several congregations."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from congregation import clock
from congregation.models import Congregation, Member
from hall.context import memberships
from hall.waiting import unlogged, waiting
from rhythms.models import Arrival
from rhythms.week import Day, week


@login_not_required
@require_safe
def door(request: HttpRequest) -> HttpResponse:
    """Say what this is to who is signed out; lead everyone else to their congregation, or show all of theirs."""
    if not request.user.is_authenticated:
        is_empty = not Congregation.any_here()
        return render(request, f"congregation/{'empty' if is_empty else 'door'}.html")
    now = clock.now()
    mine = memberships(request.user, now=now)
    if len(mine) == 1:
        slug = mine[0].congregation.slug
        return HttpResponseRedirect(reverse("home", kwargs={"slug": slug}))
    if not mine:
        waits_for = Arrival.objects.of_account(request.user).filter(state=Arrival.State.EXPECTED)
        return render(request, "congregation/choose.html", {"arrivals": waits_for.order_by("at")})
    if not request.user.zone:
        timezone.activate(mine[0].congregation.zone)
    rooms: list[dict[str, Any]] = [
        {"member": member, "todo": waiting(member, now=now), "to_log": unlogged(member, now=now)}
        for member in mine
    ]
    waits = sum(len(room[kind]) for room in rooms for kind in ("todo", "to_log"))
    context = {
        "rooms": rooms,
        "name": mine[0].first_name,
        "days": one_week(mine, now=now),
        "waits": waits,
        "now": now,
    }
    return render(request, "hall/everywhere.html", context)


def one_week(mine: list[Member], *, now: datetime) -> list[Day]:
    """Return the week of someone who is in several congregations, each beat with the one it is of."""
    weeks = [(member.congregation.name, day) for member in mine for day in week(member, now=now)]
    days = {day.on: Day(day.on, day.is_today) for _name, day in weeks}
    for name, day in weeks:
        days[day.on].beats.extend(replace(beat, where=name) for beat in day.beats)
    for day in days.values():
        day.beats.sort(key=lambda beat: beat.at)
    return list(days.values())
