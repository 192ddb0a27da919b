"""What a look-back asks. Every way of asking begins with what is celebrated. Words only: no rows, no clock."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _


class Kin(StrEnum):
    """What two prompts of different ways have in common: by it a slip finds its place in another way."""

    CHEER = "cheer"
    GOOD = "good"
    HARD = "hard"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question of a look-back, and the heading that its answers stand under."""

    key: str
    kin: Kin
    question: Any
    heading: Any


_ALL = (
    Prompt("celebrate", Kin.CHEER, _("What do we celebrate?"), _("We celebrate")),
    Prompt("worked", Kin.GOOD, _("What worked?"), _("What worked")),
    Prompt("less", Kin.HARD, _("What didn’t?"), _("What didn’t")),
    Prompt("change", Kin.CHANGE, _("One thing to change"), _("What we’d change")),
    Prompt("like", Kin.GOOD, _("What do you like?"), _("What we like")),
    Prompt("dislike", Kin.HARD, _("What do you dislike?"), _("What we dislike")),
    Prompt("start", Kin.CHANGE, _("What could we start?"), _("What we could start")),
    Prompt("stop", Kin.HARD, _("What could we stop?"), _("What we could stop")),
    Prompt("more", Kin.CHANGE, _("What would you like more of?"), _("More of")),
    Prompt("fewer", Kin.HARD, _("What would you like less of?"), _("Less of")),
    Prompt("keep", Kin.GOOD, _("What do we keep?"), _("What we keep")),
    Prompt("liked", Kin.GOOD, _("What did you like?"), _("What we liked")),
    Prompt("wished", Kin.CHANGE, _("What did you wish for?"), _("What we wished for")),
    Prompt("what_if", Kin.CHANGE, _("What if…?"), _("What if…")),
    Prompt("learned", Kin.GOOD, _("What did you learn?"), _("What we learned")),
    Prompt("lacked", Kin.HARD, _("What did you lack?"), _("What we lacked")),
    Prompt("longed", Kin.CHANGE, _("What did you long for?"), _("What we longed for")),
)
PROMPTS = {prompt.key: prompt for prompt in _ALL}
PARTS = [(prompt.key, prompt.heading) for prompt in _ALL]

USUAL = "worked"
WAYS = {
    "worked": ("celebrate", "worked", "less", "change"),
    "like": ("celebrate", "like", "dislike", "change"),
    "start": ("celebrate", "start", "stop", "more", "fewer", "keep"),
    "wish": ("celebrate", "liked", "wished", "what_if"),
    "longed": ("celebrate", "liked", "learned", "lacked", "longed"),
}
NAMES = [
    ("worked", _("What worked, what didn’t, what to change")),
    ("like", _("Like, dislike, change")),
    ("start", _("Start, stop, more, less, keep")),
    ("wish", _("Liked, wished, what if")),
    ("longed", _("Liked, learned, lacked, longed for")),
]


def of(way: str, *, is_light: bool = False) -> list[Prompt]:
    """Return the prompts of a way of asking; a light look-back has what is celebrated and what to change."""
    asked = [PROMPTS[key] for key in WAYS[way]]
    if is_light:
        asked = [prompt for prompt in asked if prompt.kin in (Kin.CHEER, Kin.CHANGE)]
    return asked


def place(part: str, asked: list[Prompt]) -> str:
    """Return under which of the prompts that are asked a slip belongs: its own, or one like it."""
    keys = [prompt.key for prompt in asked]
    if part in keys:
        return part
    kin = PROMPTS[part].kin
    like = [prompt.key for prompt in asked if prompt.kin == kin]
    # What was hard is asked for a change where nothing else is asked; what was good is celebrated.
    else_to = {Kin.HARD: Kin.CHANGE, Kin.GOOD: Kin.CHEER, Kin.CHANGE: Kin.HARD}
    near = [prompt.key for prompt in asked if prompt.kin == else_to.get(kin)]
    return [*like, *near, keys[0]][0]


def lines(words: str) -> list[str]:
    """Return what was written as slips: each line is one."""
    return [line for line in (one.strip() for one in words.splitlines()) if line]
