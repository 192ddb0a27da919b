"""Crews by hand: put together greedily, then a few taken apart and put together anew, as time allows.

Pure functions over a puzzle; chance comes in as `random.Random`, and the time budget as `more`, which
is asked before each step. What comes out is sound whenever it is stopped.
"""

from collections.abc import Callable, Iterable, Iterator
from random import Random

from crews.planning.puzzle import Crew, Crews, Puzzle, can_sit, score, worth


def search(puzzle: Puzzle, rng: Random, more: Callable[[], bool]) -> Iterator[Crews]:
    """Yield crews at once, and then ever better ones while there is more time."""
    yield from improve(puzzle, complete(puzzle, build(puzzle, puzzle.everyone, rng)), rng, more)


def improve(
    puzzle: Puzzle,
    crews: Crews,
    rng: Random,
    more: Callable[[], bool],
    tried: set[Crew] | None = None,
) -> Iterator[Crews]:
    """Yield crews and then ever better ones, while there is more time.

    It also goes on from crews that are a little worse, and less so the longer it goes on. Each single
    crew that is tried on the way is put into `tried`.
    """
    tried = set() if tried is None else tried
    tried.update(crews)
    now, value = crews, score(puzzle, crews)
    best, slack = value, 0.01 * abs(value) + 1
    yield now
    while more():
        trial = _anew(puzzle, now, rng)
        tried.update(trial)
        reached = score(puzzle, trial)
        if reached > value - slack * rng.random() ** 3:
            now, value = trial, reached
        slack *= 0.998
        if value > best + 1e-9:
            best = value
            yield now


def _anew(puzzle: Puzzle, crews: Crews, rng: Random) -> Crews:
    """Return crews of which a few that have to do with each other were put together anew."""
    if not crews:
        return complete(puzzle, build(puzzle, puzzle.everyone, rng))
    first = rng.choice(crews)
    liked = puzzle.pairs[rng.choice(first)]
    near = sorted(
        (-rng.random() * sum(liked[i] for i in crew) / len(crew), crew)
        for crew in crews
        if crew is not first
    )
    apart = {first, *(crew for _order, crew in near[: rng.randint(1, 3)])}
    loose = left(puzzle, crews)
    free = [person for crew in sorted(apart) for person in crew]
    free += rng.sample(loose, min(len(loose), 6))
    made = settle(puzzle, build(puzzle, free, rng))
    return complete(puzzle, [crew for crew in crews if crew not in apart] + made)


def left(puzzle: Puzzle, crews: Crews) -> list[int]:
    """Return those who have no crew."""
    seated = {person for crew in crews for person in crew}
    return [person for person in puzzle.everyone if person not in seated]


def build(puzzle: Puzzle, people: Iterable[int], rng: Random) -> Crews:
    """Return crews of some people, each begun by someone and grown by whoever suits it best."""
    # Whoever has few to sit with comes first, by and large.
    order = sorted((puzzle.fits[i].bit_count() * (0.3 + rng.random()), i) for i in people)
    free = {person for _order, person in order}
    crews: Crews = []
    for _order, person in order:
        if person in free and (crew := _grow(puzzle, person, free, rng)):
            crews.append(crew)
            free.difference_update(crew)
    return crews


def _grow(puzzle: Puzzle, first: int, free: set[int], rng: Random) -> Crew:
    """Return the best crew that grows from one person among those who are free, or none."""
    pairs, slots, fits = puzzle.pairs, puzzle.slots, puzzle.fits
    crew, common, total = [first], slots[first], 0.0
    near = {i: pairs[first][i] for i in sorted(free) if fits[first] >> i & 1}
    best, most = 0, float("-inf")
    while near and len(crew) < puzzle.most:
        joins = max(near, key=lambda i: near[i] * (0.8 + 0.4 * rng.random()))
        total += near[joins]
        crew.append(joins)
        common &= slots[joins]
        k = len(crew)
        each = 2 * total / (k - 1) / k + puzzle.size[k] + 5 * rng.random()
        if k >= puzzle.least and each > most:
            best, most = k, each
        row, fit = pairs[joins], fits[joins]
        near = {
            i: so_far + row[i] for i, so_far in near.items() if fit >> i & 1 and slots[i] & common
        }
    return tuple(crew[:best])


def settle(puzzle: Puzzle, crews: Crews) -> Crews:
    """Return crews after moves and swaps of single people between two of them, as long as each makes
    the whole better.
    """
    crews = list(crews)
    pairs = [(a, b) for a in range(len(crews)) for b in range(a)]
    while pairs:
        a, b = pairs.pop()
        if better := _trade(puzzle, crews[a], crews[b]):
            crews[a], crews[b] = better
            again = [(x, y) for x in range(len(crews)) for y in range(x) if {x, y} & {a, b}]
            pairs = [pair for pair in pairs if pair not in again] + again
    return crews


def _trade(puzzle: Puzzle, one: Crew, other: Crew) -> tuple[Crew, Crew] | None:
    """Return the best that a move or a swap makes of two crews; None where none makes it better."""
    pairs = puzzle.pairs
    best, made = 1e-9, None
    inside = {i: sum(pairs[i][j] for j in crew) for crew in (one, other) for i in crew}
    across = {i: sum(pairs[i][j] for j in other) for i in one}
    across |= {j: sum(pairs[j][i] for i in one) for j in other}
    h, k = len(one), len(other)
    now_one, now_other = sum(inside[i] for i in one) / 2, sum(inside[j] for j in other) / 2

    def value(total: float, size: int) -> float:
        return (2 * total / (size - 1) if size > 1 else 0.0) + size * puzzle.size[size]

    now = value(now_one, h) + value(now_other, k)
    for here, there, total, joined, is_turned in (
        (one, other, now_one, now_other, False),
        (other, one, now_other, now_one, True),
    ):
        if len(here) > puzzle.least and len(there) < puzzle.most:
            for i in here:
                gain = value(total - inside[i], len(here) - 1) - now
                gain += value(joined + across[i], len(there) + 1)
                if gain > best and can_sit(puzzle, grown := (*there, i)):
                    best, shrunk = gain, tuple(x for x in here if x != i)
                    made = (grown, shrunk) if is_turned else (shrunk, grown)
    for i in one:
        for j in other:
            twice = pairs[i][j]
            gain = value(now_one - inside[i] + across[j] - twice, h) - now
            gain += value(now_other - inside[j] + across[i] - twice, k)
            if gain > best:
                mine = tuple(j if x == i else x for x in one)
                theirs = tuple(i if x == j else x for x in other)
                if can_sit(puzzle, mine) and can_sit(puzzle, theirs):
                    best, made = gain, (mine, theirs)
    return made


def complete(puzzle: Puzzle, crews: Crews) -> Crews:
    """Return crews in which nobody is left who could be placed: not at one of these tables, and not
    with others who are left at a table of their own, even where the score would be the less for it.
    """
    crews = list(crews)
    loose = left(puzzle, crews)
    while loose:
        joins = [
            (worth(puzzle, grown) - worth(puzzle, crew), grown, crew)
            for crew in crews
            if len(crew) < puzzle.most
            for i in loose
            if can_sit(puzzle, grown := (*crew, i))
        ]
        fresh = max(_tables(puzzle, loose), default=None)
        if joins and (fresh is None or max(joins)[0] >= fresh[0]):
            _gain, grown, crew = max(joins)
            crews[crews.index(crew)] = grown
            loose.remove(grown[-1])
        elif fresh is not None:
            crews.append(fresh[1])
            loose = [i for i in loose if i not in fresh[1]]
        else:
            break
    return crews


def _tables(puzzle: Puzzle, loose: list[int]) -> Iterator[tuple[float, Crew]]:
    """Yield a least crew for each of those who are left with whom some of the others could sit."""
    for i in loose:
        others = [j for j in loose if puzzle.fits[i] >> j & 1]
        others.sort(key=lambda j: -puzzle.pairs[i][j])
        if crew := _least(puzzle, (i,), others):
            yield worth(puzzle, crew), crew


def _least(puzzle: Puzzle, crew: Crew, others: list[int]) -> Crew | None:
    """Return a least crew of some who can sit and of others, in their order; None if there is none."""
    if len(crew) >= puzzle.least:
        return crew
    for n, j in enumerate(others):
        if can_sit(puzzle, grown := (*crew, j)) and (
            found := _least(puzzle, grown, others[n + 1 :])
        ):
            return found
    return None
