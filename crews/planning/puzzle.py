"""People who look for a crew, and what a crew of some of them is worth.

Pure functions over plain values: no Django, no clock. Within the engine a person is their place in
the list of people, and a set of times or of people is a whole number, one bit for each.
"""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

# For each person of a crew of 0, 1, 2 … 12: five to seven are favoured.
_OWN_SIZES: Final = (0, 0, -60, -36, -14, 0, 3, 1, -8, -16, -24, -32, -40)

type Crew = tuple[int, ...]
type Crews = list[Crew]


@dataclass(frozen=True, slots=True)
class Weights:
    """What counts for how much; the values here are the product's own.

    A crew of k people is worth k × the mean score of its pairs + k × size[k]; each person without a
    crew adds `unplaced`. Wishes count only where both have them (rule 8 of the design).
    """

    mutual: float = 45
    """For a pair in which each would like to talk with the other."""
    one_way: float = 0
    """For a pair in which one would."""
    topic: float = 8
    topics_at_most: int = 3
    slot: float = 4
    slots_at_most: int = 4
    trait: float = 3
    """For each position in which their traits differ."""
    size: Mapping[int, float] = field(default_factory=lambda: dict(enumerate(_OWN_SIZES)))
    """For each person of a crew of that many; a size that isn't named counts nothing."""
    unplaced: float = -100


@dataclass(frozen=True, slots=True)
class Person[Id: Hashable]:
    """What of someone counts when crews are put together."""

    id: Id
    slots: frozenset[str]
    topics: frozenset[str] = frozenset()
    traits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Puzzle:
    """The numbers that everything is computed from."""

    slots: list[int]
    """Of each person, the times at which they can, as bits: those that could be a crew's only."""
    pairs: list[list[float]]
    """The score of each pair, both ways round."""
    fits: list[int]
    """Of each person, those with whom they could sit: a time in common, and not kept apart."""
    least: int
    most: int
    size: list[float]
    """What each person of a crew of k counts for, at place k, up to `most`."""
    unplaced: float

    @property
    def everyone(self) -> range:
        """All people."""
        return range(len(self.slots))


def pair_score[Id: Hashable](
    one: Person[Id], other: Person[Id], wishes: int, weights: Weights
) -> float:
    """Return what two people are worth to each other; `wishes` counts who of them would like to."""
    return (
        (0, weights.one_way, weights.mutual)[wishes]
        + weights.topic * min(len(one.topics & other.topics), weights.topics_at_most)
        + weights.slot * min(len(one.slots & other.slots), weights.slots_at_most)
        + weights.trait * sum(a != b for a, b in zip(one.traits, other.traits, strict=False))
    )


def set_up[Id: Hashable](
    people: Sequence[Person[Id]],
    interest: Collection[tuple[Id, Id]] = (),
    apart: Iterable[tuple[Id, Id]] = (),
    *,
    least: int,
    most: int,
    weights: Weights,
) -> Puzzle:
    """Return the puzzle of who could sit with whom; raises KeyError for a pair with a stranger."""
    place = {person.id: number for number, person in enumerate(people)}
    slots = _slots(people)
    wishes = {(place[a], place[b]) for a, b in interest}
    kept = [0] * len(people)
    for a, b in apart:
        kept[place[a]] |= 1 << place[b]
        kept[place[b]] |= 1 << place[a]
    pairs = [[0.0] * len(people) for _person in people]
    fits = [0] * len(people)
    for i, one in enumerate(people):
        for j in range(i):
            if not one.slots.isdisjoint(people[j].slots) and not kept[i] >> j & 1:
                fits[i] |= 1 << j
                fits[j] |= 1 << i
                both = ((i, j) in wishes) + ((j, i) in wishes)
                pairs[i][j] = pairs[j][i] = float(pair_score(one, people[j], both, weights))
    return Puzzle(
        slots=slots,
        pairs=pairs,
        fits=fits,
        least=least,
        most=most,
        size=[float(weights.size.get(k, 0)) for k in range(most + 1)],
        unplaced=float(weights.unplaced),
    )


def _slots[Id: Hashable](people: Sequence[Person[Id]]) -> list[int]:
    """Return each person's times as bits, without those at which the same people can as at another,
    or fewer of them: whatever crew meets then could meet at the other.
    """
    who: dict[str, int] = {}
    for number, person in enumerate(people):
        for slot in person.slots:
            who[slot] = who.get(slot, 0) | 1 << number
    kept: list[int] = []
    for those in sorted(set(who.values()), key=lambda those: (-those.bit_count(), those)):
        if all(those & ~others for others in kept):
            kept.append(those)
    return [
        sum(1 << bit for bit, those in enumerate(kept) if those >> number & 1)
        for number in range(len(people))
    ]


def worth(puzzle: Puzzle, crew: Sequence[int]) -> float:
    """Return the score of a crew."""
    k = len(crew)
    total = sum(puzzle.pairs[i][j] for n, i in enumerate(crew) for j in crew[:n])
    return (2 * total / (k - 1) if k > 1 else 0.0) + k * puzzle.size[k]


def score(puzzle: Puzzle, crews: Crews) -> float:
    """Return the score of all crews and of those who are left."""
    left = len(puzzle.slots) - sum(map(len, crews))
    return sum(worth(puzzle, crew) for crew in crews) + puzzle.unplaced * left


def can_sit(puzzle: Puzzle, crew: Iterable[int]) -> bool:
    """Tell whether people have a time in common and nobody among them is kept from another."""
    common, others = -1, -1
    for person in crew:
        if not (others >> person & 1 and common & puzzle.slots[person]):
            return False
        common &= puzzle.slots[person]
        others &= puzzle.fits[person]
    return True


def is_sound(puzzle: Puzzle, crews: Crews) -> bool:
    """Tell whether crews keep all that has to be kept: sizes, a time in common, nobody twice."""
    seated = [person for crew in crews for person in crew]
    return len(seated) == len(set(seated)) and all(
        puzzle.least <= len(crew) <= puzzle.most and can_sit(puzzle, crew) for crew in crews
    )
