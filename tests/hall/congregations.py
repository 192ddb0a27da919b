"""Congregations to divide: cases with proven values, and made-up ones of any size."""

import json
from pathlib import Path
from random import Random

from hall.partition.puzzle import set_up

CASES = Path(__file__).parent / "cases"
# Proven optima; the networks are Zachary's karate club, Davis's southern women, Padgett's Florentine families, and who
# meets whom in Les Misérables (Knuth 1993, The Stanford GraphBase; as networkx has it), which HiGHS 1.16 proved.
PROVEN = {
    "split-davis.json": 109,
    "split-florentine.json": 4,
    "split-karate.json": 22,
    "split-karate-crews.json": 50,
    "split-les-miserables.json": 56,
}

# Made up: people, seed and what else is given, with the best that HiGHS 1.16 found in 60 seconds of one processor
# and its bound; where the two are one, it is proven.
MADE_UP = [
    (60, 1, {}, 276, 276),
    (90, 2, {}, 173, 173),
    (120, 3, {}, 234, 234),
    (150, 8, {"both": 0.05, "leaving_costs": 0}, 174, 174),
    (160, 4, {}, 225, 225),
    (200, 5, {}, 199, 199),
    (200, 9, {"both": 0.4, "circles": 3}, 209, 209),
    (217, 6, {}, 211, 211),
    (217, 7, {"least": 106, "most": 111}, 676, 268),
]


def case(name):
    """The JSON of a case."""
    return json.loads((CASES / name).read_text())


def puzzle_of(data):
    """The puzzle of what `try split` takes, with people who are numbers from 0."""
    return set_up(
        len(data["people"]),
        data["ties"],
        data["crews"],
        least=data["least"],
        most=data["most"],
        leaving_costs=data.get("leaving_costs", 0),
    )


def made_up(people, seed, *, both=0.25, circles=2, **given):
    """A congregation as `try split` takes it: crews now and before, and gatherings at which people met."""
    rng = Random(f"{people} {seed}")
    home = [rng.randrange(circles) for _person in range(people)]
    everyone = [*range(people)]
    rng.shuffle(everyone)
    seated = [person for person in everyone if rng.random() < 0.85]
    crews = []
    for circle in range(circles):
        group = [person for person in seated if home[person] == circle]
        while group:
            size = rng.randint(3, 8)
            crew, group = group[:size], group[size:]
            if len(crew) >= 3:
                crews.append(crew)
    for person in seated:
        if rng.random() < both:
            crew = rng.choice(crews)
            if person not in crew and len(crew) < 8:
                crew.append(person)
    weights = {}

    def tie(one, other, weight):
        if one != other:
            pair = (min(one, other), max(one, other))
            weights[pair] = weights.get(pair, 0) + weight

    def tie_all(those, weight):
        for n, one in enumerate(those):
            for other in those[:n]:
                tie(one, other, weight)

    for crew in crews:
        tie_all(crew, 4)
    for _former in range(people // 6):
        circle = rng.randrange(circles)
        near = [person for person in range(people) if home[person] == circle or rng.random() < 0.2]
        tie_all(rng.sample(near, min(5, len(near))), 2)
    for _gathering in range(6):
        here = [person for person in range(people) if rng.random() < 0.3]
        for _talk in range(2 * len(here)):
            one, other = rng.sample(here, 2)
            if home[one] == home[other] or rng.random() < 0.5:
                tie(one, other, 1)
    least = min(30, people // 2 - 2)
    return {
        "people": [*range(people)],
        "ties": [[one, other, weight] for (one, other), weight in sorted(weights.items())],
        "crews": crews,
        "least": least,
        "most": people - least,
        "leaving_costs": 14,
        **given,
    }
