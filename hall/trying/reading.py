"""Reading a JSON object of which every key and value has to be what it should be.

Unknown keys are an error, so that a typing mistake never passes for a default.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

type Id = str | int

LARGEST_BYTES: Final = 5_000_000


class TryError(ValueError):
    """Input that cannot be tried; the message is one plain sentence for whoever wrote it."""


def parse(raw: bytes) -> dict[str, Any]:
    """Return the JSON object that a file holds; raises TryError where it holds none."""
    if len(raw) > LARGEST_BYTES:
        raise TryError(f"The input is larger than {LARGEST_BYTES // 1_000_000} MB.")
    try:
        found = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=_without_twins)
    except UnicodeDecodeError:
        raise TryError("The input is not text in UTF-8.") from None
    except json.JSONDecodeError as error:
        raise TryError(
            f"The input is not JSON: line {error.lineno}, column {error.colno} can’t be read."
        ) from None
    except RecursionError:
        raise TryError("The input is nested too deeply.") from None
    except TryError:
        raise
    except ValueError:  # an integer of thousands of digits
        raise TryError("The input has a number that is too long.") from None
    if not isinstance(found, dict):
        raise TryError("The input has to be one JSON object, in braces.")
    return found


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise TryError("The input names a key twice in one object.")
    return found


def quoted(value: object) -> str:
    """Return a value as short JSON, to be named in a sentence."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def check_keys(data: Mapping[str, Any], needed: frozenset[str], also: frozenset[str]) -> None:
    """Raise TryError for a key that is unknown or missing."""
    unknown = sorted(data.keys() - needed - also)
    if unknown:
        raise TryError(f"There is no key {quoted(unknown[0])} here.")
    missing = sorted(needed - data.keys())
    if missing:
        raise TryError(f"The key {quoted(missing[0])} is missing.")


def text(key: str, value: object) -> str:
    """Return a value that has to be text."""
    if not isinstance(value, str):
        raise TryError(f"{quoted(key)} has to be text, which {quoted(value)} is not.")
    return value


def identifier(key: str, value: object) -> Id:
    """Return a value that has to be an id: text or a whole number."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TryError(f"{quoted(key)} takes text or whole numbers, which {quoted(value)} is not.")
    return value


def whole_number(key: str, value: object) -> int:
    """Return a value that has to be a whole number."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TryError(f"{quoted(key)} has to be a whole number, which {quoted(value)} is not.")
    return value


def number(key: str, value: object, least: float, most: float) -> float:
    """Return a value that has to be a number within bounds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TryError(f"{quoted(key)} has to be a number, which {quoted(value)} is not.")
    if not least <= value <= most:  # nor is NaN
        raise TryError(f"{quoted(key)} has to be from {least:,} to {most:,}.")
    return float(value)


def items(key: str, value: object) -> list[Any]:
    """Return a value that has to be a list."""
    if not isinstance(value, list):
        raise TryError(f"{quoted(key)} has to be a list, which {quoted(value)} is not.")
    return value


def mapping(key: str, value: object) -> dict[str, Any]:
    """Return a value that has to be an object."""
    if not isinstance(value, dict):
        raise TryError(f"{quoted(key)} has to be an object, which {quoted(value)} is not.")
    return value
