"""A month or a year as a score, and what is ahead."""

from datetime import date
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from rhythms.month import month
from rhythms.score import Show
from rhythms.year import year

YEARS = range(2000, 2200)


@require_safe
def calendar(request: CongregationRequest) -> HttpResponse:
    """Show a member a month of their rhythms and everyone's, `?month=2026-11`, or a year, `?year=2026`.

    `show=mine` leaves the congregation's own out; `whole` shows on a phone what is over, too.
    """
    now = clock.now()
    today = timezone.localtime(now).date()
    show = Show.MINE if request.GET.get("show") == Show.MINE else Show.ALL
    whole, by_year = "whole" in request.GET, "year" in request.GET
    context: dict[str, Any] = {
        "now": now,
        "today": today,
        "by_year": by_year,
        "show": show,
        "whole": whole,
    }
    if by_year:
        number = _year(request, today)
        context["year"] = year(request.member, number, now=now, show=show, whole=whole)
        return respond(request, "rhythms/year.html", context)
    first = _month(request, today)
    context["month"] = month(request.member, first, now=now, show=show, whole=whole)
    return respond(request, "rhythms/calendar.html", context)


def _month(request: CongregationRequest, today: date) -> date:
    """Return the first of the month that the address names, or of this one."""
    try:
        first = date.fromisoformat(f"{request.GET.get('month', '')}-01")
    except ValueError:
        return today.replace(day=1)
    return first if first.year in YEARS else today.replace(day=1)


def _year(request: CongregationRequest, today: date) -> int:
    """Return the year that the address names, or this one."""
    said = request.GET.get("year", "")
    number = int(said) if said.isascii() and said.isdigit() and len(said) == 4 else today.year
    return number if number in YEARS else today.year
