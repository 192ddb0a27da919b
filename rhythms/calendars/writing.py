"""How a calendar is written (RFC 5545): content lines, and events made of them. Pure: no Django, no clock.

icalendar writes the same, ten times as slowly, which a feed of years would feel; it reads what we write in
the tests, and so do two other programs.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

MEDIA_TYPE: Final = "text/calendar"
WIDTH: Final = 75
_BREAKS: Final = re.compile("\r\n|[\r\n\v\f\x85\u2028\u2029]")
# What no line may hold, and what a calendar program could take for the end of one.
_HIDDEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_SPECIAL: Final = re.compile(r"([\\;,])")


@dataclass(frozen=True, slots=True)
class Entry:
    """One VEVENT: a meeting that stands alone, all of a rhythm at once, or one of it that differs.

    `starts` and `ends` are instants; `zone` is the IANA name of the clock that they are written by. `rule` and
    `left_out` (wall times) make it recur; `instead_of` is the wall time of the occurrence that it replaces.
    """

    uid: str
    starts: datetime
    ends: datetime
    zone: str
    title: str
    sequence: int
    changed_at: datetime
    is_off: bool = False
    is_private: bool = False
    place: str = ""
    words: str = ""
    url: str = ""
    rule: str = ""
    left_out: tuple[datetime, ...] = ()
    instead_of: datetime | None = None


def text(value: str) -> str:
    """Return words as the value of a property: no more than one line, whatever is in them."""
    one_line = _BREAKS.sub("\n", value)
    return _SPECIAL.sub(r"\\\1", _HIDDEN.sub("", one_line)).replace("\n", "\\n")


def parameter(value: str) -> str:
    """Return words as the quoted value of a parameter, which can hold no quotes."""
    plain = _HIDDEN.sub("", _BREAKS.sub(" ", value)).replace("\t", " ").replace('"', "’")
    return f'"{plain}"'


def fold(line: str) -> str:
    """Return a content line in pieces of at most 75 bytes, none of which breaks a letter."""
    if len(line) <= WIDTH and line.isascii():
        return f"{line}\r\n"
    data, pieces, at, most = line.encode(), [], 0, WIDTH
    while len(data) - at > most:
        end = at + most
        while data[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(data[at:end])
        at, most = end, WIDTH - 1
    pieces.append(data[at:])
    return b"\r\n ".join(pieces).decode() + "\r\n"


def instant(moment: datetime) -> str:
    """Return an instant as UTC."""
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def wall(moment: datetime) -> str:
    """Return a wall time."""
    return f"{moment:%Y%m%dT%H%M%S}"


def at(moment: datetime, zone: str, *, recurs: bool = False) -> str:
    """Return an instant as the end of a property: by the clock of its zone, or in UTC where that clock
    shows the same time twice and programs don't agree on which is meant. What recurs is always by the clock.
    """
    local = moment.astimezone(ZoneInfo(zone))
    if not recurs and local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
        return f":{instant(moment)}"
    return f";TZID={zone}:{wall(local)}"


def event(entry: Entry, people: Iterable[str] = ()) -> Iterator[str]:
    """Yield the lines of an event, not yet folded; `people` are its organizer and attendees."""
    yield "BEGIN:VEVENT"
    yield f"UID:{entry.uid}"
    yield f"SEQUENCE:{entry.sequence}"
    yield f"DTSTAMP:{instant(entry.changed_at)}"
    if entry.instead_of is not None:
        yield f"RECURRENCE-ID;TZID={entry.zone}:{wall(entry.instead_of)}"
    recurs = bool(entry.rule)
    yield f"DTSTART{at(entry.starts, entry.zone, recurs=recurs)}"
    yield f"DTEND{at(entry.ends, entry.zone, recurs=recurs)}"
    if entry.rule:
        yield f"RRULE:{entry.rule}"
    if entry.left_out:
        yield f"EXDATE;TZID={entry.zone}:{','.join(map(wall, entry.left_out))}"
    yield f"SUMMARY:{text(entry.title)}"
    if entry.place:
        yield f"LOCATION:{text(entry.place)}"
    if entry.words:
        yield f"DESCRIPTION:{text(entry.words)}"
    if entry.url:
        yield f"URL:{entry.url}"
    if entry.is_private:
        yield "CLASS:PRIVATE"
    yield "STATUS:CANCELLED" if entry.is_off else "STATUS:CONFIRMED"
    yield from people
    yield "END:VEVENT"


def calendar(
    entries: Iterable[Entry],
    *,
    product: str,
    zones: Iterable[str],
    method: str = "",
    facts: Iterable[str] = (),
    people: Iterable[str] = (),
) -> bytes:
    """Return a calendar file. `zones` are VTIMEZONEs as text; `facts` further lines about the whole."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:-//{text(product)}//EN"]
    lines += ["CALSCALE:GREGORIAN", *([f"METHOD:{method}"] if method else []), *facts]
    present = list(people)
    folded = [*map(fold, lines), *zones]
    folded += [fold(line) for entry in entries for line in event(entry, present)]
    return ("".join(folded) + "END:VCALENDAR\r\n").encode()
