"""A whole installation of its own for the browser tests: web, worker and schedule, and one clock.

The server is the real one (`config.supervise`), in its own data folder; the clock is moved through the
offset in that folder, for all of its processes at once.
"""

import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)


@dataclass
class Installation:
    """A running server: where it is, its data folder, its environment."""

    url: str
    data: Path
    env: dict

    def manage(self, *args, stdin=None):
        """Run a management command beside the server and return what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *args],
            cwd=ROOT,
            env=self.env,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def said(self):
        """Return what the server has printed."""
        return (self.data / "server.log").read_text(encoding="utf-8")

    def move(self, **by):
        """Move the one clock of web, worker and schedule."""
        path = self.data / "clock-offset"
        seconds = int(path.read_text()) if path.exists() else 0
        path.write_text(str(seconds + int(timedelta(**by).total_seconds())))

    def sweep(self):
        """Do what is due now; the worker does the same by itself, and twice is once."""
        return json.loads(self.manage("sweep").strip().splitlines()[-1])

    def mails(self):
        """Return the mails that lie in the data folder, oldest first."""
        import email
        import email.policy

        found = []
        paths = (self.data / "mail").glob("*.log")
        for path in sorted(paths, key=lambda path: path.stat().st_mtime_ns):
            text = path.read_text(encoding="utf-8", errors="replace")
            found.append(email.message_from_string(text, policy=email.policy.default))
        return found

    def mail_to(self, address, containing="", deadline=30):
        """Wait for the newest mail to an address and return its plain text."""
        until = time.monotonic() + deadline
        while time.monotonic() < until:
            for message in reversed(self.mails()):
                body = message.get_body(("plain",)).get_content()
                if address in str(message["To"]) and containing in body:
                    return body
            time.sleep(0.2)
        raise AssertionError(f"No mail to {address} with {containing!r} came within {deadline} s.")


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def fresh_database(base, name):
    """Return the URL of an empty database beside the one the tests use; none for SQLite."""
    if not base or base.startswith("sqlite"):
        return ""
    import psycopg

    parts = urlsplit(base)
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
    return urlunsplit(parts._replace(path=f"/{name}"))


@pytest.fixture(scope="session")
def empty(tmp_path_factory):
    """The data folder of an installation that is ready and empty, made once for all processes of a run."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "empty-installation"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            folder.mkdir()
            Installation("", folder, environment(folder, DATABASE_URL="")).manage("ready")
            (folder / "made").touch()
    return folder


def environment(data, **more):
    """Return the environment of an installation of its own."""
    leave = {"DJANGO_SETTINGS_MODULE", "EMAIL_URL", "TABLEFUL_TEST_BASE"}
    kept = {key: value for key, value in os.environ.items() if key not in leave}
    return kept | {"TABLEFUL_DATA": str(data), "TABLEFUL_CLOCK_MOVES": "1"} | more


@pytest.fixture(scope="module")
def installation(empty, tmp_path_factory):
    """A server that runs for the tests of one module."""
    data = tmp_path_factory.mktemp("installation") / "data"
    shutil.copytree(empty, data)
    port = free_port()
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    database = fresh_database(os.environ.get("DATABASE_URL", ""), f"browser_{worker}")
    env = environment(data, PORT=str(port), DATABASE_URL=database)
    url = f"http://localhost:{port}"
    running = Installation(url, data, env)
    if database:
        running.manage("ready")
    output = (data / "server.log").open("w+")
    server = subprocess.Popen(
        [sys.executable, "-m", "config.supervise"],
        cwd=ROOT,
        env=env,
        stdout=output,
        stderr=subprocess.STDOUT,
    )
    try:
        until = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{url}/healthz", timeout=2)
                break
            except OSError:
                if time.monotonic() > until or server.poll() is not None:
                    output.seek(0)
                    raise AssertionError(
                        f"The server did not start:\n{output.read()[-3000:]}"
                    ) from None
                time.sleep(0.2)
        yield running
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
        output.close()
