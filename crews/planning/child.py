"""`python -m crews.planning.child`: the part of the engine that needs numpy and HiGHS, in a process of
its own that exits, so that no other one ever has to load them.

Reads a puzzle as JSON; writes crews, better ones each time, as a line of JSON each.
"""

import json
import os
import sys
import time

from crews.planning.puzzle import Puzzle


def main() -> None:
    """Read, search until the processor has worked so many seconds, write."""
    # What a library prints goes elsewhere: standard output is for crews alone.
    with os.fdopen(os.dup(1), "w") as out:
        os.dup2(2, 1)
        task = json.load(sys.stdin)
        seconds = float(task["seconds"])

        from crews.planning.columns import search

        for crews in search(
            Puzzle(**task["puzzle"]), task["seed"], lambda: seconds - time.process_time()
        ):
            out.write(json.dumps(crews) + "\n")
            out.flush()


if __name__ == "__main__":
    main()
