"""Free time that people share, and times to offer."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crews.rules import (
    WEEK,
    Free,
    days_shared,
    pair,
    propose_times,
    shared,
    shared_with_all,
    slots_of_at_least,
    to_local_week,
    to_utc_week,
)

pytestmark = pytest.mark.once

WINTER = date(2026, 11, 19)
MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = range(7)
EVENING = (18 * 60, 21 * 60)

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland", "Pacific/Pago_Pago"]
ZONES += ["Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Kiritimati"]

calm = settings(deadline=None, max_examples=50)
zones = st.sampled_from(ZONES)
dates = st.dates(date(2020, 1, 1), date(2035, 12, 31))


@st.composite
def free_times(draw):
    times = []
    for _ in range(draw(st.integers(0, 6))):
        begins = draw(st.integers(0, 1439))
        times.append(Free(draw(st.integers(0, 6)), begins, draw(st.integers(begins + 1, 1440))))
    return times


@st.composite
def weeks(draw):
    return to_utc_week(draw(free_times()), "UTC", WINTER)


def minutes_in(week):
    """The minutes of a week, one by one."""
    return {minute % WEEK for begin, end in week for minute in range(begin, end)}


def is_week(week):
    return (
        all(0 <= begin < end <= WEEK for begin, end in week)
        and all(sooner[1] < later[0] for sooner, later in pairwise(week))
    )  # fmt: skip


# --- Free time ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong", [(7, 0, 60), (-1, 0, 60), (0, 60, 60), (0, 90, 60), (0, -1, 60), (0, 0, 1441)]
)
def test_what_is_no_time_of_the_week(wrong):
    with pytest.raises(ValueError, match="Not a time"):
        Free(*wrong)


@pytest.mark.parametrize(
    ("zone", "on", "free", "week"),
    [
        ("UTC", WINTER, [Free(MONDAY, 0, 60)], [(0, 60)]),
        ("Europe/Berlin", WINTER, [Free(MONDAY, 60, 120)], [(0, 60)]),
        ("Europe/Berlin", date(2026, 7, 1), [Free(MONDAY, 120, 180)], [(0, 60)]),
        # Monday morning in Auckland is Sunday evening in UTC, at the week's end
        ("Pacific/Auckland", WINTER, [Free(MONDAY, 0, 60)], [(WEEK - 780, WEEK - 720)]),
        ("Pacific/Auckland", WINTER, [Free(MONDAY, 720, 840)], [(0, 60), (WEEK - 60, WEEK)]),
        ("America/New_York", WINTER, [Free(SUNDAY, 1080, 1200)], [(0, 60), (WEEK - 60, WEEK)]),
        ("Asia/Kathmandu", WINTER, [Free(TUESDAY, 345, 405)], [(1440, 1500)]),
        # what touches or overlaps is one
        ("UTC", WINTER, [Free(TUESDAY, 0, 60), Free(MONDAY, 1380, 1440)], [(1380, 1500)]),
        ("UTC", WINTER, [Free(MONDAY, 30, 90), Free(MONDAY, 0, 60)], [(0, 90)]),
        ("UTC", WINTER, [Free(day, 0, 1440) for day in range(7)], [(0, WEEK)]),
        ("UTC", WINTER, [], []),
    ],
)
def test_free_times_in_a_utc_week(zone, on, free, week):
    assert to_utc_week(free, zone, on) == week


def test_a_zone_has_to_exist():
    with pytest.raises(ZoneInfoNotFoundError):
        to_utc_week([Free(MONDAY, 0, 60)], "Mars/Olympus", WINTER)


@calm
@given(free_times(), zones, dates)
def test_a_week_keeps_every_minute_there_and_back(free, zone, on):
    week = to_utc_week(free, zone, on)
    assert is_week(week)
    mine = {
        item.weekday * 1440 + minute for item in free for minute in range(item.begins, item.ends)
    }
    assert len(minutes_in(week)) == len(mine)
    there = to_local_week(week, zone, on)
    back = {
        item.weekday * 1440 + minute for item in there for minute in range(item.begins, item.ends)
    }
    assert back == mine
    assert to_utc_week(there, zone, on) == week


@calm
@given(weeks(), weeks())
def test_what_two_share_is_what_both_have(a, b):
    common = shared(a, b)
    assert is_week(common)
    assert minutes_in(common) == minutes_in(a) & minutes_in(b)
    assert shared(a, a) == a


@calm
@given(st.lists(weeks(), min_size=1, max_size=5))
def test_what_all_share_is_what_each_has(several):
    common = shared_with_all(several)
    assert minutes_in(common) == set.intersection(*map(minutes_in, several))
    assert shared_with_all(reversed(several)) == common


def test_no_weeks_share_nothing():
    assert shared_with_all([]) == []


@pytest.mark.parametrize(
    ("week", "minutes", "slots"),
    [
        ([(0, 60), (100, 159)], 60, [(0, 60)]),
        ([(0, 30), (500, 560), (WEEK - 30, WEEK)], 60, [(500, 560), (WEEK - 30, WEEK + 30)]),
        ([(0, 30), (WEEK - 30, WEEK)], 60, [(WEEK - 30, WEEK + 30)]),
        ([(0, 29), (WEEK - 30, WEEK)], 60, []),
        ([(0, WEEK)], 60, [(0, WEEK)]),
        ([], 60, []),
    ],
)
def test_slots_long_enough(week, minutes, slots):
    before = list(week)
    assert slots_of_at_least(week, minutes) == slots
    assert week == before


def test_days_as_their_reader_has_them():
    tuesday_evening = to_utc_week([Free(TUESDAY, *EVENING)], "Europe/Berlin", WINTER)
    names = [False] * 7
    assert days_shared(tuesday_evening, "Europe/Berlin", WINTER) == [
        day == TUESDAY for day in range(7)
    ]
    # 6 to 9 in Berlin is 6 to 9 the next morning in Auckland, and round midnight in Kolkata
    assert days_shared(tuesday_evening, "Pacific/Auckland", WINTER) == [
        day == WEDNESDAY for day in range(7)
    ]
    assert days_shared(tuesday_evening, "Asia/Kolkata", WINTER) == [
        day in (TUESDAY, WEDNESDAY) for day in range(7)
    ]
    assert days_shared(tuesday_evening, "Asia/Kolkata", WINTER, minutes=91) == names
    assert days_shared([], "UTC", WINTER) == names


# --- Times to offer -----------------------------------------------------------------------------

NOON = datetime(2026, 11, 19, 12, tzinfo=UTC)  # a Thursday


def texts(found):
    return [moment.strftime("%a %d %H:%M") for moment in found]


@pytest.mark.parametrize(
    ("free", "more", "wanted"),
    [
        # three days, full hours, the soonest
        (
            [Free(day, *EVENING) for day in range(7)],
            {},
            ["Fri 20 18:00", "Sat 21 18:00", "Sun 22 18:00"],
        ),
        # one day of the week: both weeks, then a second time of the first
        (
            [Free(TUESDAY, *EVENING)],
            {},
            ["Tue 24 18:00", "Tue 24 19:00", "Tue 01 18:00"],
        ),
        # a full hour before a half, a half before a quarter
        ([Free(TUESDAY, 1050, 1170)], {"n": 1}, ["Tue 24 18:00"]),
        ([Free(TUESDAY, 1035, 1130)], {"n": 1}, ["Tue 24 17:30"]),
        ([Free(TUESDAY, 1035, 1095)], {"n": 1}, ["Tue 24 17:15"]),
        ([Free(TUESDAY, 1034, 1096)], {"n": 1}, ["Tue 24 17:15"]),
        ([Free(TUESDAY, 1036, 1096)], {"n": 1}, []),
        # sensible hours before sooner ones
        ([Free(day, 0, 120) for day in range(5)] + [Free(SUNDAY, 600, 720)], {"n": 2},
         ["Sun 22 10:00", "Sun 29 10:00"]),
        ([Free(TUESDAY, 120, 240)], {"n": 1}, ["Tue 24 03:00"]),
        ([Free(TUESDAY, 0, 1440)], {"n": 1}, ["Tue 24 08:00"]),
        # at least a day ahead, to the minute
        ([Free(FRIDAY, 660, 780)], {"n": 1}, ["Fri 20 12:00"]),
        ([Free(FRIDAY, 659, 779)], {"n": 1}, ["Fri 27 11:00"]),
        ([Free(THURSDAY, 0, 1440)], {"horizon_days": 6}, []),
        ([Free(THURSDAY, 0, 720)], {"n": 9, "horizon_days": 7, "minutes": 240},
         ["Thu 26 00:00", "Thu 26 04:00", "Thu 26 08:00"]),
        # not when one of them is busy
        (
            [Free(TUESDAY, *EVENING)],
            {"busy": [(datetime(2026, 11, 24, 18, 30, tzinfo=UTC),
                       datetime(2026, 11, 24, 19, tzinfo=UTC))], "n": 2},
            ["Tue 24 19:00", "Tue 01 18:00"],
        ),
        ([Free(TUESDAY, 1080, 1140)], {"minutes": 61}, []),
        ([Free(TUESDAY, *EVENING)], {"n": 0}, []),
        ([], {}, []),
    ],
)  # fmt: skip
def test_times_to_offer(free, more, wanted):
    found = propose_times(free, free, "UTC", "UTC", NOON, **more)
    assert texts(found) == wanted
    assert all(moment.tzinfo is UTC for moment in found)


def test_a_clock_change_moves_what_is_offered():
    before = datetime(2026, 10, 20, 12, tzinfo=UTC)  # Berlin changes on 25 October
    evening = [Free(SATURDAY, *EVENING), Free(SUNDAY, *EVENING)]
    found = propose_times(evening, evening, "Europe/Berlin", "Europe/Berlin", before)
    assert texts(found) == ["Sat 24 16:00", "Sun 25 17:00", "Sat 31 17:00"]


def test_two_zones_meet_where_both_are_awake():
    always = [Free(day, 0, 1440) for day in range(7)]
    found = propose_times(always, always, "Europe/Berlin", "Pacific/Auckland", NOON)
    for moment in found:
        assert 8 <= moment.astimezone(ZoneInfo("Europe/Berlin")).hour < 22
        assert 8 <= moment.astimezone(ZoneInfo("Pacific/Auckland")).hour < 22
    assert len(found) == 3


def test_times_have_to_be_aware():
    with pytest.raises(ValueError, match="aware"):
        propose_times([], [], "UTC", "UTC", NOON.replace(tzinfo=None))
    with pytest.raises(ValueError, match="aware"):
        propose_times([], [], "UTC", "UTC", NOON, busy=[(NOON, NOON.replace(tzinfo=None))])


def is_free(free, zone, moment):
    local = moment.astimezone(ZoneInfo(zone))
    minute = local.hour * 60 + local.minute
    return any(
        item.weekday == local.weekday() and item.begins <= minute < item.ends for item in free
    )


@calm
@given(
    free_times(),
    free_times(),
    zones,
    zones,
    st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),
    st.lists(st.tuples(st.integers(0, 14 * 24), st.integers(1, 48)), max_size=5),
    st.sampled_from([30, 60, 90]),
)
def test_what_holds_of_every_offer(a, b, zone_a, zone_b, after, spans, minutes):
    busy = [
        (after + timedelta(hours=begin), after + timedelta(hours=begin + hours))
        for begin, hours in spans
    ]
    found = propose_times(a, b, zone_a, zone_b, after, busy, minutes=minutes)
    assert len(found) <= 3
    assert all(later - sooner >= timedelta(minutes=minutes) for sooner, later in pairwise(found))
    for start in found:
        assert after + timedelta(hours=24) <= start <= after + timedelta(days=14)
        assert (start.minute % 15, start.second, start.microsecond) == (0, 0, 0)
        end = start + timedelta(minutes=minutes)
        assert all(end <= since or over <= start for since, over in busy)
        for minute in range(minutes):
            moment = start + timedelta(minutes=minute)
            assert is_free(a, zone_a, moment)
            assert is_free(b, zone_b, moment)
    assert found == propose_times(
        reversed(a), reversed(b), zone_a, zone_b, after, reversed(busy), minutes=minutes
    )


# --- Pairs --------------------------------------------------------------------------------------


@calm
@given(st.uuids(), st.uuids())
def test_a_pair_has_one_order(a, b):
    if a == b:
        with pytest.raises(ValueError, match="two people"):
            pair(a, b)
    else:
        assert pair(a, b) == pair(b, a) == tuple(sorted((a, b)))
