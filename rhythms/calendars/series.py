"""A rhythm's meetings as one recurring event, and what of them differs from it. Pure: no Django, no clock."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from rhythms import rules


@dataclass(frozen=True, slots=True)
class Series:
    """What recurs: `starts` is the first wall time, `rule` an RFC 5545 one with its end, if it has one.

    `left_out` are the wall times at which there is no meeting; `walls` says by which wall time the event
    knows each meeting, by the instant that it was planned for. What isn't in it stands alone.
    """

    starts: datetime
    rule: str
    left_out: tuple[datetime, ...]
    walls: dict[datetime, datetime]

    def wall(self, planned: datetime | None) -> datetime | None:
        """Return by which wall time the event knows the meeting that was planned for an instant."""
        return self.walls.get(planned) if planned else None


def series_of(
    planned: Collection[datetime],
    *,
    rule: str,
    at: time,
    zone: str,
    minutes: int,
    skipped: Sequence[tuple[date, date]] = (),
    is_endless: bool = False,
) -> Series | None:
    """Return the recurring event of meetings that were planned for these instants; None for fewer than two.

    `rule` has no end of its own, `at` is when its meetings begin on the clock of `zone`. One that `is_endless` recurs beyond the last of them, but for the days
    in `skipped`, as far as two years on.
    """
    if len(planned) < 2:
        return None
    rule = plain(rule)
    ordered = sorted(planned)
    place = ZoneInfo(zone)
    first = datetime.combine(ordered[0].astimezone(place).date(), at)
    last = ordered[-1].astimezone(place).date()
    until = last + timedelta(days=730) if is_endless and skipped else last
    found = _expanded(first, zone, rule, minutes, until)
    there = frozenset(planned)
    known = [moment for moment, _wall in found if moment in there]
    if len(known) < 2:
        return None
    begins, ends = known[0], known[-1]
    span = [(moment, wall) for moment, wall in found if begins <= moment <= ends]
    left_out = [wall for moment, wall in span if moment not in there]
    left_out += [
        wall
        for moment, wall in found
        if moment > ends and any(since <= wall.date() <= to for since, to in skipped)
    ]
    ending = "" if is_endless else f";COUNT={len(span)}"
    walls = {moment: wall for moment, wall in span if moment in there}
    return Series(walls[begins], f"{rule}{ending}", tuple(left_out), walls)


def plain(rule: str) -> str:
    """Return a rule as all programs read it.

    "The 30th, or the last day of a month that has none" is written with BYSETPOS, which ical.js knows beside
    weekdays alone: then it is the 30th, and what falls on another day stands alone.
    """
    parts = {part.partition("=")[0]: part.partition("=")[2] for part in rule.split(";")}
    if "BYMONTHDAY" in parts and "BYSETPOS" in parts:
        del parts["BYSETPOS"]
        parts["BYMONTHDAY"] = parts["BYMONTHDAY"].rpartition(",")[2]
    return ";".join(f"{name}={value}" for name, value in parts.items())


@lru_cache(maxsize=2048)
def _expanded(
    first: datetime, zone: str, rule: str, minutes: int, until: date
) -> tuple[tuple[datetime, datetime], ...]:
    """Return the occurrences of a rule as instants, each with the wall time that it has by the rule."""
    return tuple(
        (
            one.starts,
            # What a clock change moved is still known by the time that isn't on the clock.
            one.local
            if one.local.time() == first.time()
            else datetime.combine(one.local.date(), first.time()),
        )
        for one in rules.expand(first, zone, rule, minutes, until=until)
    )


def is_odd(wall: datetime, starts: datetime, ends: datetime, zone: str) -> bool:
    """Tell whether calendar programs could understand a meeting differently: the clock changes while it
    lasts, or on that day doesn't show, or shows twice, when it begins or ends.
    """
    place = ZoneInfo(zone)
    end = ends.astimezone(place)
    return starts.astimezone(place).utcoffset() != end.utcoffset() or any(
        moment.replace(tzinfo=place, fold=0).utcoffset()
        != moment.replace(tzinfo=place, fold=1).utcoffset()
        for moment in (wall, end)
    )


def by_the_clock(wall: datetime, minutes: int, zone: str) -> tuple[datetime, datetime]:
    """Return the instants between which the clock shows a meeting from a wall time on."""
    place = ZoneInfo(zone)
    ends = wall + timedelta(minutes=minutes)
    return wall.replace(tzinfo=place).astimezone(UTC), ends.replace(tzinfo=place).astimezone(UTC)
