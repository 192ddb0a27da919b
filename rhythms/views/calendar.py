"""A month or a year as a score, and what is ahead."""

from datetime import date

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
    said = {
        "show": Show.MINE if request.GET.get("show") == Show.MINE else Show.ALL,
        "whole": "whole" in request.GET,
    }
    context = {"now": now, "today": today, "by_year": "year" in request.GET, **said}
    if context["by_year"]:
        context["year"] = year(request.member, _year(request, today), now=now, **said)
        return respond(request, "rhythms/year.html", context)
    context["month"] = month(request.member, _month(request, today), now=now, **said)
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
