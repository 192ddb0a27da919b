"""Free time that people share, and times to offer each other.

Pure functions over plain values: no Django, no clock. A week of free time is a list of stretches:
(begin, end) in minutes since Monday 00:00 UTC, 0 ≤ begin < end ≤ 10,080, sorted and apart. One that
runs past the end of the week lies in it as two.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

__all__ = [
    "Free",
    "days_shared",
    "pair",
    "propose_times",
    "shared",
    "shared_with_all",
    "slots_of_at_least",
    "to_local_week",
    "to_utc_week",
]

DAY: Final = 24 * 60
WEEK: Final = 7 * DAY
SLOT: Final = 60
"""The least minutes of free time that are worth calling a slot: a meeting fits in."""

type Stretch = tuple[int, int]
type Span = tuple[datetime, datetime]


# --- Free time --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class Free:
    """A time of the week at which someone is free, on their own clock.

    `weekday` counts from Monday = 0; `begins` and `ends` are minutes since its midnight,
    0 ≤ begins < ends ≤ 1,440. Past midnight it goes on in another one, on the next day.
    """

    weekday: int
    begins: int
    ends: int

    def __post_init__(self) -> None:
        if not (0 <= self.weekday <= 6 and 0 <= self.begins < self.ends <= DAY):
            raise ValueError(f"Not a time of the week: {self.weekday, self.begins, self.ends}")


def _joined[T: (int, datetime)](stretches: Iterable[tuple[T, T]]) -> list[tuple[T, T]]:
    """Return stretches sorted, with those that touch or overlap made one."""
    joined: list[tuple[T, T]] = []
    for begin, end in sorted(stretches):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return joined


def _common[T: (int, datetime)](
    a: Sequence[tuple[T, T]], b: Sequence[tuple[T, T]]
) -> list[tuple[T, T]]:
    """Return what two sorted lists of stretches have in common."""
    common: list[tuple[T, T]] = []
    i = j = 0
    while i < len(a) and j < len(b):
        begin, end = max(a[i][0], b[j][0]), min(a[i][1], b[j][1])
        if begin < end:
            common.append((begin, end))
        if a[i][1] <= b[j][1]:
            i += 1
        else:
            j += 1
    return common


def _moved(stretches: Iterable[Stretch], by: int) -> list[Stretch]:
    """Return a week's stretches moved by minutes; what leaves the week at one end is in at the
    other.
    """
    moved = []
    for begin, end in stretches:
        first = (begin + by) % WEEK
        last = first + end - begin
        moved.append((first, min(last, WEEK)))
        if last > WEEK:
            moved.append((0, last - WEEK))
    return _joined(moved)


def _offset(zone: str, on: date) -> int:
    """Return how many minutes a zone is ahead of UTC at noon of a date."""
    ahead = datetime.combine(on, time(12), tzinfo=ZoneInfo(zone)).utcoffset()
    return int((ahead or timedelta()).total_seconds() // 60)


def to_utc_week(free: Iterable[Free], zone: str, on: date) -> list[Stretch]:
    """Return someone's free times as stretches of a UTC week, by their zone's clock on a date.

    Raises ZoneInfoNotFoundError for an unknown zone.
    """
    local = ((item.weekday * DAY + item.begins, item.weekday * DAY + item.ends) for item in free)
    return _moved(local, -_offset(zone, on))


def to_local_week(stretches: Iterable[Stretch], zone: str, on: date) -> list[Free]:
    """Return stretches of a UTC week as times of the week in a zone, by its clock on a date.

    The reverse of to_utc_week, cut at midnight.
    """
    local = []
    for begin, end in _moved(stretches, _offset(zone, on)):
        for day in range(begin // DAY, (end - 1) // DAY + 1):
            midnight = day * DAY
            local.append(Free(day, max(begin - midnight, 0), min(end - midnight, DAY)))
    return local


def shared(a: Sequence[Stretch], b: Sequence[Stretch]) -> list[Stretch]:
    """Return the free time that two weeks have in common."""
    return _common(a, b)


def shared_with_all(weeks: Iterable[Sequence[Stretch]]) -> list[Stretch]:
    """Return the free time that all weeks have in common; none for no weeks."""
    common: list[Stretch] | None = None
    for week in weeks:
        common = list(week) if common is None else shared(common, week)
    return common or []


def slots_of_at_least(stretches: Sequence[Stretch], minutes: int) -> list[Stretch]:
    """Return the stretches that last that long.

    One that runs on over the end of the week is whole here, so its end may pass 10,080.
    """
    whole = list(stretches)
    if len(whole) > 1 and whole[0][0] == 0 and whole[-1][1] == WEEK:
        whole[-1] = (whole[-1][0], WEEK + whole.pop(0)[1])
    return [(begin, end) for begin, end in whole if end - begin >= minutes]


def days_shared(stretches: Iterable[Stretch], zone: str, on: date, minutes: int = 30) -> list[bool]:
    """Return for Monday to Sunday in the reader's zone whether that many minutes lie together."""
    days = [False] * 7
    for item in to_local_week(stretches, zone, on):
        if item.ends - item.begins >= minutes:
            days[item.weekday] = True
    return days


# --- Times to offer ---------------------------------------------------------------------------

_MORNING: Final = 8 * 60
_NIGHT: Final = 22 * 60
_NOTICE: Final = timedelta(hours=24)
_QUARTER: Final = timedelta(minutes=15)


def _spans(free: Iterable[Free], zone: str, first: date, last: date) -> list[Span]:
    """Return the instants of someone's free times from one local date to another, sorted."""
    place = ZoneInfo(zone)
    times = sorted(free)

    def instant(day: date, minute: int) -> datetime:
        wall = datetime.combine(day, time()) + timedelta(minutes=minute)
        return wall.replace(tzinfo=place).astimezone(UTC)

    spans = []
    for days in range((last - first).days + 1):
        day = first + timedelta(days=days)
        for item in times:
            if item.weekday == day.weekday():
                begin, end = instant(day, item.begins), instant(day, item.ends)
                if begin < end:
                    spans.append((begin, end))
    return _joined(spans)


def _awkwardness(start: datetime, minutes: int, zones: Iterable[ZoneInfo]) -> tuple[int, int]:
    """Return how ill a start suits: minutes of reach beyond 8–22 by each clock, then how unround."""
    outside = unround = 0
    for zone in zones:
        local = start.astimezone(zone)
        begins = local.hour * 60 + local.minute
        outside += max(0, _MORNING - begins) + max(0, begins + minutes - _NIGHT)
        unround += {0: 0, 30: 1}.get(local.minute, 2)
    return outside, unround


def propose_times(
    a: Iterable[Free],
    b: Iterable[Free],
    zone_a: str,
    zone_b: str,
    after: datetime,
    busy: Iterable[Span] = (),
    minutes: int = 60,
    n: int = 3,
    horizon_days: int = 14,
) -> list[datetime]:
    """Return up to `n` instants (UTC, sorted) at which both could begin a talk of that length.

    Each lies wholly in free time of both and in no `busy` span, at a quarter of an hour, at least
    24 hours and at most `horizon_days` after `after` (aware, as are the spans). Different days come
    first, as A counts them; hours between 8 and 22 on both clocks before others, then full hours,
    then sooner. Raises ValueError for naive times.
    """
    taken = list(busy)
    if any(moment.tzinfo is None for moment in (after, *(edge for span in taken for edge in span))):
        raise ValueError("Times to propose from have to be aware.")
    length = timedelta(minutes=max(minutes, 1))
    earliest = after.astimezone(UTC) + _NOTICE
    latest = after.astimezone(UTC) + timedelta(days=horizon_days)
    first, last = (earliest - _NOTICE).date(), (latest + _NOTICE).date()
    zones = (ZoneInfo(zone_a), ZoneInfo(zone_b))

    ranked: list[tuple[tuple[int, int], datetime]] = []
    both = _common(_spans(a, zone_a, first, last), _spans(b, zone_b, first, last))
    for begin, end in both:
        start = _next_quarter(max(begin, earliest))
        while start + length <= end and start <= latest:
            if all(start >= over or start + length <= since for since, over in taken):
                ranked.append((_awkwardness(start, minutes, zones), start))
            start += _QUARTER
    ranked.sort()

    chosen: list[datetime] = []
    on_days: set[date] = set()
    for new_days_only in (True, False):
        # Sensible hours first, and among those sooner days first.
        by_day = sorted(ranked, key=lambda item: (item[0][0], item[1].astimezone(zones[0]).date()))
        for _, start in by_day:
            day = start.astimezone(zones[0]).date()
            if (
                len(chosen) < n
                and not (new_days_only and day in on_days)
                and all(abs(start - other) >= length for other in chosen)
            ):
                chosen.append(start)
                on_days.add(day)
    return sorted(chosen)


def _next_quarter(moment: datetime) -> datetime:
    """Return the first quarter of an hour that is not before a moment."""
    whole = moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)
    return whole if whole == moment else whole + _QUARTER


class _Ordered(Protocol):
    def __lt__(self, other: Any, /) -> bool: ...


def pair[Id: _Ordered](a: Id, b: Id) -> tuple[Id, Id]:
    """Return two ids in the one order in which a pair is kept; raises ValueError for one person."""
    if a == b:
        raise ValueError("A pair is two people.")
    return (a, b) if a < b else (b, a)
