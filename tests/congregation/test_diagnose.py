"""A test mail, and what is said of it: each fault of a mail server has its sentence, within its time."""

import contextlib
import io
import logging
import socket
import time

import pytest
from django.core.management import call_command

from config import data
from congregation.diagnosing import Stage, diagnose
from tests.faults.smtp import DAWDLE, HANG, HANG_UP, Authority, mail_server

pytestmark = pytest.mark.once

TO = "mei@otaki.example"
SENDER = "Tableful <tableful@table.example>"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


def tell(url, limit=3, trust=None, to=TO):
    return diagnose(data.mailer(url), to, sender=SENDER, limit=limit, trust=trust)


def with_user(server, password="right", scheme="smtp+plain", host="127.0.0.1"):  # noqa: S107
    return f"{scheme}://tableful:{password}@{host}:{server.port}"


def states(result):
    return [step.state for step in result.steps]


def test_it_is_sent():
    with mail_server() as server:
        result = tell(with_user(server))
    assert (result.stage, result.fault, result.is_sent) == (Stage.SENT, "", True)
    assert "look into your mailbox, and into the spam folder" in result.sentence
    assert states(result) == ["done"] * 5
    ((sender, to, message),) = server.taken
    assert (sender, to) == ("tableful@table.example", [TO])
    assert message["To"] == TO
    assert message["From"] == SENDER
    assert TO not in message["Subject"]


@pytest.mark.parametrize(("private", "scheme"), [("starttls", "smtp"), ("ssl", "smtps")])
def test_it_is_sent_on_a_private_line(authority, private, scheme):
    with mail_server(private=private, certificate=authority.certificate()) as server:
        result = tell(with_user(server, scheme=scheme, host="localhost"), trust=authority.trust)
    assert (result.fault, result.is_sent, len(server.taken)) == ("", True, 1)
    assert "TLS 1.3, certificate good until" in result.steps[2].fact


ANSWERS = [
    ({"connect": "554 go away"}, "turned_away", "takes no mail from this computer", 1),
    ({"connect": "421 busy"}, "busy", "is busy", 1),
    ({"connect": "HTTP/1.1 400 Bad Request"}, "no_mail", "it is no mail server", 1),
    ({"connect": HANG_UP}, "dropped", "hung up before", 1),
    ({"connect": HANG}, "hung", "then says nothing", 1),
    ({"ehlo": HANG}, "hung", "then says nothing", 1),
    ({"ehlo": DAWDLE}, "hung", "then says nothing", 1),
    ({"stranger": "535 5.7.8 no"}, "sign_in", "doesn’t accept this user name or password", 3),
    ({"stranger": "454 later"}, "delayed", "come back later", 3),
    ({"ehlo": "250 here"}, "no_sign_in", "takes no sign-in here", 3),
    ({"stranger": HANG_UP}, "dropped", "in the middle", 3),
    ({"stranger": HANG}, "hung", "began well", 3),
    ({"mail": "553 not yours"}, "sender", "under our address", 4),
    ({"mail": "530 sign in first"}, "sign_in_wanted", "wants a sign-in", 4),
    ({"mail": "451 later"}, "delayed", "come back later", 4),
    ({"rcpt": "550 nobody of that name"}, "recipient", "take mail to this address", 4),
    ({"rcpt": "450 4.2.0 greylisted"}, "delayed", "come back later", 4),
    ({"rcpt": HANG_UP}, "dropped", "in the middle", 4),
    ({"data": "554 no"}, "content", "refused the mail itself", 4),
    ({"taken": "554 spam"}, "content", "refused the mail itself", 4),
    ({"taken": "421 later"}, "delayed", "come back later", 4),
    ({"taken": HANG}, "hung", "began well", 4),
]


@pytest.mark.parametrize(("answers", "fault", "sentence", "stage"), ANSWERS)
def test_what_a_server_does_is_said_in_words(answers, fault, sentence, stage):
    wrong = "stranger" in answers
    # Where the server hangs, the limit is waited for; on a slow machine the walk may need longer to get there.
    for limit in (0.5, 2, 8) if fault == "hung" else (5,):
        with mail_server(**answers) as server:
            result = tell(with_user(server, "wrong" if wrong else "right"), limit=limit)
        if result.stage == stage:
            break
    assert (result.fault, result.stage) == (fault, stage)
    assert sentence in result.sentence
    assert result.hints
    assert not result.is_sent
    assert states(result) == ["done"] * stage + ["stop"] + ["next"] * (4 - stage)


def test_no_private_line_is_offered():
    with mail_server() as server:
        result = tell(with_user(server, scheme="smtp"))
    assert (result.fault, result.stage) == ("no_starttls", Stage.PRIVATE)
    assert "offers no private line" in result.sentence
    assert not server.taken


def test_a_private_line_is_wanted_from_a_server_that_speaks_openly():
    with mail_server() as server:
        result = tell(with_user(server, scheme="smtps"))
    assert (result.fault, result.stage) == ("tls", Stage.PRIVATE)


@pytest.mark.parametrize(("private", "scheme"), [("starttls", "smtp"), ("ssl", "smtps")])
@pytest.mark.parametrize(
    ("made", "fault", "sentence"),
    [
        ({"name": "elsewhere.example"}, "certificate_name", "to another name than localhost"),
        ({"days": -1}, "certificate_expired", "has run out"),
        (None, "certificate", "nobody known vouches"),
    ],
)
def test_a_wrong_certificate(authority, private, scheme, made, fault, sentence):
    with mail_server(private=private, certificate=authority.certificate(**made or {})) as server:
        trust = authority.trust if made else None
        result = tell(with_user(server, scheme=scheme, host="localhost"), trust=trust)
    assert (result.fault, result.stage) == (fault, Stage.PRIVATE)
    assert sentence in result.sentence
    assert not server.taken


def test_an_unknown_name(monkeypatch):
    result = tell("smtp://tableful:right@no-such-host.invalid", limit=5)
    assert (result.fault, result.stage) in {("name", 0), ("name_service", 0)}
    assert "no-such-host.invalid" in result.sentence

    def nobody(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    assert (
        tell("smtp://nowhere.invalid").sentence == "No server by the name nowhere.invalid is known."
    )


def test_a_name_service_that_says_nothing(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: time.sleep(0.3) or [])
    result = tell("smtp://nowhere.invalid", limit=0.1)
    assert (result.fault, result.stage) == ("hung", Stage.FOUND)
    assert "Looking up the name" in result.sentence


def test_a_closed_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    result = tell(f"smtp+plain://127.0.0.1:{port}")
    assert (result.fault, result.stage) == ("closed", Stage.ANSWERS)
    assert f"nothing answers at port {port}" in result.sentence


def test_a_port_that_says_neither_yes_nor_no():
    """One that listens and takes no more calls: its queue is full."""
    with socket.socket() as deaf, contextlib.ExitStack() as callers:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        place = deaf.getsockname()
        for _number in range(3):
            caller = callers.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(place)
        result = tell(f"smtp+plain://127.0.0.1:{place[1]}", limit=0.4)
    assert (result.fault, result.stage) == ("silent", Stage.ANSWERS)
    assert "neither yes nor no" in result.sentence


def test_it_shows_no_secret_and_logs_nothing(caplog, capfd):
    secrets = ("tableful:", "hunter2-hunter2", TO, "table.example")
    speech = (
        f"535 tableful, hunter2-hunter2 is not the password for <{TO}> of tableful@table.example"
    )
    with caplog.at_level(logging.DEBUG), mail_server(stranger=speech) as server:
        result = tell(with_user(server, "hunter2-hunter2"))
    assert result.said.startswith("535 …, … is not the password")
    told = f"{result.plain()} {caplog.text} {''.join(capfd.readouterr())}"
    assert not [secret for secret in secrets if secret in told]


def test_without_a_mail_server_it_lies_in_the_folder(tmp_path):
    mailer = {
        "BACKEND": "congregation.post.FolderBackend",
        "OPTIONS": {"file_path": str(tmp_path)},
    }
    result = diagnose(mailer, TO, sender=SENDER)
    assert (result.fault, result.is_sent) == ("none", False)
    assert str(tmp_path) in result.sentence
    (path,) = tmp_path.glob("*.log")
    assert TO in path.read_text()


def test_letters_that_a_server_cannot_take():
    with mail_server() as server:
        result = tell(server.url, to="mëi@otaki.example")
    assert result.fault == "letters"


# ---- the operator's command


@pytest.fixture
def testmail(settings):
    def run(url, to=TO):
        settings.MAILERS = {**settings.MAILERS, "post": data.mailer(url)}
        out, status = io.StringIO(), 0
        try:
            call_command("testmail", to, stdout=out, stderr=out)
        except SystemExit as end:
            status = end.code
        return status, out.getvalue()

    return run


def test_the_command_says_it_too(testmail):
    with mail_server() as server:
        status, said = testmail(with_user(server))
        assert status == 0
        assert "look into your mailbox" in said
        status, said = testmail(with_user(server, "hunter2"))
    assert status == 1
    assert "doesn’t accept this user name" in said
    assert "app password" in said
    assert "hunter2" not in said
    assert len(server.taken) == 1


def test_the_command_wants_an_address(testmail):
    status, said = testmail("smtp+plain://127.0.0.1:1", to="nonsense")
    assert (status, said) == (2, "nonsense is no e-mail address.\n")
