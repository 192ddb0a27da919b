"""The order in which people see each other in the pool, whom it suggests, and what its filters let pass.

Pure functions over plain values: no Django, no clock. Times are stretches of a UTC week (`crews.rules`).
"""

import hashlib
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from crews.rules import SLOT, Stretch, shared, slots_of_at_least

type Place = Literal["", "place", "online", "either"]


@dataclass(frozen=True, slots=True)
class CardFacts[Id: Hashable]:
    """What of someone's card counts for order and filters: only what everyone in the pool reads."""

    id: Id
    free: tuple[Stretch, ...] = ()
    """Their free time as a UTC week."""
    topics: Mapping[str, str] = field(default_factory=dict)
    """The topics as they were written, by how they read folded."""
    kinds: frozenset[str] = frozenset()
    tempos: frozenset[str] = frozenset()
    place: Place = "either"


@dataclass(frozen=True, slots=True)
class Ranked[Id: Hashable]:
    """Someone's place in the order that one viewer sees, and what it rests on."""

    id: Id
    shared_slots: tuple[Stretch, ...]
    """The stretches of a UTC week in which both are free for an hour and more."""
    shared_topics: tuple[str, ...]
    is_different: bool
    """Whether they stand here as the different voice: time in common, no topic."""


ENOUGH: Final = 3
"""So many times of a week are enough; more of them bring nobody further forward."""
SUGGESTED: Final = 3
"""How many people are suggested on a day."""


def order_pool[Id: Hashable](
    me: CardFacts[Id], others: Sequence[CardFacts[Id]], seed: str
) -> list[Ranked[Id]]:
    """Return the others in the order in which `me` sees them.

    Whoever shares most free times comes first, three being enough, then most topics (whatever their
    spelling's case and accents), then by a shuffle that `seed` fixes, so that a place tells nothing else.
    Every fourth is a different voice, who shares free time and no topic, where there is one. Only cards
    count: who would like to talk with whom is not among the arguments (rule 8 of the design).
    """
    ordinary = _compared(me, others, seed)
    # Someone who names no topic has none that a voice could differ from.
    different = [item for item in ordinary if _differs(item, me)]
    ordinary.sort(key=lambda item: (-_times(item), -len(item.shared_topics)))

    order: list[Ranked[Id]] = []
    placed: set[Id] = set()
    for position in range(1, len(ordinary) + 1):
        is_voice = position % 4 == 0
        voices = different if is_voice else []
        chosen = next(item for item in (*voices, *ordinary) if item.id not in placed)
        order.append(replace(chosen, is_different=is_voice and _differs(chosen, me)))
        placed.add(chosen.id)
    return order


def suggest[Id: Hashable](
    me: CardFacts[Id],
    others: Sequence[CardFacts[Id]],
    not_these: Collection[Id],
    seed: str,
    day: int,
) -> list[Ranked[Id]]:
    """Return up to three people to talk with on a day, given as the number of that day.

    Each of the others has days of their own, every second, fourth, eighth … one, the rarer the more there
    are, so that nobody comes on two days running, and those who look in weekly meet new faces as well:
    nothing has to be remembered for it. Of those whose day it is come first who share both time and
    topics; one suggestion in four is a different voice, and so is the only one of a day on which nobody
    else is left. Again only cards count; `not_these` are left out, and change nobody else's day.
    """
    many = 2
    while many * 24 <= len(others):
        many *= 2
    today = [card for card in others if _turn(seed, card.id) % many == day % many]
    left_out = set(not_these)
    near = _compared(me, (card for card in today if card.id not in left_out), seed)
    alike = [item for item in near if item.shared_topics or (item.shared_slots and not me.topics)]
    alike.sort(key=lambda item: (not item.shared_slots, -_times(item), -len(item.shared_topics)))
    different = sorted(
        (item for item in near if _differs(item, me)), key=lambda item: -_times(item)
    )
    suggested: list[Ranked[Id]] = []
    for position in range(day * SUGGESTED, (day + 1) * SUGGESTED):
        voices = different if position % 4 == 0 else []
        if chosen := next(iter((*voices, *alike)), None):
            (different if chosen in different else alike).remove(chosen)
            suggested.append(chosen)
    suggested = suggested or different[:1]
    return [replace(item, is_different=_differs(item, me)) for item in suggested]


def _compared[Id: Hashable](
    me: CardFacts[Id], others: Iterable[CardFacts[Id]], seed: str
) -> list[Ranked[Id]]:
    """Return what each of the others shares with `me`, shuffled."""
    mine = me.topics.keys()
    return [
        Ranked(
            id=card.id,
            shared_slots=tuple(slots_of_at_least(shared(me.free, card.free), SLOT)),
            shared_topics=tuple(sorted(card.topics[key] for key in card.topics.keys() & mine)),
            is_different=False,
        )
        for card in sorted(others, key=lambda card: _shuffle(seed, card.id))
    ]


def _times[Id: Hashable](item: Ranked[Id]) -> int:
    return min(len(item.shared_slots), ENOUGH)


def _differs[Id: Hashable](item: Ranked[Id], me: CardFacts[Id]) -> bool:
    return bool(me.topics and item.shared_slots and not item.shared_topics)


def _shuffle(seed: str, of: Hashable) -> bytes:
    return hashlib.sha256(f"{seed}\n{of}".encode("utf-8", "surrogatepass")).digest()


def _turn(seed: str, of: Hashable) -> int:
    return int.from_bytes(_shuffle(f"{seed} turn", of)[:8])


def matches[Id: Hashable](
    card: CardFacts[Id],
    *,
    kinds: Collection[str] = (),
    tempos: Collection[str] = (),
    topics: Collection[str] = (),
    place: Place = "",
    mine: Sequence[Stretch] = (),
    least_slots: int = 0,
    minutes: int = SLOT,
) -> bool:
    """Tell whether a card passes the filters; those left empty let everyone pass.

    One of the `kinds`, one of the `tempos` and one of the `topics` (folded) is on it; it meets at that
    place; and at least `least_slots` stretches of so many minutes are shared with `mine`,
    a UTC week.
    """
    return (
        (not kinds or not card.kinds.isdisjoint(kinds))
        and (not tempos or not card.tempos.isdisjoint(tempos))
        and (not topics or not card.topics.keys().isdisjoint(topics))
        and (place in ("", "either") or card.place in (place, "either"))
        and (
            least_slots < 1
            or len(slots_of_at_least(shared(mine, card.free), minutes)) >= least_slots
        )
    )
