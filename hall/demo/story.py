"""The story of the first congregation: who comes when, which crews form, how far each has got by today."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import time
from typing import Final

from hall.demo import words
from hall.demo.chance import Chance
from hall.demo.words import Purpose

# An idea is floated so many days before its first meeting, is answered, and gets its table.
FLOATED: Final = 19
ANSWERED: Final = 16
ASKED: Final = 9
GO: Final = ("go",)


@dataclass(frozen=True)
class Tale:
    """One crew: what for, how many people, when it first met, and what happens at its look-backs.

    Days are counted from today, so those that are past are negative. `ways` has, for each look-back,
    how the people go on by seat, over and over. `has` are the roles of those whose sign-in is printed.
    """

    purpose: Purpose
    people: int
    begins: int
    tempo: str = "weekly"
    times: int = 6
    at: time = time(19)
    minutes: int = 90
    ways: Sequence[Sequence[str]] = ()
    has: Sequence[str] = ()
    # Whether its people have no other crew by now.
    is_over: bool = False


@dataclass
class Cast:
    """Who is who, by number: 0 is the first host."""

    people: int
    newcomers: list[int] = field(default_factory=list)
    looking: list[int] = field(default_factory=list)
    happy: list[int] = field(default_factory=list)
    seated: list[int] = field(default_factory=list)


HOST, FACILITATOR, MEMBER, NEWCOMER = range(4)

# In the order in which a small congregation has them.
TALES: Final = (
    # Two evenings held; the third is tonight or tomorrow.
    Tale(words.KETTLE, 6, -13, has=("host", "member")),
    # The last of six is over; some have written.
    Tale(words.THREADS, 5, -38, at=time(18, 30), ways=[GO], has=("member",)),
    # A facilitator whose meeting was last night.
    Tale(words.TABLE, 5, -29, "fortnightly", 5, time(18), 120, has=("facilitator",)),
    # Opened to all; the next table waits for yeses.
    Tale(
        words.LETTERS,
        5,
        -34,
        times=5,
        at=time(19, 30),
        ways=[("go", "go", "change", "go", "rest")],
        has=("host",),
    ),
    # The third commitment is running.
    Tale(
        words.WAGES,
        5,
        -108,
        at=time(20),
        ways=[("go", "go", "go", "change", "go"), ("go", "change", "go", "go", "go")],
        has=("facilitator",),
    ),
    # Three of its last four meetings were not held.
    Tale(words.PLAN, 4, -30, at=time(17, 30), minutes=75),
    # Two go on, two rest, one ends: the table rests.
    Tale(
        words.NIGHTS,
        5,
        -75,
        at=time(9),
        minutes=60,
        ways=[("go", "rest", "end", "go", "rest")],
    ),
    # Twice eight mornings, and then all ended it with thanks.
    Tale(
        words.DOUGH,
        6,
        -220,
        times=8,
        at=time(10),
        minutes=150,
        ways=[GO, ("end",)],
        is_over=True,
    ),
    Tale(words.TIDES, 7, -100, "monthly", 6, time(15), 150),
    Tale(words.KEEPERS, 4, -12, "fortnightly", 4, time(19), 120),
    Tale(words.ATTIC, 5, -5, at=time(18), minutes=120),
)


@dataclass(frozen=True)
class Duo:
    """A partnership: two people, since when and how often."""

    begins: int
    tempo: str
    times: int
    at: time
    place: str


DUOS: Final = (
    Duo(-41, "fortnightly", 6, time(17), "The bench by the lock"),
    Duo(-58, "monthly", 6, time(8, 30), "Breakfast, in turns"),
)


def cast(people: int, chance: Chance) -> Cast:
    """Say who is new, who looks, who is happy without, and who has a crew."""
    found = Cast(people, newcomers=[NEWCOMER])
    others = chance.shuffled(range(4, people), "cast")
    for group, share, least in (
        (found.newcomers, 12, 2),
        (found.looking, 5, 4),
        (found.happy, 20, 1),
    ):
        for _one in range(max(people // share, least) - len(group)):
            group.append(others.pop())
    found.seated = [HOST, FACILITATOR, MEMBER, *sorted(others)]
    return found


def tales(found: Cast, days: int, chance: Chance) -> list[Tale]:
    """Return the crews that a congregation of that size and age has, the same ones first."""
    room = round(len(found.seated) * 1.45)
    told: list[Tale] = []

    def tell(tale: Tale) -> bool:
        nonlocal room
        is_old_enough = days + tale.begins - FLOATED >= 10
        if is_old_enough and (tale.is_over or room >= tale.people):
            told.append(tale)
            room -= 0 if tale.is_over else tale.people
            return True
        return is_old_enough

    for tale in TALES:
        tell(tale)
    for number, purpose in enumerate(words.MORE):
        if room < 3 or not tell(_another(purpose, number, days, chance)):
            break
    return [*told, *_former(days, found.people, chance)]


def _another(purpose: Purpose, number: int, days: int, chance: Chance) -> Tale:
    """Return a crew of a larger congregation, wherever it has got to."""
    about = ("tale", purpose.name)
    tempo = chance.pick(("weekly", "weekly", "weekly", "fortnightly", "fortnightly"), *about, 1)
    if number % 7 == 6:
        tempo = "monthly"
    return Tale(
        purpose,
        chance.number(4, 6, *about, 2),
        -chance.number(4, min(96, max(days - FLOATED - 12, 5)), *about, 3),
        tempo,
        chance.number(5, 7, *about, 4),
        time(chance.number(17, 20, *about, 5)),
        chance.pick((60, 90, 90, 120), *about, 6),
    )


def _former(days: int, people: int, chance: Chance) -> list[Tale]:
    """Return the crews of years before, which have ended: a few for every half-year."""
    found: list[Tale] = []
    for half_year in range(1, (days - 100) // 182):
        for number in range(max(people // 30, 1)):
            about = ("former", half_year, number)
            name = f"{chance.pick(words.CREW_FIRST, *about)} {chance.pick(words.CREW_SECOND, *about, 2)}"
            if any(tale.purpose.name == name for tale in found):
                continue
            purpose = chance.pick(words.MORE, *about, 3)
            begins = -(182 * half_year) - chance.number(40, 180, *about, 4)
            found.append(
                Tale(
                    Purpose(name, purpose.intention, purpose.kind, purpose.place),
                    chance.number(4, 7, *about, 5),
                    max(begins, FLOATED + 12 - days),
                    times=chance.number(5, 8, *about, 6),
                    ways=[GO, ("end",)] if number % 2 else [("end",)],
                    is_over=True,
                )
            )
    return found
