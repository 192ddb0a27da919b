"""`manage.py try crews`: the crews that could form of those who look for one."""

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from crews.planning.greedy import left
from crews.planning.planner import plan
from crews.planning.puzzle import Person, Weights, score, set_up
from hall.trying.reading import (
    Id,
    TryError,
    check_keys,
    identifier,
    items,
    mapping,
    number,
    quoted,
    whole_number,
)

MOST_PEOPLE: Final = 500
MOST_SLOTS: Final = 1000
MOST_SEATS: Final = 50
MOST_SECONDS: Final = 60
HEAVIEST: Final = 1_000_000


def try_crews(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return crews, those who are left, and the score of it all; ids come back as they came."""
    check_keys(
        data,
        needed=frozenset({"people"}),
        also=frozenset({"interest", "apart", "sizes", "weights", "seconds", "seed"}),
    )
    people = _people(data["people"])
    least, most = _sizes(data.get("sizes", [3, 8]))
    known = frozenset(person.id for person in people)
    puzzle = set_up(
        people,
        _pairs("interest", data.get("interest", []), known),
        _pairs("apart", data.get("apart", []), known),
        least=least,
        most=most,
        weights=_weights(data["weights"]) if "weights" in data else Weights(),
    )
    seconds = number("seconds", data.get("seconds", 1), 0, MOST_SECONDS)
    found = plan(puzzle, seconds=seconds, seed=whole_number("seed", data.get("seed", 0)))
    return {
        "crews": [[people[i].id for i in sorted(crew)] for crew in sorted(map(sorted, found))],
        "unplaced": [people[i].id for i in left(puzzle, found)],
        "score": round(score(puzzle, found), 2),
    }


def _people(value: object) -> list[Person[Id]]:
    people = [_person(item) for item in items("people", value)]
    if len(people) > MOST_PEOPLE:
        raise TryError(f"There can be {MOST_PEOPLE} people at most.")
    seen: set[Id] = set()
    for person in people:
        if person.id in seen:
            raise TryError(f"The id {quoted(person.id)} is there twice.")
        seen.add(person.id)
    if len({slot for person in people for slot in person.slots}) > MOST_SLOTS:
        raise TryError(f"There can be {MOST_SLOTS:,} different slots at most.")
    return people


def _person(value: object) -> Person[Id]:
    data = mapping("people", value)
    check_keys(data, frozenset({"id", "slots"}), frozenset({"topics", "traits"}))
    return Person(
        id=identifier("id", data["id"]),
        slots=_words("slots", data["slots"]),
        topics=_words("topics", data.get("topics", [])),
        traits=tuple(_trait(trait) for trait in items("traits", data.get("traits", []))),
    )


def _words(key: str, value: object) -> frozenset[str]:
    # As with ids, 1 and "1" are two.
    return frozenset(json.dumps(identifier(key, word)) for word in items(key, value))


def _trait(value: object) -> str:
    if isinstance(value, list | dict):
        raise TryError(f'"traits" takes single values, which {quoted(value)} is not.')
    return json.dumps(value)


def _pairs(key: str, value: object, known: frozenset[Id]) -> list[tuple[Id, Id]]:
    pairs: list[tuple[Id, Id]] = []
    for item in items(key, value):
        if not isinstance(item, list) or len(item) != 2:
            raise TryError(f"{quoted(key)} takes pairs of ids, in brackets.")
        one, other = (identifier(key, each) for each in item)
        for each in (one, other):
            if each not in known:
                raise TryError(f"{quoted(key)} names {quoted(each)}, who is not among the people.")
        if one == other:
            raise TryError(f"{quoted(key)} pairs {quoted(one)} with itself.")
        pairs.append((one, other))
    return pairs


def _sizes(value: object) -> tuple[int, int]:
    sizes = [whole_number("sizes", size) for size in items("sizes", value)]
    if len(sizes) != 2:
        raise TryError('"sizes" takes two numbers: the least and the most people of a crew.')
    least, most = sizes
    if not 2 <= least <= most <= MOST_SEATS:
        raise TryError(
            f'"sizes" goes from 2 to {MOST_SEATS} people, the least first, which {least} to {most} '
            "does not."
        )
    return least, most


def _weights(value: object) -> Weights:
    """Return weights; the product's own for each that isn't named."""
    data = mapping("weights", value)
    check_keys(data, frozenset(), frozenset(field.name for field in fields(Weights)))
    read: dict[str, Any] = {}
    for key, weight in data.items():
        if key == "size":
            read[key] = _size(weight)
        elif key.endswith("_at_most"):
            read[key] = whole_number(key, weight)
            number(key, weight, 0, HEAVIEST)
        else:
            read[key] = number(key, weight, -HEAVIEST, HEAVIEST)
    return Weights(**read)


def _size(value: object) -> dict[int, float]:
    sizes: dict[int, float] = {}
    for key, weight in mapping("size", value).items():
        if not (key.isascii() and key.isdigit() and len(key) <= 3):
            raise TryError(f'"size" takes numbers of people as keys, which {quoted(key)} is not.')
        sizes[int(key)] = number(key, weight, -HEAVIEST, HEAVIEST)
    return sizes
