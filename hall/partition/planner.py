"""The way into the engine: two sides from a puzzle, in the time that there is."""

import time
from random import Random
from typing import Final

from hall.partition.puzzle import NoSplit, Puzzle, Sides, can_be
from hall.partition.search import search

AT_MOST: Final = 3
"""How many times as long as it should it may take where the processor is busy."""


def plan(puzzle: Puzzle, *, seconds: float, seed: int) -> Sides:
    """Return the sides that tear least, of those found in about so many seconds of one processor.

    Where others use it as well it takes longer rather than answers worse, up to three times as long;
    where no sides have been found by then, it goes on that much longer still. Raises NoSplit where
    there are none, or none were found.
    """
    if not can_be(puzzle):
        raise NoSplit
    worked, latest = time.thread_time() + seconds, time.monotonic() + AT_MOST * seconds
    best: Sides | None = None

    def more() -> bool:
        if best is None:
            return time.monotonic() < latest + AT_MOST * seconds + 1
        return time.thread_time() < worked and time.monotonic() < latest

    for sides in search(puzzle, Random(seed), more):
        best = sides
    if best is None:
        raise NoSplit
    return best
