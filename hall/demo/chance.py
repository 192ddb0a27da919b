"""Chance that falls the same way every time: from a seed and from what is asked, never from ids or order."""

from collections.abc import Iterable, Sequence
from hashlib import blake2b


class Chance:
    """The dice of a demo. The same question gets the same answer, whenever it is asked."""

    def __init__(self, seed: object) -> None:
        self.seed = str(seed)

    def roll(self, *about: object) -> float:
        """Return a number from 0 up to, not including, 1."""
        key = "\n".join([self.seed, *map(str, about)])
        return int.from_bytes(blake2b(key.encode(), digest_size=6).digest()) / 2**48

    def happens(self, likely: float, *about: object) -> bool:
        """Tell whether something happens that is so likely (0 to 1)."""
        return self.roll(*about) < likely

    def number(self, least: int, most: int, *about: object) -> int:
        """Return a whole number from `least` to `most`."""
        return least + int(self.roll(*about) * (most - least + 1))

    def pick[T](self, options: Sequence[T], *about: object) -> T:
        """Return one of the options."""
        return options[int(self.roll(*about) * len(options))]

    def shuffled[T](self, options: Iterable[T], *about: object) -> list[T]:
        """Return the options in a random order; two that read the same keep theirs."""
        return sorted(options, key=lambda option: self.roll(*about, option))
