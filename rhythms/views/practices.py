"""Guided practices: all of them, and each with its roles, steps and minutes, on screen and on paper."""

from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from congregation.models import HelpNumber, Member
from crews.models import Crew, Seat
from rhythms import phrases
from rhythms.models import CrewPractice, Meeting, SharedPractice
from rhythms.models.sitting import CLOSES_AFTER, OPENS_BEFORE, is_time
from rhythms.practices import catalogue
from rhythms.practices.shape import Part, Practice

# For so many people the minutes of a practice are said where nobody has counted them yet.
AT_A_TABLE = 5


@require_safe
def practices(request: CongregationRequest) -> HttpResponse:
    """Show all practices there are: one's crews' own, those that are shared, and those for everyone."""
    member = request.member
    ours = CrewPractice.objects.visible_to(member).in_use().select_related("crew")
    shared = SharedPractice.objects.visible_to(member).select_related("crew")
    context = {
        "ours": [card(row.guide) | {"row": row} for row in ours],
        "shared": [card(row.guide) | {"row": row} for row in shared.order_by("-shared_at", "pk")],
        "practices": [card(practice) for practice in catalogue.ALL],
        "crews": mine(member),
        "tab": "crews",
    }
    return respond(request, "rhythms/practices.html", context)


@require_safe
def practice(request: CongregationRequest, key: str) -> HttpResponse:
    """Show one practice whole."""
    found = catalogue.BY_KEY.get(key)
    if found is None:
        raise Http404
    member = request.member
    context = page(found, member) | {"crews": mine(member), "word": key}
    context["sit_at"] = now_meetings(member)
    return respond(request, "rhythms/practice.html", context)


def mine(member: Member) -> list[Crew]:
    """Return the living crews at whose table someone sits."""
    seats = Seat.objects.visible_to(member).at_table().filter(member=member)
    crews = Crew.objects.visible_to(member).filter(pk__in=seats.values("crew_id")).alive()
    return list(crews.select_related("congregation").order_by("name", "pk"))


def page(this: Practice, member: Member) -> dict[str, Any]:
    """Return what the page of a practice shows."""
    return {
        **card(this),
        "parts": [(part, turns_words(part)) for part in this.parts],
        "help_numbers": HelpNumber.objects.visible_to(member) if this.is_intimate else [],
        "tab": "crews",
    }


def now_meetings(member: Member, crew: Crew | None = None) -> list[Meeting]:
    """Return the meetings of one's crews, or of one of them, at which one could sit down now."""
    now = clock.now()
    near = (
        Meeting.objects.visible_to(member)
        .of(member)
        .filter(
            crew__isnull=False,
            starts_at__lte=now + OPENS_BEFORE,
            ends_at__gte=now - CLOSES_AFTER,
        )
        .select_related("crew", "congregation")
        .order_by("starts_at")
    )
    if crew:
        near = near.filter(crew=crew)
    return [meeting for meeting in near if is_time(meeting, now=now)]


def card(this: Practice, people: int = AT_A_TABLE) -> dict[str, Any]:
    """Return a practice with how long it takes so many people, as far as it is for so many."""
    count = max(this.least, min(people or AT_A_TABLE, this.most or people or AT_A_TABLE))
    words = phrases.minutes(this.minutes(count))
    if this.has_turns and this.usual_turns:
        words = _("%(minutes)s for each turn") % {
            "minutes": phrases.minutes(this.minutes(count, 1))
        }
    elif this.has_turns:
        words = _("%(minutes)s for %(people)s") % {
            "minutes": words,
            "people": phrases.people(count),
        }
    return {"practice": this, "takes": words}


def turns_words(part: Part) -> str:
    """Return how often the steps of a part come round; nothing where they come once."""
    if part.turns is None:
        return _("For each in turn")
    return phrases.capital(phrases.times(part.turns)) if part.turns > 1 else ""
