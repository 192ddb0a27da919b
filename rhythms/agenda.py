"""What is done at a meeting, as lines: "Check-in | 10". Which of them are practices, and how long it all takes.

Nothing marks a line as a practice but its own words: one that begins with the name of a practice is that
practice, in whatever language it was written. So a line that is typed and one that is tapped are alike.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from rhythms.practices import catalogue

# What may stand behind the name of a practice: "Case clinic: Ana brings hers".
_BEHIND = re.compile(r"\s*(?:[:,;(–—·]|\s-\s).*$")
MOST = 2000
# Where these belong, whatever else is done.
FIRST, LAST = "check-in", "check-out"


@dataclass(frozen=True)
class Item:
    """One line: its words, how long it takes as it was written, and the practice that it is, if it is one."""

    words: str
    says: str
    practice: str = ""
    is_ours: bool = False

    @property
    def minutes(self) -> int:
        """How many minutes it takes; none where no number is written."""
        return int(self.says) if self.is_minutes else 0

    @property
    def is_minutes(self) -> bool:
        """Whether a number of minutes stands behind the bar, and nothing else."""
        return self.says.isascii() and self.says.isdecimal() and len(self.says) < 5


def lines(agenda: str) -> list[str]:
    """Return what is written, line by line, without empty ones."""
    return [line.strip() for line in agenda.splitlines() if line.strip()]


def items(agenda: str, ours: Mapping[str, str]) -> list[Item]:
    """Return the lines with the practices among them; `ours` are a crew's own: keys by their folded names."""
    return [_item(line, ours) for line in lines(agenda)]


def _item(line: str, ours: Mapping[str, str]) -> Item:
    before, bar, after = line.rpartition("|")
    words, says = (before.strip(), after.strip()) if bar else (after.strip(), "")
    for name in (words.casefold(), _BEHIND.sub("", words).casefold()):
        if name in ours:
            return Item(words, says, ours[name], is_ours=True)
        if name in catalogue.names():
            return Item(words, says, catalogue.names()[name])
    return Item(words, says)


def total(laid: Iterable[Item]) -> int:
    """Return how many minutes are planned."""
    return sum(item.minutes for item in laid)


def mark(agenda: str) -> str:
    """Return what stands for an agenda as it was read."""
    return sha256(agenda.encode()).hexdigest()[:16]


def add(known: Sequence[str], name: str, minutes: int, key: str) -> list[str]:
    """Return the lines with one more, where it belongs: check-in first, check-out last, others before it."""
    line = f"{name} | {minutes}"
    if key == FIRST:
        return [line, *known]
    has_end = bool(known) and _item(known[-1], {}).practice == LAST
    at = len(known) - (has_end and key != LAST)
    return [*known[:at], line, *known[at:]]


def up(known: Sequence[str], at: int) -> list[str]:
    """Return the lines with one of them a place further up."""
    if not 0 < at < len(known):
        return list(known)
    return [*known[: at - 1], known[at], known[at - 1], *known[at + 1 :]]


def without(known: Sequence[str], at: int) -> list[str]:
    """Return the lines without one of them."""
    return [line for place, line in enumerate(known) if place != at]
