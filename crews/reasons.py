"""What two people share, in words: "Tuesday evening and two topics: rivers, bees"."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

from django.contrib.humanize.templatetags.humanize import apnumber
from django.utils.dates import WEEKDAYS
from django.utils.text import get_text_list
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from crews import week
from crews.ranking import Ranked
from crews.rules import SLOT, Free, Stretch, to_local_week

AT: Final = {
    "morning": _("%(day)s morning"),
    "midday": _("%(day)s lunchtime"),
    "afternoon": _("%(day)s afternoon"),
    "evening": _("%(day)s evening"),
}
MOST: Final = 2
"""So many times are named; the others are counted."""


def shared(item: Ranked[Any], zone: str, on: date) -> str:
    """Return what is shared, to stand after "You share": free time in the reader's zone, and topics."""
    slots, topics = item.shared_slots, item.shared_topics
    times = _times(slots, zone, on)
    named = ", ".join(topics)
    if not topics:
        if not times:
            return gettext("no free time and no topic yet")
        if not item.is_different:
            return times
        return gettext("%(times)s, and no topic: a different voice") % {"times": times}
    words = {
        "times": times,
        "topics": named,
        "number": apnumber(len(topics)),
    }
    if not times:
        return (
            ngettext(
                "a topic, %(topics)s, and no free time yet",
                "%(number)s topics, %(topics)s, and no free time yet",
                len(topics),
            )
            % words
        )
    return (
        ngettext(
            "%(times)s and a topic: %(topics)s",
            "%(times)s and %(number)s topics: %(topics)s",
            len(topics),
        )
        % words
    )


def _times(slots: Sequence[Stretch], zone: str, on: date) -> str:
    """Return the free times in words: "Tuesday evening", or two of them and how many more."""
    days = to_local_week(slots, zone, on)
    # What lies half before and half after midnight is in no part of either day.
    named = list(_named(days)) or [str(WEEKDAYS[time.weekday]) for time in days[:1]]
    times = list(dict.fromkeys(named))
    if len(times) > MOST + 1:
        more = len(times) - MOST
        words = ngettext("%(number)s more time", "%(number)s more times", more)
        times = [*times[:MOST], words % {"number": apnumber(more)}]
    return get_text_list(times, gettext("and"))


def _named(times: Iterable[Free]) -> Iterable[str]:
    """Return the day of each time, with the part of it where it lies in one."""
    for time in times:
        parts = week.usual_parts([time])
        if len(parts) == 1:
            yield str(AT[parts[0]]) % {"day": WEEKDAYS[time.weekday]}
        elif time.ends - time.begins >= SLOT:
            yield str(WEEKDAYS[time.weekday])
