"""When the parts of this server were last at work: the time of a file for each in the data folder.

It is the machine's own time, wherever the demo has moved the clock to.
"""

import time
from contextlib import suppress
from pathlib import Path

# The schedule wakes a sweep every half minute and the mail every five seconds: after so many seconds without
# a sign of life a part is not well.
QUIET = 120.0


def beat(folder: Path, part: str) -> None:
    """Leave a sign that a part was at work just now; a full disk keeps nobody from their work."""
    with suppress(OSError):
        (folder / "pulse").mkdir(mode=0o700, exist_ok=True)
        (folder / "pulse" / part).touch()


def quiet(folder: Path, part: str) -> float | None:
    """Return for how many seconds a part has left no sign, or None where it never has."""
    try:
        return max(0.0, time.time() - (folder / "pulse" / part).stat().st_mtime)
    except OSError:
        return None
