"""People who look for a crew, made up: for tests and for the benchmark."""

import json
from itertools import combinations
from pathlib import Path
from random import Random

from crews.planning.puzzle import Person, Weights, can_sit, set_up, worth

CASES = Path(__file__).parent / "cases"
BEST_KNOWN = {"crews-40.json": 1516.0, "crews-90.json": 3357.33}


def case(name):
    """The JSON of a file of cases."""
    return json.loads((CASES / name).read_text())


def made_up(people, seed=0, slots=(2, 8)):
    """JSON of so many people: evenings are liked, and some would like to talk with each other."""
    chance = Random(seed)
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    likes = {"morning": 1, "afternoon": 1, "evening": 3}
    times = {f"{day}-{part}": like for day in days for part, like in likes.items()}
    everyone = range(people)
    interest = []
    for one in everyone:
        others = [other for other in everyone if other != one]
        for other in chance.sample(others, min(len(others), chance.randint(1, 7))):
            interest += [[one, other]] + [[other, one]] * (chance.random() < 0.4)
    return {
        "people": [
            {
                "id": one,
                "slots": sorted(
                    set(chance.choices([*times], [*times.values()], k=chance.randint(*slots)))
                ),
                "topics": chance.sample(range(24), chance.randint(1, 5)),
                "traits": [chance.randint(0, most) for most in (3, 1, 1, 4, 1)],
            }
            for one in everyone
        ],
        "interest": interest,
        "apart": [chance.sample(everyone, 2) for _pair in range(people // 20)],
        "seed": seed,
    }


def puzzle_of(data):
    """The puzzle of such JSON."""
    weights = data.get("weights", {})
    if "size" in weights:
        weights = {**weights, "size": {int(size): each for size, each in weights["size"].items()}}
    least, most = data.get("sizes", (3, 8))
    return set_up(
        [
            Person(
                one["id"],
                frozenset(one["slots"]),
                frozenset(map(str, one["topics"])),
                tuple(map(str, one["traits"])),
            )
            for one in data["people"]
        ],
        [tuple(pair) for pair in data["interest"]],
        [tuple(pair) for pair in data["apart"]],
        least=least,
        most=most,
        weights=Weights(**weights),
    )


def best_of_all(puzzle):
    """The best score there is, by trying everything; for very few people."""
    crews = {
        sum(1 << one for one in crew): worth(puzzle, crew)
        for size in range(puzzle.least, puzzle.most + 1)
        for crew in combinations(puzzle.everyone, size)
        if can_sit(puzzle, crew)
    }
    best = {0: 0.0}
    for who in range(1, 1 << len(puzzle.slots)):
        first = who & -who
        best[who] = best[who ^ first] + puzzle.unplaced
        for crew, score in crews.items():
            if crew & first and crew & who == crew:
                best[who] = max(best[who], best[who ^ crew] + score)
    return best[(1 << len(puzzle.slots)) - 1]
