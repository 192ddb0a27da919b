"""When a circle could meet, each time of a whole cycle. Pure functions over plain values: no Django, no clock.

A week is kept as bits, one for each quarter of an hour since Monday 00:00 on a person's own clock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from crews.dates import dates
from crews.rules import DAY, WEEK, Free

QUARTER: Final = 15
STEP: Final = 30
"""Meetings are proposed at full and half hours."""
_BITS: Final = WEEK // QUARTER
_MORNING, _NIGHT = 8 * 60, 22 * 60


@dataclass(frozen=True, slots=True)
class Could:
    """When one person could meet: on their own clock, freely, and if need be."""

    zone: str
    free: tuple[Free, ...] = ()
    if_need_be: tuple[Free, ...] = ()


@dataclass(frozen=True, slots=True)
class Slot:
    """A recurring time, on the wall clock of the circle's zone, from its first date on."""

    first: date
    minute: int
    """Of the day, since midnight."""
    if_need_be: int
    """How many could on each date, but on some only if need be."""
    cant: int
    """How many couldn't, on one date of the cycle at least."""
    clock_changes: bool
    """Whether the clocks change between the first and the last date, on anybody's clock."""

    @property
    def at(self) -> time:
        """When it begins."""
        return time(self.minute // 60, self.minute % 60)


def common_times(
    people: Sequence[Could],
    *,
    zone: str,
    after: date,
    tempo: str,
    times: int,
    minutes: int,
    n: int = 5,
    missing: int = 0,
) -> list[Slot]:
    """Return up to `n` recurring times at which all could meet, the best first.

    Each is checked on every date of the cycle (`tempo`, `times`), by each person's clock on that date.
    The first date is within a week after `after`. At most `missing` people can't. Best is: fewest who
    can't, then fewest who could only if need be, then hours between 8 and 22 for all, then full hours,
    then sooner; another day comes before the same one. Raises ZoneInfoNotFoundError for an unknown zone.
    """
    if not people:
        return []
    weeks = [(_bits(one.free), _bits([*one.free, *one.if_need_be])) for one in people]
    zones = sorted({one.zone for one in people})
    clocks = {name: ZoneInfo(name) for name in zones}
    found: list[tuple[tuple[int, int, int, int, date, int], Slot]] = []
    for ahead in range(1, 8):
        first = after + timedelta(days=ahead)
        cycle = dates(first, tempo, times)
        for minute in range(0, DAY, STEP):
            starts = [_instant(on, minute, zone) for on in cycle]
            windows = {
                name: [_window(start, minutes, clock) for start in starts]
                for name, clock in clocks.items()
            }
            cant = need = 0
            for one, (free, could) in zip(people, weeks, strict=True):
                mine = windows[one.zone]
                if all(window & free == window for window in mine):
                    continue
                is_able = all(window & could == window for window in mine)
                need += is_able
                cant += not is_able
                if cant > missing:
                    break
            if cant > missing:
                continue
            awkward = sum(
                _awkward(starts[0].astimezone(clock), minutes) for clock in clocks.values()
            )
            changes = any(
                starts[0].astimezone(clock).utcoffset() != starts[-1].astimezone(clock).utcoffset()
                for clock in (*clocks.values(), ZoneInfo(zone))
            )
            slot = Slot(first, minute, need, cant, changes)
            found.append(((cant, need, awkward, int(minute % 60 > 0), first, minute), slot))
    found.sort(key=lambda item: item[0])
    return _spread([slot for _rank, slot in found], minutes, n)


def _spread(slots: list[Slot], minutes: int, n: int) -> list[Slot]:
    """Return up to `n`: one of each day first, in the order given; none that runs into another."""
    chosen: list[Slot] = []
    for new_days_only in (True, False):
        for slot in slots:
            same_day = [other for other in chosen if other.first == slot.first]
            if (
                len(chosen) < n
                and not (new_days_only and same_day)
                and all(abs(slot.minute - other.minute) >= minutes for other in same_day)
            ):
                chosen.append(slot)
    place = {slot: number for number, slot in enumerate(slots)}
    return sorted(chosen, key=place.__getitem__)


def _instant(on: date, minute: int, zone: str) -> datetime:
    wall = datetime.combine(on, time(minute // 60, minute % 60))
    return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _bits(times: Iterable[Free]) -> int:
    """Return a week as bits, twice over, so that what runs on past its end is found."""
    bits = 0
    for one in times:
        begin = -(-(one.weekday * DAY + one.begins) // QUARTER)
        end = (one.weekday * DAY + one.ends) // QUARTER
        if begin < end:
            bits |= ((1 << (end - begin)) - 1) << begin
    return bits | bits << _BITS


def _window(start: datetime, minutes: int, clock: ZoneInfo) -> int:
    """Return the quarters that a meeting takes on someone's clock, as bits of their week."""
    local = start.astimezone(clock)
    length = -(-minutes // QUARTER)
    end = (start + timedelta(minutes=minutes)).astimezone(clock)
    if local.utcoffset() == end.utcoffset():
        return ((1 << length) - 1) << _quarter(local)
    # The clocks change while it lasts.
    bits = 0
    for number in range(length):
        bits |= 1 << _quarter((start + timedelta(minutes=QUARTER * number)).astimezone(clock))
    return bits


def _quarter(local: datetime) -> int:
    return (local.weekday() * DAY + local.hour * 60 + local.minute) // QUARTER


def _awkward(local: datetime, minutes: int) -> int:
    """Return by how many minutes a meeting lies beyond 8 to 22 on someone's clock."""
    begins = local.hour * 60 + local.minute
    return max(0, _MORNING - begins) + max(0, begins + minutes - _NIGHT)
