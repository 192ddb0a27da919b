"""When mail goes: quiet hours and digests on every clock, also where it is changed."""

import zoneinfo
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from congregation import rules

ZONES = sorted(zoneinfo.available_timezones())
zones = st.sampled_from(ZONES)
# A decade in which zones have jumped days (Samoa), changed their minds and given clock changes up.
moments = st.datetimes(datetime(2011, 1, 1), datetime(2032, 1, 1)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)
hours = st.builds(time, st.integers(0, 23), st.sampled_from([0, 30]))
# Zones are read from the disk when they are first met, which may take a while on a busy machine.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
BERLIN, APIA, LORD_HOWE = "Europe/Berlin", "Pacific/Apia", "Australia/Lord_Howe"
GAP, FOLD = date(2026, 3, 29), date(2026, 10, 25)


def wall(moment, zone):
    return moment.astimezone(ZoneInfo(zone))


def is_real(day, at, zone):
    """Whether a wall clock in a zone ever shows this."""
    local = datetime.combine(day, at, ZoneInfo(zone))
    return local.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local.replace(
        tzinfo=None
    )


@pytest.mark.parametrize(
    ("local", "ends"),
    [
        ((2026, 11, 19, 21, 59), None),
        ((2026, 11, 19, 22, 0), (2026, 11, 20, 7, 0)),
        ((2026, 11, 20, 0, 30), (2026, 11, 20, 7, 0)),
        ((2026, 11, 20, 6, 59), (2026, 11, 20, 7, 0)),
        ((2026, 11, 20, 7, 0), None),
        # The night that is an hour shorter, and the one that is longer.
        ((2026, 3, 28, 23, 0), (2026, 3, 29, 7, 0)),
        ((2026, 10, 24, 23, 0), (2026, 10, 25, 7, 0)),
    ],
)
def test_a_night_in_berlin(local, ends):
    now = datetime(*local, tzinfo=ZoneInfo(BERLIN)).astimezone(UTC)
    found = rules.quiet_ends(now, BERLIN, time(22), time(7))
    assert found == (datetime(*ends, tzinfo=ZoneInfo(BERLIN)) if ends else now)


def test_by_day_for_who_sleeps_then():
    now = datetime(2026, 11, 19, 12, tzinfo=UTC)
    assert rules.quiet_ends(now, "UTC", time(9), time(17)) == now.replace(hour=17)
    assert rules.quiet_ends(now.replace(hour=17), "UTC", time(9), time(17)).hour == 17


@pytest.mark.parametrize(("begins", "ends"), [(None, None), (time(7), time(7)), (time(22), None)])
def test_no_quiet_hours_hold_nothing(begins, ends):
    now = datetime(2026, 11, 19, 23, tzinfo=UTC)
    assert rules.quiet_ends(now, "UTC", begins, ends) == now


@unhurried
@given(moments, zones, hours, hours)
@example(datetime(2026, 10, 25, 1, 15, tzinfo=UTC), BERLIN, time(22), time(2, 30))
@example(datetime(2026, 3, 29, 0, 15, tzinfo=UTC), BERLIN, time(22), time(2, 30))
@example(datetime(2011, 12, 30, 9, 30, tzinfo=UTC), APIA, time(22), time(7))
@example(datetime(2026, 4, 4, 14, 45, tzinfo=UTC), LORD_HOWE, time(22), time(2))
def test_quiet_hours_end_when_the_wall_clock_says_so(now, zone, begins, ends):
    found = rules.quiet_ends(now, zone, begins, ends)
    assert now <= found <= now + timedelta(hours=49)
    if found == now:
        return
    at = wall(found, zone)
    assert at.time() == ends or not is_real(at.date(), ends, zone)
    # Held once, it isn't held again, but where the clock is set back into the night.
    again = rules.quiet_ends(found, zone, begins, ends)
    assert again == found or not is_real(at.date(), ends, zone) or begins == at.time()


@unhurried
@given(moments, zones, hours, hours, st.timedeltas(timedelta(0), timedelta(days=3)))
def test_what_begins_before_it_could_be_read_is_never_held(now, zone, begins, ends, ahead):
    before = now + ahead
    found = rules.held_until(now, zone, begins, ends, before=before)
    morning = rules.quiet_ends(now, zone, begins, ends)
    assert found in {now, morning}
    assert found == now or found + rules.TOO_LATE <= before
    assert rules.held_until(now, zone, begins, ends) == morning


@unhurried
@given(moments, zones, hours, st.sampled_from([None, *range(7)]))
@example(datetime(2026, 3, 28, 12, tzinfo=UTC), BERLIN, time(2, 30), None)
@example(datetime(2026, 10, 25, 0, 45, tzinfo=UTC), BERLIN, time(2, 30), None)
@example(datetime(2011, 12, 29, 20, tzinfo=UTC), APIA, time(8), 4)
def test_digests_come_at_their_hour(now, zone, at, weekday):
    found = rules.next_digest(now, zone, at, weekday)
    # A day, or a week, that a date line or a clock change makes longer.
    assert now < found <= now + timedelta(days=1 if weekday is None else 7, hours=26)
    local = wall(found, zone)
    days = [local.date(), local.date() - timedelta(days=1)]
    is_exact = local.time() == at and weekday in {None, local.weekday()}
    assert is_exact or any(not is_real(day, at, zone) for day in days)


@unhurried
@given(st.dates(date(2011, 1, 1), date(2031, 1, 1)), zones, hours)
@example(date(2026, 10, 20), BERLIN, time(2, 30))
@example(date(2026, 3, 24), BERLIN, time(2, 30))
@example(date(2011, 12, 27), APIA, time(8))
def test_ten_days_have_ten_digests_and_no_day_has_two(day, zone, at):
    moment = rules.instant(day, at, zone) - timedelta(seconds=1)
    found = []
    while len(found) < 10:
        moment = rules.next_digest(moment, zone, at)
        found.append(rules.day_of(moment, zone))
    assert found == sorted(set(found))
    # The one day that a zone may leave out.
    assert (found[-1] - found[0]).days <= 10


@pytest.mark.parametrize(
    ("day", "months", "found"),
    [
        (date(2026, 3, 31), 1, date(2026, 2, 28)),
        (date(2028, 3, 30), 1, date(2028, 2, 29)),
        (date(2026, 1, 5), 1, date(2025, 12, 5)),
        (date(2026, 1, 31), 3, date(2025, 10, 31)),
        (date(2026, 12, 28), 12, date(2025, 12, 28)),
    ],
)
def test_months_before(day, months, found):
    assert rules.months_before(day, months) == found
