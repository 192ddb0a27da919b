"""Runs web, worker and schedule as one group: one Ctrl-C stops all and leaves nothing behind.

`bin/serve` starts this. It needs no Django itself: it starts the commands that do, passes their
lines on with the part's name before them, and starts again what dies. Each part leads a session
of its own, so that the terminal's Ctrl-C reaches only this process, which then asks each to end.
"""

import argparse
import asyncio
import ctypes
import errno
import fcntl
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # started as a file, from whatever folder
    sys.path.insert(0, str(ROOT))

from config import PRODUCT, data, pulse  # noqa: E402
from config.data import Refused  # noqa: E402
from config.web import STAY_DOWN  # noqa: E402

GRACE = 8.0  # seconds that the parts have to end by themselves before they are killed
WAITS = (1, 2, 4, 8, 15, 30)  # seconds before a part that died is started again
STEADY = 60.0  # seconds after which a part counts as well again
HOPELESS = 4  # times that the web part may die before it has ever answered

_SIGNALS = {number.value: number.name for number in signal.Signals}
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Part:
    """One of the processes that run together."""

    name: str
    command: Sequence[str]


def parts(host: str, port: int) -> list[Part]:
    """Return web, worker and schedule, each with its command."""
    web = [sys.executable, "-m", "config.web", host, str(port)]
    calm = "ignore:You're running the worker with superuser"  # six lines in every container
    celery = [sys.executable, "-W", calm, "-m", "celery", "--quiet", "-A", "config.celery"]
    worker = ["worker", "--loglevel", "WARNING"]
    worker += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    if data.setting("REDIS_URL"):
        worker += ["--concurrency", "2", "--time-limit", "600"]
    else:  # the embedded database takes one writer at a time, and a process less is 40 MB less
        worker += ["--pool", "solo"]
    return [
        Part("web", web),
        Part("worker", [*celery, *worker]),
        Part("schedule", [*celery, "beat", "--loglevel", "WARNING"]),
    ]


# ---- what must be so before anything starts


def address() -> tuple[str, int]:
    """Return the host and port to listen at, if they make sense."""
    return data.setting("TABLEFUL_BIND", "127.0.0.1").strip("[]"), data.port()


def check_port(host: str, port: int) -> None:
    """Refuse, in a sentence, an address that cannot be listened at."""
    try:
        family, kind, proto, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, proto) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Refused(
                f"Port {port} is taken by another program: stop that one, or choose another port, "
                f"as in PORT={port + 1 if port < 65535 else 8000} bin/serve."
            ) from None
        if error.errno == errno.EACCES:
            raise Refused(
                f"Port {port} is not open to this user: choose one from 1024 up, "
                "as in PORT=8000 bin/serve."
            ) from None
        raise Refused(
            f"Nothing can listen at {host}, port {port} ({error.strerror}): "
            "set TABLEFUL_BIND to an address of this computer."
        ) from None


def take(folder: Path, only: str | None, url: str) -> None:
    """Hold the data folder for as long as this process and its guard live, or refuse.

    The whole group excludes all else. Single parts, in containers of their own, share the folder
    with each other, but there is one schedule.
    """
    wanted = {"serve.lock": fcntl.LOCK_SH if only else fcntl.LOCK_EX}
    if only == "schedule":
        wanted["schedule.lock"] = fcntl.LOCK_EX
    for name, mode in wanted.items():
        lock = os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o600)
        until = time.monotonic() + GRACE + 4
        while True:
            try:
                fcntl.flock(lock, mode | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                text = os.pread(lock, 400, 0).decode(errors="replace").strip()
                pid, _, where = text.partition(" ")
                # What was killed needs a moment until its parts have ended: that is worth a wait.
                if _lives(pid) or time.monotonic() > until:
                    raise Refused(
                        f"{PRODUCT} is running already with the data in {folder}"
                        f"{f' ({where}, process {pid})' if where else ''}: "
                        "stop that one first, or choose another folder with TABLEFUL_DATA."
                    ) from None
                time.sleep(0.1)
        if mode == fcntl.LOCK_EX:
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()} {url}\n".encode(), 0)


def _lives(pid: str) -> bool:
    if not pid.isdigit():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


# ---- processes and their groups


def _signal_group(group: int, number: int) -> bool:
    """Send a signal to all of a group; false when nobody is left in it."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


class Guard:
    """A small process that outlives this one only to end the parts, should this one be killed.

    It reads from a pipe which groups run. When the pipe closes, this process is gone, whatever
    took it. It holds the lock of the data folder as well, until all is quiet.
    """

    def __init__(self) -> None:
        """Start it, after the locks and before all else."""
        read, self._write = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            try:
                os.close(self._write)
                self._watch(read)
            finally:
                os._exit(0)
        os.close(read)

    @staticmethod
    def _watch(read: int) -> None:
        os.setsid()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        nothing = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nothing, standard)
        groups: set[int] = set()
        with os.fdopen(read) as lines:
            for line in lines:
                (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
        for group in groups:
            if _signal_group(group, 0):
                with suppress(ProcessLookupError):
                    os.kill(group, signal.SIGTERM)
        until = time.monotonic() + GRACE
        while any(_signal_group(group, 0) for group in groups) and time.monotonic() < until:
            time.sleep(0.05)
        for group in groups:
            _signal_group(group, signal.SIGKILL)

    def knows(self, group: int) -> None:
        """Let it end this group with the others."""
        os.write(self._write, f"+{group}\n".encode())

    def forgets(self, group: int) -> None:
        """Let it leave alone a group that has ended."""
        os.write(self._write, f"-{group}\n".encode())

    def leave(self) -> None:
        """Let it go, since all has ended."""
        os.close(self._write)
        os.waitpid(self._pid, 0)


def _ends_with(parent: int) -> Callable[[], None] | None:
    """Return what lets the kernel end a new process with its parent, where it can."""
    libc = _libc
    if libc is None:
        return None

    def prepare() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


class Group:
    """What is started together, kept alive together and ended together."""

    def __init__(self, guard: Guard) -> None:
        """Make it inside a running loop, whose signals end it from now on."""
        self.ending = asyncio.Event()
        self.answered = asyncio.Event()
        self.failed = False
        self._guard = guard
        self._running: dict[int, asyncio.subprocess.Process] = {}
        self._loop = asyncio.get_running_loop()
        self._asked_at = 0.0
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
                self._loop.add_signal_handler(number, self.end)

    def end(self) -> None:
        """Ask all to end; asked again after a second, end them at once."""
        if not self.ending.is_set():
            self.ending.set()
            self._asked_at = self._loop.time()
            for process in self._running.values():
                with suppress(ProcessLookupError):
                    process.terminate()
            self._loop.call_later(GRACE, self.end)
        elif self._loop.time() - self._asked_at > 1:
            for group in self._running:
                _signal_group(group, signal.SIGKILL)

    def fail(self) -> None:
        """End all, because something went wrong that another start would not mend."""
        self.failed = self.failed or not self.ending.is_set()
        self.end()

    def say(self, text: str | bytes, name: str = "") -> None:
        """Print a line, after the name of the part that it comes from."""
        line = text.encode() if isinstance(text, str) else text
        try:
            sys.stdout.buffer.write(
                (f"{name} | ".encode() if name else b"") + line.rstrip() + b"\n"
            )
            sys.stdout.buffer.flush()
        except OSError:  # nobody reads any more
            self.end()

    @contextmanager
    def _lines(self, name: str) -> Iterator[int]:
        """Give a file descriptor whose lines are said under this name as they come."""
        read, write = os.pipe()
        os.set_blocking(read, False)
        rest = b""

        def more() -> bool:
            nonlocal rest
            try:
                chunk = os.read(read, 65536)
            except BlockingIOError:
                return False
            *lines, rest = (rest + chunk).split(b"\n")
            if rest and (not chunk or len(rest) > 65536):
                lines.append(rest)
                rest = b""
            for line in lines:
                if line.strip():
                    # What is JSON says itself where it comes from, and stays JSON.
                    self.say(line, "" if line.startswith(b'{"time"') else name)
            return bool(chunk)

        self._loop.add_reader(read, more)
        try:
            yield write
        finally:
            self._loop.remove_reader(read)
            os.close(write)
            while more():
                pass
            os.close(read)

    async def _run(self, command: Sequence[str], out: int | None, err: int | None) -> int:
        """Run a command to its end, and end what it leaves behind; return its status."""
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=ROOT,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
            preexec_fn=_ends_with(os.getpid()),
        )
        group = process.pid
        self._guard.knows(group)
        self._running[group] = process
        if self.ending.is_set():
            process.terminate()
        try:
            return await process.wait()
        finally:
            _signal_group(group, signal.SIGKILL)
            del self._running[group]
            self._guard.forgets(group)

    async def once(self, *command: str, into: Path | None = None) -> bool:
        """Run a command that ends by itself; tell whether it went well.

        What it prints goes to whoever started all this, or into a file that only they may read.
        """
        if into is None:
            well = await self._run(command, None, None) == 0
        else:
            draft = into.with_suffix(".part")
            kept = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                well = await self._run(command, kept, None) == 0
            finally:
                os.close(kept)
            if well:
                draft.replace(into)
            else:
                draft.unlink()
        if not well:
            self.fail()
        return well

    async def keep(self, part: Part) -> None:
        """Run a part, and start it again when it dies, until all end."""
        deaths = 0
        while not self.ending.is_set():
            started = self._loop.time()
            with self._lines(part.name) as lines:
                status = await self._run(part.command, lines, lines)
            if self.ending.is_set():
                return
            deaths = 1 if self._loop.time() - started > STEADY else deaths + 1
            how = f"killed by {_SIGNALS.get(-status)}" if status < 0 else f"status {status}"
            if part.name == "web" and not self.answered.is_set():
                if status == STAY_DOWN:  # and it said why
                    self.fail()
                    return
                if deaths >= HOPELESS:
                    self.say(f"ended {deaths} times ({how}) without an answer.", part.name)
                    self.fail()
                    return
            wait = WAITS[min(deaths, len(WAITS)) - 1]
            self.say(f"ended ({how}); starting it again in {wait} s.", part.name)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.ending.wait(), wait)

    async def until_it_answers(self, host: str, port: int, name: str) -> None:
        """Wait until the web part answers, or all end."""
        patience = self._loop.time() + 60
        while not self.ending.is_set() and not await healthy(host, port, name):
            await asyncio.sleep(0.1)
            if self._loop.time() > patience:
                self.say("does not answer yet.", "web")
                patience += 60
        self.answered.set()


# ---- the whole


async def healthy(host: str, port: int, name: str) -> bool:
    """Tell whether /healthz answers 200."""
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    request = f"GET /healthz HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n"
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(here, port)
            try:
                writer.write(request.encode())
                return b" 200 " in await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False


async def unwell(only: str | None) -> list[str]:
    """Return a sentence for each part that should run and doesn't do its work."""
    host, port = address()
    url = data.setting("TABLEFUL_URL", f"http://localhost:{port}")
    said = []
    if only in (None, "web") and not await healthy(host, port, urlsplit(url).netloc):
        said.append(f"web does not answer at {host}, port {port}.")
    for name in ("worker", "schedule"):
        if only in (None, name):
            quiet = pulse.quiet(data.folder(), name)
            if quiet is None:
                said.append(f"{name} has not done anything yet.")
            elif quiet > pulse.QUIET:
                said.append(f"{name} has done nothing for {quiet:.0f} seconds.")
    return said


def sign_ins(kept: Path) -> list[str]:
    """Return the lines that tell the demo's sign-ins."""
    found = json.loads(kept.read_text(encoding="utf-8"))["sign_ins"]
    return [
        line
        for one in found
        for line in (f"  {one['email']}  password {one['password']}", f"      {one['who']}")
    ]


async def serve(guard: Guard, only: str | None, demo: Path | None) -> int:
    """Make the data folder ready, run the parts, and say where they answer; return the status."""
    group = Group(guard)
    host, port = address()
    url = data.setting("TABLEFUL_URL", f"http://localhost:{port}").rstrip("/")
    web, *others = parts(host, port)
    told = [f"{PRODUCT} is at {url}" if only in (None, web.name) else f"The {only} is at work."]

    async def manage(*command: str, into: Path | None = None) -> bool:
        return await group.once(sys.executable, str(ROOT / "manage.py"), *command, into=into)

    async def fill(kept: Path) -> bool:
        group.say("Filling the demo …")
        if not await manage("demo", into=kept):
            return False
        told.extend(["Sign in as one of these:", *sign_ins(kept), f"They are kept in {kept}"])
        return True

    to_fill = demo if demo and not demo.exists() else None
    if demo and not to_fill:
        told.append(f"The sign-ins are in {demo}")
    # Where something may be already, nothing answers as a demo before it is known to be one.
    untouched = not data.setting("DATABASE_URL") and not (data.folder() / "secrets").exists()
    if to_fill and not untouched:
        if not (await manage("ready", "--broker") and await fill(to_fill)):
            return int(group.failed)
        to_fill = None
    async with asyncio.TaskGroup() as tasks:
        if only in (None, web.name):
            # It makes all ready by the way, and answers sooner when the others wait for it.
            tasks.create_task(group.keep(web))
            await group.until_it_answers(host, port, urlsplit(url).netloc)
        else:
            await manage("ready", "--broker")
        if to_fill and not group.ending.is_set():
            await fill(to_fill)
        if not group.ending.is_set():
            for line in told:
                group.say(line)
            if only in (None, web.name) and (data.folder() / "setup.json").exists():
                # Nothing is founded: it tells where that is done, with a token that only this log has.
                await manage("setup")
            for part in others:
                if only in (None, part.name):
                    tasks.create_task(group.keep(part))
    return int(group.failed)


def main() -> int:
    """Read what was asked for, and do it."""
    asked = argparse.ArgumentParser(prog="bin/serve", description=__doc__)
    asked.add_argument("--demo", action="store_true", help="fill an empty database with a demo")
    asked.add_argument(
        "--only", choices=["web", "worker", "schedule"], help="run one part, as in a container"
    )
    asked.add_argument(
        "--check", action="store_true", help="only ask what runs already whether it is well"
    )
    options = asked.parse_args()
    for name, value in os.environ.items():
        # The parts run in the project's folder, and a relative path is meant from this one.
        if value and (name == "TABLEFUL_DATA" or name.endswith("_FILE")):
            os.environ[name] = os.path.abspath(os.path.expanduser(value))
    os.environ["PYTHONUNBUFFERED"] = "1"
    if options.demo:
        os.environ["TABLEFUL_DEMO"] = "1"
    try:
        if not data.log_form():  # the parts write into a pipe: only this one knows a terminal
            os.environ["TABLEFUL_LOG"] = "text" if sys.stdout.isatty() else "json"
        for name in data.NAMES:
            data.setting(name)  # so that a file that cannot be read is said before all else
        host, port = address()
        folder = data.folder()
        os.environ["TABLEFUL_DATA"] = str(folder)
        if options.check:
            said = asyncio.run(unwell(options.only))
            print("\n".join(said or ["All is well."]))  # noqa: T201
            return int(bool(said))
        take(folder, options.only, data.setting("TABLEFUL_URL", f"http://localhost:{port}"))
        if options.only in (None, "web"):
            check_port(host, port)
    except Refused as refusal:
        print(refusal, file=sys.stderr)  # noqa: T201
        return 1
    except OSError as error:
        print(data.unusable(Path(os.environ["TABLEFUL_DATA"]), error), file=sys.stderr)  # noqa: T201
        return 1
    guard = Guard()
    try:
        return asyncio.run(
            serve(guard, options.only, folder / "demo.json" if options.demo else None)
        )
    finally:
        guard.leave()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
