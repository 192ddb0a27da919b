"""Guided practices: all of them, and each with its roles, steps and minutes, on screen and on paper."""

from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from congregation.gate import CongregationRequest
from congregation.http import respond
from congregation.models import HelpNumber, Member
from rhythms import phrases
from rhythms.practices import catalogue
from rhythms.practices.shape import Part, Practice

# For so many people the minutes of a practice are said where nobody has counted them yet.
AT_A_TABLE = 5


@require_safe
def practices(request: CongregationRequest) -> HttpResponse:
    """Show all practices there are."""
    context = {"practices": [card(practice) for practice in catalogue.ALL], "tab": "crews"}
    return respond(request, "rhythms/practices.html", context)


@require_safe
def practice(request: CongregationRequest, key: str) -> HttpResponse:
    """Show one practice whole."""
    found = catalogue.BY_KEY.get(key)
    if found is None:
        raise Http404
    return respond(request, "rhythms/practice.html", page(found, request.member))


def page(this: Practice, member: Member) -> dict[str, Any]:
    """Return what the page of a practice shows."""
    return {
        **card(this),
        "parts": [(part, turns_words(part)) for part in this.parts],
        "help_numbers": HelpNumber.objects.visible_to(member) if this.is_intimate else [],
        "tab": "crews",
    }


def card(this: Practice) -> dict[str, Any]:
    """Return a practice with how long it takes at a table of the usual size."""
    people = max(this.least, min(AT_A_TABLE, this.most or AT_A_TABLE))
    minutes = this.minutes(people)
    words = _("%(minutes)s min") % {"minutes": minutes}
    if this.has_turns:
        words = (
            _("%(minutes)s min for each turn") % {"minutes": this.minutes(people, 1)}
            if this.usual_turns
            else _("%(minutes)s min for %(people)s")
            % {"minutes": minutes, "people": phrases.people(people)}
        )
    return {"practice": this, "takes": words}


def turns_words(part: Part) -> str:
    """Return how often the steps of a part come round; nothing where they come once."""
    if part.turns is None:
        return _("For each in turn")
    return phrases.capital(phrases.times(part.turns)) if part.turns > 1 else ""
