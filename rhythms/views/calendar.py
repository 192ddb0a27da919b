"""A month as a score, and what is ahead."""

from datetime import date

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from rhythms.month import month

YEARS = range(2000, 2200)


@require_safe
def calendar(request: CongregationRequest) -> HttpResponse:
    """Show a member one month of their crews, hellos and gatherings: `?month=2026-11`."""
    now = clock.now()
    today = timezone.localtime(now).date().replace(day=1)
    try:
        first = date.fromisoformat(f"{request.GET.get('month', '')}-01")
    except ValueError:
        first = today
    if first.year not in YEARS:
        first = today
    context = {"month": month(request.member, first, now=now), "now": now, "today": today}
    return respond(request, "rhythms/calendar.html", context)
