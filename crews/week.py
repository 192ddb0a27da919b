"""The free times of a week as boxes to tick: parts of days, and what lies beside them.

Pure functions over `rules.Free`: a weekday from Monday = 0, and minutes since its midnight.
"""

from collections.abc import Collection, Iterable
from datetime import date
from typing import Final

from crews.rules import SLOT, Free, to_local_week, to_utc_week

PARTS: Final = {
    "morning": (8 * 60, 12 * 60),
    "midday": (12 * 60, 14 * 60),
    "afternoon": (14 * 60, 18 * 60),
    "evening": (18 * 60, 22 * 60),
}
"""The parts of a day in minutes since midnight; they touch, so that several become one stretch."""

# A week without a clock change, in a zone that has none: there and back only joins what touches.
_ANY_WEEK: Final = date(2024, 1, 1)


def joined(times: Iterable[Free]) -> list[Free]:
    """Return times of a week sorted, with those that touch or overlap on a day made one."""
    return to_local_week(to_utc_week(times, "UTC", _ANY_WEEK), "UTC", _ANY_WEEK)


def box(weekday: int, part: str) -> Free:
    """Return the time that a box stands for; raises KeyError for no part of a day."""
    return Free(weekday, *PARTS[part])


def ticked(times: Iterable[Free]) -> list[tuple[int, str]]:
    """Return the boxes, as (weekday, part), that lie wholly in free time."""
    whole = joined(times)
    return [
        (weekday, part)
        for weekday in range(7)
        for part, (begins, ends) in PARTS.items()
        if any(t.weekday == weekday and t.begins <= begins and ends <= t.ends for t in whole)
    ]


def beside(times: Iterable[Free]) -> list[Free]:
    """Return the free time that no ticked box covers."""
    whole = joined(times)
    boxes = [box(weekday, part) for weekday, part in ticked(whole)]
    return [rest for time in whole for rest in _without(time, boxes)]


def _without(time: Free, boxes: Collection[Free]) -> list[Free]:
    """Return what is left of a time once the boxes on its day are taken out of it."""
    left, begins = [], time.begins
    for taken in sorted(b for b in boxes if b.weekday == time.weekday):
        if time.begins <= taken.begins and taken.ends <= time.ends:
            if begins < taken.begins:
                left.append(Free(time.weekday, begins, taken.begins))
            begins = taken.ends
    if begins < time.ends:
        left.append(Free(time.weekday, begins, time.ends))
    return left


def usual_parts(times: Iterable[Free]) -> list[str]:
    """Return the one or two parts of a day in which all of someone's hours lie; none for more."""
    # Whoever is free early or late is free in the morning or the evening.
    spans = PARTS | {"morning": (0, 12 * 60), "evening": (18 * 60, 24 * 60)}
    whole = list(times)
    usual = [
        part
        for part, (begins, ends) in spans.items()
        if any(min(t.ends, ends) - max(t.begins, begins) >= SLOT for t in whole)
    ]
    return usual if len(usual) <= 2 else []
