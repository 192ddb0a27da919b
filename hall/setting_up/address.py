"""The address that opens the set-up: printed by `bin/serve`, good until there is a congregation.

Only hashes of its tokens are kept, in the data folder. The file is there as long as nothing is founded.
"""

import fcntl
import hmac
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.conf import settings
from django.urls import reverse

from congregation import invented
from congregation.models import Congregation
from congregation.outbox import address as whole
from congregation.tokens import hashed, new_token
from hall.demo import starting

FILE: Final = settings.DATA / "setup.json"
# Each start prints an address of its own, and the earlier ones go on working: this many of them.
MOST: Final = 50


def is_open() -> bool:
    """Whether there is something to set up: nothing was founded, and this was not started as a demo."""
    return not settings.DEMO and not invented.is_here() and not Congregation.any_here()


def note() -> bool:
    """Leave word in the data folder whether there is something to set up; return it."""
    starting.clear()
    if is_open():
        with _hashes():
            return True
    close()
    return False


def new() -> str:
    """Make a new token and return the whole address that opens the set-up with it."""
    token, digest = new_token()
    with _hashes() as known:
        known.append(digest)
        del known[:-MOST]
    return whole(reverse("setup", args=[token]))


def opens(token: str) -> bool:
    """Whether a token opens the set-up at this moment."""
    try:
        known = json.loads(FILE.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return False
    mine = hashed(token)
    found = [hmac.compare_digest(mine, each) for each in known]
    return any(found) and is_open()


def close() -> None:
    """Forget every token, since something is founded."""
    FILE.unlink(missing_ok=True)


@contextmanager
def _hashes() -> Iterator[list[str]]:
    """Give the hashes that are kept, and keep what becomes of them; one process at a time."""
    with (settings.DATA / "setup.lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            known: list[str] = json.loads(FILE.read_text(encoding="ascii"))
        except (OSError, ValueError):
            known = []
        before = list(known) if FILE.exists() else None
        yield known
        if known != before:
            draft = FILE.with_suffix(".new")
            draft.touch(mode=0o600)
            os.chmod(draft, 0o600)
            draft.write_text(json.dumps(known), encoding="ascii")
            draft.replace(FILE)
