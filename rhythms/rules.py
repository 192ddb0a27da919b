"""When a rhythm comes round. Pure functions over plain values: no clock.

Recurrence follows RFC 5545 (3.3.10 and 3.8.5.3). What recurs is a wall time with a zone; it is
expanded in that zone and only then turned into instants, so that 19:00 stays 19:00. The choices
made where the RFC is silent are in docs/decisions/0002-recurrence.md.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType
from typing import Final, Literal
from zoneinfo import ZoneInfo, available_timezones

from dateutil.rrule import DAILY, MONTHLY, WEEKLY, YEARLY, rrule, weekday

MOST_MEETINGS: Final = 10_000
LONGEST_MINUTES: Final = 14 * 24 * 60
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2399

type Frequency = Literal["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]
type Kind = Literal["daily", "weekly", "fortnightly", "monthly", "yearly", "other"]

WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_FREQUENCIES: Final[dict[str, Frequency]] = {
    "DAILY": "DAILY",
    "WEEKLY": "WEEKLY",
    "MONTHLY": "MONTHLY",
    "YEARLY": "YEARLY",
}
_DATEUTIL: Final[dict[Frequency, Literal[0, 1, 2, 3]]] = {
    "YEARLY": YEARLY,
    "MONTHLY": MONTHLY,
    "WEEKLY": WEEKLY,
    "DAILY": DAILY,
}
# The parts that list numbers: least, most, whether they may count from the end, and the
# frequencies that the table in RFC 5545, 3.3.10 leaves them out of.
_NUMBERS: Final[dict[str, tuple[int, int, bool, frozenset[Frequency]]]] = {
    "BYMONTH": (1, 12, False, frozenset()),
    "BYWEEKNO": (1, 53, True, frozenset({"DAILY", "WEEKLY", "MONTHLY"})),
    "BYYEARDAY": (1, 366, True, frozenset({"DAILY", "WEEKLY", "MONTHLY"})),
    "BYMONTHDAY": (1, 31, True, frozenset({"WEEKLY"})),
    "BYHOUR": (0, 23, False, frozenset()),
    "BYMINUTE": (0, 59, False, frozenset()),
    "BYSECOND": (0, 59, False, frozenset()),
    "BYSETPOS": (1, 366, True, frozenset()),
}
_PARTS: Final = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", *_NUMBERS)
_DAY: Final = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_UNTIL: Final = re.compile(r"([0-9]{8})(?:T([0-9]{6})(Z?))?")

# The Gregorian calendar repeats every 400 years. Before it gives up, dateutil looks for the next
# match as far as the year 9999: minutes, for a 30 February asked for daily. Moved by 19 × 400 years
# the same search ends within five centuries.
_SHIFT: Final = 7600


class RhythmError(ValueError):
    """A rhythm that cannot be; the message is one plain sentence for whoever wrote it."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One meeting: `local` is what the wall clock shows, naive; `starts` and `ends` are UTC."""

    local: datetime
    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Rule:
    """A recurrence rule that was read and found sound; weekdays count from Monday = 0."""

    frequency: Frequency
    interval: int
    count: int | None
    until: date | datetime | None
    """A date includes that whole day, a naive time is wall time, an aware one an instant."""
    days: tuple[tuple[int, int], ...]
    """(which one or 0 for each, weekday)"""
    numbers: Mapping[str, tuple[int, ...]]
    """The other BY parts, by name."""
    week_starts: int


@dataclass(frozen=True, slots=True)
class Tempo:
    """A rule as words need it: "Every other Sunday, six times". Weekdays count from Monday = 0.

    `kind` is *other* where a sentence of these values would not tell the whole rule. A fortnightly
    one has interval 2. A monthly one has either `nth` (1–4, 5, or -1 for the last) with one
    weekday, or `monthday` (-1 for the last day).
    """

    kind: Kind
    interval: int
    weekdays: tuple[int, ...] = ()
    nth: int | None = None
    monthday: int | None = None
    month: int | None = None
    count: int | None = None
    until: date | None = None


# --- Reading a rule ---------------------------------------------------------------------------


def _short(value: str) -> str:
    """Return a value fit to be quoted in a sentence: printable, on one line, not long."""
    plain = "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in value[:40]
    )
    return plain if len(value) <= 40 else f"{plain}…"


def _number(part: str, text: str, least: int, most: int, *, signed: bool = False) -> int:
    pattern = r"[+-]?[0-9]{1,9}" if signed else r"\+?[0-9]{1,9}"
    value = int(text) if re.fullmatch(pattern, text) else None
    if value is None or not least <= abs(value) <= most:
        from_end = " (or from the end, with a minus)" if signed else ""
        raise RhythmError(
            f"{part} has to be a whole number from {least} to {most}{from_end}, "
            f"which “{_short(text)}” is not."
        )
    return value


def _read_until(text: str) -> date | datetime:
    found = _UNTIL.fullmatch(text)
    try:
        if found is None:
            raise ValueError
        day = date.fromisoformat(found[1])
        if found[2] is None:
            moment: date | datetime = day
        else:
            wall = datetime.combine(day, time.fromisoformat(found[2]))
            moment = wall.replace(tzinfo=UTC) if found[3] else wall
    except ValueError:
        raise RhythmError(
            "UNTIL has to be a date such as 20271231 or a UTC time such as 20271231T180000Z, "
            f"which “{_short(text)}” is not."
        ) from None
    _check_year("UNTIL", day)
    return moment


def _check_year(what: str, day: date) -> None:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise RhythmError(f"{what} has to lie between the years {FIRST_YEAR} and {LAST_YEAR}.")


def _read_days(text: str, frequency: Frequency) -> tuple[tuple[int, int], ...]:
    most = {"MONTHLY": 5, "YEARLY": 53}.get(frequency, 0)
    days = []
    for item in text.split(","):
        found = _DAY.fullmatch(item)
        if found is None:
            raise RhythmError(
                f"BYDAY lists days such as TU or, monthly, 3TH; “{_short(item)}” is not one."
            )
        nth = int(found[1] or 0)
        if found[1] is not None and not 1 <= abs(nth) <= most:
            raise RhythmError(f"BYDAY={item} can’t be used with FREQ={frequency}.")
        days.append((nth, WEEKDAYS.index(found[2])))
    return tuple(days)


@lru_cache(maxsize=512)
def read(rule: str) -> Rule:
    """Read a recurrence rule such as "FREQ=WEEKLY;COUNT=6" (RFC 5545, 3.3.10).

    Raises RhythmError for what the RFC forbids, and for anything more frequent than daily.
    """
    parts: dict[str, str] = {}
    for part in rule.strip().upper().removeprefix("RRULE:").removesuffix(";").split(";"):
        name, equals, value = part.partition("=")
        if not (equals and value):
            raise RhythmError(
                f"A rule is made of parts such as FREQ=WEEKLY; “{_short(part)}” is not one."
            )
        if name not in _PARTS:
            raise RhythmError(f"A rule has no part “{_short(name)}”.")
        if name in parts:
            raise RhythmError(f"The rule says {name} twice.")
        parts[name] = value
    if "FREQ" not in parts:
        raise RhythmError("The rule doesn’t say how often: FREQ is missing.")
    frequency = _FREQUENCIES.get(parts["FREQ"])
    if frequency is None:
        raise RhythmError(
            "A rhythm comes round DAILY, WEEKLY, MONTHLY or YEARLY; "
            f"FREQ={_short(parts['FREQ'])} isn’t possible."
        )
    if "COUNT" in parts and "UNTIL" in parts:
        raise RhythmError("A rule has either COUNT or UNTIL, not both.")

    numbers = {}
    for name, (least, most, signed, never) in _NUMBERS.items():
        if name in parts:
            if frequency in never:
                raise RhythmError(f"{name} can’t be used with FREQ={frequency}.")
            numbers[name] = tuple(
                _number(name, item, least, most, signed=signed) for item in parts[name].split(",")
            )
    days = _read_days(parts["BYDAY"], frequency) if "BYDAY" in parts else ()
    if "BYWEEKNO" in numbers and any(nth for nth, _ in days):
        raise RhythmError("BYDAY can’t count its days where BYWEEKNO is given.")
    if "BYSETPOS" in numbers and not (days or len(numbers) > 1):
        raise RhythmError("BYSETPOS needs another BY part to choose from.")
    week_starts = parts.get("WKST", "MO")
    if week_starts not in WEEKDAYS:
        raise RhythmError(f"WKST is a day such as MO, which “{_short(week_starts)}” is not.")
    return Rule(
        frequency=frequency,
        interval=_number("INTERVAL", parts.get("INTERVAL", "1"), 1, 9999),
        count=_number("COUNT", parts["COUNT"], 1, 999_999_999) if "COUNT" in parts else None,
        until=_read_until(parts["UNTIL"]) if "UNTIL" in parts else None,
        days=days,
        numbers=MappingProxyType(numbers),
        week_starts=WEEKDAYS.index(week_starts),
    )


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def zone_named(name: str) -> ZoneInfo:
    """Return the time zone of that IANA name; raises RhythmError where there is none."""
    if name not in _zones():
        raise RhythmError(f"There is no time zone “{_short(name)}”.")
    return ZoneInfo(name)


# --- Expanding it -----------------------------------------------------------------------------


def _nominal(rule: Rule, start: datetime) -> Iterator[datetime]:
    """Yield the rule's wall times from start on, in order, as if no clock ever changed.

    COUNT and UNTIL are the caller's; this ends with LAST_YEAR.
    """
    days = rule.days
    first = start
    if rule.frequency == "WEEKLY":
        # dateutil's first week begins at its start; the RFC's is whole, which BYSETPOS can tell.
        days = days or ((0, start.weekday()),)
        first -= timedelta(days=(start.weekday() - rule.week_starts) % 7)
    numbers = rule.numbers
    if "BYWEEKNO" in numbers and not (days or {"BYYEARDAY", "BYMONTHDAY"} & numbers.keys()):
        days = ((0, start.weekday()),)  # the RFC takes from the start what a rule leaves open
    if rule.frequency == "YEARLY" and "BYMONTH" in numbers:
        # With BYMONTH, days are counted in the month, and no month has a 20th Monday. dateutil may
        # look for one past the end of the year, and fail.
        days = tuple((nth, day) for nth, day in days if abs(nth) <= 5)
        if rule.days and not days:
            return
    shifted = rrule(
        _DATEUTIL[rule.frequency],
        dtstart=first.replace(year=first.year + _SHIFT),
        interval=rule.interval,
        wkst=rule.week_starts,
        byweekday=[weekday(day, nth or None) for nth, day in days] or None,
        bymonth=numbers.get("BYMONTH"),
        byweekno=numbers.get("BYWEEKNO"),
        byyearday=numbers.get("BYYEARDAY"),
        bymonthday=numbers.get("BYMONTHDAY"),
        byhour=numbers.get("BYHOUR"),
        byminute=numbers.get("BYMINUTE"),
        bysecond=numbers.get("BYSECOND"),
        bysetpos=numbers.get("BYSETPOS"),
    )
    for moment in shifted:
        wall = moment.replace(year=moment.year - _SHIFT)
        if wall >= start:
            yield wall


def expand(
    start: datetime,
    zone: str,
    rule: str,
    minutes: int,
    skip: Iterable[date] = (),
    until: date | None = None,
    limit: int | None = None,
) -> list[Occurrence]:
    """Return the meetings of a rhythm, by time, each instant once.

    `start` is a naive wall time in `zone` (an IANA name): the earliest, and the first where it fits
    the rule. `minutes` is how long a meeting really lasts. Dates in `skip` are left out and count
    towards COUNT. `until` is the last date on which one may begin; a rule with neither COUNT nor
    UNTIL needs it, or `limit`, the most to return.

    A wall time that the zone skips moves forward by the gap, one that it has twice is the first
    (RFC 5545, 3.3.5). Raises RhythmError for bad input, for more than MOST_MEETINGS, and for a
    COUNT that isn't reached by LAST_YEAR.
    """
    if start.tzinfo is not None:
        raise RhythmError("The start has to be a local time, without an offset.")
    if start.microsecond:
        raise RhythmError("The start has to be a whole second.")
    _check_year("The start", start)
    if not 1 <= minutes <= LONGEST_MINUTES:
        raise RhythmError(f"A meeting lasts between 1 and {LONGEST_MINUTES} minutes.")
    if until is not None:
        _check_year("The date in “until”", until)
    if limit is not None and limit < 0:
        raise RhythmError("The limit can’t be below 0.")
    place = zone_named(zone)
    read_rule = read(rule)
    if read_rule.count is None and read_rule.until is None and until is None and limit is None:
        raise RhythmError("A rule without an end (COUNT or UNTIL) needs “until”.")

    skipped = frozenset(skip)
    horizon = _horizon(read_rule, until)
    found: dict[datetime, Occurrence] = {}
    counted = 0
    if limit == 0:
        return []
    for counted, nominal in enumerate(_nominal(read_rule, start.replace(fold=0)), 1):
        # A clock change can move a meeting by up to a day, so a later one may still be in time.
        if horizon is not None and nominal.date() > horizon + timedelta(days=2):
            break
        if counted > MOST_MEETINGS:
            raise RhythmError(
                f"This makes more than {MOST_MEETINGS:,} meetings; give a nearer end."
            )
        # For a time in a gap, zoneinfo takes the offset from before it, as the RFC asks.
        starts = nominal.replace(tzinfo=place).astimezone(UTC)
        local = starts.astimezone(place).replace(tzinfo=None, fold=0)
        if not (
            local.date() in skipped
            or nominal.date() in skipped
            or (until is not None and local.date() > until)
            or _is_past(read_rule.until, local, starts)
        ):
            found[starts] = Occurrence(local, starts, starts + timedelta(minutes=minutes))
        if counted == read_rule.count or len(found) == limit:
            break
    else:
        if read_rule.count is not None and horizon is None and limit is None:
            raise RhythmError(
                f"This rule doesn’t reach its COUNT of {read_rule.count:,} "
                f"before the year {LAST_YEAR + 1}."
            )
    return [found[moment] for moment in sorted(found)]


def _horizon(rule: Rule, until: date | None) -> date | None:
    """Return the last date that can matter to the caller, or None where only COUNT ends it."""
    ends = [until] if until else []
    if isinstance(rule.until, datetime):
        ends.append(rule.until.date() + timedelta(days=1))
    elif rule.until is not None:
        ends.append(rule.until)
    return min(ends, default=None)


def _is_past(until: date | datetime | None, local: datetime, starts: datetime) -> bool:
    """Tell whether a meeting begins after UNTIL."""
    if until is None:
        return False
    if not isinstance(until, datetime):
        return local.date() > until
    return starts > until if until.tzinfo else local > until


# --- What it is like --------------------------------------------------------------------------


def phrase(rule: str, start: datetime) -> Tempo:
    """Return a rule as the values that a sentence about it needs; `start` is its wall time.

    Raises RhythmError for a rule that cannot be read.
    """
    this = read(rule)
    until = this.until.date() if isinstance(this.until, datetime) else this.until
    plain = Tempo("other", this.interval, count=this.count, until=until)
    rest = dict(this.numbers)
    days = this.days
    each = tuple(sorted({day for nth, day in days if not nth}))

    if this.frequency == "DAILY" and not (days or rest):
        return replace(plain, kind="daily")
    if this.frequency == "WEEKLY" and not rest:
        kind: Kind = "fortnightly" if this.interval == 2 else "weekly"
        return replace(plain, kind=kind, weekdays=each or (start.weekday(),))
    if this.frequency == "MONTHLY":
        positions = rest.pop("BYSETPOS", (0,))
        monthdays = rest.pop("BYMONTHDAY", ())
        if rest:
            return plain
        if len(days) == 1 and len(positions) == 1 and not monthdays:
            # The third Thursday is written BYDAY=3TH, and BYDAY=TH;BYSETPOS=3 by some calendars.
            (nth, day), position = days[0], positions[0]
            if (nth != 0) != (position != 0) and -1 <= (nth or position) <= 5:
                return replace(plain, kind="monthly", weekdays=(day,), nth=nth or position)
        if (
            monthdays
            and not days
            and positions == (-1,)
            and monthdays == tuple(range(28, monthdays[-1] + 1))
        ):
            # The 30th, or the last day of a month that has none.
            return replace(plain, kind="monthly", monthday=monthdays[-1])
        if not days and positions == (0,) and len(monthdays) <= 1:
            on = monthdays[0] if monthdays else start.day
            if on >= -1:
                return replace(plain, kind="monthly", monthday=on)
    if this.frequency == "YEARLY" and rest == {"BYMONTH": (2,), "BYMONTHDAY": (-1,)} and not days:
        return replace(plain, kind="yearly", monthday=29, month=2)
    if this.frequency == "YEARLY" and not (days or rest):
        return replace(plain, kind="yearly", monthday=start.day, month=start.month)
    return plain


@lru_cache(maxsize=512)
def lane(rule: str) -> int:
    """Return a rhythm's line on the staff: 1 weekly or oftener, 2 every other week, 3 monthly,
    4 rarer.

    It goes by the days that usually lie between two meetings, so that a weekly rhythm that pauses
    in summer is still weekly. Raises RhythmError for a rule that cannot be read.
    """
    this = read(rule)
    days: list[date] = []
    for moment in _nominal(this, datetime.combine(date(2024, 1, 1), time())):
        if not days or moment.date() != days[-1]:
            days.append(moment.date())
        if len(days) == 13:
            break
    gaps = sorted((later - sooner).days for sooner, later in pairwise(days))
    usual = gaps[len(gaps) // 2] if gaps else 366
    if usual <= 10:
        return 1
    if usual < 21:
        return 2
    # On the 31st is monthly, although most months haven't one next door.
    each_month = this.frequency == "MONTHLY" and this.interval == 1
    return 3 if usual <= 45 or (each_month and "BYMONTH" not in this.numbers) else 4


def rule_for(
    tempo: str,
    start: datetime,
    times: int | None,
    *,
    weekdays: Collection[int] = (),
    by_date: bool = False,
) -> str:
    """Return the rule of a rhythm: that often from `start` on, `times` times or without end.

    `tempo` is daily, weekly, fortnightly, monthly, quarterly, halfyearly or yearly. Weekly and fortnightly may be
    on several `weekdays` (from Monday = 0); without any it is that of `start`. Monthly and quarterly
    go by the weekday of `start` (the third Thursday), a fifth one meaning the last; or `by_date`, where
    a day that a month lacks means its last one, so that no month is passed over. 29 February means
    the last of February.
    """
    match tempo:
        case "daily":
            rule = "FREQ=DAILY"
        case "weekly" | "fortnightly":
            rule = "FREQ=WEEKLY;INTERVAL=2" if tempo == "fortnightly" else "FREQ=WEEKLY"
            days = sorted(set(weekdays))
            if days and days != [start.weekday()]:
                rule += ";BYDAY=" + ",".join(WEEKDAYS[day] for day in days)
        case "monthly" | "quarterly" | "halfyearly":
            months = {"monthly": "", "quarterly": ";INTERVAL=3", "halfyearly": ";INTERVAL=6"}[tempo]
            every = f"FREQ=MONTHLY{months}"
            rule = f"{every};{_on_date(start.day) if by_date else _on_weekday(start)}"
        case "yearly":
            leap = (start.month, start.day) == (2, 29)
            rule = "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1" if leap else "FREQ=YEARLY"
        case _:
            raise RhythmError(f"There is no tempo “{_short(str(tempo))}”.")
    if times is None:
        return rule
    if times < 1:
        raise RhythmError("A commitment is for at least one meeting.")
    return f"{rule};COUNT={times}"


def _on_weekday(start: datetime) -> str:
    nth = (start.day + 6) // 7
    return f"BYDAY={-1 if nth == 5 else nth}{WEEKDAYS[start.weekday()]}"


def _on_date(day: int) -> str:
    if day <= 28:
        return f"BYMONTHDAY={day}"
    if day == 31:
        return "BYMONTHDAY=-1"
    return f"BYMONTHDAY={','.join(str(one) for one in range(28, day + 1))};BYSETPOS=-1"


def one_of[T](those: Sequence[T], seed: str) -> T | None:
    """Return one of those, always the same one for a seed, whatever their order; None for nobody."""
    return min(
        those,
        key=lambda one: hashlib.sha256(f"{seed} {getattr(one, 'pk', one)}".encode()).digest(),
        default=None,
    )
