"""The broker only wakes: without it people sign in and `manage.py sweep` delivers; with it mail goes by itself."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings

from config import data
from config.supervise import parts
from congregation import outbox
from congregation.models import Mail
from tests.faults.smtp import mail_server
from tests.faults.test_seat_race import address

ROOT = Path(__file__).resolve().parents[2]
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
DEADLINE = 90

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def closed_port():
    """A port where nobody listens, and nobody else can."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def environment(tmp_path):
    """Another process on the same database, with a data folder of its own."""
    return {
        **{k: v for k, v in os.environ.items() if k not in {"REDIS_URL", "TABLEFUL_TEST_BASE"}},
        "DATABASE_URL": address(),
        "TABLEFUL_DATA": str(tmp_path),
        "TABLEFUL_KEYRING": settings.KEYRING,
        "SECRET_KEY": settings.SECRET_KEY,
        "PYTHONPATH": str(ROOT),
    }


@pytest.fixture
def letter(db):
    return Mail.post(
        "invitation", "kaia@example.org", subject="Come", text="Come", html="", now=LONG_AGO
    )


def manage(environment, *arguments, **options):
    return subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options,
    )  # fmt: skip


def test_people_sign_in_while_the_broker_is_away(environment, closed_port, member):
    environment["REDIS_URL"] = f"redis://127.0.0.1:{closed_port}/0"
    asking = manage(environment, "-m", "tests.faults.asking", member.user.email)
    said, wrong = asking.communicate(timeout=DEADLINE)
    assert asking.returncode == 0, wrong
    told = json.loads(said)
    assert told["healthz"] == 200
    assert (told["readyz"], told["broker"], told["database"]) == (503, "away", "ok")
    assert told["seconds"] < 10
    assert (told["signed in"], told["at"]) == (200, "/c/otaki/")


def test_the_sweep_delivers_while_the_broker_is_away(environment, closed_port, letter):
    with mail_server() as post:
        environment |= {"REDIS_URL": f"redis://127.0.0.1:{closed_port}/0", "EMAIL_URL": post.url}
        sweep = manage(environment, "manage.py", "sweep")
        said, wrong = sweep.communicate(timeout=DEADLINE)
    assert sweep.returncode == 0, wrong
    assert json.loads(said)["mail"] == 1
    assert [to for _from, to, _message in post.taken] == [["kaia@example.org"]]
    assert Mail.objects.get().state == "sent"


def test_a_sweep_that_is_killed_while_sending(environment, letter, now, settings):
    asked, go_on = threading.Event(), threading.Event()

    def hold(*_to):
        asked.set()
        go_on.wait(DEADLINE)
        return "250 fine"

    with mail_server(mail=hold) as post:
        sweep = manage(environment | {"EMAIL_URL": post.url}, "manage.py", "sweep")
        try:
            assert asked.wait(DEADLINE), sweep.communicate(timeout=5)
            sweep.send_signal(signal.SIGKILL)
            sweep.communicate(timeout=DEADLINE)
        finally:
            go_on.set()
            sweep.kill()
        assert Mail.objects.get().state == "sending"
        later = datetime.now(UTC) + timedelta(minutes=11)
        post.answers.clear()
        settings.MAILERS = {**settings.MAILERS, "post": data.mailer(post.url)}
        assert outbox.deliver(now=later) == 0
        assert outbox.deliver(now=later + timedelta(days=1)) == 0
    assert (Mail.objects.get().state, post.taken) == ("uncertain", [])


@pytest.fixture(params=["files", "redis"])
def broker(request, environment):
    """The embedded broker, or a corner of Redis that is left as it was found."""
    if request.param == "files":
        yield environment
        return
    url = os.environ.get("REDIS_URL")
    if not url:
        pytest.skip("REDIS_URL names no Redis to try.")
    import redis

    corner = urlunsplit(urlsplit(url)._replace(path="/9"))
    client = redis.Redis.from_url(corner)
    before = set(client.keys())
    yield environment | {"REDIS_URL": corner}
    if left := set(client.keys()) - before:
        client.delete(*left)
    client.close()


def test_a_worker_and_a_schedule_deliver_what_is_due(broker, letter, monkeypatch, tmp_path):
    if "REDIS_URL" in broker:
        monkeypatch.setenv("REDIS_URL", broker["REDIS_URL"])
    else:
        monkeypatch.delenv("REDIS_URL", raising=False)
    _web, *others = parts("127.0.0.1", 0)
    assert [part.name for part in others] == ["worker", "schedule"]
    with mail_server() as post:
        said = (tmp_path / "said").open("wb")
        running = [
            subprocess.Popen(
                part.command, cwd=ROOT, env=broker | {"EMAIL_URL": post.url},
                stdout=said, stderr=said, start_new_session=True,
            )
            for part in others
        ]  # fmt: skip
        try:
            until = time.monotonic() + DEADLINE
            while Mail.objects.get().state != "sent" and time.monotonic() < until:
                assert [process.poll() for process in running] == [None, None], words(said)
                time.sleep(0.05)
        finally:
            end(running)
            said.close()
    assert Mail.objects.get().state == "sent", words(said)
    assert [to for _from, to, _message in post.taken] == [["kaia@example.org"]]
    assert "kaia" not in words(said)


def end(running):
    """Ask each to end, and end what is left of its group."""
    for process in running:
        process.terminate()
    for process in running:
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def words(said):
    return Path(said.name).read_text(errors="replace")
