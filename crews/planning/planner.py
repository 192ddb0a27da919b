"""The way into the engine: crews from a puzzle, in the time that there is.

A child process looks for the best by column generation, while greedy search goes on here: what is
better of both is the answer, so that nothing is lost where the child can't run or finds nothing.
"""

import json
import logging
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Final, Self

from crews.planning import greedy
from crews.planning.puzzle import Crews, Puzzle, is_sound, score

log = logging.getLogger("tableful.planning")

ROOT: Final = Path(__file__).resolve().parents[2]
TINY: Final = 1e-6
AT_MOST: Final = 3
"""How many times as long as it should it may take where the processors are busy."""
PASSED_ON: Final = ("PATH", "LD_LIBRARY_PATH", "LANG", "TMPDIR")


def plan(puzzle: Puzzle, *, seconds: float, seed: int) -> Crews:
    """Return the best crews that are found in about so many seconds of two processors, often sooner.

    Where others use them as well it takes longer rather than answers worse, up to three times as
    long. Nobody is left who could sit at one of the tables as they are, or at one more with others
    who are left. The same seed gives the same, as far as the search ends before its time does.
    """
    if not any(puzzle.fits):
        return []
    latest = time.monotonic() + AT_MOST * seconds
    worked = time.thread_time() + seconds
    with _Child(puzzle, seconds, seed) as child:

        def more() -> bool:
            is_time = time.thread_time() < worked and time.monotonic() < latest
            return is_time and not child.is_done

        for crews in greedy.search(puzzle, Random(seed), more):
            best = crews
        child.wait(latest)
        if child.reached >= score(puzzle, best) - TINY:
            best = child.best
    return greedy.complete(puzzle, best)


class _Child:
    """The process that searches with HiGHS: its best so far, and its end, whatever happens here."""

    def __init__(self, puzzle: Puzzle, seconds: float, seed: int) -> None:
        self.puzzle = puzzle
        self.best: Crews = []
        self.reached = float("-inf")
        self.task = {"puzzle": asdict(puzzle), "seconds": seconds, "seed": seed}

    def __enter__(self) -> Self:
        # One thread each, and nothing of this process's secrets.
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "crews.planning.child"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.talk = threading.Thread(target=self._talk, daemon=True)
        self.talk.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.wait()
        self.talk.join()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    @property
    def is_done(self) -> bool:
        """Whether it has found what it can find."""
        return self.process.returncode == 0

    def wait(self, until: float) -> None:
        """Wait for the last crews, no longer than until a moment."""
        self.talk.join(max(0.0, until - time.monotonic()))

    def _talk(self) -> None:
        """Hand the puzzle over, and take crews as they come; what isn't sound is left out."""
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        with suppress(OSError):
            stdin.write(json.dumps(self.task).encode())
            stdin.close()
        for line in stdout:
            crews = _read(line)
            if crews and is_sound(self.puzzle, crews):
                reached = score(self.puzzle, crews)
                if reached > self.reached:
                    self.best, self.reached = crews, reached
        if self.process.wait() > 0:
            log.warning("The search for crews goes on without HiGHS, which could not run.")


def _read(line: bytes) -> Crews:
    """Return the crews of a line; none for one that was cut off."""
    try:
        return [tuple(crew) for crew in json.loads(line)]
    except ValueError:
        return []
