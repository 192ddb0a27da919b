"""Text made comparable: names for search, addresses for sameness. Pure functions."""

import unicodedata
from collections.abc import Hashable, Mapping
from typing import Final

# Letters that Unicode does not take apart, as people without that keyboard write them.
_WHOLE_LETTERS = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)


def fold(text: str) -> str:
    """Return text without case and accents, for search: NFKC, casefolded, marks dropped."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    bare = bare.translate(_WHOLE_LETTERS)
    return unicodedata.normalize("NFKC", bare).casefold()


def same_address(email: str) -> str:
    """Return what two spellings of one e-mail address share: NFKC, casefolded, trimmed."""
    return unicodedata.normalize("NFKC", email.strip()).casefold()


def same_handle(name: str) -> str:
    """Return what the spellings of a sign-in name share: NFKC, casefolded, letters and digits alone.

    So "Maple Otter 42", "maple-otter-42" and "mapleotter42" are one.
    """
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(letter for letter in plain if letter.isalnum())


# --- Search -----------------------------------------------------------------------------------

ALIKE: Final = 0.4
"""From how much alike on, 0 to 1, two words count as one that was spelled otherwise."""
ALIKE_IF_SHORT: Final = 0.6
CLOSE: Final = 12
"""How many at most are found where nothing is spelled as it was typed."""


def search[Id: Hashable](texts: Mapping[Id, str], words: str) -> tuple[list[Id], bool]:
    """Return the ids of the folded texts that have every word, and whether they only come close.

    Whoever has all the words as they were typed is found, in the order of `texts`. Where nobody has,
    those come, closest first, in which each word is like one that is there: a letter more, fewer,
    another one, or two that changed places. Words of one or two letters are taken as they are.
    """
    asked = fold(words).split()
    if exact := [id for id, text in texts.items() if all(word in text for word in asked)]:
        return exact, False
    split = {id: text.split() for id, text in texts.items()}
    known = {word for text in split.values() for word in text}
    like = [{other: near for other in known if (near := _closeness(word, other))} for word in asked]
    close = {}
    for id, text in split.items():
        each = [max((near.get(word, 0.0) for word in text), default=0.0) for near in like]
        if all(each):
            close[id] = sum(each)
    return sorted(close, key=lambda id: -close[id])[:CLOSE], True


def _closeness(word: str, other: str) -> float:
    """Return how close another word comes to one that is asked for, 0 to 1: 0 where it isn't like it.

    Measured is how many threes of letters the two share (Dice).
    """
    if word in other:
        return 1.0
    if len(word) < 3 or not set(word) & set(other):
        return 0.0
    least = ALIKE if len(word) > 3 else ALIKE_IF_SHORT
    threes, best = _threes(word), 0.0
    # What is typed may be the beginning of a word.
    for part in {other, other[: len(word)]}:
        theirs = _threes(part)
        alike = 2 * len(threes & theirs) / (len(threes) + len(theirs))
        if len(word) > 3 and len(part) == len(word) and sorted(part) == sorted(word):
            alike = max(alike, ALIKE)
        best = max(best, alike)
    return best if best >= least else 0.0


def _threes(word: str) -> set[str]:
    padded = f"  {word} "
    return {padded[at : at + 3] for at in range(len(padded) - 2)}
