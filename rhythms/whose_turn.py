"""Whose turn it is to facilitate. Pure functions over plain values: no models, no clock.

Everyone waits since they last led or, if they never have, since they sat down; who has waited longest is next. So
nobody leads twice before the others have led once, and someone new joins at the end of the row, as anyone does
who has just led. (docs/decisions/0075-turns.md)
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any, Final, NamedTuple


class Led(NamedTuple):
    """How often someone has facilitated, and when last."""

    times: int
    last_on: date | None


NEVER: Final = Led(0, None)
_NOBODY: Final[Mapping[Any, date]] = MappingProxyType({})


def order_of_turns[Id: Hashable](
    seated: Sequence[Id],
    led: Mapping[Id, Led],
    away: Collection[Id] = (),
    caller: Id | None = None,
    joined: Mapping[Id, date] = _NOBODY,
) -> list[Id]:
    """Return everyone seated in the order in which their turns to facilitate come.

    `seated` is those who take turns, in the order of seats; `led` may lack those who never did, and may
    name people who have left. `joined` says when each sat down; who isn't named there has always been here.
    Whoever waits longest comes first, then who led less often, then by seat. Before anyone has led
    the caller begins, as the practice has it: facilitation rotates. `away` are those who can't lead the next
    meeting, whatever the reason: they let one other person pass and stay where they are.
    """
    nobody_yet = not any(led[person].times for person in seated if person in led)

    def waits(item: tuple[int, Id]) -> tuple[bool, date, int, int]:
        seat, person = item
        times, last_on = led.get(person, NEVER)
        begins = nobody_yet and person == caller
        return (not begins, last_on or joined.get(person, date.min), times, seat)

    order = [person for _, person in sorted(enumerate(seated), key=waits)]
    present = next((person for person in order if person not in away), None)
    if present is not None:
        order.remove(present)
        order.insert(0, present)
    return order


def next_turns[Id: Hashable](
    seated: Sequence[Id],
    led: Mapping[Id, Led],
    away: Collection[Id] = (),
    caller: Id | None = None,
    joined: Mapping[Id, date] = _NOBODY,
    together: int = 1,
) -> list[Id]:
    """Return who leads next, so many together; fewer where not so many can. See order_of_turns."""
    order = order_of_turns(seated, led, away, caller, joined)
    return [person for person in order if person not in away][:together]


def next_turn[Id: Hashable](
    seated: Sequence[Id],
    led: Mapping[Id, Led],
    away: Collection[Id] = (),
    caller: Id | None = None,
    joined: Mapping[Id, date] = _NOBODY,
) -> Id | None:
    """Return whose turn it is to facilitate, or None where nobody can; see order_of_turns."""
    return next(iter(next_turns(seated, led, away, caller, joined)), None)


def newcomers[Id: Hashable](seated: Collection[Id], been: Collection[Id]) -> set[Id]:
    """Return those who are not asked to lead yet: this is their first meeting, and others have met before.

    `been` are those who could be at an earlier meeting. Where nobody could, all are new and anyone may begin.
    """
    new = {person for person in seated if person not in been}
    return set() if len(new) == len(set(seated)) else new
