"""Rhythms over years, as three programs read them: at the instants at which the app has them."""

import os
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from rhythms import pausing, rules
from rhythms.calendars import zones
from rhythms.calendars.series import by_the_clock, is_odd, series_of
from rhythms.calendars.writing import Entry, calendar
from rhythms.models import Feed, Meeting
from tests.calendars.readers import ByIcalJs, by_icalendar, by_khal, shown, span
from tests.rhythms.conftest import ahead as ahead
from tests.rhythms.conftest import commitment as commitment
from tests.rhythms.conftest import crew as crew
from tests.rhythms.conftest import make_commitment as make_commitment
from tests.rhythms.conftest import past as past
from tests.rhythms.conftest import seated_crew as seated_crew
from tests.rhythms.several import begin

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


def event_of(rule, day, at, minutes, times, zone, uid="a"):
    """Return a rhythm's events and its meetings: one in eleven moved, one in thirteen off, one in seven out."""
    found = rules.expand(datetime.combine(day, at), zone, rule, minutes, limit=times)
    out = {one.starts for one in found[3::17]}
    there = [one for one in found if one.starts not in out]
    series = series_of({one.starts for one in there}, rule=rule, at=at, zone=zone, minutes=minutes)
    starts, ends = by_the_clock(series.starts, minutes, zone)
    own = {"zone": zone, "title": "Seed Library", "changed_at": CHANGED_AT}
    entries = [
        Entry(**own, uid=uid, starts=starts, ends=ends, sequence=9, rule=series.rule,
              left_out=series.left_out)
    ]  # fmt: skip
    held = set()
    for number, one in enumerate(there):
        wall, is_off = series.wall(one.starts), number % 13 == 5
        moved = timedelta(days=1, hours=2) if number % 11 == 4 else timedelta()
        when = one.starts + moved, one.ends + moved
        if wall is None or moved or is_off or is_odd(wall, *when, zone):
            entries.append(
                Entry(**own, uid=uid if wall else f"{uid}{number}", starts=when[0], ends=when[1], sequence=9, is_off=is_off,
                      instead_of=wall)
            )  # fmt: skip
        if not is_off:
            held.add(when)
    return entries, held


def file_of(entries, zone):
    return calendar(entries, product="Tableful", zones=[zones.clock_of(zone, 2026)])


ALL = [(rhythm, zone) for zone in ZONES for rhythm in RHYTHMS]
pytestmark = pytest.mark.once


@pytest.mark.parametrize(("rhythm", "zone"), ALL, ids=str)
def test_icalendar(rhythm, zone):
    entries, held = event_of(*rhythm, zone)
    found = by_icalendar(file_of(entries, zone), *span([starts for starts, _ends in held]))
    assert found == held, shown(found ^ held)


@pytest.mark.browser
def test_ical_js(chromium):
    read = ByIcalJs(chromium.new_page())
    for rhythm, zone in ALL:
        entries, held = event_of(*rhythm, zone)
        found = read(file_of(entries, zone), *span([starts for starts, _ends in held]))
        assert found == held, (rhythm, zone, shown(found ^ held))


@pytest.mark.parametrize("zone", ZONES if os.environ.get("TABLEFUL_LONG") else ZONES[:2])
def test_khal(zone, tmp_path):
    """All of a zone at once, since khal takes long to begin."""
    entries, held = [], set()
    for number, rhythm in enumerate(RHYTHMS):
        more, meetings = event_of(*rhythm, zone, uid=f"r{number}-")
        entries += more
        held |= meetings
    found = by_khal(file_of(entries, zone), *span([starts for starts, _ends in held]), tmp_path)
    assert found == held, shown(found ^ held)


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


@pytest.mark.browser
def test_a_feed_as_the_app_has_it(
    commitment, crew, member, mate, ahead, past, client, tmp_path, chromium, now
):
    """One commitment of the app, moved, called off, elsewhere and paused, by all three at once."""
    ahead.move(starts_at=ahead.starts_at + timedelta(days=1, hours=3), by=mate, now=now)
    fifth, sixth = commitment.meetings.get(number=5), commitment.meetings.get(number=6)
    fifth.call_off(by=mate, now=now)
    sixth.replan(starts_at=sixth.starts_at, place="Beach", link="", agenda="", by=mate, now=now)
    _feed, token = Feed.make(of="mine", shows="names", by=member, now=now)
    data = client.get(f"/calendar/{token}.ics").content
    there = Meeting.objects.of(member).exclude(state="cancelled")
    held = {(meeting.starts_at, meeting.ends_at) for meeting in there}
    assert len(held) == 5
    when = span([starts for starts, _ends in held])
    assert by_icalendar(data, *when) == held
    assert ByIcalJs(chromium.new_page())(data, *when) == held
    assert by_khal(data, *when, tmp_path) == held


@pytest.mark.browser
def test_one_without_an_end_that_pauses(
    seated_crew, facilitator, member, mate, client, tmp_path, chromium, now
):
    """Readers go on where the app has not laid out yet; as far as it has, all four say the same."""
    people = [facilitator, member, mate]
    house = seated_crew("Moss House", people, state="active", kind="house")
    endless = begin(house, people, now=now)
    pausing.pause(endless.rhythm, [(date(2026, 12, 20), date(2027, 1, 4))], by=mate, now=now)
    _feed, token = Feed.make(of="mine", shows="names", by=member, now=now)
    data = client.get(f"/calendar/{token}.ics").content
    there = Meeting.objects.of(member).filter(state="planned").order_by("starts_at")
    held = {(meeting.starts_at, meeting.ends_at) for meeting in there}
    assert len(held) == endless.meetings.count() - 2
    when = span([starts for starts, _ends in held])
    # Two weeks after the last that is laid out, calendars show one more each week.
    further = (when[0], when[1] + timedelta(weeks=2))
    for read in (by_icalendar, ByIcalJs(chromium.new_page()), partial(by_khal, here=tmp_path)):
        assert read(data, *when) == held
        assert len(read(data, *further)) == len(held) + 2
