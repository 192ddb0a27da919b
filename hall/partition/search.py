"""Looking for the sides: tabu search from many beginnings, crossed with what was found before.

Pure functions over a puzzle; chance comes in as `random.Random`, and the time budget as `more`,
which is asked now and then. The search goes through sides that are too large, or leave someone without a
crew, at a price that rises while it stays there and falls while it doesn't (strategic oscillation,
Glover 1989), so that crews of eight can change sides where the sizes leave no room for it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import Final

from hall.partition.puzzle import TINY, Puzzle, Sides, cost

ROUNDS: Final = 64
"""How many moves go between two looks at the time."""
KEPT: Final = 8
"""How many of the best sides others are crossed from."""
FEW: Final = 16
"""How many pieces the search begins among."""
PATIENCE: Final = 8
"""How many moves per part one search goes on without finding better."""


def search(puzzle: Puzzle, rng: Random, more: Callable[[], bool]) -> Iterator[Sides]:
    """Yield sound sides, and then ever better ones, while there is more time.

    Nothing is yielded where none is found. What is yielded has no other cost than the sides say.
    """
    kept: list[tuple[float, tuple[int, ...]]] = []
    best = float("inf")
    while more():
        walk = _Walk(puzzle, _begin(puzzle, kept, rng, more), rng)
        while walk.is_fresh and more():
            walk.go(ROUNDS)
            if walk.best_cost < best - TINY:
                best = walk.best_cost
                yield walk.best
        if walk.best:
            _keep(kept, walk.best_cost, tuple(side ^ walk.best[0] for side in walk.best))


def _keep(
    kept: list[tuple[float, tuple[int, ...]]], reached: float, sides: tuple[int, ...]
) -> None:
    """Put sides among those that are kept, the best first and none twice."""
    if all(sides != others for _cost, others in kept):
        kept.append((reached, sides))
        kept.sort()
        del kept[KEPT:]


def _begin(
    puzzle: Puzzle,
    kept: list[tuple[float, tuple[int, ...]]],
    rng: Random,
    more: Callable[[], bool],
) -> list[int]:
    """Return sides to begin with: found among few and large pieces, and carried back to the parts.

    Pieces hang together, and mostly divide no more than one or two of the best sides so far do.
    """
    way = rng.random()
    if way < 0.2 or len(puzzle.size) <= FEW:
        return _grow(puzzle, rng)
    if way < 0.5 and len(kept) > 1:
        return _cross(puzzle, kept, rng)
    agreed = [sides for _cost, sides in rng.sample(kept, min(len(kept), rng.randrange(3)))]
    levels: list[tuple[Puzzle, list[int]]] = []
    here = puzzle
    while len(here.size) > FEW and len(levels) < 8:
        coarser, piece_of = _coarser(here, agreed, rng)
        if len(coarser.size) > 0.9 * len(here.size):
            break
        levels.append((here, piece_of))
        agreed = [_carried(sides, piece_of) for sides in agreed]
        here = coarser
    sides = [*rng.choice(agreed)] if agreed and rng.random() < 0.5 else _grow(here, rng)
    for finer, piece_of in reversed(levels):
        walk = _Walk(here, sides, rng)
        walk.go(min(ROUNDS, 4 * len(sides)))
        sides = walk.best or walk.sides
        sides = [sides[piece] for piece in piece_of]
        here = finer
        if not more():
            break
    return sides if here is puzzle else _grow(puzzle, rng)


def _cross(puzzle: Puzzle, kept: list[tuple[float, tuple[int, ...]]], rng: Random) -> list[int]:
    """Return sides that keep what two of the best agree on; where they are one, a piece that hangs
    together changes sides.
    """
    one, other = (rng.choice(kept)[1] for _parent in range(2))
    if sum(a != b for a, b in zip(one, other, strict=True)) * 2 > len(one):
        other = tuple(1 - side for side in other)
    child = [a if a == b else rng.randrange(2) for a, b in zip(one, other, strict=True)]
    if one == other:
        first = rng.randrange(len(child))
        turned, edge = {first}, [first]
        while edge and len(turned) < 2 + len(child) // 8:
            for near, _weight in puzzle.near[edge.pop(rng.randrange(len(edge)))]:
                if near not in turned and rng.random() < 0.5:
                    turned.add(near)
                    edge.append(near)
        for part in turned:
            child[part] ^= 1
    return child


def _carried(sides: Sides, piece_of: Sequence[int]) -> tuple[int, ...]:
    """Return the side of each piece, which is that of all its parts."""
    return tuple(dict(sorted(zip(piece_of, sides, strict=True))).values())


def _coarser(puzzle: Puzzle, agreed: Sequence[Sides], rng: Random) -> tuple[Puzzle, list[int]]:
    """Return a puzzle of pieces, each of one or two parts that hold to each other, and the piece of
    each part. Sides that are agreed divide no piece.
    """
    order = [*range(len(puzzle.size))]
    rng.shuffle(order)
    largest = max(puzzle.people // 8, 2)
    piece_of = [-1] * len(order)
    pieces: list[list[int]] = []
    for part in order:
        if piece_of[part] < 0:
            suits = [
                (weight / puzzle.size[other] * (0.5 + rng.random()), other)
                for other, weight in puzzle.near[part]
                if piece_of[other] < 0
                and puzzle.size[part] + puzzle.size[other] <= largest
                and all(sides[part] == sides[other] for sides in agreed)
            ]
            pair = [part, max(suits)[1]] if suits else [part]
            for one in pair:
                piece_of[one] = len(pieces)
            pieces.append(pair)
    near: list[dict[int, float]] = [{} for _piece in pieces]
    for part, those in enumerate(puzzle.near):
        mine = near[piece_of[part]]
        for other, weight in those:
            piece = piece_of[other]
            if piece != piece_of[part]:
                mine[piece] = mine.get(piece, 0.0) + weight
    coarser = replace(
        puzzle,
        parts=[],
        size=[sum(puzzle.size[part] for part in piece) for piece in pieces],
        near=[[*those.items()] for those in near],
        needs={},
    )
    return coarser, piece_of


def _grow(puzzle: Puzzle, rng: Random) -> list[int]:
    """Return sides of which one has grown from somewhere along what holds it together."""
    sides = [1] * len(puzzle.size)
    goal = rng.randint(puzzle.least, max(puzzle.least, puzzle.most))
    pull = {rng.randrange(len(sides)): 1.0} if sides else {}
    many = 0
    while many < goal:
        if pull:
            part = max(pull, key=lambda one: pull[one] * (0.5 + rng.random()))
            del pull[part]
        else:
            part = rng.choice([one for one, side in enumerate(sides) if side])
        sides[part] = 0
        many += puzzle.size[part]
        for other, weight in puzzle.near[part]:
            if sides[other]:
                pull[other] = pull.get(other, 0.0) + weight
    return sides


class _Walk:
    """One tabu search: the sides where it is, and the best sound ones that it has seen."""

    def __init__(self, puzzle: Puzzle, sides: list[int], rng: Random) -> None:
        self.puzzle, self.rng, self.sides = puzzle, rng, sides
        self.best: list[int] = []
        self.best_cost = float("inf")
        self.step = self.found_at = 0
        self.until = [0] * len(sides)
        self.patience = rng.choice((4, 8, 16, 32)) * max(len(sides), 40)
        self.now = cost(puzzle, sides)
        self.many = sum(n for n, side in zip(puzzle.size, sides, strict=True) if side == 0)
        # What each part would save by changing sides.
        self.gain = [
            sum(weight if sides[part] != sides[other] else -weight for other, weight in those)
            for part, those in enumerate(puzzle.near)
        ]
        usual = max((abs(gain) for gain in self.gain), default=1.0) or 1.0
        # The price of each person too many, and of each one without a crew.
        self.per_person, self.per_need = usual / 4, usual
        self.watchers: list[list[int]] = [[] for _part in sides]
        for part, those in puzzle.needs.items():
            for other in those:
                self.watchers[other].append(part)
        self.lonely = {part for part in puzzle.needs if not self._has_crew(part)}
        # How many more would be without a crew if a part changed sides.
        self.loses = [0] * len(sides)
        for part in range(len(sides)):
            if part in puzzle.needs or self.watchers[part]:
                self.loses[part] = self._losing(part)
        self._look()

    @property
    def is_fresh(self) -> bool:
        """Whether it has found something better not long ago."""
        return self.step - self.found_at < self.patience

    def _has_crew(self, part: int) -> bool:
        side = self.sides[part]
        return any(self.sides[other] == side for other in self.puzzle.needs[part])

    def _losing(self, part: int) -> int:
        """Return how many more are without a crew once a part has changed sides."""
        needs, sides = self.puzzle.needs, self.sides
        concerned = [*self.watchers[part], *([part] if part in needs else [])]
        before = sum(one in self.lonely for one in concerned)
        sides[part] ^= 1
        after = sum(not self._has_crew(one) for one in concerned)
        sides[part] ^= 1
        return after - before

    def go(self, rounds: int) -> None:
        """Make so many moves, each the best of those that were not made just now."""
        puzzle, rng, sides = self.puzzle, self.rng, self.sides
        size, gain, loses, until = puzzle.size, self.gain, self.loses, self.until
        least, most = puzzle.least, puzzle.most
        parts = range(len(sides))
        for _round in range(rounds):
            step = self.step = self.step + 1
            many, per_person, per_need = self.many, self.per_person, self.per_need
            off_now = max(least - many, many - most, 0)
            # What better sizes, and a crew for everyone, could save at most.
            hoped = per_person * off_now + per_need * len(self.lonely)
            chosen, most_saved, ties = -1, float("-inf"), 0
            for part in parts:
                saved = gain[part]
                if saved + hoped < most_saved - TINY:
                    continue
                after = many - size[part] if sides[part] == 0 else many + size[part]
                off = least - after if after < least else after - most if after > most else 0
                saved -= per_person * (off - off_now) + per_need * loses[part]
                if saved < most_saved - TINY:
                    continue
                if until[part] > step and not (
                    off == 0
                    and len(self.lonely) + loses[part] == 0
                    and self.now - gain[part] < self.best_cost - TINY
                ):
                    continue
                if saved > most_saved + TINY:
                    chosen, most_saved, ties = part, saved, 1
                else:
                    ties += 1
                    if rng.random() * ties < 1:
                        chosen = part
            if chosen < 0:
                continue
            self._move(chosen)
            until[chosen] = step + 4 + rng.randrange(4 + len(sides) // 12)
            self._look()

    def _move(self, part: int) -> None:
        """Let a part change sides."""
        puzzle, sides, gain = self.puzzle, self.sides, self.gain
        self.now -= gain[part]
        self.many += puzzle.size[part] if sides[part] else -puzzle.size[part]
        sides[part] ^= 1
        side = sides[part]
        gain[part] = -gain[part]
        for other, weight in puzzle.near[part]:
            gain[other] += 2 * weight if sides[other] != side else -2 * weight
        concerned = {*self.watchers[part], *([part] if part in puzzle.needs else [])}
        if concerned:
            for one in concerned:
                (self.lonely.discard if self._has_crew(one) else self.lonely.add)(one)
            anew = {part, *concerned}
            for one in concerned:
                anew.update(puzzle.needs[one])
            for one in anew:
                self.loses[one] = self._losing(one)

    def _look(self) -> None:
        """Remember where it is if that is the best so far; let the prices breathe."""
        is_sized = self.puzzle.least <= self.many <= self.puzzle.most
        factor = 0.97 if is_sized else 1.04
        self.per_person = min(max(self.per_person * factor, 1e-3), 1e9)
        factor = 1.04 if self.lonely else 0.97
        self.per_need = min(max(self.per_need * factor, 1e-3), 1e9)
        if is_sized and not self.lonely and self.now < self.best_cost - TINY:
            # Counted anew, so that no rounding adds up.
            self.now = cost(self.puzzle, self.sides)
            self.best, self.best_cost, self.found_at = [*self.sides], self.now, self.step
