"""Who goes together, what it costs to part them, and what two sides cost.

Pure functions over plain values: no Django, no clock. Within the engine a person is their place in
the list of people. Whoever may only move together is one part; what is searched for is the side, 0
or 1, of each part.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

type Tie = tuple[int, int, float]
type Sides = Sequence[int]
"""The side of each part."""

TINY: Final = 1e-9


class NoSplit(ValueError):
    """Sides of these sizes can't be made of these crews."""


@dataclass(frozen=True, slots=True)
class Puzzle:
    """The parts, and what holds them together."""

    parts: list[list[int]]
    """The people of each part, in order."""
    size: list[int]
    """How many each part has."""
    near: list[list[tuple[int, float]]]
    """Of each part, the others it holds to, and what it costs to be parted from each."""
    needs: dict[int, list[int]]
    """Of each part that is someone in several crews: the parts that say where these crews are. They
    stay with one at least; a part that decides over a crew itself has no needs."""
    least: int
    most: int
    """How many people the first side may have; the other has the rest."""

    @property
    def people(self) -> int:
        """How many there are."""
        return sum(self.size)


def choosers(people: int, crews: Iterable[Sequence[int]]) -> list[int]:
    """Return who is in two crews or more, in order: they choose which to stay with."""
    seats = [0] * people
    for crew in crews:
        for person in crew:
            seats[person] += 1
    return [person for person in range(people) if seats[person] > 1]


def set_up(
    people: int,
    ties: Iterable[Tie],
    crews: Sequence[Sequence[int]],
    *,
    least: int,
    most: int,
    leaving_costs: float = 0,
) -> Puzzle:
    """Return the puzzle of `people` persons, numbered from 0.

    A tie is (person, person, weight); a weight is 0 or more, and several of one pair add up. Each of
    both sides has between `least` and `most` people. Those who are in exactly one crew stay with it.
    Someone in several stays with one of them at least, and pays `leaving_costs` for each other; where
    that is 0, such people bind their crews together. A crew that has only such people is on the side
    of its first.
    """
    torn = set(choosers(people, crews)) if leaving_costs else set()
    part_of = _join(people, [[one for one in crew if one not in torn] for crew in crews])
    parts: list[list[int]] = [[] for _part in range(max(part_of, default=-1) + 1)]
    for person, part in enumerate(part_of):
        parts[part].append(person)

    costs: dict[tuple[int, int], float] = {}

    def hold(one: int, other: int, weight: float) -> None:
        if one != other and weight:
            pair = (min(one, other), max(one, other))
            costs[pair] = costs.get(pair, 0.0) + weight

    for one, other, weight in ties:
        hold(part_of[one], part_of[other], weight)
    needs: dict[int, list[int]] = {part_of[person]: [] for person in torn}
    for crew in crews:
        decides = part_of[next((one for one in crew if one not in torn), crew[0])]
        for person in crew:
            if person in torn:
                hold(part_of[person], decides, leaving_costs)
                needs[part_of[person]].append(decides)
    near: list[list[tuple[int, float]]] = [[] for _part in parts]
    for (one, other), weight in costs.items():
        near[one].append((other, weight))
        near[other].append((one, weight))
    return Puzzle(
        parts=parts,
        size=[len(part) for part in parts],
        near=near,
        needs={part: sorted(set(those)) for part, those in needs.items() if part not in those},
        least=max(least, people - most),
        most=min(most, people - least),
    )


def _join(people: int, groups: Iterable[Sequence[int]]) -> list[int]:
    """Return each person's part, numbered by their first: those of a group are in one."""
    root = list(range(people))

    def find(one: int) -> int:
        while root[one] != one:
            root[one] = root[root[one]]
            one = root[one]
        return one

    for group in groups:
        for one in group[1:]:
            root[find(one)] = find(group[0])
    numbers: dict[int, int] = {}
    return [numbers.setdefault(find(one), len(numbers)) for one in range(people)]


def cost(puzzle: Puzzle, sides: Sides) -> float:
    """Return the weight of all ties between the sides, and what leaving crews costs."""
    return sum(
        weight
        for one, those in enumerate(puzzle.near)
        for other, weight in those
        if one < other and sides[one] != sides[other]
    )


def first_side(puzzle: Puzzle, sides: Sides) -> int:
    """Return how many people are on side 0."""
    return sum(size for size, side in zip(puzzle.size, sides, strict=True) if side == 0)


def is_sound(puzzle: Puzzle, sides: Sides) -> bool:
    """Tell whether both sides have the sizes that were asked for, and everyone a crew of theirs."""
    return puzzle.least <= first_side(puzzle, sides) <= puzzle.most and all(
        any(sides[other] == sides[part] for other in those) for part, those in puzzle.needs.items()
    )


def can_be(puzzle: Puzzle) -> bool:
    """Tell whether parts of these sizes add up to a side; what those in several crews need is left out."""
    sums = 1
    for size in puzzle.size:
        sums |= sums << size
    return any(sums >> many & 1 for many in range(max(puzzle.least, 0), puzzle.most + 1))
