"""One line for each event: for people on a terminal, JSON for machines. Neither ever says to whom.

What an exception says may be someone's words, and a path may be someone's key: a line has the class of an
error and the place in the code, and nothing else of it.
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from config import data

ROOT = f"{data.ROOT}/"


def place(error: BaseException | None) -> str:
    """Return where in our own code something happened, innermost first; else the last place of all."""
    frames = traceback.extract_tb(error.__traceback__ if error else None)
    ours = [
        f"{frame.filename.removeprefix(ROOT)}:{frame.lineno}"
        for frame in reversed(frames)
        if frame.filename.startswith(ROOT) and "site-packages" not in Path(frame.filename).parts
    ]
    last = frames[-1] if frames else None
    return " < ".join(ours[:6]) or (f"{last.filename}:{last.lineno}" if last else "?")


def is_json() -> bool:
    """Whether lines are JSON: as TABLEFUL_LOG says, else wherever no terminal shows them."""
    return (data.log_form() or ("text" if sys.stderr.isatty() else "json")) == "json"


class Line(logging.Formatter):
    """Time, level, where, what; and the facts that a record brings as `extra={"facts": …}`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of an event."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        facts: dict[str, Any] = dict(getattr(record, "facts", {}))
        error = record.exc_info[1] if record.exc_info else None
        if error:
            facts |= {"error": type(error).__name__, "at": place(error)}
        what = " ".join(record.getMessage().split())
        if is_json():
            line = {"time": at, "level": record.levelname.lower(), "where": record.name}
            return json.dumps({**line, "what": what, **facts}, ensure_ascii=False, default=str)
        told = "".join(f" {name}={value}" for name, value in facts.items())
        return f"{at[11:19]} {record.levelname} {record.name}: {what}{told}"
