"""Whose turn it is."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rhythms.whose_turn import Led, newcomers, next_turn, next_turns, order_of_turns

pytestmark = pytest.mark.once

calm = settings(deadline=None, max_examples=50)

SEATED = ["mei", "ana", "joel", "dov", "wiremu"]


def on(day):
    return Led(1, date(2026, 11, day))


@pytest.mark.parametrize(
    ("led", "away", "caller", "order"),
    [
        # before the first meeting the caller begins, then by seat
        ({}, [], "dov", ["dov", "mei", "ana", "joel", "wiremu"]),
        ({}, [], None, ["mei", "ana", "joel", "dov", "wiremu"]),
        ({}, [], "someone who left", ["mei", "ana", "joel", "dov", "wiremu"]),
        # a caller who can't come to it lets one pass
        ({}, ["dov"], "dov", ["mei", "dov", "ana", "joel", "wiremu"]),
        # once someone led, being the caller means nothing
        ({"mei": on(1)}, [], "mei", ["ana", "joel", "dov", "wiremu", "mei"]),
        ({"a leaver": on(1)}, [], "dov", ["dov", "mei", "ana", "joel", "wiremu"]),
        # those who never led, then whoever led longest ago; one who is away waits one meeting
        (
            {"mei": on(1), "ana": on(8), "joel": on(15)},
            ["wiremu"],
            "mei",
            ["dov", "wiremu", "mei", "ana", "joel"],
        ),
        (
            {"mei": on(1), "ana": on(8), "joel": on(15)},
            ["dov"],
            "mei",
            ["wiremu", "dov", "mei", "ana", "joel"],
        ),
        # the same day: who led less often, then by seat
        (
            {"mei": Led(2, date(2026, 11, 1)), "ana": on(1), "joel": on(1), "dov": on(1)},
            ["wiremu"],
            None,
            ["ana", "wiremu", "joel", "dov", "mei"],
        ),
        # someone new has one turn at once, not as many as the others had
        (
            {"mei": Led(6, date(2026, 11, 1)), "ana": on(15), "joel": on(8), "dov": on(22)},
            [],
            None,
            ["wiremu", "mei", "joel", "ana", "dov"],
        ),
    ],
)
def test_turns_go_round(led, away, caller, order):
    assert order_of_turns(SEATED, led, away, caller) == order
    assert next_turn(SEATED, led, away, caller) == order[0]


def test_nobody_there_nobody_leads():
    assert next_turn(SEATED, {}, away=SEATED) is None
    assert order_of_turns(SEATED, {}, away=SEATED) == SEATED
    assert next_turn([], {}) is None


@calm
@given(st.integers(2, 8), st.lists(st.sets(st.integers(0, 7), max_size=3), min_size=1, max_size=60))
def test_nobody_hosts_alone_forever(seats, meetings):
    """Over any meetings with anyone away, nobody leads twice while another is there all along."""
    seated, led, leads = list(range(seats)), {}, []
    for number, away in enumerate(meetings):
        leader = next_turn(seated, led, away, caller=0)
        leads.append(leader)
        if leader is not None:
            assert leader not in away
            times = led[leader].times if leader in led else 0
            led[leader] = Led(times + 1, date(2026, 1, 1) + timedelta(days=7 * number))
    always = [who for who in seated if not any(who in away for away in meetings)]
    for who in always:
        theirs = [number for number, leader in enumerate(leads) if leader == who]
        for sooner, later in pairwise([-1, *theirs, len(leads)]):
            between = leads[sooner + 1 : later]
            assert len(between) == len(set(between))


# ---- newcomers, opting out, and two together


def test_who_never_led_waits_since_they_sat_down():
    joined = {"mei": date(2026, 9, 1), "ana": date(2026, 9, 1), "dov": date(2026, 11, 10)}
    led = {"mei": on(5), "ana": on(12)}
    # Dov sat down after Mei led and before Ana did.
    assert order_of_turns(["mei", "ana", "dov"], led, (), None, joined) == ["mei", "dov", "ana"]


@pytest.mark.parametrize(
    ("been", "new"),
    [
        ([], set()),
        (["mei"], {"ana", "joel"}),
        (["mei", "ana", "joel"], set()),
        (["mei", "someone who left"], {"ana", "joel"}),
    ],
)
def test_at_their_first_meeting_nobody_is_asked_unless_all_are_new(been, new):
    assert newcomers(["mei", "ana", "joel"], been) == new


def test_two_together_and_fewer_where_not_so_many_can():
    led = {"mei": on(1), "ana": on(8), "joel": on(15)}
    assert next_turns(SEATED, led, together=2) == ["dov", "wiremu"]
    assert next_turns(SEATED, led, ["dov", "wiremu", "mei", "ana"], together=2) == ["joel"]
    assert next_turns(SEATED, led, SEATED, together=2) == []


def test_a_pair_alternates():
    led, leads = {}, []
    for week in range(6):
        who = next_turn(["ana", "noor"], led, caller="noor")
        led[who] = Led(1, date(2026, 1, 1) + timedelta(weeks=week))
        leads.append(who)
    assert leads == ["noor", "ana"] * 3


weeks = st.lists(
    st.tuples(
        st.sets(st.integers(0, 7), max_size=3),  # who can't come
        st.sets(st.integers(0, 7), max_size=2),  # who says that they don't lead, or do again
        st.booleans(),  # whether someone sits down
    ),
    min_size=1,
    max_size=60,
)


@calm
@given(st.integers(3, 6), st.sampled_from([1, 2]), weeks)
def test_fair_whatever_happens(founders, together, meetings):
    """Between two turns of anyone who was always there, willing and at the table, nobody led twice."""
    seated = list(range(founders))
    joined = dict.fromkeys(seated, date(2025, 12, 1))
    led, been, unwilling, leads, out = {}, set(), set(), [], []
    for number, (away, flips, one_more) in enumerate(meetings):
        day = date(2026, 1, 1) + timedelta(days=7 * number)
        if one_more and len(seated) < 8:
            joined[len(seated)] = day - timedelta(days=1)
            seated.append(len(seated))
        unwilling ^= flips
        takers = [who for who in seated if who not in unwilling]
        new = newcomers(takers, been)
        found = next_turns(takers, led, {*away, *new}, 0, joined, together)
        assert len(found) == len(set(found)) <= together
        assert not set(found) & (away | new | unwilling)
        # As many as wanted lead, as long as so many can.
        assert len(found) == min(together, len([w for w in takers if w not in away | new]))
        for who in found:
            led[who] = Led(led.get(who, Led(0, None)).times + 1, day)
        leads.append(found)
        out.append(away | unwilling | new)
        been |= {who for who in seated if who not in away}
    for who in range(founders):
        if any(who in missing for missing in out):
            continue
        theirs = [number for number, some in enumerate(leads) if who in some]
        for sooner, later in pairwise([-1, *theirs, len(leads)]):
            between = [one for some in leads[sooner + 1 : later] for one in some]
            assert len(between) == len(set(between))


@calm
@given(st.integers(2, 8), st.integers(1, 2), st.integers(1, 80))
def test_over_any_window_turns_differ_by_one(people, together, number):
    """Where nobody is away, no window of meetings has anyone lead twice more than another."""
    led, leads = {}, []
    for week in range(number):
        found = next_turns(list(range(people)), led, caller=1, together=together)
        day = date(2026, 1, 1) + timedelta(weeks=week)
        for who in found:
            led[who] = Led(led.get(who, Led(0, None)).times + 1, day)
        leads.append(found)
    for first in range(number):
        counts = dict.fromkeys(range(people), 0)
        for some in leads[first:]:
            for who in some:
                counts[who] += 1
            assert max(counts.values()) - min(counts.values()) <= 1
