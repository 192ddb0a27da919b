"""`manage.py try rhythm` beside an expansion of its own: the calendar walked day by day.

Nothing of ours, of dateutil or of zoneinfo's `fold` is in the other one. Which days a rule means is
asked of each day by itself; which instant a wall time is, is looked for among the offsets that the
zone had, which are read from instants, where there is never a doubt.
"""

import json
import os
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise, zip_longest
from zoneinfo import ZoneInfo, available_timezones

import pytest
from django.core.management import call_command
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hall.trying import try_rhythm

pytestmark = pytest.mark.once

LONG = bool(os.environ.get("TABLEFUL_LONG"))
DAY = timedelta(days=1)
WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]

# Twenty with something of their own: half an hour, two hours and three quarters; a winter time that
# is the summer's negative; changes at midnight and round Ramadan; a day left out; summer time given
# up, taken up and moved about; and some with nothing at all.
ZONES = [
    "UTC",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/El_Aaiun",
    "America/Caracas",
    "America/Havana",
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Kathmandu",
    "Asia/Pyongyang",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Europe/Dublin",
    "Pacific/Apia",
    "Pacific/Chatham",
]
# Ten years with Apia's missing day in them, and ten years from now.
YEARS = (2007, 2026)


# ---- the clock: which offsets a zone had, and what wall times that makes


@lru_cache(maxsize=8)
def offsets(name, first, last):
    """When each offset of a zone began, and the offset, from a year to the end of another."""
    zone = ZoneInfo(name)

    def offset(moment):
        return moment.astimezone(zone).replace(tzinfo=None) - moment.replace(tzinfo=None)

    at = datetime(first, 1, 1, tzinfo=UTC) - 3 * DAY
    found = [(at, offset(at))]
    while at.year <= last:
        after = at + timedelta(hours=8)
        if offset(after) != found[-1][1]:
            sooner, later = at, after
            while later - sooner > timedelta(seconds=1):
                middle = sooner + (later - sooner) / 2
                middle = middle.replace(microsecond=0)
                sooner, later = (
                    (sooner, middle) if offset(middle) != found[-1][1] else (middle, later)
                )
            found.append((later, offset(later)))
        at = after
    return found


def instant_of(wall, known):
    """The first instant at which a clock showed that wall time, or what is as far past the gap."""
    as_utc = wall.replace(tzinfo=UTC)
    begins = [since for since, _ in known]
    # No clock is further from UTC than a day.
    near = range(
        max(0, bisect_right(begins, as_utc - DAY) - 1),
        min(len(known), bisect_right(begins, as_utc + DAY) + 1),
    )
    for number in near:
        since, offset = known[number]
        until = begins[number + 1] if number + 1 < len(known) else datetime.max.replace(tzinfo=UTC)
        if since <= as_utc - offset < until:
            return as_utc - offset
    # In no offset's time: in the gap between two, where the one before goes on (RFC 5545, 3.3.5).
    for number in near[1:]:
        (since, offset), before = known[number], known[number - 1][1]
        if since + before <= as_utc < since + offset:
            return as_utc - before
    raise AssertionError(f"{wall} is nowhere")


def wall_of(instant, known):
    offset = known[bisect_right([since for since, _ in known], instant) - 1][1]
    return (instant + offset).replace(tzinfo=None)


def walls_at_changes(known):
    """Wall times that lie in the middle of each gap and of each hour that comes twice."""
    found = []
    for (_, before), (since, after) in pairwise(known):
        local = since.replace(tzinfo=None) + min(before, after)
        middle = local + abs(after - before) / 2
        found.append(middle.replace(second=0))
    return found


# ---- the rule: a question asked of one day


@dataclass(frozen=True)
class Recurs:
    """A rule: every so many days, weeks, months or years, on what its text says."""

    every: str
    interval: int = 1
    weekdays: tuple = ()
    nth: int = 0
    monthdays: tuple = ()

    @property
    def text(self):
        parts = [f"FREQ={self.every}"]
        if self.interval > 1:
            parts.append(f"INTERVAL={self.interval}")
        if self.weekdays:
            nth = self.nth or ""
            parts.append("BYDAY=" + ",".join(f"{nth}{WEEKDAYS[day]}" for day in self.weekdays))
        if self.monthdays:
            parts.append("BYMONTHDAY=" + ",".join(map(str, self.monthdays)))
        return ";".join(parts)

    def fits(self, day, start):
        """Whether the rule, begun on one day, means another."""
        if self.every == "DAILY":
            return (day - start).days % self.interval == 0
        if self.every == "WEEKLY":
            weeks = (_monday(day) - _monday(start)).days // 7
            return weeks % self.interval == 0 and day.weekday() in (
                self.weekdays or (start.weekday(),)
            )
        if self.every == "YEARLY":
            is_its_year = (day.year - start.year) % self.interval == 0
            return is_its_year and (day.month, day.day) == (start.month, start.day)
        months = (day.year - start.year) * 12 + day.month - start.month
        if months % self.interval:
            return False
        from_end = day.day - 1 - _length(day)
        if self.weekdays:
            which = (day.day + 6) // 7 if self.nth > 0 else -((-from_end + 6) // 7)
            return day.weekday() in self.weekdays and which == self.nth
        return bool({day.day, from_end} & set(self.monthdays or (start.day,)))


def _monday(day):
    return day - timedelta(days=day.weekday())


def _length(day):
    return ((day.replace(day=28) + 4 * DAY).replace(day=1) - DAY).day


@lru_cache(maxsize=256)
def days_of(recurs, start, last):
    """Every day that a rule means, walking there."""
    walk = (start + timedelta(days=n) for n in range((last - start).days + 1))
    return [day for day in walk if recurs.fits(day, start)]


def expected(name, start, recurs, minutes, skip=(), count=None, until=None):
    """What `try rhythm` is to print."""
    last = until or start.date() + 366 * 12 * DAY
    known = offsets(name, start.year, last.year)
    days = days_of(recurs, start.date(), last + 2 * DAY)[:count]
    found = {}
    for day in days:
        instant = instant_of(datetime.combine(day, start.time()), known)
        local = wall_of(instant, known)
        if {day, local.date()} & set(skip) or (until and local.date() > until):
            continue
        found[instant] = {
            "local": f"{local:%Y-%m-%dT%H:%M}",
            "utc": f"{instant:%Y-%m-%dT%H:%M:%SZ}",
            "ends": f"{instant + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}",
        }
    meetings = [found[instant] for instant in sorted(found)]
    return {"meetings": meetings, "ends_on": meetings[-1]["local"][:10] if meetings else None}


def asked(name, start, recurs, minutes, skip=(), count=None, until=None):
    """The same as a file for `try rhythm`."""
    data = {
        "zone": name,
        "start": f"{start:%Y-%m-%dT%H:%M}",
        "rule": recurs.text + (f";COUNT={count}" if count else ""),
        "minutes": minutes,
        "skip": [day.isoformat() for day in skip],
    }
    return data | ({"until": until.isoformat()} if until else {})


def agree(*these, **ends):
    """Compare both; of two long lists only the first difference is told."""
    said, wanted = try_rhythm(asked(*these, **ends)), expected(*these, **ends)
    if said != wanted:
        pairs = zip_longest(said["meetings"], wanted["meetings"])
        first = next((pair for pair in pairs if pair[0] != pair[1]), None)
        pytest.fail(f"{asked(*these, **ends)}: {first}, {said['ends_on']}, {wanted['ends_on']}")


WEEKLY = Recurs("WEEKLY")
EVERY_OTHER = Recurs("WEEKLY", 2)
TWICE_A_WEEK = Recurs("WEEKLY", weekdays=(1, 6))
ON_THE_31ST = Recurs("MONTHLY", monthdays=(31,))
ON_THE_29TH = Recurs("MONTHLY", monthdays=(29,))
ON_THE_LAST = Recurs("MONTHLY", monthdays=(-1,))
THIRD_THURSDAY = Recurs("MONTHLY", weekdays=(3,), nth=3)
LAST_SUNDAY = Recurs("MONTHLY", weekdays=(6,), nth=-1)
FIFTH_FRIDAY = Recurs("MONTHLY", weekdays=(4,), nth=5)
QUARTERLY = Recurs("MONTHLY", 3)
YEARLY = Recurs("YEARLY")
DAILY = Recurs("DAILY")


def ten_years(name, first):
    """The rhythms that are tried in a zone: at seven, on the edges of days, and where clocks change."""
    until = date(first + 10, 1, 1)
    new_year = date(first, 1, 1)
    leap = date(first + -first % 4, 2, 29)
    at_seven, at_night = time(19), time(0)
    for recurs in (EVERY_OTHER, TWICE_A_WEEK, THIRD_THURSDAY, ON_THE_29TH, DAILY):
        yield datetime.combine(new_year, at_seven), recurs, until
    for at in (at_seven, at_night, time(23, 45)):
        yield datetime.combine(date(first, 1, 31), at), ON_THE_31ST, until
        yield datetime.combine(date(first, 1, 31), at), ON_THE_LAST, until
        yield datetime.combine(date(first, 1, 31), at), QUARTERLY, until
        yield datetime.combine(leap, at), YEARLY, until
    edges = {
        (wall.weekday(), wall.time()) for wall in walls_at_changes(offsets(name, first, first + 10))
    }
    for weekday, at in sorted(edges | {(6, time(2, 30)), (5, at_night), (3, at_seven)}):
        day = new_year + (weekday - new_year.weekday()) % 7 * DAY
        yield datetime.combine(day, at), WEEKLY, until
        yield datetime.combine(new_year, at), Recurs("MONTHLY", weekdays=(weekday,), nth=-1), until
        yield datetime.combine(new_year, at), Recurs("MONTHLY", weekdays=(weekday,), nth=2), until
    # Every day at the time of a change: each gap and each hour that comes twice is met.
    for at in sorted({at for _, at in edges}):
        yield datetime.combine(new_year, at), DAILY, until


def agree_over_ten_years(name, years=YEARS):
    for first in years:
        for start, recurs, until in ten_years(name, first):
            agree(name, start, recurs, 90, until=until)
        # Skipped ones count, and a date may be skipped on which a clock changes.
        start = datetime(first, 1, 3, 2, 30)
        changes = [wall.date() for wall in walls_at_changes(offsets(name, first, first + 10))]
        skip = changes + days_of(WEEKLY, start.date(), date(first + 10, 1, 1))[::7]
        agree(name, start, WEEKLY, 90, skip, 500)


@pytest.mark.parametrize("name", ZONES)
def test_ten_years_in_twenty_zones(name):
    agree_over_ten_years(name)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
def test_ten_years_in_every_zone(part):
    for name in sorted(available_timezones())[part::8]:
        agree_over_ten_years(name)


def test_the_twenty_zones_are_there_and_the_odd_ones_are_odd():
    assert len(ZONES) == len(set(ZONES)) == 20
    assert set(ZONES) <= available_timezones()
    histories = [offsets(name, year, year + 10) for name in ZONES for year in YEARS]
    jumps = {
        abs(after - before) for known in histories for (_, before), (_, after) in pairwise(known)
    }
    assert {timedelta(minutes=minutes) for minutes in (30, 60, 120, 24 * 60)} <= jumps


# ---- any rhythm at all

recurrences = st.one_of(
    st.builds(Recurs, st.just("DAILY"), st.integers(1, 40)),
    st.builds(
        Recurs,
        st.just("WEEKLY"),
        st.integers(1, 6),
        st.lists(st.integers(0, 6), max_size=3, unique=True).map(sorted).map(tuple),
    ),
    st.builds(
        Recurs,
        st.just("MONTHLY"),
        st.integers(1, 5),
        monthdays=st.lists(
            st.sampled_from([1, 13, 28, 29, 30, 31, -1, -2, -31]), max_size=2, unique=True
        ).map(tuple),
    ),
    st.builds(
        Recurs,
        st.just("MONTHLY"),
        st.integers(1, 5),
        st.lists(st.integers(0, 6), min_size=1, max_size=2, unique=True).map(sorted).map(tuple),
        st.sampled_from([1, 2, 3, 4, 5, -1, -2, -5]),
    ),
    st.builds(Recurs, st.just("YEARLY"), st.integers(1, 4)),
)
zones = st.sampled_from(sorted(available_timezones()) if LONG else ZONES)
starts = st.datetimes(datetime(1975, 1, 1), datetime(2036, 12, 31)).map(
    lambda moment: moment.replace(second=0, microsecond=0)
)


@settings(deadline=None, max_examples=2_000 if LONG else 120)
@given(
    zones,
    starts,
    recurrences,
    st.integers(1, 24 * 60),
    st.lists(st.integers(0, 400), max_size=4),
    st.none() | st.integers(1, 12),
    st.integers(0, 3650),
)
@example("Pacific/Apia", datetime(2011, 12, 28, 19), DAILY, 60, [], None, 4)
@example("Asia/Manila", datetime(2024, 2, 29, 23, 59), YEARLY, 60, [0], 2, 3650)
@example("Pacific/Apia", datetime(2011, 12, 23, 0, 0), WEEKLY, 60, [7], 3, 3650)
def test_any_rhythm_in_any_zone(name, start, recurs, minutes, skipped, count, lasts):
    skip = [start.date() + days * DAY for days in skipped]
    agree(name, start, recurs, minutes, skip, count, start.date() + lasts * DAY)


def test_as_the_command_prints_it(tmp_path, capsys):
    these = ("Australia/Lord_Howe", datetime(2026, 4, 5, 1, 45), ON_THE_LAST, 90)
    until = date(2036, 4, 5)
    path = tmp_path / "rhythm.json"
    path.write_text(json.dumps(asked(*these, until=until)))
    call_command("try", "rhythm", str(path))
    said = json.loads(capsys.readouterr().out)
    assert said == expected(*these, until=until)
    assert len(said["meetings"]) == 120
