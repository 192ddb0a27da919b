"""`manage.py try split`: two sides of one congregation that tear as little as can be."""

import time
from collections.abc import Mapping
from typing import Any, Final

from hall.partition.planner import plan
from hall.partition.puzzle import NoSplit, choosers, cost, set_up
from hall.trying.reading import (
    Id,
    TryError,
    check_keys,
    identifier,
    items,
    number,
    quoted,
    whole_number,
)

MOST_PEOPLE: Final = 1000
MOST_SECONDS: Final = 60
HEAVIEST: Final = 1_000_000


def try_split(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sides, what they cost, who has a choice, and how long it took; ids as they came."""
    began = time.monotonic()
    check_keys(
        data,
        needed=frozenset({"people"}),
        also=frozenset({"ties", "crews", "least", "most", "leaving_costs", "seconds", "seed"}),
    )
    people = _people(data["people"])
    place = {person: number for number, person in enumerate(people)}
    crews = [_crew(crew, place) for crew in items("crews", data.get("crews", []))]
    ties = [_tie(tie, place) for tie in items("ties", data.get("ties", []))]
    leaving_costs = number("leaving_costs", data.get("leaving_costs", 0), 0, HEAVIEST)
    least, most = _sizes(data, len(people))
    puzzle = set_up(len(people), ties, crews, least=least, most=most, leaving_costs=leaving_costs)
    seconds = number("seconds", data.get("seconds", 1), 0, MOST_SECONDS)
    try:
        sides = plan(puzzle, seconds=seconds, seed=whole_number("seed", data.get("seed", 0)))
    except NoSplit:
        raise TryError(
            f"No two sides of {least} to {most} people were found that keep everyone with a crew "
            "of theirs."
        ) from None
    side_of = {
        person: side for side, part in zip(sides, puzzle.parts, strict=True) for person in part
    }
    # The first of them all is on the first side.
    two: tuple[list[Id], list[Id]] = ([], [])
    for at, person in enumerate(people):
        two[side_of[at] ^ side_of[0]].append(person)
    total = round(cost(puzzle, sides), 6)
    return {
        "sides": list(two),
        "cost": int(total) if total == int(total) else total,
        "choosers": [people[at] for at in choosers(len(people), crews)] if leaving_costs else [],
        "seconds": round(time.monotonic() - began, 3),
    }


def _people(value: object) -> list[Id]:
    people = [identifier("people", item) for item in items("people", value)]
    if not 2 <= len(people) <= MOST_PEOPLE:
        raise TryError(f"There have to be from 2 to {MOST_PEOPLE:,} people.")
    seen: set[Id] = set()
    for person in people:
        if person in seen:
            raise TryError(f"The id {quoted(person)} is there twice.")
        seen.add(person)
    return people


def _known(key: str, value: object, place: Mapping[Id, int]) -> int:
    one = identifier(key, value)
    if one not in place:
        raise TryError(f"{quoted(key)} names {quoted(one)}, who is not among the people.")
    return place[one]


def _crew(value: object, place: Mapping[Id, int]) -> list[int]:
    crew = [_known("crews", one, place) for one in items("crews", value)]
    if not crew:
        raise TryError("A crew has at least one person.")
    if len(set(crew)) < len(crew):
        raise TryError("A crew names someone twice.")
    return crew


def _tie(value: object, place: Mapping[Id, int]) -> tuple[int, int, float]:
    if not isinstance(value, list) or len(value) != 3:
        raise TryError('"ties" takes two ids and a weight each, in brackets.')
    one, other = (_known("ties", each, place) for each in value[:2])
    if one == other:
        raise TryError(f'"ties" ties {quoted(value[0])} to itself.')
    return one, other, number("ties", value[2], 0, HEAVIEST)


def _sizes(data: Mapping[str, Any], people: int) -> tuple[int, int]:
    """Return the least and the most people of a side; a congregation's own where none are named."""
    least = whole_number("least", data.get("least", 30))
    most = whole_number("most", data.get("most", max(people - least, least)))
    if not 1 <= least <= most:
        raise TryError(
            f"A side has at least one person, and no fewer at most than at least; {least} to {most} "
            "is not so."
        )
    if not 2 * least <= people <= 2 * most:
        raise TryError(f"{people} people don’t make two sides of {least} to {most} each.")
    return least, most
