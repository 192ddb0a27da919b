"""What was said of a meeting and corrected, in words, for its crew alone."""

import json
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from congregation.models import Member
from rhythms import phrases
from rhythms.models import Correction, Meeting


@dataclass(frozen=True, slots=True)
class Entry:
    """One correction: who, unless that was forgotten, when, and what in a sentence or two."""

    by: Member | None
    at: datetime
    words: str


def of(meeting: Meeting, member: Member) -> list[Entry]:
    """Return the corrections of a meeting, the first one first, in as many queries however many."""
    rows = list(
        Correction.objects.visible_to(member)
        .filter(meeting=meeting)
        .select_related("by")
        .order_by("at", "pk")
    )
    said = [json.loads(row.who) if row.who else {} for row in rows]
    ids = {pk for one in said for some in one.values() for pk in some}
    names = (
        {str(one.pk): one.first_name for one in Member.objects.filter(pk__in=ids)} if ids else {}
    )
    return [
        Entry(row.by, row.at, _words(row, who, names)) for row, who in zip(rows, said, strict=True)
    ]


def _words(row: Correction, who: dict[str, list[str]], names: dict[str, str]) -> str:
    """Return what changed, in words."""
    if row.was_held and not row.is_held:
        return _("You didn’t meet after all.")
    words = []
    if row.is_held and not row.was_held:
        words.append(_("You did meet: %(n)s came.") % {"n": phrases.number(row.came_after)})
    elif who:
        there = [names[pk] for pk in who.get("in", []) if pk in names]
        away = [names[pk] for pk in who.get("out", []) if pk in names]
        if there:
            words.append(_("There after all: %(names)s.") % {"names": phrases.names(there)})
        if away:
            words.append(_("Not there after all: %(names)s.") % {"names": phrases.names(away)})
    elif row.came_before != row.came_after:
        counts = {
            "before": phrases.number(row.came_before),
            "after": phrases.number(row.came_after),
        }
        words.append(_("%(after)s came, not %(before)s.") % counts)
    if row.is_line:
        words.append(_("The line was written anew."))
    return " ".join(words) or _("Who came was corrected.")
