"""SQLite as Django knows it, but whoever waits to write has the same chance as whoever has just come.

SQLite lets a connection that finds the database locked ask again after 1, 2, 5 … 100 ms: the longer one
has waited, the more rarely one asks, so that newcomers overtake and someone waits until the timeout.
Here everyone asks anew every few milliseconds until the timeout.
"""

import random
import time
from typing import Any

from django.db import OperationalError
from django.db.backends.sqlite3 import base

PATIENCE_MS = 10


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection whose transactions begin in turn."""

    def get_connection_params(self) -> dict[str, Any]:
        params: dict[str, Any] = super().get_connection_params()
        self._seconds = float(params.get("timeout", 5))
        return params

    def _start_transaction_under_autocommit(self) -> None:
        until = time.monotonic() + self._seconds
        self.connection.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")
        try:
            while True:
                try:
                    super()._start_transaction_under_autocommit()  # type: ignore[misc]
                    return
                except OperationalError as error:
                    if "locked" not in str(error) or time.monotonic() > until:
                        raise
                    time.sleep(random.uniform(0, PATIENCE_MS / 1000))  # noqa: S311
        finally:
            self.connection.execute(f"PRAGMA busy_timeout = {round(self._seconds * 1000)}")
