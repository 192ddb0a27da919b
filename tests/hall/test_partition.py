"""The engine that divides a congregation: what always holds, and how good it is."""

from itertools import count, product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hall.partition.planner import plan
from hall.partition.puzzle import NoSplit, can_be, choosers, cost, is_sound, set_up
from hall.partition.search import search
from tests.hall.congregations import MADE_UP, PROVEN, case, made_up, puzzle_of

pytestmark = pytest.mark.once


def steps(number):
    """A time budget of so many looks at the time, whatever the time."""
    left = count(number, -1)
    return lambda: next(left) > 0


@st.composite
def congregations(draw):
    """A few people with anything that may come, as `set_up` takes it."""
    people = draw(st.integers(2, 9))
    person = st.integers(0, people - 1)
    pair = st.tuples(person, person).filter(lambda two: two[0] != two[1])
    crews = st.lists(st.lists(person, min_size=1, max_size=4, unique=True), max_size=4)
    least = draw(st.integers(1, people // 2))
    return {
        "people": people,
        "ties": [(*two, draw(st.integers(0, 9))) for two in draw(st.lists(pair, max_size=14))],
        "crews": draw(crews),
        "least": least,
        "most": draw(st.integers(people - people // 2, people - least)),
        "leaving_costs": draw(st.sampled_from([0, 3, 14])),
    }


def price(of, sides):
    """What sides of people cost, told as the design tells it; None where they may not be."""
    sizes = [sides.count(0), sides.count(1)]
    if not all(of["least"] <= size <= of["most"] for size in sizes):
        return None
    seats = {one: [c for c in of["crews"] if one in c] for one in range(of["people"])}
    if not of["leaving_costs"]:
        if any(len({sides[one] for one in crew}) > 1 for crew in of["crews"]):
            return None
        left = 0
    else:
        place = []
        for crew in of["crews"]:
            only = [one for one in crew if len(seats[one]) == 1]
            if len({sides[one] for one in only}) > 1:
                return None
            place.append(sides[(only or crew)[0]])
        at = [
            [place[n] == sides[one] for n, crew in enumerate(of["crews"]) if one in crew]
            for one in range(of["people"])
        ]
        if any(stays and not any(stays) for stays in at):
            return None
        left = sum(stays.count(False) for stays in at)
    torn = sum(weight for one, other, weight in of["ties"] if sides[one] != sides[other])
    return torn + left * of["leaving_costs"]


def people_of(puzzle, sides):
    """The side of each person."""
    return [
        side
        for _person, side in sorted(
            (person, side)
            for part, side in zip(puzzle.parts, sides, strict=True)
            for person in part
        )
    ]


@settings(max_examples=120, deadline=None)
@given(congregations(), st.integers(0, 3))
def test_of_few_people_the_best_there_is_and_none_where_there_is_none(of, seed):
    prices = (price(of, list(sides)) for sides in product((0, 1), repeat=of["people"]))
    best = min((one for one in prices if one is not None), default=None)
    puzzle = set_up(of.pop("people"), **of)
    of["people"] = puzzle.people
    found = [*search(puzzle, Random(seed), steps(120))]
    costs = [cost(puzzle, sides) for sides in found]
    assert costs == sorted(costs, reverse=True)
    for sides, reached in zip(found, costs, strict=True):
        assert is_sound(puzzle, sides)
        assert price(of, people_of(puzzle, sides)) == pytest.approx(reached)
    assert (costs[-1] if costs else None) == (None if best is None else pytest.approx(best))
    assert best is None or can_be(puzzle)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", PROVEN)
def test_the_proven_optimum_of_each_case(name, seed):
    puzzle = puzzle_of(case(name))
    found = search(puzzle, Random(seed), steps(2000))
    assert any(cost(puzzle, sides) <= PROVEN[name] + 1e-9 for sides in found)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("people", "made", "given", "best", "bound"), MADE_UP)
def test_within_two_percent_of_what_an_exact_solver_finds(people, made, given, best, bound, seed):
    puzzle = puzzle_of(made_up(people, made, **given))
    found = search(puzzle, Random(seed), steps(1200))
    reached = next(
        (cost(puzzle, sides) for sides in found if cost(puzzle, sides) <= 1.02 * best), None
    )
    assert reached is not None
    assert reached >= bound - 1e-6


def test_the_same_seed_gives_the_same():
    puzzle = puzzle_of(made_up(60, 1))
    one, other = ([*search(puzzle, Random(7), steps(60))] for _time in range(2))
    assert one == other


def test_crews_of_one_person_each_and_people_in_none():
    assert choosers(4, [[0, 1], [1, 2]]) == [1]
    puzzle = set_up(4, [(0, 3, 5)], [[0], [1]], least=2, most=2)
    assert [*map(len, puzzle.parts)] == [1, 1, 1, 1]
    *_before, sides = search(puzzle, Random(0), steps(20))
    assert cost(puzzle, sides) == 0


@pytest.mark.parametrize(
    "crews",
    [
        # Eight and two don't make two sides of five.
        [[0, 1, 2, 3, 4, 5, 6, 7], [8, 9]],
        # All of them hang together.
        [[0, 1, 2, 3], [3, 4, 5, 6], [6, 7, 8, 9]],
    ],
)
def test_what_can_not_be_is_said_at_once(crews):
    with pytest.raises(NoSplit):
        plan(set_up(10, [], crews, least=5, most=5), seconds=60, seed=0)


def test_a_crew_of_those_who_are_in_others_too_is_where_its_first_is():
    # 0–2 and 3–5 are two crews; 2 and 3 are one as well. Whoever goes, one seat is given up.
    puzzle = set_up(6, [], [[0, 1, 2], [3, 4, 5], [2, 3]], least=3, most=3, leaving_costs=14)
    *_before, sides = search(puzzle, Random(0), steps(50))
    assert cost(puzzle, sides) == 14
