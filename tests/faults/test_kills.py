"""Rule 13 under faults: workers are killed, the broker is emptied and away, the clock goes back and forth.

In the app each is told once. No mail goes twice, and none is lost in silence: each has gone once, or is listed
as uncertain for the operator, who may send it again.
"""

import os
import random
import shutil
import signal
import threading
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from bench.crowd import Crowd
from congregation.models import Mail, Notice
from rhythms.reminding import SOON
from tests.faults.serving import Folder, Redis, Serving, environment, wait
from tests.faults.smtp import HANG_UP, mail_server

LONG = bool(os.environ.get("TABLEFUL_LONG"))
KILLS, CONGREGATIONS, PEOPLE = (60, 20, 200) if LONG else (6, 2, 200)
WORKERS, SCHEDULES = 4, 3
STATES = Mail.State
# How many may still go after the one at which something is to happen.
BEYOND = 12
DAY = timedelta(days=1)


class Flow:
    """Lets mail through up to a number, so that nothing is over before it has been disturbed."""

    def __init__(self):
        self.passed, self.up_to, self.is_over = 0, 0, False
        self.changed = threading.Condition()
        self.armed, self.serving, self.struck = False, None, []

    def ask(self, *_to):
        """A mail is offered."""
        with self.changed:
            self.changed.wait_for(lambda: self.passed < self.up_to or self.is_over)
            self.passed += 1
        return "250 fine"

    def open(self, up_to):
        with self.changed:
            self.up_to = up_to
            self.changed.notify_all()

    def end(self):
        with self.changed:
            self.is_over = True
            self.changed.notify_all()

    def taken(self, *_to):
        """A mail was taken: where it is armed, its worker is killed before it can hear so."""
        with self.changed:
            is_armed, self.armed = self.armed, False
        if not is_armed:
            return "250 fine"
        _name, pid = self.serving.caller(self.server.caller.port)
        os.kill(pid, signal.SIGKILL)
        self.struck.append(self.server.caller.port)
        return HANG_UP


@pytest.fixture
def broker(tmp_path):
    if not os.environ.get("REDIS_URL"):
        one = Folder(tmp_path)
    elif shutil.which("redis-server"):
        one = Redis(tmp_path)
    else:
        assert not os.environ.get("TABLEFUL_REQUIRE_POSTGRES"), "No redis-server was found."
        pytest.skip("No redis-server was found.")
    yield one
    one.end()


@pytest.fixture
def serving(tmp_path, broker):
    flow = Flow()
    with mail_server(mail=flow.ask, taken=flow.taken) as post:
        flow.server = post
        one = Serving(tmp_path, environment(tmp_path, post), broker)
        flow.serving, one.flow, one.post = one, flow, post
        try:
            yield one
        finally:
            flow.end()
            one.end()


def states():
    return Counter(Mail.objects.filter(kind=SOON).values_list("state", flat=True))


def settle(serving):
    """Wait until every mail has come to its end; the clock goes on where all are waiting for it."""

    def is_settled():
        serving.keep()
        counts = states()
        if not counts[STATES.DUE] + counts[STATES.SENDING] + counts[STATES.FAILED]:
            return True
        if not Mail.objects.due(serving.now).exists():
            serving.move(timedelta(minutes=2))
        return False

    wait(is_settled, lambda: (states(), len(serving.post.taken)))


def reach(serving, number):
    """Wait until so many mails were offered."""
    flow = serving.flow
    flow.open(number + BEYOND)

    def is_reached():
        serving.keep()
        if not Mail.objects.due(serving.now).exists() and Notice.objects.filter(kind=SOON).exists():
            serving.move(timedelta(minutes=2))
        return flow.passed >= number

    wait(is_reached, lambda: (flow.passed, states()))


def disturb(serving, dice, what):
    """Do one thing that must do no harm."""
    parts = [name for name in serving.running if name.startswith("worker")]
    if what == "group":
        serving.kill(dice.choice(parts))
    elif what == "process":
        with suppress(ProcessLookupError):
            os.kill(dice.choice(serving.processes(dice.choice(parts))), signal.SIGKILL)
    elif what == "accepted":
        before = len(serving.flow.struck)
        serving.flow.armed = True
        serving.flow.open(serving.flow.up_to + BEYOND)

        def is_struck():
            serving.keep()
            if not Mail.objects.due(serving.now).exists():
                serving.move(timedelta(minutes=2))
            return len(serving.flow.struck) > before

        wait(is_struck, lambda: (serving.flow.passed, states()))
    elif what == "schedule":
        serving.kill(dice.choice([name for name in serving.running if name not in parts]))
    elif what == "emptied":
        serving.broker.empty()
    elif what == "away":
        serving.broker.stop()
        serving.move(timedelta(hours=2))
        serving.broker.start()
    elif what == "back":
        serving.move(-DAY)
    elif what == "forth":
        serving.move(DAY)


@pytest.mark.django_db(transaction=True)
def test_each_is_told_once_whatever_happens(serving, capsys):
    dice = random.Random(13)
    now = datetime.now(UTC)
    crowd = Crowd(now, congregations=CONGREGATIONS, people=PEOPLE)
    # So far ahead that it hasn't begun when the clock has gone on.
    crowd.meet(now + timedelta(hours=22))
    number = len(crowd.people)
    kills = [("group", "process", "accepted")[one % 3] for one in range(KILLS)]
    others = ["schedule", "emptied", "away", "back", "forth"]
    events = kills[:]
    for place, other in enumerate(others, 1):
        events.insert(place * len(events) // (len(others) + 1), other)

    for one in range(WORKERS):
        serving.start(f"worker {one}")
    for one in range(SCHEDULES):
        serving.start(f"schedule {one}")
    # What tells of the meetings may be killed as well.
    for _twice in range(2):
        disturb(serving, dice, "group")
    for place, what in enumerate(events):
        reach(serving, place * number * 8 // 10 // len(events))
        disturb(serving, dice, what)
    serving.flow.end()
    wait(lambda: serving.keep() or Notice.objects.filter(kind=SOON).count() >= number, states)
    settle(serving)

    told = Notice.objects.filter(kind=SOON)
    assert Counter(told.values_list("recipient", flat=True)) == {who.pk: 1 for who in crowd.people}
    counts = states()
    sent = Counter(to for _from, (to,), _message in serving.post.taken)
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{connection.vendor}, {type(serving.broker).__name__}: {number} notices, {KILLS} kills, "
            f"{len(events)} faults: {dict(counts)}, {sent.total()} taken"
        )
    assert [to for to, times in sent.items() if times > 1] == []
    assert set(counts) <= {STATES.SENT, STATES.UNCERTAIN}
    mails = Mail.objects.filter(kind=SOON).values_list(
        "notice__recipient__user__email", "state", "fault"
    )
    assert len(mails) == number
    assert [to for to, state, _fault in mails if state == STATES.SENT and to not in sent] == []
    uncertain = {to for to, state, _fault in mails if state == STATES.UNCERTAIN}
    # Each killed process had at most one in its hands, and so had each that the clock left behind.
    assert len(uncertain) <= 2 * (KILLS + 2) + 2 * WORKERS * 3
    # Those of which the worker never heard that they were taken.
    assert len(serving.flow.struck) == kills.count("accepted")
    assert len(uncertain & set(sent)) >= kills.count("accepted")

    # The operator has them all, and sends them again.
    assert Mail.send_again(SOON, now=serving.now) == len(uncertain)
    settle(serving)
    sent = Counter(to for _from, (to,), _message in serving.post.taken)
    assert set(sent) == {who.user.email for who in crowd.people}
    assert {to for to, times in sent.items() if times > 1} <= uncertain
