"""Rhythms over years, as three programs read them: at the instants at which the app has them."""

import os
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from rhythms import rules
from rhythms.calendars import zones
from rhythms.calendars.series import by_the_clock, is_odd, series_of
from rhythms.calendars.writing import Entry, calendar
from tests.browser.conftest import chromium as chromium
from tests.browser.conftest import playwright as playwright
from tests.calendars.readers import ByIcalJs, by_icalendar, by_khal, shown, span

CHANGED_AT = datetime(2026, 1, 1, tzinfo=UTC)
# Clock changes in both hemispheres, half an hour of them, at midnight, around Ramadan, and none at all.
ZONES = [
    "Pacific/Auckland",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Asia/Kolkata",
    "America/Santiago",
]
FIVE_YEARS = 5 * 52
RHYTHMS = [
    # rule, first day, begins at, minutes, how many
    ("FREQ=WEEKLY", date(2024, 1, 7), time(19), 90, FIVE_YEARS),
    ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH", date(2024, 1, 2), time(18, 30), 60, FIVE_YEARS),
    ("FREQ=DAILY", date(2025, 3, 1), time(9, 15), 15, 400),
    ("FREQ=MONTHLY;BYDAY=5WE", date(2024, 1, 31), time(20), 120, 20),
    ("FREQ=MONTHLY;BYDAY=-1FR", date(2024, 1, 26), time(23, 30), 90, 60),
    ("FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1", date(2024, 1, 30), time(8), 45, 60),
    ("FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=-1", date(2024, 1, 31), time(12), 60, 20),
    ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1", date(2024, 2, 29), time(11), 240, 6),
    # In the hours in which clocks change.
    ("FREQ=WEEKLY", date(2024, 1, 7), time(2, 30), 60, FIVE_YEARS),
    ("FREQ=DAILY", date(2025, 3, 1), time(0, 30), 30, 400),
]


def event_of(rule, day, at, minutes, times, zone):
    """Return a rhythm's events and its meetings: one in eleven moved, one in thirteen off, one in seven out."""
    found = rules.expand(datetime.combine(day, at), zone, rule, minutes, limit=times)
    out = {one.starts for one in found[3::17]}
    there = [one for one in found if one.starts not in out]
    series = series_of({one.starts for one in there}, rule=rule, at=at, zone=zone, minutes=minutes)
    starts, ends = by_the_clock(series.starts, minutes, zone)
    own = {"zone": zone, "title": "Seed Library", "changed_at": CHANGED_AT}
    entries = [
        Entry(**own, uid="a", starts=starts, ends=ends, sequence=9, rule=series.rule,
              left_out=series.left_out)
    ]  # fmt: skip
    held = set()
    for number, one in enumerate(there):
        wall, is_off = series.wall(one.starts), number % 13 == 5
        moved = timedelta(days=1, hours=2) if number % 11 == 4 else timedelta()
        when = one.starts + moved, one.ends + moved
        if wall is None or moved or is_off or is_odd(wall, *when, zone):
            entries.append(
                Entry(**own, uid="a" if wall else f"b{number}", starts=when[0], ends=when[1], sequence=9, is_off=is_off,
                      instead_of=wall)
            )  # fmt: skip
        if not is_off:
            held.add(when)
    data = calendar(entries, product="Tableful", zones=[zones.clock_of(zone, 2026)])
    return data, held


ALL = [(rhythm, zone) for zone in ZONES for rhythm in RHYTHMS]
pytestmark = pytest.mark.once


@pytest.mark.parametrize(("rhythm", "zone"), ALL, ids=str)
def test_icalendar(rhythm, zone):
    data, held = event_of(*rhythm, zone)
    found = by_icalendar(data, *span([starts for starts, _ends in held]))
    assert found == held, shown(found ^ held)


@pytest.mark.browser
def test_ical_js(chromium):
    read = ByIcalJs(chromium.new_page())
    for rhythm, zone in ALL:
        data, held = event_of(*rhythm, zone)
        found = read(data, *span([starts for starts, _ends in held]))
        assert found == held, (rhythm, zone, shown(found ^ held))


@pytest.mark.parametrize("zone", ZONES if os.environ.get("TABLEFUL_LONG") else ZONES[:5])
def test_khal(zone, tmp_path):
    for number, rhythm in enumerate(RHYTHMS):
        here = tmp_path / str(number)
        here.mkdir()
        data, held = event_of(*rhythm, zone)
        found = by_khal(data, *span([starts for starts, _ends in held]), here)
        assert found == held, (rhythm, shown(found ^ held))


def test_a_zone_is_told_exactly_for_as_long_as_a_feed_tells():
    """Each half hour of eighteen years, where clocks are changed oddly."""
    for zone in ["Africa/Casablanca", "Australia/Lord_Howe", "Asia/Gaza"]:
        place = ZoneInfo(zone)
        first, last = datetime(2020, 1, 1, tzinfo=UTC), datetime(2038, 1, 1, tzinfo=UTC)
        listed = set(zones.changes(place, first, last))
        was, moment = first.astimezone(place).utcoffset(), first
        while moment < last:
            moment += timedelta(minutes=30)
            now = moment.astimezone(place).utcoffset()
            assert (now != was) == (moment in listed), (zone, moment)
            was = now
