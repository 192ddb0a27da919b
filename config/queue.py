"""What wakes: the schedule, and without Redis a folder of messages. Neither keeps what a killed process could leave broken.

Celery's own schedule lies in a file and goes by the calendar, so that a clock that is set back by a day stops it for
a day; and a message of its own folder can be read half-written, which ends the worker that does.
"""

import json
import os
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from celery.beat import Scheduler
from kombu.transport import TRANSPORT_ALIASES, filesystem


class Schedule(Scheduler):
    """Wakes each task at the start and then once in its span, by the machine's steady clock."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._next: dict[str, float] = {}
        super().__init__(*args, **kwargs)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Wake what it is time for; return for how many seconds there is nothing to do."""
        entry: Any
        for name, entry in self.schedule.items():
            now = time.monotonic()
            if self._next.get(name, now) <= now:
                self._next[name] = now + entry.schedule.run_every.total_seconds()
                self.apply_entry(entry, producer=self.producer)
        return max(0.0, min(self._next.values()) - time.monotonic())


class Channel(filesystem.Channel):
    """A folder in which each message is a file that appears whole, and that one worker gets."""

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        folder = Path(self.data_folder_out)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = f"{round(time.time() * 1000)}_{uuid.uuid4().hex}"
        draft = folder / f"{name}.part"
        draft.write_text(json.dumps(payload), encoding="utf-8")
        draft.replace(folder / f"{name}.{queue}.msg")

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        source, mine = Path(self.data_folder_in), Path(self.processed_folder)
        for folder in (source, mine):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in sorted(os.listdir(source)):
            if name.partition(".")[2] == f"{queue}.msg":
                try:
                    # Of several workers one succeeds.
                    os.replace(source / name, mine / name)
                    said = (mine / name).read_text(encoding="utf-8")
                    (mine / name).unlink()
                    message = json.loads(said)
                    message["properties"]["delivery_tag"]
                except (OSError, ValueError, LookupError, TypeError):
                    continue
                return message
        raise Empty

    def get_table(self, exchange: str) -> Any:
        try:
            return super().get_table(exchange)
        except ValueError:
            return []

    def _queue_bind(self, exchange: str, *where: Any) -> None:
        try:
            super()._queue_bind(exchange, *where)
        except ValueError:
            # Whoever wrote it was killed half-way: it is made anew.
            (self.control_folder / f"{exchange}.exchange").unlink(missing_ok=True)
            super()._queue_bind(exchange, *where)


class Transport(filesystem.Transport):
    """Celery's broker in a folder, for an installation without Redis."""

    Channel = Channel


TRANSPORT_ALIASES["folder"] = f"{__name__}:Transport"
