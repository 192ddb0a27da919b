"""When a rhythm comes round."""

import time as stopwatch
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from dateutil.rrule import rrulestr
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rhythms.rules import (
    WEEKDAYS,
    RhythmError,
    Tempo,
    expand,
    lane,
    phrase,
    rule_for,
)

pytestmark = pytest.mark.once

SUNDAY = datetime(2026, 10, 18, 19)

# Zones with something of their own: half-hour and half-day shifts, a day left out, changes at
# midnight, a winter time that is the summer's negative, none at all.
ZONES = [
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Dublin",
    "Europe/Istanbul",
    "Africa/Casablanca",
    "Africa/Cairo",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Santiago",
    "America/Nuuk",
    "America/St_Johns",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Kathmandu",
    "Asia/Pyongyang",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Auckland",
    "Pacific/Chatham",
]


def starts(*args, **kwargs):
    return [meeting.starts for meeting in expand(*args, **kwargs)]


def locals_(*args, **kwargs):
    return [meeting.local for meeting in expand(*args, **kwargs)]


def days(rule, start=SUNDAY, **kwargs):
    return [local.date().isoformat() for local in locals_(start, "UTC", rule, 60, **kwargs)]


# --- An expansion of its own: date arithmetic and the zone's clock, nothing of ours or dateutil's


def clock(instant, zone):
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def instant_of(wall, zone):
    """The first instant at which the zone's clock shows that, or what is as far past the gap."""
    as_utc = wall.replace(tzinfo=UTC)
    near = [as_utc + timedelta(hours=hours) for hours in (-27, -6, 6, 27)]
    offsets = {clock(moment, zone) - moment.replace(tzinfo=None) for moment in near}
    real = [as_utc - offset for offset in offsets if clock(as_utc - offset, zone) == wall]
    if real:
        return min(real)
    before = as_utc - timedelta(hours=27)
    while clock(before + timedelta(minutes=15), zone) < wall:
        before += timedelta(minutes=15)
    return as_utc - (clock(before, zone) - before.replace(tzinfo=None))


def each_week(start, until):
    day = start.date()
    while day <= until:
        yield datetime.combine(day, start.time())
        day += timedelta(days=7)


def each_month(start, until, day_in):
    month = start.date().replace(day=1)
    while month <= until:
        day = day_in(month)
        if day is not None and start.date() <= day <= until:
            yield datetime.combine(day, start.time())
        month = (month + timedelta(days=31)).replace(day=1)


def nth_weekday(nth, weekday):
    def day_in(month):
        whole = [month + timedelta(days=n) for n in range(31)]
        fitting = [d for d in whole if d.month == month.month and d.weekday() == weekday]
        return fitting[nth - 1 if nth > 0 else nth]

    return day_in


def on_day(number):
    def day_in(month):
        day = month + timedelta(days=number - 1)
        return day if day.month == month.month else None

    return day_in


def compare_ten_years(name):
    zone = ZoneInfo(name)
    for year in (2007, 2026):
        until = date(year + 10, 1, 1)
        first = datetime(year, 1, 1)
        plans = []
        for weekday, at in ((6, time(2, 30)), (6, time(0)), (5, time(23, 45)), (4, time(19))):
            day = first + timedelta(days=(weekday - first.weekday()) % 7)
            start = datetime.combine(day, at)
            plans.append((start, "FREQ=WEEKLY", each_week(start, until)))
        for rule, at, day_in in (
            ("BYDAY=3TH", time(19), nth_weekday(3, 3)),
            ("BYDAY=-1SU", time(1, 15), nth_weekday(-1, 6)),
            ("BYMONTHDAY=31", time(0), on_day(31)),
        ):
            start = datetime.combine(first, at)
            plans.append((start, f"FREQ=MONTHLY;{rule}", each_month(start, until, day_in)))
        for start, rule, walls in plans:
            found = expand(start, name, rule, 90, until=until + timedelta(days=1))
            wanted = [instant_of(wall, zone) for wall in walls]
            assert [m.starts for m in found if m.starts <= wanted[-1]] == wanted, (name, rule)
            assert [m.local for m in found] == [clock(m.starts, zone) for m in found]


@pytest.mark.parametrize("name", ZONES)
def test_ten_years_agree_with_an_expansion_by_hand(name):
    compare_ten_years(name)


@pytest.mark.slow
def test_ten_years_agree_in_every_zone():
    for name in sorted(available_timezones()):
        compare_ten_years(name)


# --- Clock changes ------------------------------------------------------------------------------


def test_the_example_of_the_design():
    found = expand(
        SUNDAY,
        "Europe/Berlin",
        "FREQ=WEEKLY;COUNT=6",
        90,
        skip=[date(2026, 11, 1)],
        until=date(2027, 12, 31),
    )
    assert [(m.local.isoformat(), m.starts.isoformat(), m.ends.isoformat()) for m in found] == [
        ("2026-10-18T19:00:00", "2026-10-18T17:00:00+00:00", "2026-10-18T18:30:00+00:00"),
        ("2026-10-25T19:00:00", "2026-10-25T18:00:00+00:00", "2026-10-25T19:30:00+00:00"),
        ("2026-11-08T19:00:00", "2026-11-08T18:00:00+00:00", "2026-11-08T19:30:00+00:00"),
        ("2026-11-15T19:00:00", "2026-11-15T18:00:00+00:00", "2026-11-15T19:30:00+00:00"),
        ("2026-11-22T19:00:00", "2026-11-22T18:00:00+00:00", "2026-11-22T19:30:00+00:00"),
    ]


@pytest.mark.parametrize(
    ("zone", "wall", "local", "utc"),
    [
        # in a gap: forward by as much as the clock jumps
        ("Europe/Berlin", "2026-03-29T02:30", "2026-03-29T03:30", "2026-03-29T01:30"),
        ("America/New_York", "2026-03-08T02:00", "2026-03-08T03:00", "2026-03-08T07:00"),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-04T02:45", "2026-10-03T15:45"),
        ("America/Sao_Paulo", "2018-11-04T00:00", "2018-11-04T01:00", "2018-11-04T03:00"),
        ("Asia/Tehran", "2022-03-22T00:30", "2022-03-22T01:30", "2022-03-21T21:00"),
        ("Antarctica/Troll", "2026-03-29T01:30", "2026-03-29T03:30", "2026-03-29T01:30"),
        ("Pacific/Apia", "2011-12-30T19:00", "2011-12-31T19:00", "2011-12-31T05:00"),
        # twice: the first
        ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T02:30", "2026-10-25T00:30"),
        ("America/New_York", "2026-11-01T01:30", "2026-11-01T01:30", "2026-11-01T05:30"),
        ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-05T01:45", "2026-04-04T14:45"),
        ("America/Sao_Paulo", "2018-02-17T23:30", "2018-02-17T23:30", "2018-02-18T01:30"),
        ("Africa/Casablanca", "2026-02-15T02:30", "2026-02-15T02:30", "2026-02-15T01:30"),
    ],
)
def test_a_wall_time_becomes_the_right_instant(zone, wall, local, utc):
    wall, local, utc = map(datetime.fromisoformat, (wall, local, utc))
    week_before = wall - timedelta(days=7)
    (first, second) = expand(week_before, zone, "FREQ=WEEKLY;COUNT=2", 60)
    assert (second.local, second.starts) == (local, utc.replace(tzinfo=UTC))
    assert second.ends - second.starts == timedelta(hours=1)
    assert first.local.time() == wall.time()


def test_a_day_that_a_zone_left_out_is_one_meeting_with_its_neighbour():
    start = datetime(2011, 12, 29, 19)
    found = locals_(start, "Pacific/Apia", "FREQ=DAILY;COUNT=4", 60)
    assert [local.day for local in found] == [29, 31, 1]
    # 30 December is skipped by its own name or, moved, by the day it would be on
    friday = datetime(2011, 12, 23, 19)
    for skipped in (date(2011, 12, 30), date(2011, 12, 31)):
        found = locals_(friday, "Pacific/Apia", "FREQ=WEEKLY;COUNT=3", 60, skip=[skipped])
        assert [local.day for local in found] == [23, 6]


# --- What a rule means --------------------------------------------------------------------------


def test_skipped_meetings_count():
    skip = [date(2026, 10, 25), date(2026, 11, 22), date(2026, 12, 24)]
    found = days("FREQ=WEEKLY;COUNT=6", skip=skip)
    assert found == ["2026-10-18", "2026-11-01", "2026-11-08", "2026-11-15"]


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        ("FREQ=WEEKLY;COUNT=3", ["2026-10-18", "2026-10-25", "2026-11-01"]),
        ("rrule:freq=weekly;count=2;", ["2026-10-18", "2026-10-25"]),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=3", ["2026-10-18", "2026-11-01", "2026-11-15"]),
        # a start that doesn't fit is the earliest, not the first
        ("FREQ=WEEKLY;BYDAY=TU;COUNT=2", ["2026-10-20", "2026-10-27"]),
        ("FREQ=MONTHLY;BYDAY=3TH;COUNT=2", ["2026-11-19", "2026-12-17"]),
        # a date as UNTIL is that whole day; a UTC time is that instant
        ("FREQ=WEEKLY;UNTIL=20261101", ["2026-10-18", "2026-10-25", "2026-11-01"]),
        ("FREQ=WEEKLY;UNTIL=20261101T190000Z", ["2026-10-18", "2026-10-25", "2026-11-01"]),
        ("FREQ=WEEKLY;UNTIL=20261101T185959Z", ["2026-10-18", "2026-10-25"]),
        ("FREQ=WEEKLY;UNTIL=20261101T190000", ["2026-10-18", "2026-10-25", "2026-11-01"]),
        ("FREQ=WEEKLY;UNTIL=20200101", []),
        # two days every other week: where the week begins tells which weeks
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;COUNT=3", ["2026-10-18", "2026-10-26", "2026-11-01"]),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU;COUNT=3",
            ["2026-10-18", "2026-10-19", "2026-11-01"],
        ),
        # the first of Monday, Wednesday and Sunday of each week, this week's being past
        ("FREQ=WEEKLY;BYDAY=MO,WE,SU;BYSETPOS=1;COUNT=2", ["2026-10-19", "2026-10-26"]),
        # the last working day of the month
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3",
            ["2026-10-30", "2026-11-30", "2026-12-31"],
        ),
        ("FREQ=YEARLY;BYWEEKNO=20;COUNT=2", ["2027-05-23", "2028-05-21"]),
        ("FREQ=YEARLY;BYDAY=20MO;COUNT=2", ["2027-05-17", "2028-05-15"]),
        ("FREQ=DAILY;INTERVAL=10;COUNT=3", ["2026-10-18", "2026-10-28", "2026-11-07"]),
    ],
)
def test_a_rule_means(rule, wanted):
    assert days(rule) == wanted


@pytest.mark.parametrize(
    ("start", "rule", "wanted"),
    [
        ("2026-01-31", "FREQ=MONTHLY;COUNT=3", ["2026-01-31", "2026-03-31", "2026-05-31"]),
        (
            "2026-01-30",
            "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3",
            ["2026-01-31", "2026-02-28", "2026-03-31"],
        ),
        ("2024-02-29", "FREQ=YEARLY;COUNT=3", ["2024-02-29", "2028-02-29", "2032-02-29"]),
        ("2096-02-29", "FREQ=YEARLY;COUNT=2", ["2096-02-29", "2104-02-29"]),
        # Friday the 13th
        (
            "2026-01-01",
            "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=3",
            ["2026-02-13", "2026-03-13", "2026-11-13"],
        ),
    ],
)
def test_months_and_years_without_that_day_are_passed_over(start, rule, wanted):
    start = datetime.combine(date.fromisoformat(start), time(19))
    assert days(rule, start=start) == wanted


def test_until_and_limit_end_what_has_no_end():
    assert days("FREQ=WEEKLY", until=date(2026, 10, 25)) == ["2026-10-18", "2026-10-25"]
    assert days("FREQ=WEEKLY", until=date(2026, 10, 17)) == []
    assert days("FREQ=WEEKLY", limit=2) == ["2026-10-18", "2026-10-25"]
    assert days("FREQ=WEEKLY;COUNT=6", limit=0) == []
    assert days("FREQ=WEEKLY;COUNT=6", until=date(2026, 10, 24)) == ["2026-10-18"]


def test_several_times_a_day_come_in_order():
    found = locals_(SUNDAY, "UTC", "FREQ=DAILY;BYHOUR=20,9;BYMINUTE=30;COUNT=3", 60)
    assert [(local.day, local.hour) for local in found] == [(18, 20), (19, 9), (19, 20)]
    assert {local.minute for local in found} == {30}


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("", "made of parts"),
        ("FREQ", "made of parts"),
        ("FREQ=WEEKLY;;COUNT=6", "made of parts"),
        ("COUNT=6", "FREQ is missing"),
        ("FREQ=FORTNIGHTLY;COUNT=6", "DAILY, WEEKLY, MONTHLY or YEARLY"),
        ("FREQ=SECONDLY;COUNT=6", "DAILY, WEEKLY, MONTHLY or YEARLY"),
        ("FREQ=HOURLY;COUNT=6", "DAILY, WEEKLY, MONTHLY or YEARLY"),
        ("FREQ=WEEKLY;FREQ=DAILY;COUNT=6", "twice"),
        ("FREQ=WEEKLY;TIMES=6", "no part “TIMES”"),
        ("FREQ=WEEKLY;BYEASTER=1", "no part “BYEASTER”"),
        ("FREQ=WEEKLY", "needs “until”"),
        ("FREQ=WEEKLY;COUNT=6;UNTIL=20270101", "not both"),
        ("FREQ=WEEKLY;COUNT=0", "COUNT has to be"),
        ("FREQ=WEEKLY;COUNT=-6", "COUNT has to be"),
        ("FREQ=WEEKLY;COUNT=six", "COUNT has to be"),
        ("FREQ=WEEKLY;COUNT=६", "COUNT has to be"),
        ("FREQ=WEEKLY;COUNT=" + "9" * 5000, "COUNT has to be"),
        ("FREQ=WEEKLY;INTERVAL=0;COUNT=6", "INTERVAL has to be"),
        ("FREQ=WEEKLY;INTERVAL=1.5;COUNT=6", "INTERVAL has to be"),
        ("FREQ=WEEKLY;UNTIL=2027-01-01", "UNTIL has to be"),
        ("FREQ=WEEKLY;UNTIL=20270230", "UNTIL has to be"),
        ("FREQ=WEEKLY;UNTIL=20270201T250000Z", "UNTIL has to be"),
        ("FREQ=WEEKLY;UNTIL=99990101", "between the years"),
        ("FREQ=WEEKLY;BYDAY=SUNDAY;COUNT=6", "BYDAY lists days"),
        ("FREQ=WEEKLY;BYDAY=TU,;COUNT=6", "BYDAY lists days"),
        ("FREQ=WEEKLY;BYDAY=1TU;COUNT=6", "BYDAY=1TU can’t be used"),
        ("FREQ=MONTHLY;BYDAY=0TU;COUNT=6", "BYDAY=0TU can’t be used"),
        ("FREQ=MONTHLY;BYDAY=6TU;COUNT=6", "BYDAY=6TU can’t be used"),
        ("FREQ=WEEKLY;BYMONTHDAY=13;COUNT=6", "BYMONTHDAY can’t be used"),
        ("FREQ=MONTHLY;BYWEEKNO=13;COUNT=6", "BYWEEKNO can’t be used"),
        ("FREQ=DAILY;BYYEARDAY=13;COUNT=6", "BYYEARDAY can’t be used"),
        ("FREQ=YEARLY;BYWEEKNO=13;BYDAY=1MO;COUNT=6", "BYWEEKNO is given"),
        ("FREQ=MONTHLY;BYMONTHDAY=32;COUNT=6", "BYMONTHDAY has to be"),
        ("FREQ=MONTHLY;BYMONTHDAY=0;COUNT=6", "BYMONTHDAY has to be"),
        ("FREQ=MONTHLY;BYMONTH=-1;COUNT=6", "BYMONTH has to be"),
        ("FREQ=DAILY;BYHOUR=24;COUNT=6", "BYHOUR has to be"),
        ("FREQ=MONTHLY;BYSETPOS=1;COUNT=6", "BYSETPOS needs"),
        ("FREQ=WEEKLY;WKST=1;COUNT=6", "WKST is a day"),
        ("FREQ=DAILY;COUNT=10001", "more than 10,000"),
        ("FREQ=DAILY;COUNT=999999999", "more than 10,000"),
        ("FREQ=DAILY;UNTIL=23991231", "more than 10,000"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=3", "doesn’t reach its COUNT of 3"),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=MO;COUNT=1", "doesn’t reach its COUNT"),
        ("FREQ=YEARLY;COUNT=400", "doesn’t reach its COUNT"),
        ("FREQ=WEEKLY\n;COUNT=6", "isn’t possible"),
    ],
)
def test_a_rule_that_cannot_be_is_told_in_a_sentence(rule, says):
    began = stopwatch.process_time()
    with pytest.raises(RhythmError) as caught:
        expand(SUNDAY, "Europe/Berlin", rule, 60)
    sentence = str(caught.value)
    assert says in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert len(sentence) < 200
    assert stopwatch.process_time() - began < 3


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"zone": "Mars/Olympus"}, "no time zone “Mars/Olympus”"),
        ({"zone": ""}, "no time zone"),
        ({"zone": "../../etc/passwd"}, "no time zone"),
        ({"zone": "right/Europe/Berlin"}, "no time zone"),
        ({"zone": "a\x00b"}, "no time zone “a\\x00b”"),
        ({"minutes": 0}, "lasts between"),
        ({"minutes": -90}, "lasts between"),
        ({"minutes": 10**400}, "lasts between"),
        ({"start": datetime(1, 1, 1)}, "between the years"),
        ({"start": datetime(9999, 12, 31, 23)}, "between the years"),
        ({"start": SUNDAY.replace(tzinfo=UTC)}, "without an offset"),
        ({"start": SUNDAY.replace(microsecond=1)}, "whole second"),
        ({"until": date(9999, 12, 31)}, "between the years"),
        ({"limit": -1}, "below 0"),
    ],
)
def test_other_input_that_cannot_be_is_told_in_a_sentence(changed, says):
    given_ = {"start": SUNDAY, "zone": "Europe/Berlin", "rule": "FREQ=WEEKLY;COUNT=6"}
    with pytest.raises(RhythmError, match=says.replace("\\", "\\\\")):
        expand(**{**given_, "minutes": 60, **changed})


def test_a_month_has_no_20th_monday_wherever_the_year_ends():
    rule = "FREQ=YEARLY;BYDAY=20MO;BYMONTH=1,10"
    until = date(2005, 12, 31)
    assert locals_(datetime(2000, 1, 1), "UTC", rule, 60, until=until) == []
    both = "FREQ=YEARLY;BYDAY=20MO,-53TU,1MO;BYMONTH=1,10"
    first = "FREQ=YEARLY;BYDAY=1MO;BYMONTH=1,10"
    assert locals_(datetime(2000, 1, 1), "UTC", both, 60, until=until) == locals_(
        datetime(2000, 1, 1), "UTC", first, 60, until=until
    )
    with pytest.raises(RhythmError, match="doesn’t reach its COUNT"):
        expand(datetime(2000, 1, 1), "UTC", f"{rule};COUNT=3", 60)


def test_a_rule_without_a_match_ends_with_its_until():
    assert days("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", until=date(2399, 12, 31)) == []


# --- Properties ---------------------------------------------------------------------------------

calm = settings(deadline=None, max_examples=50)
moments = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), allow_imaginary=True).map(
    lambda moment: moment.replace(second=0, microsecond=0)
)
weekdays = st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=3, unique=True)


@st.composite
def rules(draw):
    """A sound rule without an end, of the parts that RFC 5545 and dateutil read alike."""
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={frequency}", f"INTERVAL={draw(st.integers(1, 5))}"]
    by_month = draw(st.booleans())
    if draw(st.booleans()):
        # dateutil fails on the 20th Monday of a month.
        yearly = [-1, 1, 5] if by_month else [-1, 1, 20]
        nths = {"MONTHLY": [-2, -1, 1, 2, 3, 4, 5], "YEARLY": yearly}.get(frequency, [])
        day = st.tuples(st.sampled_from(["", *map(str, nths)]), st.sampled_from(WEEKDAYS))
        picked = draw(st.lists(day.map("".join), min_size=1, max_size=3, unique=True))
        parts.append(f"BYDAY={','.join(picked)}")
        if frequency in ("MONTHLY", "YEARLY") and draw(st.booleans()):
            parts.append(f"BYSETPOS={draw(st.sampled_from([-1, 1, 2]))}")
    if by_month:
        months = draw(st.lists(st.integers(1, 12), min_size=1, max_size=4, unique=True))
        parts.append(f"BYMONTH={','.join(map(str, months))}")
    if frequency != "WEEKLY" and draw(st.booleans()):
        monthdays = st.integers(1, 31) | st.integers(-31, -1)
        picked = draw(st.lists(monthdays, min_size=1, max_size=3, unique=True))
        parts.append(f"BYMONTHDAY={','.join(map(str, picked))}")
    if draw(st.booleans()):
        parts.append(f"WKST={draw(st.sampled_from(WEEKDAYS))}")
    return ";".join(parts)


@settings(calm, max_examples=25)  # dateutil alone looks for a 30 February until the year 9999
@given(rules(), moments)
def test_wall_times_are_those_of_dateutil(rule, start):
    until = (start + timedelta(days=4 * 366)).date()
    ours = locals_(start, "UTC", rule, 60, until=until)
    end = datetime.combine(until, time.max)
    theirs = rrulestr(rule, dtstart=start).xafter(start, inc=True)
    assert ours == [moment for moment in islice(theirs, len(ours) + 1) if moment <= end]


@calm
@given(
    rules(),
    moments,
    st.sampled_from(ZONES),
    st.integers(1, 600),
    st.integers(1, 30),
    st.sets(st.integers(0, 29)),
)
def test_what_holds_of_every_expansion(rule, start, zone, minutes, count, skipped):
    until = (start + timedelta(days=3 * 366)).date()
    whole = expand(start, zone, f"{rule};COUNT={count}", minutes, until=until)
    assert len(whole) <= count
    assert all(sooner.starts < later.starts for sooner, later in pairwise(whole))
    for meeting in whole:
        assert meeting.starts.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == meeting.local
        assert meeting.ends - meeting.starts == timedelta(minutes=minutes)
        assert start.date() <= meeting.local.date() <= until
    skip = {meeting.local.date() for n, meeting in enumerate(whole) if n in skipped}
    rest = expand(start, zone, f"{rule};COUNT={count}", minutes, skip=skip, until=until)
    assert rest == [meeting for meeting in whole if meeting.local.date() not in skip]
    assert expand(start, zone, f"{rule};COUNT={count}", minutes, until=until, limit=3) == whole[:3]


def any_of_them(text):
    """The sentence that says why not, or None."""
    try:
        assert len(expand(SUNDAY, "UTC", text, 60, until=date(2030, 1, 1))) <= 1200
        assert lane(text) in (1, 2, 3, 4)
        assert phrase(text, SUNDAY).interval >= 1
    except RhythmError as error:
        return str(error)
    return None


parts = st.tuples(
    st.sampled_from(
        ["FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYSETPOS", "BYMONTH", "X", ""]
    ),
    st.sampled_from(["DAILY", "YEARLY", "1", "-1", "20270101", "TU", "1TU", ""])
    | st.text(max_size=5),
)


@calm
@given(st.text() | st.lists(parts.map("=".join), max_size=5).map(";".join))
@example("FREQ=DAILY;BYDAY=TU")
@example("FREQ=\ud800")
def test_any_text_is_a_rule_or_is_told_why_not(text):
    sentence = any_of_them(text) or "It is."
    assert sentence.endswith(".")
    assert sentence.isprintable()


# --- Making rules, and what they are like -------------------------------------------------------


@pytest.mark.parametrize(
    ("tempo", "start", "times", "rule"),
    [
        ("weekly", "2026-10-18", 6, "FREQ=WEEKLY;COUNT=6"),
        ("weekly", "2026-10-18", None, "FREQ=WEEKLY"),
        ("fortnightly", "2026-10-18", 6, "FREQ=WEEKLY;INTERVAL=2;COUNT=6"),
        ("monthly", "2026-10-01", 5, "FREQ=MONTHLY;BYDAY=1TH;COUNT=5"),
        ("monthly", "2026-10-15", 5, "FREQ=MONTHLY;BYDAY=3TH;COUNT=5"),
        ("monthly", "2026-10-28", 5, "FREQ=MONTHLY;BYDAY=4WE;COUNT=5"),
        ("monthly", "2026-10-29", 5, "FREQ=MONTHLY;BYDAY=-1TH;COUNT=5"),
    ],
)
def test_a_commitment_makes_its_rule(tempo, start, times, rule):
    assert rule_for(tempo, datetime.fromisoformat(start), times) == rule


@calm
@given(st.sampled_from(["weekly", "fortnightly", "monthly"]), moments, st.integers(1, 12))
def test_a_commitment_begins_at_its_start_and_has_its_meetings(tempo, start, times):
    rule = rule_for(tempo, start, times)
    found = locals_(start, "UTC", rule, 60)
    assert found[0] == start
    assert len(found) == times
    assert {local.weekday() for local in found} == {start.weekday()}
    said = phrase(rule, start)
    assert (said.kind, said.weekdays, said.count) == (tempo, (start.weekday(),), times)
    assert lane(rule) == {"weekly": 1, "fortnightly": 2, "monthly": 3}[tempo]


def test_no_rule_for_nothing():
    with pytest.raises(RhythmError, match="at least one"):
        rule_for("weekly", SUNDAY, 0)
    with pytest.raises(RhythmError, match="no tempo"):
        rule_for("hourly", SUNDAY, 6)


@pytest.mark.parametrize(
    ("rule", "tempo"),
    [
        ("FREQ=WEEKLY;COUNT=6", Tempo("weekly", 1, weekdays=(6,), count=6)),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=6", Tempo("fortnightly", 2, weekdays=(6,), count=6)),
        ("FREQ=WEEKLY;INTERVAL=3", Tempo("weekly", 3, weekdays=(6,))),
        ("FREQ=WEEKLY;BYDAY=TH,TU", Tempo("weekly", 1, weekdays=(1, 3))),
        ("FREQ=WEEKLY;UNTIL=20270101", Tempo("weekly", 1, (6,), until=date(2027, 1, 1))),
        ("FREQ=WEEKLY;UNTIL=20270101T180000Z", Tempo("weekly", 1, (6,), until=date(2027, 1, 1))),
        ("FREQ=MONTHLY;BYDAY=3TH", Tempo("monthly", 1, weekdays=(3,), nth=3)),
        ("FREQ=MONTHLY;BYDAY=-1TH", Tempo("monthly", 1, weekdays=(3,), nth=-1)),
        ("FREQ=MONTHLY;BYDAY=TH;BYSETPOS=3", Tempo("monthly", 1, weekdays=(3,), nth=3)),
        ("FREQ=MONTHLY;INTERVAL=3", Tempo("monthly", 3, monthday=18)),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", Tempo("monthly", 1, monthday=-1)),
        ("FREQ=DAILY", Tempo("daily", 1)),
        ("FREQ=YEARLY", Tempo("yearly", 1, monthday=18, month=10)),
        ("FREQ=MONTHLY;BYDAY=1SU,3SU", Tempo("other", 1)),
        ("FREQ=MONTHLY;BYDAY=-2SU", Tempo("other", 1)),
        ("FREQ=MONTHLY;BYDAY=SU", Tempo("other", 1)),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", Tempo("other", 1)),
        ("FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR", Tempo("other", 1)),
        ("FREQ=MONTHLY;BYMONTH=3;BYDAY=1SU", Tempo("other", 1)),
        ("FREQ=WEEKLY;BYMONTH=1,2,3", Tempo("other", 1)),
        ("FREQ=DAILY;BYHOUR=9,15", Tempo("other", 1)),
        ("FREQ=YEARLY;BYMONTH=3,9;BYDAY=1SA", Tempo("other", 1)),
    ],
)
def test_a_rule_in_values_for_a_sentence(rule, tempo):
    assert phrase(rule, SUNDAY) == tempo


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        ("FREQ=DAILY;COUNT=3", 1),
        ("FREQ=WEEKLY", 1),
        ("FREQ=WEEKLY;BYDAY=MO,WE,FR", 1),
        ("FREQ=WEEKLY;BYMONTH=1,2,3,9,10,11,12", 1),
        ("FREQ=DAILY;INTERVAL=14", 2),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=1", 2),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SA,SU", 2),
        ("FREQ=MONTHLY;BYDAY=1SU,3SU", 2),
        ("FREQ=WEEKLY;INTERVAL=4", 3),
        ("FREQ=MONTHLY;BYDAY=3TH", 3),
        ("FREQ=MONTHLY;BYMONTHDAY=31", 3),
        ("FREQ=MONTHLY;INTERVAL=2", 4),
        ("FREQ=MONTHLY;INTERVAL=3", 4),
        ("FREQ=YEARLY;BYMONTH=3,9;BYDAY=1SA", 4),
        ("FREQ=YEARLY", 4),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", 4),
    ],
)
def test_the_line_of_a_rhythm_on_the_staff(rule, line):
    assert lane(rule) == line
