"""Workers and schedules as `bin/serve` starts them, on the database of the test, to be killed as a test likes."""

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings

from config.supervise import parts
from tests.faults.test_seat_race import address

ROOT = Path(__file__).resolve().parents[2]
# So long nothing at all may change before a test gives up, on however slow a machine.
PATIENCE = 240


def environment(data, post):
    """Return what another process on the database of the test is told, with a data folder of its own."""
    return {
        **{k: v for k, v in os.environ.items() if k not in {"REDIS_URL", "TABLEFUL_TEST_BASE"}},
        "DATABASE_URL": address(),
        "TABLEFUL_DATA": str(data),
        "TABLEFUL_KEYRING": settings.KEYRING,
        "SECRET_KEY": settings.SECRET_KEY,
        "PYTHONPATH": str(ROOT),
        "EMAIL_URL": post.url,
    }


class Folder:
    """The embedded broker."""

    def __init__(self, data):
        self.queue = data / "queue"
        self.settings = {}

    def empty(self):
        """Let all messages be lost."""
        shutil.rmtree(self.queue, ignore_errors=True)

    def stop(self):
        """Be away: whatever is written there or read from there fails."""
        while not self.queue.is_file():
            self.empty()
            with suppress(OSError):  # somebody has just made it again
                self.queue.touch()

    def start(self):
        """Be there again, with nothing in it."""
        self.queue.unlink()

    def end(self):
        """Leave nothing behind."""


class Redis:
    """A Redis of its own, since the one that is there may be somebody's."""

    def __init__(self, folder):
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.settings = {"REDIS_URL": f"redis://127.0.0.1:{self.port}/0"}
        self.start()

    def _client(self):
        import redis

        return redis.Redis(port=self.port, socket_timeout=5)

    def empty(self):
        """Let all messages be lost."""
        self._client().flushdb()

    def stop(self):
        """Be away, at once and without a word."""
        self.process.kill()
        self.process.wait()

    def start(self):
        """Be there, with nothing in it."""
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
             "--appendonly", "no", "--dir", str(self.folder)],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip

        def answers():
            with suppress(Exception):
                return self._client().ping()

        wait(answers, lambda: self.process.poll())

    end = stop


def wait(until, moved):
    """Wait until something is so, for as long as something moves."""
    seen, since = None, time.monotonic()
    while not until():
        now = moved()
        if now != seen:
            seen, since = now, time.monotonic()
        assert time.monotonic() - since < PATIENCE, f"Nothing has moved any more: {now}"
        time.sleep(0.02)


class Serving:
    """The parts that run, each leading a group of its own; what dies is started again, as `bin/serve` does."""

    def __init__(self, data, environment, broker):
        self.data, self.broker = data, broker
        self.environment = environment | broker.settings | {"TABLEFUL_CLOCK_MOVES": "1"}
        known = os.environ.get("REDIS_URL")
        try:
            os.environ.pop("REDIS_URL", None)
            os.environ.update(broker.settings)
            _web, self.worker, self.schedule = parts("127.0.0.1", 0)
        finally:
            os.environ.pop("REDIS_URL", None)
            if known is not None:
                os.environ["REDIS_URL"] = known
        self.said = (data / "said").open("ab")
        self.running = {}
        self.moved = timedelta(0)

    def start(self, name):
        """Start a part: "worker 1", "schedule 2" …"""
        part = self.worker if name.startswith("worker") else self.schedule
        command = [*part.command, *(["-n", name.replace(" ", "@")] if part is self.worker else [])]
        self.running[name] = subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdout=self.said, stderr=self.said,
            start_new_session=True,
        )  # fmt: skip

    def keep(self):
        """Start again what has died, and end what it left behind."""
        for name, process in list(self.running.items()):
            if process.poll() is not None:
                self._end_group(process.pid)
                self.start(name)

    @staticmethod
    def _end_group(group):
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)

    def kill(self, name):
        """kill -9 a part and all that belongs to it; it is started again."""
        self._end_group(self.running[name].pid)
        self.running[name].wait()
        self.keep()

    def processes(self, name):
        """Return the ids of the processes of a part."""
        group, found = self.running[name].pid, []
        for entry in Path("/proc").iterdir():
            with suppress(ProcessLookupError, ValueError):
                if os.getpgid(int(entry.name)) == group:
                    found.append(int(entry.name))
        return sorted(found)

    def caller(self, port):
        """Return which process holds the near end of a connection: its part and its id, or None."""
        lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
        ends = (line.split() for line in lines)
        sockets = {f"socket:[{end[9]}]" for end in ends if end[1].endswith(f":{port:04X}")}
        for name in self.running:
            for pid in self.processes(name):
                with suppress(OSError):
                    for handle in Path(f"/proc/{pid}/fd").iterdir():
                        with suppress(OSError):
                            if os.readlink(handle) in sockets:
                                return name, pid
        return None

    @property
    def now(self):
        """This moment, as the parts read it."""
        return datetime.now(UTC) + self.moved

    def move(self, by):
        """Move the clock of all parts."""
        self.moved += by
        draft = self.data / "clock-offset.new"
        draft.write_text(str(int(self.moved.total_seconds())), encoding="ascii")
        draft.replace(self.data / "clock-offset")

    def end(self):
        """End everything at once."""
        for process in self.running.values():
            self._end_group(process.pid)
            process.wait()
        self.said.close()

    def words(self):
        """Return what the parts have said last."""
        return (self.data / "said").read_text(errors="replace")[-4000:]
