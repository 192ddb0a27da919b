"""What a guided practice is made of, and how its minutes add up. Plain values: no rows, no clock, no Django."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

# Words of the house are translated when they are shown; those of a crew are its own.
type Words = Any


@dataclass(frozen=True)
class Step:
    """One thing that is done, for so many minutes, with what to ask or do."""

    name: Words
    minutes: int
    prompt: Words = ""
    # A few words beside its name where all steps are listed.
    note: Words = ""


@dataclass(frozen=True)
class Part:
    """Steps that are done one after the other, and again for each turn.

    `turns` is how often; None is as often as there are turns at this table: one for each person, say.
    """

    steps: tuple[Step, ...]
    turns: int | None = 1


@dataclass(frozen=True)
class Role:
    """Who does what in a practice."""

    name: Words
    does: Words


@dataclass(frozen=True)
class Stage:
    """A step as it comes up: which of all, which of its part, and in which turn (from one)."""

    step: Step
    number: int
    part: int
    place: int
    turn: int
    turns: int

    @property
    def seconds(self) -> int:
        """How long it has."""
        return self.step.minutes * 60


@dataclass(frozen=True)
class Practice:
    """A guide for doing something together: what for, for how many, who does what, step by step."""

    key: str
    name: Words
    purpose: Words
    people: Words
    parts: tuple[Part, ...]
    roles: tuple[Role, ...] = ()
    icon: str = "list-checks"
    least: int = 2
    most: int | None = None
    # How many turns there usually are; None: one for each person.
    usual_turns: int | None = None
    turns_label: Words = ""
    is_intimate: bool = False

    @property
    def has_turns(self) -> bool:
        """Whether how long it takes depends on how many turns there are."""
        return any(part.turns is None for part in self.parts)

    def turns_for(self, people: int) -> int:
        """Return how many turns a table of so many people usually has."""
        return self.usual_turns or max(people, 1)

    def minutes(self, people: int, turns: int | None = None) -> int:
        """Return how many minutes it takes so many people."""
        rounds = turns or self.turns_for(people)
        return sum(
            step.minutes * (rounds if part.turns is None else part.turns)
            for part in self.parts
            for step in part.steps
        )

    def suits(self, people: int) -> bool:
        """Whether so many people can do it."""
        return people >= self.least and (self.most is None or people <= self.most)


def stages(parts: Iterable[Part], turns: int) -> list[Stage]:
    """Return all steps in the order in which they come up, each turn of a part after the other."""
    laid: list[Stage] = []
    for number, part in enumerate(parts):
        rounds = turns if part.turns is None else part.turns
        for turn in range(1, rounds + 1):
            laid += [
                Stage(step, len(laid) + place, number, place, turn, rounds)
                for place, step in enumerate(part.steps)
            ]
    return laid


def after_turn(laid: Sequence[Stage], at: int) -> int | None:
    """Return where one goes on who passes: past the rest of this turn. None: this is nobody's turn alone."""
    now = laid[at]
    if now.turns == 1:
        return None
    rest = range(at + 1, len(laid))
    return next(
        (place for place in rest if (laid[place].part, laid[place].turn) != (now.part, now.turn)),
        len(laid),
    )


def left(ends_at: datetime, paused_at: datetime | None, now: datetime) -> timedelta:
    """Return what remains of a step: until its end, or as it was when it was paused. Never below zero."""
    return max(ends_at - (paused_at or now), timedelta(0))
