"""The order of the pool, whom it suggests, and its filters."""

import random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from congregation.words import fold
from crews.ranking import CardFacts, matches, order_pool, suggest

calm = settings(deadline=None, max_examples=50)
DAYS = [(day * 1440, day * 1440 + 120) for day in range(7)]


def named(*topics):
    return {fold(topic): topic for topic in topics}


ME = CardFacts("me", free=tuple(DAYS), topics=named("Rivers", "repair", "cello"))


def card(name, times=0, *topics, **fields):
    return CardFacts(name, free=tuple(DAYS[:times]), topics=named(*topics), **fields)


def test_most_shared_times_first_then_topics():
    others = [
        card("c", 1, "repair"),
        card("b", 2, "repair"),
        card("d", 1, "repair", "RIVERS"),
        card("a", 0, "repair", "cello", "rivers"),
    ]
    order = order_pool(ME, others, "seed")
    assert [item.id for item in order] == ["b", "d", "c", "a"]
    assert [len(item.shared_slots) for item in order] == [2, 1, 1, 0]
    assert order[1].shared_topics == ("RIVERS", "repair")
    assert not any(item.is_different for item in order)


def test_three_times_are_enough_and_half_an_hour_is_none():
    every_day = card("every day", 7, "repair")
    three = card("three", 3, "repair", "rivers")
    short = CardFacts("short", free=tuple((begin, begin + 59) for begin, _end in DAYS))
    order = order_pool(ME, [short, every_day, three], "seed")
    assert [item.id for item in order] == ["three", "every day", "short"]
    assert order[2].shared_slots == ()


def test_every_fourth_is_a_different_voice():
    alike = [card(f"alike {n}", 3, "repair") for n in range(12)]
    different = [card(f"different {n}", 1, "bees") for n in range(2)]
    stranger = card("no time at all", 0, "bees")
    order = order_pool(ME, [stranger, *different, *alike], "seed")
    voices = [position for position, item in enumerate(order, 1) if item.is_different]
    assert voices == [4, 8]
    assert {order[3].id, order[7].id} == {"different 0", "different 1"}
    assert order[-1].id == "no time at all"


def test_without_topics_of_ones_own_nobody_is_different():
    me = CardFacts("me", free=tuple(DAYS))
    order = order_pool(me, [card(n, n % 4, "bees") for n in range(8)], "seed")
    assert not any(item.is_different for item in order)


def test_equals_are_shuffled_differently_for_each_viewer_and_alike_every_time():
    others = [card(UUID(int=n), 1, "repair") for n in range(20)]
    orders = set()
    for viewer in range(30):
        order = [item.id for item in order_pool(ME, others, f"viewer {viewer}")]
        shuffled = random.Random(viewer).sample(others, 20)
        assert [item.id for item in order_pool(ME, shuffled, f"viewer {viewer}")] == order
        orders.add(tuple(order))
    assert len(orders) == 30


cards = st.lists(
    st.builds(
        card,
        st.integers(0, 10**6),
        st.integers(0, 5),
        st.sampled_from(["rivers", "repair", "bees", "Bees", "singing"]),
    ),
    max_size=60,
    unique_by=lambda one: one.id,
)


def could_differ(item):
    return bool(item.shared_slots and not item.shared_topics)


@calm
@given(cards, st.text(max_size=5))
def test_what_holds_of_every_order(others, seed):
    order = order_pool(ME, others, seed)
    assert sorted(item.id for item in order) == sorted(one.id for one in others)
    for position, item in enumerate(order, 1):
        if item.is_different:
            assert position % 4 == 0
        if position % 4 == 0:
            assert item.is_different or not any(map(could_differ, order[position - 1 :]))
        assert item.is_different <= could_differ(item)
    rest = [item for item in order if not item.is_different]
    ranks = [(-min(len(item.shared_slots), 3), -len(item.shared_topics)) for item in rest]
    assert ranks == sorted(ranks)


# --- Suggestions ----------------------------------------------------------------------------------


def crowd(many):
    topics = ["repair", "rivers", "bees", "money"]
    return [card(UUID(int=n), n % 5, topics[n % 4]) for n in range(many)]


@calm
@given(cards, st.text(max_size=5), st.integers(700_000, 800_000), st.sets(st.integers(0, 10**6)))
def test_what_holds_of_every_suggestion(others, seed, day, not_these):
    today = suggest(ME, others, not_these, seed, day)
    assert today == suggest(ME, list(reversed(others)), not_these, seed, day)
    ids = [item.id for item in today]
    assert len(ids) == len(set(ids)) <= 3
    assert not set(ids) & not_these
    tomorrow = {item.id for item in suggest(ME, others, not_these, seed, day + 1)}
    assert not set(ids) & tomorrow, "nobody twice in a row"
    for item in today:
        assert item.shared_slots or item.shared_topics
        assert item.is_different is could_differ(item)


@pytest.mark.parametrize("many", [9, 30, 60, 200])
def test_nobody_comes_on_two_days_running_however_the_pool_changes(many):
    everyone, before = crowd(many), set()
    for day in range(740_000, 740_040):
        here = random.Random(day).sample(everyone, many - day % 7)
        today = {item.id for item in suggest(ME, here, (), "me", day)}
        assert not today & before
        before = today


def test_whoever_looks_in_once_a_week_meets_others_each_time():
    everyone = crowd(200)
    weeks = [suggest(ME, everyone, (), "me", 740_000 + 7 * week) for week in range(16)]
    seen = [item.id for week in weeks for item in week]
    assert len(seen) == len(set(seen)) == 48


def test_one_in_four_is_a_different_voice():
    days = [suggest(ME, crowd(400), (), "me", day) for day in range(740_000, 740_016)]
    suggested = [item for day in days for item in day]
    assert len(suggested) == 48
    assert [at for at, item in enumerate(suggested) if item.is_different] == list(range(0, 48, 4))
    rest = [item for item in suggested if not item.is_different]
    assert all(item.shared_topics for item in rest)


def test_where_nobody_shares_a_topic_there_is_one_voice_a_day():
    others = [card(UUID(int=n), 2, "money") for n in range(30)]
    days = [suggest(ME, others, (), "me", day) for day in range(740_000, 740_008)]
    assert [len(day) for day in days] == [1] * 8
    assert all(item.is_different for day in days for item in day)


def test_who_shares_nothing_is_not_suggested_and_leaving_out_moves_nobody():
    nothing = [card(UUID(int=n), 0, "bees") for n in range(20)]
    assert suggest(ME, nothing, (), "me", 740_000) == []
    everyone = crowd(200)
    first, *rest = suggest(ME, everyone, (), "me", 740_001)
    again = suggest(ME, everyone, {first.id}, "me", 740_001)
    assert {item.id for item in rest} < {item.id for item in again}


# --- Filters --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("filters", "passes"),
    [
        ({}, True),
        ({"kinds": ["pod", "house"]}, True),
        ({"kinds": ["house"]}, False),
        ({"tempos": ["weekly"]}, True),
        ({"tempos": ["monthly"]}, False),
        ({"topics": ["rivers", "bees"]}, True),
        ({"topics": ["bees"]}, False),
        ({"place": "online"}, False),
        ({"place": "place"}, True),
        ({"place": "either"}, True),
        ({"mine": [(0, 100), (500, 600)], "least_slots": 1}, True),
        ({"mine": [(0, 100), (500, 600)], "least_slots": 2}, False),
        ({"mine": [(0, 100), (500, 600)], "least_slots": 2, "minutes": 30}, True),
        ({"mine": [(0, 100), (500, 600)], "least_slots": 1, "minutes": 120}, False),
        ({"mine": [(0, 59)], "least_slots": 1}, False),
        ({"least_slots": 1}, False),
        ({"kinds": ["pod"], "tempos": ["weekly"], "place": "place"}, True),
        ({"kinds": ["house"], "tempos": ["weekly"]}, False),
    ],
)
def test_filters(filters, passes):
    tama = CardFacts(
        "tama",
        free=((0, 120), (559, 700)),
        topics=named("Rivers"),
        kinds=frozenset({"pod"}),
        tempos=frozenset({"weekly", "fortnightly"}),
        place="place",
    )
    assert matches(tama, **filters) is passes


def test_someone_who_takes_either_place_meets_in_both():
    anywhere = CardFacts("anywhere", place="either")
    assert matches(anywhere, place="online")
    assert matches(anywhere, place="place")
