"""Meetings that are laid out anew: tables, and properties over any rhythm and any change of it."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rhythms.relaying import Fit, Laid, relay
from rhythms.rules import Occurrence, expand, rule_for

# Reading the zones takes its time, once.
SLOW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
TEMPOS = ["daily", "weekly", "fortnightly", "monthly", "quarterly", "yearly"]
ZONES = ["Pacific/Auckland", "Europe/Berlin", "America/St_Johns", "Africa/Cairo", "UTC"]


def laid(found):
    return [Laid(n, one.starts, one.local.date()) for n, one in enumerate(found)]


def at(day, hour=19):
    local = datetime.combine(day, time(hour))
    starts = local.replace(tzinfo=UTC)
    return Occurrence(local, starts, starts + timedelta(hours=1))


THURSDAYS = [at(date(2026, 11, 26) + timedelta(weeks=n)) for n in range(4)]


def fits(wanted, was=THURSDAYS):
    places, gone = relay(laid(was), wanted, range(3, 3 + len(wanted)))
    return [(place.number, place.id, place.fit) for place in places], gone


def test_nothing_changed():
    assert fits(THURSDAYS) == ([(n + 3, n, Fit.SAME) for n in range(4)], [])


def test_another_hour_keeps_each():
    later = [at(one.local.date(), 18) for one in THURSDAYS]
    assert fits(later) == ([(n + 3, n, Fit.DAY) for n in range(4)], [])


def test_another_day_moves_each_in_order():
    tuesdays = [at(one.local.date() - timedelta(days=2)) for one in THURSDAYS]
    assert fits(tuesdays) == ([(n + 3, n, Fit.MOVED) for n in range(4)], [])


def test_every_other_week_keeps_those_whose_moment_is_the_same():
    wanted = [at(date(2026, 11, 26) + timedelta(weeks=2 * n)) for n in range(4)]
    assert fits(wanted) == (
        [(3, 0, Fit.SAME), (4, 2, Fit.SAME), (5, 1, Fit.MOVED), (6, 3, Fit.MOVED)],
        [],
    )


def test_more_and_fewer():
    more = [*THURSDAYS, at(date(2026, 12, 24))]
    assert fits(more)[0][-1] == (7, None, Fit.NEW)
    assert fits(THURSDAYS[1:3]) == ([(3, 1, Fit.SAME), (4, 2, Fit.SAME)], [0, 3])


def test_there_must_be_numbers():
    with pytest.raises(ValueError, match="fewer numbers"):
        relay(laid(THURSDAYS), THURSDAYS, [1, 2])


@st.composite
def rhythms(draw):
    start = datetime.combine(
        draw(st.dates(date(2026, 1, 1), date(2028, 12, 31))),
        time(draw(st.integers(0, 23)), draw(st.sampled_from([0, 30]))),
    )
    tempo = draw(st.sampled_from(TEMPOS))
    weekdays = draw(st.sets(st.integers(0, 6), max_size=3))
    rule = rule_for(tempo, start, None, weekdays=weekdays, by_date=draw(st.booleans()))
    return expand(
        start,
        draw(st.sampled_from(ZONES)),
        rule,
        draw(st.integers(15, 480)),
        limit=draw(st.integers(0, 12)),
    )


@SLOW
@given(was=rhythms(), wanted=rhythms(), first=st.integers(1, 30))
def test_any_change_of_any_rhythm(was, wanted, first):
    numbers = range(first, first + len(wanted))
    places, gone = relay(laid(was), wanted, numbers)
    # Every place that is wanted, once, by time and number.
    assert [place.occurrence for place in places] == wanted
    assert [place.number for place in places] == list(numbers)
    # Every meeting has one place, or none is left for it.
    kept = [place.id for place in places if place.id is not None]
    assert sorted([*kept, *gone]) == list(range(len(was)))
    # No meeting is dropped while another is made.
    assert not (gone and any(place.fit is Fit.NEW for place in places))
    for place in places:
        if place.id is not None:
            one = was[place.id]
            assert (place.fit is Fit.SAME) == (one.starts == place.occurrence.starts)
            if place.fit is Fit.DAY:
                assert one.local.date() == place.occurrence.local.date()
    # Whose moment is wanted still keeps it.
    both = {one.starts for one in was} & {one.starts for one in wanted}
    assert {p.occurrence.starts for p in places if p.fit is Fit.SAME} == both


@SLOW
@given(was=rhythms(), wanted=rhythms())
def test_twice_is_once(was, wanted):
    places, _gone = relay(laid(was), wanted, range(1, len(wanted) + 1))
    now_laid = [
        Laid(place.number, place.occurrence.starts, place.occurrence.local.date())
        for place in places
    ]
    again, gone = relay(now_laid, wanted, range(1, len(wanted) + 1))
    assert all(place.fit is Fit.SAME and place.id == place.number for place in again)
    assert gone == []


@SLOW
@given(
    start=st.datetimes(datetime(2026, 1, 1), datetime(2029, 1, 1)),  # noqa: DTZ001
    tempo=st.sampled_from(TEMPOS),
    by_date=st.booleans(),
    weekdays=st.sets(st.integers(0, 6), max_size=4),
)
def test_no_month_and_no_year_is_passed_over(start, tempo, by_date, weekdays):
    start = start.replace(microsecond=0, second=0)
    rule = rule_for(tempo, start, None, weekdays=weekdays, by_date=by_date)
    found = [one.local for one in expand(start, "UTC", rule, 60, limit=13)]
    assert len(found) == 13
    if tempo in ("monthly", "quarterly"):
        step = 3 if tempo == "quarterly" else 1
        months = [one.year * 12 + one.month for one in found]
        assert months == [months[0] + step * n for n in range(13)]
    if tempo == "yearly":
        assert [one.year for one in found] == [found[0].year + n for n in range(13)]
