"""What the log says: one line for each event, and nothing private in any."""

import json
import logging
import re
import sys
import uuid

import pytest
from django.urls import reverse

from config import data, logs
from congregation import watching
from congregation.models import Invitation
from tests.world import TOKEN

SECRET = "what Ana wrote"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-")


class Kept(logging.Handler):
    def __init__(self):
        super().__init__()
        self.setFormatter(logs.Line())
        self.lines = []

    def emit(self, record):
        self.lines.append(self.format(record))


@pytest.fixture(params=["json", "text"])
def lines(request, monkeypatch):
    monkeypatch.setenv("TABLEFUL_LOG", request.param)
    kept = Kept()
    loggers = [logging.getLogger(name) for name in ("tableful", "tableful.requests", "")]
    for logger in loggers:
        logger.addHandler(kept)
    yield kept.lines
    for logger in loggers:
        logger.removeHandler(kept)


def record(**extra):
    made = logging.getLogger("tableful.outbox").makeRecord(
        "tableful.outbox", logging.WARNING, __file__, 1, "mail %s failed\nagain", ("x",), None,
        extra=extra,
    )  # fmt: skip
    made.created = 1795000000.5
    return made


def test_a_line_for_machines(monkeypatch):
    monkeypatch.setenv("TABLEFUL_LOG", "json")
    line = logs.Line().format(record(facts={"ms": 12}))
    assert json.loads(line) == {
        "time": "2026-11-18T11:06:40.500+00:00",
        "level": "warning",
        "where": "tableful.outbox",
        "what": "mail x failed again",
        "ms": 12,
    }


def test_a_line_for_people(monkeypatch):
    monkeypatch.setenv("TABLEFUL_LOG", "text")
    line = logs.Line().format(record(facts={"ms": 12}))
    assert line == "11:06:40 WARNING tableful.outbox: mail x failed again ms=12"


def test_which_of_the_two(monkeypatch):
    monkeypatch.delenv("TABLEFUL_LOG", raising=False)
    for is_terminal in (True, False):
        monkeypatch.setattr(sys.stderr, "isatty", lambda is_terminal=is_terminal: is_terminal)
        assert logs.is_json() is not is_terminal
    monkeypatch.setenv("TABLEFUL_LOG", "xml")
    with pytest.raises(data.Refused, match="TABLEFUL_LOG is 'xml'"):
        logs.is_json()


def test_an_exception_is_its_class_and_its_place(lines):
    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger("celery.worker").exception("It went wrong")
    (line,) = lines
    assert "ValueError" in line
    assert "tests/congregation/test_logs.py:" in line
    assert SECRET not in line
    assert "Traceback" not in line


def test_a_request_is_named_and_never_by_its_path(
    client, client_of, member, host, request, lines, at
):
    one = request.getfixturevalue("world")
    mine = client_of(member)
    mine.get(at(member, "home"))
    mine.get(at(member, "crew", **one["crew"]))
    mine.get(at(member, "hello", **one["hello"]))
    mine.post(at(member, "interest", **one["mate"]))
    mine.post(at(member, "hello-say", **one["hello"]), {"note": SECRET})
    mine.get(f"/nowhere/{TOKEN}/{SECRET}")
    client.get(reverse("welcome", args=[TOKEN]))
    client.get(reverse("operator-enter", args=[TOKEN]))
    client.post("/accounts/login/", {"login": member.user.email, "password": SECRET})
    client.get(f"/accounts/login/?next=/c/{member.congregation.slug}/x")
    whole = "\n".join(lines)
    assert len(lines) == 10
    assert "home" in lines[0]
    assert [name for line in lines[1:5] for name in ("a page", "a form") if name in line] == [
        "a page", "a page", "a form", "a form",
    ]  # fmt: skip
    assert "nowhere" in lines[5]
    assert "welcome" in lines[6]
    for private in (
        TOKEN,
        SECRET,
        member.user.email,
        "interest",
        "hello",
        "Seed",
        "otaki",
        "127.0",
    ):
        assert private not in whole, private
    assert not UUID.search(whole)


def test_how_it_went(client_of, member, at, monkeypatch, lines):
    client_of(member).get(at(member, "people"))
    (line,) = lines
    if line.startswith("{"):
        told = json.loads(line)
        assert (told["method"], told["page"], told["status"]) == ("GET", "people", 200)
        assert told["statements"] > 2
        assert told["ms"] >= 0
    else:
        assert re.search(
            r"INFO tableful.requests: request method=GET page=people status=200 ms=\d+ ", line
        )


def test_what_machines_ask_is_not_worth_a_line(client, db, lines):
    client.get("/healthz")
    client.get("/readyz")
    assert lines == []


def test_what_is_not_named_stays_unnamed():
    """A page that is added later is not named in the log before somebody decides so."""
    for name in ("interest", "looking", "pool", "hello", "lookback", "agreement", "request-answer"):
        assert name not in watching.ALIKE


@pytest.mark.django_db
def test_a_database_that_fails_says_nothing_of_what_it_was_given(
    client_of, member, at, lines, monkeypatch
):
    def broken(*args, **kwargs):
        raise RuntimeError(f"{SECRET} {uuid.uuid4()}")

    browser = client_of(member)
    browser.raise_request_exception = False
    monkeypatch.setattr(Invitation.objects.all().__class__, "visible_to", broken)
    assert browser.get(at(member, "invitations")).status_code == 500
    whole = "\n".join(lines)
    assert "RuntimeError" in whole
    assert SECRET not in whole
    assert not UUID.search(whole)
