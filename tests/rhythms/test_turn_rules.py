"""Whose turn it is."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rhythms.whose_turn import Led, next_turn, order_of_turns

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
