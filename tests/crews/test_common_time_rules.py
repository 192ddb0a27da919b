"""A recurring time for a circle: checked on every date of its cycle, by everyone's own clock."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from crews.common_time import Could, common_times
from crews.dates import dates
from crews.rules import Free

ALWAYS = tuple(Free(day, 0, 1440) for day in range(7))
EVENINGS = tuple(Free(day, 18 * 60, 22 * 60) for day in range(7))
ZONES = ["Pacific/Auckland", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "UTC"]
CYCLE = {"tempo": "weekly", "times": 6, "minutes": 90}


def of(people, zone="Europe/Berlin", after=date(2026, 10, 5), **more):
    return common_times(people, zone=zone, after=after, **(CYCLE | more))


def lies_in(times, start, minutes, zone):
    """Whether each minute of a meeting lies in free time, counted one by one."""
    for minute in range(minutes):
        local = (start + timedelta(minutes=minute)).astimezone(ZoneInfo(zone))
        at = local.hour * 60 + local.minute
        if not any(t.weekday == local.weekday() and t.begins <= at < t.ends for t in times):
            return False
    return True


def check(slot, people, zone, cycle):
    """Count, minute by minute, how many can't and how many could only if need be."""
    need = cant = 0
    for one in people:
        every = [
            datetime.combine(on, slot.at, ZoneInfo(zone)).astimezone(UTC)
            for on in dates(slot.first, cycle["tempo"], cycle["times"])
        ]
        free = all(lies_in(one.free, start, cycle["minutes"], one.zone) for start in every)
        could = (*one.free, *one.if_need_be)
        able = all(lies_in(could, start, cycle["minutes"], one.zone) for start in every)
        need += able and not free
        cant += not able
    return need, cant


def test_nobody_and_nothing_in_common():
    assert of([]) == []
    assert of([Could("UTC", ALWAYS), Could("UTC")]) == []


def test_evenings_of_all_are_proposed_at_full_hours_one_a_day():
    slots = of([Could("Europe/Berlin", EVENINGS)] * 3)
    assert [(slot.first.weekday(), slot.at) for slot in slots] == [
        (1, time(18)),
        (2, time(18)),
        (3, time(18)),
        (4, time(18)),
        (5, time(18)),
    ]


def test_who_could_only_if_need_be_comes_after_who_is_free():
    free = Could("UTC", (Free(1, 600, 720), Free(3, 600, 720)))
    need = Could("UTC", (Free(3, 600, 720),), (Free(1, 600, 720),))
    slots = of([free, need], zone="UTC", minutes=120)
    assert [(slot.first.weekday(), slot.if_need_be) for slot in slots] == [(3, 0), (1, 1)]


def test_a_clock_change_within_the_cycle_takes_a_time_away():
    # Auckland goes forward on 27 September, Berlin back on 25 October: what fits before doesn't after.
    there = Could("Pacific/Auckland", (Free(2, 7 * 60, 8 * 60),))
    here = Could("Europe/Berlin", (Free(1, 20 * 60, 21 * 60), Free(1, 19 * 60, 20 * 60)))
    assert of([there, here], minutes=60, times=2, after=date(2026, 10, 4))
    assert not of([there, here], minutes=60, times=6, after=date(2026, 10, 4))
    wider = Could("Pacific/Auckland", (Free(2, 7 * 60, 9 * 60),))
    (slot,) = of([wider, here], minutes=60, times=6, after=date(2026, 10, 4), n=1)
    assert slot.clock_changes


def test_what_runs_on_past_midnight_and_past_the_week_is_whole():
    late = (Free(6, 23 * 60, 1440), Free(0, 0, 60))
    (slot,) = of([Could("UTC", late)], zone="UTC", minutes=120)
    assert (slot.first.weekday(), slot.at) == (6, time(23))


frees = st.builds(
    lambda day, begin, length: Free(day, begin * 15, min(begin * 15 + length * 30, 1440)),
    st.integers(0, 6),
    st.integers(0, 90),
    st.integers(1, 16),
)
somebody = st.builds(
    Could,
    st.sampled_from(ZONES),
    st.lists(frees, max_size=12).map(tuple),
    st.lists(frees, max_size=6).map(tuple),
)
cycles = st.fixed_dictionaries(
    {
        "tempo": st.sampled_from(["weekly", "fortnightly", "monthly"]),
        "times": st.integers(2, 6),
        "minutes": st.sampled_from([15, 45, 60, 90, 120]),
    }
)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(somebody, min_size=1, max_size=3),
    st.sampled_from(ZONES),
    st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    cycles,
    st.integers(0, 1),
)
def test_each_proposal_holds_minute_by_minute_and_in_any_order(people, zone, after, cycle, missing):
    slots = common_times(people, zone=zone, after=after, missing=missing, **cycle)
    for slot in slots:
        assert (slot.if_need_be, slot.cant) == check(slot, people, zone, cycle)
        assert slot.cant <= missing
        assert after < slot.first <= after + timedelta(days=7)
    assert slots == common_times(people[::-1], zone=zone, after=after, missing=missing, **cycle)
    # Whoever gets more free time makes nothing worse.
    freer = [Could(people[0].zone, ALWAYS), *people[1:]]
    best = common_times(freer, zone=zone, after=after, missing=missing, **cycle)
    if slots:
        assert (best[0].cant, best[0].if_need_be) <= (slots[0].cant, slots[0].if_need_be)
