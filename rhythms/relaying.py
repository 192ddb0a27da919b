"""How meetings that are laid out meet a rhythm that has changed. Pure functions over plain values: no clock.

What matches keeps its identity, so that calendars and what people said of it survive: first where the
moment is the same, then where the day is, and what is left is moved, in order. Numbers follow time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Final

from rhythms.rules import Occurrence

SPAN: Final = 16_000
"""Numbers are first put this far up and then where they belong, so that no two are ever the same."""


class Fit(Enum):
    """How a meeting comes to its place in a rhythm that has changed."""

    SAME = "same"
    """Its moment is the same."""
    DAY = "day"
    """Its day is the same, at another hour."""
    MOVED = "moved"
    """It goes to another day."""
    NEW = "new"
    """There was none for this place."""


@dataclass(frozen=True, slots=True)
class Laid[Id]:
    """A meeting that is laid out: the instant at which its rhythm has it, and that day on its wall."""

    id: Id
    planned: datetime
    day: date


@dataclass(frozen=True, slots=True)
class Place[Id]:
    """A place in the changed rhythm: its number, when it is, and the meeting that takes it, if one does."""

    number: int
    occurrence: Occurrence
    id: Id | None
    fit: Fit


def relay[Id](
    laid: Sequence[Laid[Id]], wanted: Sequence[Occurrence], numbers: Sequence[int]
) -> tuple[list[Place[Id]], list[Id]]:
    """Return each place that is wanted, by time, and the ids of the meetings that none is left for.

    `numbers` are those to give, rising, at least as many as are wanted. No meeting takes two places;
    what is laid out as it is wanted stays as it is.
    """
    if len(numbers) < len(wanted):
        raise ValueError("There are fewer numbers than places.")
    places = sorted(wanted, key=lambda one: one.starts)
    rest = sorted(laid, key=lambda one: one.planned)
    taken: dict[int, tuple[Id, Fit]] = {}
    for fit in (Fit.SAME, Fit.DAY, Fit.MOVED):
        free = list(rest)
        for at, place in enumerate(places):
            if at in taken:
                continue
            found = next((one for one in free if _fits(one, place, fit)), None)
            if found is not None:
                free.remove(found)
                taken[at] = (found.id, fit)
        rest = free
    laid_out = [
        Place(number, place, *taken.get(at, (None, Fit.NEW)))
        for at, (number, place) in enumerate(zip(sorted(numbers), places, strict=False))
    ]
    return laid_out, [one.id for one in rest]


def _fits[Id](one: Laid[Id], place: Occurrence, fit: Fit) -> bool:
    if fit is Fit.SAME:
        return one.planned == place.starts
    return fit is Fit.MOVED or one.day == place.local.date()
