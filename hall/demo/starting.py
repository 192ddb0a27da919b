"""Begins a demo from the set-up: a process of its own fills it, and tells how far it is.

What that process says lies in the data folder until the demo is taken away. Its lock is held for as long as it
runs, so that two never run at once and one that was killed is known to be gone.
"""

import fcntl
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any, Final

from django.conf import settings

from congregation import invented
from congregation.models import Congregation
from hall.demo import keeping

LOCK: Final = settings.DATA / "demo.lock"


@dataclass(frozen=True)
class State:
    """How far a demo is: `none`, `filling`, `failed` or `done`; the week that it is in; its sign-ins."""

    name: str
    line: str = ""
    week: int = 0
    weeks: int = 0
    sign_ins: list[dict[str, str]] = field(default_factory=list)


def start() -> None:
    """Let a process of its own fill the demo; where one runs, or one has, nothing happens."""
    with LOCK.open("w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        if keeping.PRINTED.exists() or Congregation.any_here():
            return
        said = os.open(keeping.PROGRESS, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            # It inherits the lock, and ends with this server, whose process group it stays in.
            subprocess.Popen(  # noqa: S603  our own command, with nothing of anybody's in it
                [sys.executable, str(settings.BASE_DIR / "manage.py"), "demo", "--keep"],
                cwd=settings.BASE_DIR,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                pass_fds=[lock.fileno()],
            )
        finally:
            os.close(said)


def state() -> State:
    """Return how far it is."""
    if keeping.PRINTED.exists():
        printed: dict[str, Any] = json.loads(keeping.PRINTED.read_text(encoding="utf-8"))
        return State("done", sign_ins=printed["sign_ins"])
    try:
        lines = keeping.PROGRESS.read_text(encoding="utf-8", errors="replace").split("\n")
    except FileNotFoundError:
        return State("none")
    last = next((line for line in reversed(lines) if line.strip()), "")
    if not is_filling():
        return State("failed", last)
    found = re.search(r"week (\d+) of (\d+)", last)
    week, weeks = (int(found[1]), int(found[2])) if found else (0, 0)
    return State("filling", last, week, weeks)


def clear() -> None:
    """Take away the mark of a demo that never came to be, since whatever filled it was killed."""
    if invented.MARK.exists() and not is_filling() and not Congregation.any_here():
        invented.end()


def is_filling() -> bool:
    """Whether one is being filled at this moment; the embedded database then takes no other writer."""
    try:
        with LOCK.open("r", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
