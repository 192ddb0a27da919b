"""One rule tried on values of one's own: what `manage.py try` does between two pieces of JSON.

They take what JSON holds and return what JSON can hold. Formats are in the design.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from hall.trying.crews import try_crews
from hall.trying.reading import LARGEST_BYTES, TryError, parse
from hall.trying.rhythm import try_rhythm
from hall.trying.split import try_split

__all__ = ["LARGEST_BYTES", "TRIALS", "TryError", "parse", "try_crews", "try_rhythm", "try_split"]

TRIALS: Final[Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
    "crews": try_crews,
    "rhythm": try_rhythm,
    "split": try_split,
}
"""What can be tried, by the word on the command line."""
