"""The clock of a zone, as a calendar file has to spell it out (VTIMEZONE). Pure: no Django, no clock.

Written by us, since icalendar leaves out clock changes that lie close together: Casablanca's of 2024.
"""

from collections.abc import Hashable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from rhythms.calendars.writing import fold, instant, wall
from rhythms.rules import WEEKDAYS

# A file tells of the years that its meetings can be in: those it keeps, and ten to come.
BEFORE: Final = 6
AFTER: Final = 12
_DAY: Final = timedelta(days=1)


@lru_cache(maxsize=1024)
def clock_of(zone: str, year: int) -> str:
    """Return a zone's VTIMEZONE from some years before a year until some after it.

    What comes each year on the same weekday of a month is a rule, all else is listed change by change, and
    no list of dates (RDATE) is used: several programs read only its first.
    """
    place = ZoneInfo(zone)
    first = datetime(year - BEFORE, 1, 1, tzinfo=UTC)
    start = first.astimezone(place)
    offset = start.utcoffset() or timedelta()
    lines = ["BEGIN:VTIMEZONE", f"TZID:{zone}", *_observance(start, (offset, offset), [first])]
    alike: dict[tuple[timedelta, timedelta, Hashable], list[tuple[datetime, datetime]]] = {}
    for moment in changes(place, first, datetime(year + AFTER, 1, 1, tzinfo=UTC)):
        after = moment.astimezone(place)
        to = after.utcoffset() or timedelta()
        # The wall time that a change is known by is that of the clock before it.
        wall_time = (moment + offset).replace(tzinfo=None)
        day = (
            *_named(after, forward=to > offset),
            wall_time.month,
            wall_time.weekday(),
            wall_time.time(),
        )
        alike.setdefault((offset, to, day), []).append((moment, wall_time))
        offset = to
    last = year + AFTER - 1
    for (before, to, _day), found in alike.items():
        for run, nth in _runs(found):
            is_open = run[-1][1].year == last
            lines += _observance(
                run[0][0].astimezone(place),
                (before, to),
                [moment for moment, _wall in run],
                nth=nth,
                is_open=is_open,
            )
    return "".join(map(fold, [*lines, "END:VTIMEZONE"]))


def _runs(
    found: list[tuple[datetime, datetime]],
) -> Iterator[tuple[list[tuple[datetime, datetime]], int]]:
    """Yield changes of the same month, weekday and time of day, those of years in a row together, with
    which such weekday of the month it is; 0 for one by itself.
    """
    run: list[tuple[datetime, datetime]] = []
    nths: set[int] = set()
    for one in found:
        wall_time = one[1]
        mine = {(wall_time.day + 6) // 7} | (
            {-1} if (wall_time + 7 * _DAY).month != wall_time.month else set()
        )
        if run and wall_time.year == run[-1][1].year + 1 and nths & mine:
            nths &= mine
        else:
            if run:
                yield run, min(nths) if len(run) > 1 else 0
            run, nths = [], mine
        run.append(one)
    if run:
        yield run, min(nths) if len(run) > 1 else 0


def _observance(
    after: datetime,
    offsets: tuple[timedelta, timedelta],
    moments: list[datetime],
    *,
    nth: int = 0,
    is_open: bool = False,
) -> Iterator[str]:
    """Yield the lines of a part of the year, from a change of the clock on; `nth` is which weekday of the
    month it comes back on in the years after.
    """
    before, to = offsets
    kind, name = _named(after, forward=to > before or (to == before and bool(after.dst())))
    start = (moments[0] + before).replace(tzinfo=None)
    yield f"BEGIN:{kind}"
    yield f"DTSTART:{wall(start)}"
    if nth:
        until = "" if is_open else f";UNTIL={instant(moments[-1])}"
        day = f"{nth}{WEEKDAYS[start.weekday()]}"
        yield f"RRULE:FREQ=YEARLY;BYMONTH={start.month};BYDAY={day}{until}"
    yield f"TZOFFSETFROM:{_signed(before)}"
    yield f"TZOFFSETTO:{_signed(to)}"
    yield f"TZNAME:{name}"
    yield f"END:{kind}"


def changes(place: ZoneInfo, first: datetime, last: datetime) -> Iterator[datetime]:
    """Yield the instants, in UTC, at which the clock of a zone is put forward or back."""
    low, was = first, first.astimezone(place).utcoffset()
    while low < last:
        high = low + _DAY
        now = high.astimezone(place).utcoffset()
        if now != was:
            before, after = low, high
            while after - before > timedelta(seconds=1):
                middle = before + (after - before) // 2
                middle = middle.replace(microsecond=0)
                if middle.astimezone(place).utcoffset() == was:
                    before = middle
                else:
                    after = middle
            yield after
        low, was = high, now


def _named(moment: datetime, *, forward: bool) -> tuple[str, str]:
    """Return the part of the year, which programs want in pairs: that after the clock was put forward is
    the summer one, also where the law says otherwise (Dublin), and its name.
    """
    return "DAYLIGHT" if forward else "STANDARD", moment.tzname() or "-"


def _signed(offset: timedelta) -> str:
    seconds = int(offset.total_seconds())
    hours, rest = divmod(abs(seconds), 3600)
    minutes, left = divmod(rest, 60)
    return f"{'-' if seconds < 0 else '+'}{hours:02}{minutes:02}{f'{left:02}' if left else ''}"
