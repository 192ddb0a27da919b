"""The outbox: what is handed over once, tried again, or never sent again; and what is kept of it."""

import logging
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import time, timedelta

import pytest
from django.core.mail import mailers
from django.db import connection

from config import data
from congregation import outbox
from congregation.models import Invitation, Mail, Notice, NoticeChoice
from congregation.notices import all_kinds
from tests.faults.smtp import HANG_UP, mail_server

KIND = "congregation.arrived"
SECRET = "Not meant for everyone"


@pytest.fixture
def post(settings):
    """A mail server: post(rcpt="550 nobody"); mail goes there from then on."""
    with mail_server() as server:

        def to(url):
            settings.MAILERS = {**settings.MAILERS, "post": data.mailer(url)}

        server.to = to
        to(server.url)
        yield server


@pytest.fixture
def letter(db, now):
    """A letter to an address, with something in it that is nobody else's business."""
    return Mail.post(
        "invitation",
        "kaia@example.org",
        subject="Come",
        text=SECRET,
        html=f"<p>{SECRET}</p>",
        now=now,
    )


@pytest.fixture
def arrived(host, make_member, now):
    """What a notice to the host is about: their guest."""
    row, _token = Invitation.invite(name="Kaia O’Neil", by=host, now=now)
    guest = make_member("Kaia O’Neil")
    Invitation.objects.filter(pk=row.pk).update(accepted_at=now, accepted_by=guest)
    return row


@pytest.fixture
def lines(caplog):
    """What the outbox writes into the log; its lines go nowhere else."""
    logger = logging.getLogger("tableful")
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)


def state():
    return Mail.objects.get().state


def test_it_goes_once(post, letter, now):
    assert outbox.deliver(now=now) == 1
    assert outbox.deliver(now=now) == outbox.deliver(now=now + timedelta(days=9)) == 0
    ((sender, to, message),) = post.taken
    assert to == ["kaia@example.org"]
    assert sender == "tableful@localhost"
    assert message["Subject"] == "Come"
    assert SECRET in message.get_body(("plain",)).get_content()
    assert message["Message-ID"] == f"<{letter.pk}@localhost>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert (state(), Mail.objects.get().sent_at) == ("sent", now)


def test_many_go_over_one_line(post, db, now):
    for number in range(5):
        Mail.post("invitation", f"{number}@example.org", subject="Come", text="", html="", now=now)
    assert outbox.deliver(now=now) == 5
    assert post.visits == 1
    assert sorted(to for _from, (to,), _message in post.taken) == [
        f"{number}@example.org" for number in range(5)
    ]


def test_a_refused_recipient_is_tried_again_later(post, letter, now):
    post.answers["rcpt"] = "450 not now"
    assert outbox.deliver(now=now) == 0
    mail = Mail.objects.get()
    assert (mail.state, mail.fault) == ("failed", "SMTPRecipientsRefused 450")
    assert mail.due_at == now + timedelta(minutes=2)
    post.answers.clear()
    assert outbox.deliver(now=now + timedelta(minutes=1)) == 0
    assert post.visits == 1
    assert outbox.deliver(now=now + timedelta(minutes=2)) == 1
    assert (state(), Mail.objects.get().attempts, len(post.taken)) == ("sent", 2, 1)


def test_it_is_tried_less_and_less_often_and_then_left(post, letter, now):
    post.answers["mail"] = "451 busy"
    waits, at = [], now
    for _try in range(20):
        assert outbox.deliver(now=at) == 0
        due_at = Mail.objects.get().due_at
        if due_at > at:
            waits.append((due_at - at) // timedelta(minutes=1))
        at = max(due_at, at + timedelta(days=1))
    assert waits == [2, 4, 8, 16, 32, 64, 128, 240]
    assert post.visits == Mail.TRIES
    mail = Mail.objects.get()
    assert (mail.state, mail.content, mail.to) == ("failed", "", "")
    assert outbox.oldest_due(now=at) == 0


def test_one_refused_holds_up_no_other(post, db, now):
    post.answers["rcpt"] = lambda to: "550 nobody" if to.startswith("1") else "250 fine"
    for number in range(4):
        Mail.post("invitation", f"{number}@example.org", subject="Come", text="", html="", now=now)
    assert outbox.deliver(now=now) == 3
    assert Mail.objects.get(state="failed").to == "1@example.org"


def test_refused_content_may_be_tried_again(post, letter, now):
    post.answers["taken"] = "451 try later"
    outbox.deliver(now=now)
    assert (state(), Mail.objects.get().fault) == ("failed", "SMTPDataError 451")


def test_a_refused_sign_in(post, letter, now):
    post.to(post.url.replace("//", "//tableful:wrong@"))
    assert outbox.deliver(now=now) == 0
    assert (state(), Mail.objects.get().fault) == ("failed", "SMTPAuthenticationError 535")
    post.to(post.url.replace("//", "//tableful:right@"))
    assert outbox.deliver(now=now + timedelta(hours=1)) == 1


def test_a_server_that_is_away_is_asked_once_a_round(post, db, now):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        post.to(f"smtp+plain://127.0.0.1:{taken.getsockname()[1]}")
        for number in range(3):
            Mail.post("invitation", f"{number}@x.example", subject="", text="", html="", now=now)
        assert outbox.deliver(now=now) == 0
    assert sorted(Mail.objects.values_list("state", "fault")) == [
        ("due", ""),
        ("due", ""),
        ("failed", "ConnectionRefusedError"),
    ]
    assert outbox.oldest_due(now=now + timedelta(minutes=1)) == 60
    post.to(post.url)
    assert outbox.deliver(now=now) == 2
    assert outbox.deliver(now=now + timedelta(hours=1)) == 1


def test_nothing_goes_unencrypted_where_encryption_is_asked_for(post, letter, now):
    post.to(f"smtp://tableful:right@127.0.0.1:{post.port}")
    assert outbox.deliver(now=now) == 0
    assert (state(), post.taken) == ("failed", [])


@pytest.mark.parametrize("verb", ["mail", "rcpt"])
def test_dropped_before_it_was_told_is_tried_again(post, letter, now, verb):
    post.answers[verb] = HANG_UP
    assert outbox.deliver(now=now) == 0
    assert (state(), Mail.objects.get().fault) == ("failed", "SMTPServerDisconnected")
    post.answers.clear()
    assert outbox.deliver(now=now + timedelta(hours=1)) == 1


def test_dropped_after_it_was_told_is_uncertain_and_never_sent_again(post, letter, now, lines):
    post.answers["taken"] = HANG_UP
    assert outbox.deliver(now=now) == 0
    mail = Mail.objects.get()
    assert (mail.state, mail.fault) == ("uncertain", "SMTPServerDisconnected")
    assert (mail.content, mail.to) == ("", "")
    post.answers.clear()
    for days in range(1, 30):
        assert outbox.deliver(now=now + timedelta(days=days)) == 0
    assert len(post.taken) == 1
    assert [line.getMessage() for line in lines.records] == [
        f"mail {mail.pk} of kind invitation is uncertain: SMTPServerDisconnected"
    ]


def test_after_a_fault_the_others_go_on_over_a_new_line(post, db, now):
    post.answers["mail"] = lambda: HANG_UP if post.visits == 1 else "250 fine"
    for number in range(3):
        Mail.post("invitation", f"{number}@x.example", subject="", text="", html="", now=now)
    assert outbox.deliver(now=now) == 2
    assert post.visits == 2


def test_a_server_that_falls_silent_after_it_was_told(post, letter, now, settings):
    told = threading.Event()
    post.answers["taken"] = lambda: told.wait(20) and HANG_UP
    settings.MAILERS["post"]["OPTIONS"]["timeout"] = 0.3
    outbox.deliver(now=now)
    told.set()
    assert state() == "uncertain"


def test_a_worker_that_died_half_way(post, letter, now, lines):
    class Killed(BaseException):
        pass

    def die():
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outbox, "message_of", lambda *args, **kwargs: die())
        with pytest.raises(Killed):
            outbox.deliver(now=now)
    assert state() == "sending"
    assert outbox.deliver(now=now + timedelta(minutes=10)) == 0
    assert state() == "sending"
    assert outbox.deliver(now=now + timedelta(minutes=10, seconds=1)) == 0
    mail = Mail.objects.get()
    assert (mail.state, mail.fault, mail.content) == ("uncertain", "interrupted", "")
    assert outbox.deliver(now=now + timedelta(days=3)) == 0
    assert post.taken == []
    assert "interrupted" in lines.text


def test_a_round_comes_to_an_end(post, db, now, monkeypatch):
    monkeypatch.setattr(outbox, "PATIENCE", -1)
    Mail.post("invitation", "kaia@example.org", subject="", text="", html="", now=now)
    assert outbox.deliver(now=now) == 0
    assert (state(), post.visits) == ("due", 0)
    monkeypatch.undo()


def test_what_cannot_be_written_is_not_sent_half(post, arrived, host, now, lines):
    Notice.tell(KIND, [host], arrived, now=now)
    Mail.objects.update(kind="congregation.unheard")
    assert outbox.deliver(now=now) == 0
    assert (state(), Mail.objects.get().fault, post.visits) == ("failed", "KeyError", 0)
    Mail.objects.update(kind=KIND)
    assert outbox.deliver(now=now + timedelta(hours=1)) == 1


@pytest.mark.django_db(transaction=True)
def test_many_workers_hand_each_over_once(post, now):
    for number in range(12):
        Mail.post("invitation", f"{number}@example.org", subject="", text="", html="", now=now)
    start = threading.Barrier(4)

    def work(_worker):
        try:
            connection.ensure_connection()
            start.wait(10)
            return outbox.deliver(now=now)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 12
    assert len(post.taken) == len({to for _from, (to,), _message in post.taken}) == 12
    assert set(Mail.objects.values_list("state", "attempts")) == {("sent", 1)}


@pytest.mark.django_db(transaction=True)
def test_told_by_many_at_once_is_told_once(post, arrived, host, now):
    start = threading.Barrier(4)

    def tell(_worker):
        try:
            connection.ensure_connection()
            start.wait(10)
            Notice.tell(KIND, [host, host], arrived, now=now)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(tell, range(4)))
    Notice.tell(KIND, [host], arrived, now=now + timedelta(days=1))
    assert Notice.objects.count() == Mail.objects.count() == 1
    # Another occasion of the same is told anew.
    Notice.tell(KIND, [host], arrived, now=now, occasion="again")
    assert Notice.objects.count() == Mail.objects.count() == 2
    assert outbox.deliver(now=now) == 2


def test_a_notice_and_its_mail_are_made_together(arrived, host, now, monkeypatch):
    def die(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(Mail.objects, "bulk_create", die)
    with pytest.raises(RuntimeError):
        Notice.tell(KIND, [host], arrived, now=now)
    assert not Notice.objects.exists()


def test_nothing_of_it_is_kept_once_it_went(post, letter, now, lines):
    assert Mail.objects.filter(to="kaia@example.org").exists()
    outbox.deliver(now=now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM congregation_mail")
        row = " ".join(
            value.tobytes().decode(errors="replace")
            if isinstance(value, memoryview)
            else str(value)
            for value in cursor.fetchone()
        )
    assert "kaia" not in row
    assert SECRET not in row
    assert Mail.objects.get().content == ""
    assert lines.text == ""


def test_until_then_its_words_are_sealed(letter):
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM congregation_mail")
        assert SECRET.encode() not in bytes(cursor.fetchone()[0])
    assert SECRET in Mail.objects.get().content


def test_no_line_of_the_log_tells_whom_or_what(post, letter, arrived, host, now, lines):
    Notice.tell(KIND, [host], arrived, now=now)
    post.answers["rcpt"] = lambda to: f"550 no such person {to}"
    outbox.deliver(now=now)
    Mail.objects.update(state="due", due_at=now)
    post.answers = {"taken": HANG_UP}
    outbox.deliver(now=now)
    assert len(lines.records) == 4
    for line in lines.records:
        words = line.getMessage() + str(line.exc_info or "")
        for private in ["kaia", "Kaia", "mei", "Mei", "Otaki", SECRET, "example", "Come"]:
            assert private not in words


def test_no_subject_has_room_for_anything_private():
    for kind in all_kinds():
        assert not set(str(kind.subject)) & set("%{}"), kind.name


def test_dropped_when_its_reader_may_not_see_it_any_more(post, arrived, host, now):
    Notice.tell(KIND, [host], arrived, now=now)
    arrived.refresh_from_db()
    Invitation.objects.update(inviter=arrived.accepted_by)
    host.terms.update(ended_at=now)
    assert outbox.deliver(now=now) == 0
    assert (state(), post.visits) == ("dropped", 0)


def test_dropped_when_what_it_is_about_is_gone(post, arrived, host, now):
    Notice.tell(KIND, [host], arrived, now=now)
    Invitation.objects.all().delete()
    outbox.deliver(now=now)
    assert (state(), post.visits) == ("dropped", 0)


def test_dropped_when_its_reader_has_left(post, arrived, host, now):
    Notice.tell(KIND, [host], arrived, now=now)
    host.state, host.left_at = "left", now
    host.save()
    outbox.deliver(now=now)
    assert (state(), post.visits) == ("dropped", 0)


def test_dropped_when_its_reader_has_stopped_that_kind_meanwhile(post, arrived, host, now):
    post.answers["mail"] = "451 busy"
    Notice.tell(KIND, [host], arrived, now=now)
    outbox.deliver(now=now)
    NoticeChoice.choose(host, KIND, "off", by=host)
    outbox.deliver(now=now + timedelta(hours=1))
    assert (state(), post.visits) == ("dropped", 1)


def test_its_address_is_the_readers_of_the_moment(post, arrived, host, now):
    Notice.tell(KIND, [host], arrived, now=now)
    host.user.email = "mei@new.example"
    host.user.save()
    outbox.deliver(now=now)
    assert post.taken[0][1] == ["mei@new.example"]


def test_it_says_how_to_stop_such_mail(post, arrived, host, client, now):
    Notice.tell(KIND, [host], arrived, now=now)
    outbox.deliver(now=now)
    message = post.taken[0][2]
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = "".join(message["List-Unsubscribe"].split()).strip("<>")
    assert url.startswith("http://localhost:8000/unsubscribe/")
    # As a mail program does it, without a cookie or a token of ours.
    path = url.removeprefix("http://localhost:8000")
    answer = client.post(path, {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert NoticeChoice.objects.get(member=host).often == "off"


def test_times_are_in_the_readers_zone(post, world, member, mate, now):
    from rhythms.models import Plan

    mate.user.read_in("Europe/Lisbon")
    # It is six in the morning there.
    mate.user.be_mailed(quiet_from=None, quiet_until=None, digest_at=time(8), digest_on=0, now=now)
    plan = Plan.objects.get(meeting=world["meeting"]["pk"])
    Notice.tell("rhythms.meeting_soon", [member, mate], plan, now=now)
    outbox.deliver(now=now)
    words = [(to, message.get_body(("plain",)).get_content()) for _, (to,), message in post.taken]
    for person, words_of_it in (
        (member, "Fri 20 Nov, 7:00 pm (Auckland)"),
        (mate, "Fri 20 Nov, 6:00 am (Lisbon)"),
    ):
        assert any(to == person.user.email and words_of_it in text for to, text in words)


def test_without_a_mail_server_each_lies_in_a_file_of_its_own(settings, tmp_path, db, now):
    folder = tmp_path / "mail"
    settings.MAILERS = {
        **settings.MAILERS,
        "post": {
            "BACKEND": "congregation.post.FolderBackend",
            "OPTIONS": {"file_path": str(folder)},
        },
    }
    for number in range(20):
        Mail.post("invitation", f"{number}@example.org", subject="", text="", html="", now=now)
    assert outbox.deliver(now=now) == 20
    files = list(folder.iterdir())
    assert len(files) == 20
    assert {path.suffix for path in files} == {".log"}
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_a_folder_that_is_full_or_closed_is_tried_again(settings, tmp_path, letter, now):
    (tmp_path / "mail").write_text("a file is in the way")
    settings.MAILERS = {
        **settings.MAILERS,
        "post": {
            "BACKEND": "congregation.post.FolderBackend",
            "OPTIONS": {"file_path": str(tmp_path / "mail")},
        },
    }
    assert outbox.deliver(now=now) == 0
    assert (state(), Mail.objects.get().fault) == ("failed", "FileExistsError")
    (tmp_path / "mail").unlink()
    assert outbox.deliver(now=now + timedelta(hours=1)) == 1


def test_what_django_sends_goes_through_it(db, now):
    from django.core.mail import EmailMessage

    mailers["default"].send_messages([EmailMessage("Code", SECRET, to=["a@example.org"])])
    mail = Mail.objects.get()
    assert (mail.kind, mail.state, mail.to) == ("account", "due", "a@example.org")
    assert mail.due_at == now
