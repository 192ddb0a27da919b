"""What a killed process leaves half-written holds nobody up."""

import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from config.celery import app
from config.queue import Schedule
from congregation.models import Mail
from tests.faults.serving import ROOT, Folder, Serving, environment, wait
from tests.faults.smtp import mail_server

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def letter(transactional_db):
    return Mail.post(
        "invitation", "kaia@example.org", subject="Come", text="Come", html="", now=LONG_AGO
    )


@pytest.mark.once
def test_a_queue_full_of_rubbish(letter, tmp_path):
    """Of each file that the broker keeps, one was written half and one not at all."""
    messages, control = tmp_path / "queue/messages", tmp_path / "queue/control"
    for folder in (messages, control):
        folder.mkdir(parents=True)
    for number, words in enumerate(["", '{"body": "W1tdLCB7', "\0\xff", "[]", "{}"]):
        (messages / f"{number}_x.tableful.msg").write_text(words, encoding="latin-1")
    (messages / "6_x.part").write_text("{", encoding="ascii")
    for name, words in {"tableful": "", "celery.pidbox": '[["", "'}.items():
        (control / f"{name}.exchange").write_text(words, encoding="ascii")
    with mail_server() as post:
        serving = Serving(tmp_path, environment(tmp_path, post), Folder(tmp_path))
        try:
            serving.start("schedule 1")
            serving.start("worker 1")

            def is_sent():
                assert [p.poll() for p in serving.running.values()] == [None, None], serving.words()
                return Mail.objects.get().state == Mail.State.SENT

            wait(is_sent, lambda: Mail.objects.get().state)
        finally:
            serving.end()
    assert [to for _from, to, _message in post.taken] == [["kaia@example.org"]]


HALF = """
import sys, django
django.setup()
from django.db import transaction
from congregation.models import Mail
with transaction.atomic():
    Mail.objects.update(state="dropped")
    print("half-way", flush=True)
    sys.stdin.read()
"""


def test_killed_within_a_transaction(letter, tmp_path):
    with mail_server() as post:
        half = subprocess.Popen(
            [sys.executable, "-c", HALF], cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=environment(tmp_path, post) | {"DJANGO_SETTINGS_MODULE": "config.settings"},
        )  # fmt: skip
    try:
        assert half.stdout.readline() == "half-way\n"
    finally:
        half.kill()
        half.communicate()
    assert Mail.objects.get().state == Mail.State.DUE
    assert Mail.objects.update(state=Mail.State.DROPPED) == 1


class Noted(Schedule):
    """A schedule that writes down what it wakes."""

    def apply_entry(self, entry, producer=None):
        self.woken = [*getattr(self, "woken", []), entry.task.rpartition(".")[2]]

    @property
    def producer(self):
        return None


@pytest.mark.once
def test_the_schedule_goes_by_a_clock_that_nobody_sets(monkeypatch):
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    schedule = Noted(app=app, schedule_filename=None)
    assert schedule.tick() == 5.0
    assert sorted(schedule.woken) == ["deliver", "sweep"]
    # Whatever the calendar says.
    monkeypatch.setattr(time, "time", lambda: 0.0)
    schedule.woken = []
    for second in range(101, 131):
        monkeypatch.setattr(time, "monotonic", lambda second=second: float(second))
        schedule.tick()
    assert sorted(schedule.woken) == ["deliver"] * 6 + ["sweep"]
