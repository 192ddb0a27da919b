"""The clock of a zone, as a calendar file has to spell it out (VTIMEZONE). Pure: no Django, no clock.

Written by us, since icalendar leaves out clock changes that lie close together: Casablanca's of 2024.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from rhythms.calendars.writing import fold, wall

# A file tells of the years that its meetings can be in: those it keeps, and ten to come.
BEFORE: Final = 6
AFTER: Final = 12
_DAY: Final = timedelta(days=1)


@lru_cache(maxsize=1024)
def clock_of(zone: str, year: int) -> str:
    """Return a zone's VTIMEZONE from some years before a year until some after it.

    All changes of the clock are listed, since few zones follow one rule for as long as that.
    """
    place = ZoneInfo(zone)
    first = datetime(year - BEFORE, 1, 1, tzinfo=UTC)
    start = first.astimezone(place)
    offset = start.utcoffset() or timedelta()
    groups: dict[tuple[timedelta, timedelta, str, str], list[str]] = {}
    groups[offset, offset, *_named(start)] = [wall(start)]
    for moment in changes(place, first, datetime(year + AFTER, 1, 1, tzinfo=UTC)):
        after = moment.astimezone(place)
        to = after.utcoffset() or timedelta()
        # The wall time that a change is known by is that of the clock before it.
        groups.setdefault((offset, to, *_named(after)), []).append(wall(moment + offset))
        offset = to
    lines = ["BEGIN:VTIMEZONE", f"TZID:{zone}"]
    for (before, to, kind, name), moments in groups.items():
        lines += [f"BEGIN:{kind}", f"DTSTART:{moments[0]}"]
        lines += [f"RDATE:{','.join(moments[1:])}"] if moments[1:] else []
        lines += [f"TZOFFSETFROM:{_signed(before)}", f"TZOFFSETTO:{_signed(to)}"]
        lines += [f"TZNAME:{name}", f"END:{kind}"]
    return "".join(map(fold, [*lines, "END:VTIMEZONE"]))


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


def _named(moment: datetime) -> tuple[str, str]:
    return "DAYLIGHT" if moment.dst() else "STANDARD", moment.tzname() or "-"


def _signed(offset: timedelta) -> str:
    seconds = int(offset.total_seconds())
    hours, rest = divmod(abs(seconds), 3600)
    minutes, left = divmod(rest, 60)
    return f"{'-' if seconds < 0 else '+'}{hours:02}{minutes:02}{f'{left:02}' if left else ''}"
