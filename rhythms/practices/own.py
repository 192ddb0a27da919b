"""A crew's own version of a practice, as words to keep and back: plain JSON, sealed where it is kept."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from rhythms.practices import catalogue
from rhythms.practices.shape import Part, Practice, Step

MOST_STEPS: Final = 20
MOST_MINUTES: Final = 180


@dataclass(frozen=True)
class OwnStep:
    """One step as a crew writes it; `each` is done by one after the other."""

    name: str
    minutes: int
    prompt: str = ""
    each: bool = False


@dataclass(frozen=True)
class Own:
    """What a crew writes of its own version: a title, what for, the steps, and whether all say yes first."""

    name: str
    purpose: str
    steps: tuple[OwnStep, ...]
    based_on: str = ""
    asks_yes: bool = False


def of(practice: Practice) -> Own:
    """Return a practice as a crew begins to change it, in the language it reads."""
    return Own(
        name=str(practice.name),
        purpose=str(practice.purpose),
        steps=tuple(
            OwnStep(str(step.name), step.minutes, str(step.prompt), each=part.turns != 1)
            for part in practice.parts
            for step in part.steps
        ),
        based_on=practice.key,
        asks_yes=practice.is_intimate,
    )


def dump(own: Own) -> str:
    """Return it as words to keep."""
    said: dict[str, Any] = {
        "name": own.name,
        "purpose": own.purpose,
        "based_on": own.based_on,
        "asks_yes": own.asks_yes,
        "steps": [[step.name, step.minutes, step.prompt, step.each] for step in own.steps],
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def load(words: str) -> Own:
    """Return what was kept."""
    said = json.loads(words)
    return Own(
        name=said["name"],
        purpose=said["purpose"],
        based_on=said["based_on"],
        asks_yes=said["asks_yes"],
        steps=tuple(OwnStep(*step) for step in said["steps"]),
    )


def guide(own: Own) -> Practice:
    """Return it as a practice. What is intimate stays so, however it is changed."""
    base = catalogue.BY_KEY.get(own.based_on)
    return Practice(
        key="",
        name=own.name,
        purpose=own.purpose,
        people=base.people if base else "",
        parts=tuple(_parts(own.steps)),
        roles=base.roles if base else (),
        icon=base.icon if base else "list-checks",
        least=1,
        usual_turns=_usual(base),
        turns_label=base.turns_label if base else "",
        is_intimate=own.asks_yes or bool(base and base.is_intimate),
    )


def opened(words: str) -> Practice:
    """Return what was kept as a practice."""
    return guide(load(words))


def _parts(steps: Iterable[OwnStep]) -> Iterable[Part]:
    """Return the steps in parts: those in a row that each does belong to one turn."""
    for each, row in groupby(steps, key=lambda step: step.each):
        yield Part(
            tuple(Step(step.name, step.minutes, step.prompt) for step in row),
            turns=None if each else 1,
        )


def _usual(base: Practice | None) -> int | None:
    """Return how many turns there usually are: as in what it was made from, where all its turns are alike."""
    if base is None or base.usual_turns:
        return base.usual_turns if base else None
    fixed = {part.turns for part in base.parts if part.turns != 1}
    return next(iter(fixed)) if len(fixed) == 1 else None
