"""Crews by column generation: the best set of candidate crews that don't overlap, with HiGHS.

A linear program over the candidates known so far says what each person is worth (its duals); at those
prices further candidates are grown, until none would make it better. Then its solution is made whole:
by diving, and by HiGHS' branch and bound from the best that is known. Runs only in the child process
(`crews.planning.child`), since it imports numpy and HiGHS.
"""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Final

import highspy
import numpy as np
from numpy.typing import NDArray

from crews.planning import greedy
from crews.planning.puzzle import Crew, Crews, Puzzle, score, worth

type Floats = NDArray[np.floating[Any]]
type Whole = NDArray[np.integer[Any]]

OFF: Final = np.float32(-1e7)
WORK: Final = 300_000
"""How many numbers one round of growing works on, at most."""
TINY: Final = 1e-4
AGAIN: Final = 4
"""How often all of it is done, each time from what was found so far."""


def search(puzzle: Puzzle, seed: int, left: Callable[[], float]) -> Iterator[Crews]:
    """Yield ever better crews while there are seconds left, until nothing better is to be expected.

    What is done in which order doesn't depend on the time: more of it adds to what less would find.
    """
    hand = _ByHand(puzzle, Random(seed), left)
    people = len(puzzle.slots)
    yield from hand.improve(greedy.build(puzzle, puzzle.everyone, hand.rng), min(2 * people, 300))
    if not hand.tried:
        return  # nobody can sit with enough others
    columns = _Columns(puzzle, seed, left)
    columns.add(hand.tried)
    prices = columns.shares(hand.best)
    for _again in range(AGAIN):
        has_dived, quiet = False, 0
        while quiet < 2:
            new = columns.grow(prices)
            columns.solve()
            if new < columns.most // 4 and not has_dived:
                has_dived = True
                yield from hand.improve(columns.dive(), 60)
                columns.add(hand.tried)
            if left() <= 0:
                return
            if new <= people // 10:
                # Prices that are smoothed can hide what the real ones show.
                new += columns.grow(columns.prices)
            quiet = quiet + 1 if new <= people // 20 else 0
            prices = 0.4 * prices + 0.6 * columns.prices
        columns.solve()
        yield from hand.improve(columns.dive(), 60)
        columns.add(hand.tried)
        columns.solve()
        yield from hand.improve(columns.branch(hand.best), 0)
        if left() <= 0 or columns.bound <= columns.gain(hand.best) + TINY:
            return
        yield from hand.improve(hand.best, 3 * people)
        columns.add(hand.tried)


class _ByHand:
    """Crews made whole and better by hand: the best so far, and all that were tried on the way."""

    def __init__(self, puzzle: Puzzle, rng: Random, left: Callable[[], float]) -> None:
        self.puzzle, self.rng, self.left = puzzle, rng, left
        self.best: Crews = []
        self.score = float("-inf")
        self.tried: Crews = []

    def improve(self, crews: Crews, steps: int) -> Iterator[Crews]:
        """Make crews whole and then better in so many steps; yield the best ones yet."""
        if self.left() <= 0:
            return  # what was cut short isn't what more time would have gone on from
        again, tried = iter(range(steps)), set[Crew]()

        def more() -> bool:
            return self.left() > 0 and next(again, None) is not None

        whole = greedy.complete(self.puzzle, crews)
        for better in greedy.improve(self.puzzle, whole, self.rng, more, tried):
            if (reached := score(self.puzzle, better)) > self.score + TINY:
                self.best, self.score = better, reached
                yield better
        self.tried = sorted(tried)


class _Columns:
    """The candidate crews, and the linear program over them."""

    def __init__(self, puzzle: Puzzle, seed: int, left: Callable[[], float]) -> None:
        n = len(puzzle.slots)
        self.puzzle, self.left = puzzle, left
        self.chance = np.random.default_rng(abs(seed))
        self.pairs = np.array(puzzle.pairs, np.float32)
        self.fits = _bits(puzzle.fits, n).T
        self.at = _bits(puzzle.slots, max(puzzle.slots).bit_length())
        self.size = np.array(puzzle.size) - puzzle.unplaced
        self.starts = np.argwhere(self.at)
        self.sizes = np.arange(puzzle.least, puzzle.most + 1)
        self.most = max(200, 3 * n)
        self.crews: list[Crew] = []
        self.gains: list[float] = []
        self.known: set[Crew] = set()
        self.highs = _highs(n, simplex_strategy=4, presolve="off")
        self.prices: Floats = np.zeros(n)
        self.amounts: Floats = np.zeros(0)
        self.bound = 0.0

    def add(self, crews: Crews) -> int:
        """Take crews in as candidates; return how many were new."""
        once = dict.fromkeys(tuple(sorted(crew)) for crew in crews)
        new = [crew for crew in once if crew not in self.known]
        if new:
            gains = [self.gain([crew]) for crew in new]
            _add(self.highs, new, gains)
            self.crews += new
            self.gains += gains
            self.known.update(new)
        return len(new)

    def gain(self, crews: Crews) -> float:
        """Return by how much crews are better than none."""
        return sum(worth(self.puzzle, crew) - self.puzzle.unplaced * len(crew) for crew in crews)

    def solve(self) -> None:
        """Solve the linear program from where it stood."""
        self.highs.run()
        solution = self.highs.getSolution()
        self.amounts = np.array(solution.col_value)
        self.prices = np.array(solution.row_dual)
        self.bound = self.highs.getInfo().objective_function_value

    def shares(self, crews: Crews) -> Floats:
        """Return what each person adds to the crews they are in: prices to begin with."""
        prices = np.zeros(len(self.puzzle.slots))
        for crew in crews:
            people = list(crew)
            each = self.pairs[np.ix_(people, people)].sum(1) / max(len(crew) - 1, 1)
            prices[people] = each + self.size[len(crew)]
        return prices

    def grow(self, prices: Floats) -> int:
        """Grow candidates that are worth more than their people cost, and take in the best of them,
        not too many with the same people; return how many.
        """
        grown = list(self._grown(prices.astype(np.float32)))
        if not grown:
            return 0
        above = np.concatenate([rest for _who, rest in grown])
        where = [(size, row) for size, (_who, rest) in enumerate(grown) for row in range(len(rest))]
        often = np.zeros(len(self.puzzle.slots), int)
        each = max(4, self.most * 6 // len(often))
        chosen: dict[Crew, None] = {}
        for place in np.argsort(-above, kind="stable")[: 6 * self.most]:
            size, row = where[place]
            people = grown[size][0][row]
            crew = tuple(sorted(people.tolist()))
            if crew not in self.known and crew not in chosen and often[people].min() < each:
                often[people] += 1
                chosen[crew] = None
                if len(chosen) >= self.most:
                    break
        return self.add(list(chosen))

    def _grown(self, prices: Floats) -> Iterator[tuple[Whole, Floats]]:
        """Yield candidates of one size after the other, and what each is worth above its prices.

        Each begins with a person at a time of the week, and is joined by whoever adds most, if it
        is to have so many people in the end. Where there is too much to try, chance chooses.
        """
        starts, target = self._begin()
        slots, first = self.starts[starts].T
        open_ = np.where(self.at[slots] & self.fits[first], -prices, OFF)
        near, total, cost = self.pairs[first], np.zeros(len(first), np.float32), prices[first]
        people = np.zeros((len(first), self.puzzle.most), np.int64)
        people[:, 0] = first
        for k in range(2, self.puzzle.most + 1):
            add = near * (2 / np.maximum(target - 1, 1)).astype(np.float32)[:, None] + open_
            joins = add.argmax(1)
            go_on = (add[np.arange(len(joins)), joins] > OFF / 2) & (target >= k)
            if not go_on.all():
                near, open_, total, cost, people, target, joins = (
                    part[go_on] for part in (near, open_, total, cost, people, target, joins)
                )
            total = total + near[np.arange(len(joins)), joins]
            cost = cost + prices[joins]
            people[:, k - 1] = joins
            near = near + self.pairs[joins]
            open_[~self.fits[joins]] = OFF
            if k >= self.puzzle.least:
                above = 2 * total / (k - 1) + k * self.size[k] - cost
                good = above > TINY
                yield people[good, :k], above[good]

    def _begin(self) -> tuple[Whole, Whole]:
        """Return with which starts and towards which sizes to grow."""
        starts, sizes = len(self.starts), len(self.sizes)
        fit = max(200, WORK // len(self.puzzle.slots))
        if starts * sizes <= fit:
            return np.tile(np.arange(starts), sizes), np.repeat(self.sizes, starts)
        return self.chance.integers(0, starts, fit), self.chance.choice(self.sizes, fit)

    def dive(self) -> Crews:
        """Return crews from the linear program: those that it is sure of are taken, it is solved for
        the rest, and so on.
        """
        highs, many = self.highs, len(self.crews)
        before, amounts = highs.getBasis(), self.amounts
        few = 1 + len(self.puzzle.slots) // 60
        taken: list[int] = []
        seated: set[int] = set()
        highs.setOptionValue("simplex_strategy", 1)
        while self.left() > 0:
            order = np.argsort(-amounts, kind="stable")[: len(self.puzzle.slots)]
            now: list[int] = []
            for place in order[amounts[order] > TINY].tolist():
                sure = amounts[place] > 0.5 or len(now) < few
                if sure and seated.isdisjoint(self.crews[place]):
                    now.append(place)
                    seated.update(self.crews[place])
            if not now:
                break
            taken += now
            highs.changeColsBounds(len(now), _whole(now), np.ones(len(now)), np.ones(len(now)))
            highs.run()
            amounts = np.array(highs.getSolution().col_value)
        highs.changeColsBounds(
            many, np.arange(many, dtype=np.int32), np.zeros(many), np.full(many, np.inf)
        )
        highs.setBasis(before)
        highs.setOptionValue("simplex_strategy", 4)
        return [self.crews[place] for place in taken]

    def branch(self, best: Crews) -> Crews:
        """Return the best crews of all candidates that could be part of better ones than the best, as
        far as that is found in time; never worse than the best.
        """
        if self.left() <= 0:
            return best
        known = {tuple(sorted(crew)) for crew in best}
        reached = self.gain(best)
        gains = np.array(self.gains)
        cost = np.array([self.prices[list(crew)].sum() for crew in self.crews])
        use = np.flatnonzero(gains - cost > reached - self.bound - TINY).tolist()
        use = sorted({*use, *(n for n, crew in enumerate(self.crews) if crew in known)})
        crews = [self.crews[n] for n in use]
        highs = _highs(len(self.puzzle.slots), time_limit=max(self.left(), 0.01), mip_rel_gap=1e-6)
        _add(highs, crews, [self.gains[n] for n in use])
        many = len(crews)
        highs.changeColsIntegrality(many, _whole(range(many)), np.ones(many, np.uint8))
        start = highspy.HighsSolution()
        start.col_value = [float(crew in known) for crew in crews]
        highs.setSolution(start)
        highs.run()
        amounts = highs.getSolution().col_value
        return [crew for crew, amount in zip(crews, amounts, strict=True) if amount > 0.5]


def _bits(numbers: list[int], width: int) -> NDArray[np.bool_]:
    """Return whole numbers as columns of bits, the lowest first."""
    return np.array([[n >> bit & 1 for n in numbers] for bit in range(width)], bool)


def _whole(numbers: Any) -> NDArray[np.int32]:
    return np.array(numbers, np.int32)


def _highs(people: int, **options: Any) -> highspy.Highs:
    """Return HiGHS with one row for each person, who sits in one crew at most."""
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    for name, value in {"output_flag": False, "threads": 1, **options}.items():
        highs.setOptionValue(name, value)
    highs.changeObjectiveSense(highspy.ObjSense.kMaximize)
    none = _whole([])
    highs.addRows(
        people,
        np.full(people, -np.inf),
        np.ones(people),
        0,
        _whole([0] * people),
        none,
        np.array([]),
    )
    return highs


def _add(highs: highspy.Highs, crews: list[Crew], gains: list[float]) -> None:
    """Add crews to a program; each can be taken in part until it has to be whole."""
    many, people = len(crews), _whole([person for crew in crews for person in crew])
    starts = _whole(np.cumsum([0, *(len(crew) for crew in crews[:-1])]))
    highs.addCols(
        many,
        np.array(gains),
        np.zeros(many),
        np.full(many, np.inf),
        len(people),
        starts,
        people,
        np.ones(len(people)),
    )
