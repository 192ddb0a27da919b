"""The engine that puts crews together: what always holds, and how good it is."""

import subprocess
from itertools import combinations, count
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crews.planning import columns, greedy, planner
from crews.planning.puzzle import (
    Person,
    Puzzle,
    Weights,
    can_sit,
    is_sound,
    pair_score,
    score,
    set_up,
    worth,
)
from tests.crews.pools import BEST_KNOWN, best_of_all, case, made_up, puzzle_of

SEED = 7


def steps(number):
    """A time budget of so many steps, whatever the time."""
    left = iter(range(number))
    return lambda: next(left, None) is not None


def left_of(number):
    """The seconds that are left, as the child asks for them: so many questions are answered."""
    left = count(number, -1)
    return lambda: float(next(left))


def last(found):
    """The last of what is yielded."""
    *_before, best = found
    return best


@st.composite
def pools(draw, most=14):
    """Puzzles of a few people with anything that may come."""
    many = draw(st.integers(0, most))
    slots = st.frozensets(st.sampled_from("abcd"), max_size=3)
    people = [
        Person(
            one,
            draw(slots),
            draw(st.frozensets(st.sampled_from("xyz"), max_size=3)),
            tuple(draw(st.lists(st.sampled_from("01"), max_size=2))),
        )
        for one in range(many)
    ]
    pairs = st.tuples(st.integers(0, max(many - 1, 0)), st.integers(0, max(many - 1, 0)))
    some = st.lists(pairs.filter(lambda pair: pair[0] != pair[1]), max_size=many * (many > 1))
    least = draw(st.integers(2, 4))
    number = st.integers(-50, 50)
    return set_up(
        people,
        draw(some),
        draw(some),
        least=least,
        most=least + draw(st.integers(0, 4)),
        weights=Weights(
            mutual=draw(number),
            one_way=draw(number),
            topic=draw(number),
            size=draw(st.dictionaries(st.integers(2, 8), number)),
            unplaced=draw(number),
        ),
    )


def check(puzzle, crews):
    """Everything that crews have to keep, seen without the engine's own eyes where that is short."""
    assert is_sound(puzzle, crews)
    loose = greedy.left(puzzle, crews)
    for crew in crews:
        if len(crew) < puzzle.most:
            assert not any(can_sit(puzzle, (*crew, one)) for one in loose)
    assert not any(can_sit(puzzle, some) for some in combinations(loose, puzzle.least))


@settings(max_examples=150, deadline=None)
@given(pools(), st.integers(0, 5))
def test_nobody_is_left_who_could_be_placed_and_all_is_sound(puzzle, seed):
    for crews in greedy.search(puzzle, Random(seed), steps(20)):
        check(puzzle, crews)


@settings(max_examples=60, deadline=None)
@given(pools(), st.integers(0, 5), st.integers(1, 40))
def test_the_same_with_columns_and_more_time_is_never_worse(puzzle, seed, time):
    short = [*columns.search(puzzle, seed, left_of(time))]
    long = [*columns.search(puzzle, seed, left_of(1000))]
    for crews in long:
        check(puzzle, crews)
    assert [score(puzzle, crews) for crews in long] == sorted(
        score(puzzle, crews) for crews in long
    )
    if short:
        assert score(puzzle, long[-1]) >= score(puzzle, short[-1]) - 1e-6


@settings(max_examples=40, deadline=None)
@given(pools(most=8))
def test_of_very_few_people_the_best_there_is(puzzle):
    # Where leaving someone out would be better, placing them goes first.
    puzzle = set_unplaced(puzzle, -10_000)
    found = score(puzzle, last(columns.search(puzzle, SEED, left_of(1000))))
    assert found == pytest.approx(best_of_all(puzzle), abs=1e-3)


def set_unplaced(puzzle, each):
    return Puzzle(
        puzzle.slots, puzzle.pairs, puzzle.fits, puzzle.least, puzzle.most, puzzle.size, each
    )


@pytest.mark.parametrize(("name", "share"), [("crews-40.json", 0.99), ("crews-90.json", 0.98)])
def test_the_cases(name, share):
    puzzle = puzzle_of(case(name))
    scores = (score(puzzle, crews) for crews in columns.search(puzzle, 0, left_of(2000)))
    assert next((found for found in scores if found >= share * BEST_KNOWN[name]), None)


@pytest.mark.parametrize("people", [8, 20, 60])
def test_pools_made_up_come_near_what_cannot_be_passed(people):
    puzzle = puzzle_of(made_up(people, SEED))
    crews = last(columns.search(puzzle, SEED, left_of(400)))
    check(puzzle, crews)
    by_hand = last(greedy.search(puzzle, Random(SEED), steps(1000)))
    assert score(puzzle, crews) >= score(puzzle, by_hand) - 0.01 * abs(score(puzzle, by_hand))


def test_the_same_seed_gives_the_same():
    puzzle = puzzle_of(made_up(24, SEED))
    assert [*columns.search(puzzle, 3, left_of(200))] == [*columns.search(puzzle, 3, left_of(200))]
    one, other = (last(greedy.search(puzzle, Random(3), steps(50))) for _time in "ab")
    assert one == other


def test_what_a_pair_and_a_crew_are_worth():
    weights = Weights(mutual=45, one_way=15, topic=8, slot=4, trait=3, size={3: -8}, unplaced=-40)
    a = Person("a", frozenset("123456"), frozenset("uvwxy"), ("0", "1", "2"))
    b = Person("b", frozenset("12345"), frozenset("uvwx"), ("0", "2", "1"))
    assert pair_score(a, b, 2, weights) == 45 + 3 * 8 + 4 * 4 + 2 * 3
    assert pair_score(a, b, 1, weights) == 15 + 3 * 8 + 4 * 4 + 2 * 3
    c, d = Person("c", frozenset("1")), Person("d", frozenset("9"))
    puzzle = set_up([a, b, c, d], [("a", "b"), ("b", "a")], least=3, most=8, weights=weights)
    assert worth(puzzle, (0, 1, 2)) == 3 * (91 + 4 + 4) / 3 + 3 * -8
    assert score(puzzle, [(0, 1, 2)]) == worth(puzzle, (0, 1, 2)) - 40
    assert not can_sit(puzzle, (0, 1, 3))


def test_apart_is_kept_both_ways_round():
    people = [Person(one, frozenset("t")) for one in range(4)]
    for pair in ((0, 1), (1, 0)):
        puzzle = set_up(people, apart=[pair], least=3, most=4, weights=Weights())
        crews = last(greedy.search(puzzle, Random(0), steps(20)))
        assert [len(crew) for crew in crews] == [3]
        assert not set(pair) <= set(crews[0])


def test_what_the_product_favours_are_five_to_seven():
    people = [Person(one, frozenset("t"), frozenset("x")) for one in range(36)]
    puzzle = set_up(people, least=3, most=8, weights=Weights())
    assert {len(crew) for crew in last(greedy.search(puzzle, Random(0), steps(300)))} == {6}


def test_without_the_child_the_answer_comes_all_the_same(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(planner, "ROOT", tmp_path)
    puzzle = puzzle_of(made_up(20, SEED))
    check(puzzle, planner.plan(puzzle, seconds=0.5, seed=0))
    assert "without HiGHS" in caplog.text


@pytest.mark.parametrize("line", ["", "[[0, 1", "[[0, 0, 0]]", "[[0]]"])
def test_what_a_child_says_is_checked(line, tmp_path, monkeypatch):
    child = tmp_path / "crews" / "planning"
    child.mkdir(parents=True)
    (child / "child.py").write_text(f"print({line!r})")
    monkeypatch.setattr(planner, "ROOT", tmp_path)
    puzzle = puzzle_of(made_up(9, SEED))
    check(puzzle, planner.plan(puzzle, seconds=0.2, seed=0))


def test_the_child_is_gone_in_the_end(monkeypatch):
    children = []

    class Kept(subprocess.Popen):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            children.append(self)

    monkeypatch.setattr(planner.subprocess, "Popen", Kept)
    puzzle = puzzle_of(made_up(40, SEED))
    check(puzzle, planner.plan(puzzle, seconds=0.3, seed=0))
    assert [child.returncode is None for child in children] == [False]
