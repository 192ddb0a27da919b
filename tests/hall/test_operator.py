"""The operator's page: states and counts for whoever runs the server, after a second factor."""

import html
import os
import re
import socket
import time
from datetime import timedelta
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.management import CommandError, call_command
from django.urls import reverse

from config import pulse
from congregation import tasks
from congregation.models import Mail, Notice, User
from crews.models import Hello
from hall import operating
from hall import tasks as hall_tasks

PAGE = "/operator/"


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.DATA = tmp_path


@pytest.fixture
def operator(db, now):
    user = User.objects.operator("kim@server.example", now=now)
    TOTP.activate(user, generate_totp_secret())
    return user


@pytest.fixture
def browser(client, operator):
    client.force_login(operator, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def mails(member, mate, congregation, now):
    """An uncertain notice, an uncertain code, one given up, one due and one sent."""
    first, second = sorted([member, mate], key=lambda person: person.pk)
    hello = Hello.objects.create(congregation=congregation, first=first, second=second, made_at=now)
    notice = Notice.objects.create(
        congregation=congregation, recipient=member, kind="crews.hello", about=hello.pk, made_at=now
    )
    own = {"made_at": now - timedelta(hours=3), "due_at": now, "claimed_at": now}
    told = Mail.objects.create(kind="crews.hello", notice=notice, state="uncertain", **own)
    code = Mail.objects.create(kind="account", state="uncertain", **own)
    lost = Mail.objects.create(
        kind="invitation", to="kaia@example.org", content="Come.", state="failed", attempts=8, **own
    )
    Mail.objects.create(kind="account", to="ana@example.org", content="1234", **own)
    Mail.objects.create(kind="account", state="sent", sent_at=now, **own)
    return {"told": told, "code": code, "lost": lost}


def test_it_shows_how_the_server_is(browser, mails, congregation, member, now, tmp_path):
    pulse.beat(tmp_path, "sweep")
    pulse.beat(tmp_path, "worker")
    long_ago = time.time() - 540
    os.utime(tmp_path / "pulse/worker", (long_ago, long_ago))
    answer = browser.get(PAGE)
    assert answer.status_code == 200
    text = answer.text
    for words in (
        "Django",
        "PostgreSQL" if "PostgreSQL" in text else "SQLite",
        "Not known",
        "pg_dump" if "PostgreSQL" in text else "Copy the data folder",
        "at work 9\xa0minutes ago",
        "free of",
    ):
        assert words in text
    heaps = {heap.name: heap for heap in answer.context["heaps"]}
    assert {name: heap.count for name, heap in heaps.items()} == {
        "uncertain": 2, "given_up": 1, "due": 1, "sent": 1,
    }  # fmt: skip
    assert next(iter(heaps)) == "uncertain"
    assert heaps["due"].oldest == now - timedelta(hours=3)
    late = {str(one["label"]): one["is_late"] for one in answer.context["work"]["pulses"]}
    assert late == {"Worker": True, "Schedule": True, "All that is due": False}
    assert "Nothing is reminded of" in text
    for private in (
        "kaia",
        "ana@",
        "1234",
        "Come.",
        congregation.name,
        member.name,
        member.first_name,
    ):
        assert private not in text, private
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", text)
    assert "no-store" in answer["Cache-Control"]


def test_it_costs_the_same_however_much_mail(browser, mails, now, django_assert_num_queries):
    browser.get(PAGE)
    with django_assert_num_queries(6):
        browser.get(PAGE)
    Mail.objects.bulk_create(
        Mail(kind=f"kind{n % 7}", made_at=now, due_at=now, state="dropped") for n in range(50)
    )
    with django_assert_num_queries(6):
        assert "kind3" in browser.get(PAGE).text


def test_nothing_is_at_work_and_no_mail(browser):
    answer = browser.get(PAGE)
    assert answer.text.count("not seen yet") == 3
    assert "No mail has been written yet." in answer.text


def test_the_tasks_leave_word(db, now, tmp_path):
    assert pulse.quiet(tmp_path, "worker") is None
    tasks.deliver.apply()
    hall_tasks.sweep()
    assert all(pulse.quiet(tmp_path, part) < 60 for part in ("worker", "sweep"))
    (tmp_path / "pulse/worker").unlink()
    (tmp_path / "pulse/sweep").unlink()
    (tmp_path / "pulse").rmdir()
    (tmp_path / "pulse").touch()  # what can't be written keeps nobody from their mail
    tasks.deliver.apply(throw=True)


def test_a_test_mail_tells_how_far_it_came(browser, operator, settings):
    url = reverse("operator-mail-test")
    assert f'value="{operator.email}"' in browser.get(PAGE).text
    settings.MAILERS = {
        **settings.MAILERS,
        "post": {
            "BACKEND": "congregation.post.ServerBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": closed_port(), "use_tls": True},
        },
    }
    for _twice in range(2):
        answer = browser.post(url, {"to": "kim@server.example"})
        assert answer["Location"] == f"{PAGE}#test"
    page = browser.get(PAGE)
    assert page.context["result"]["fault"] == "closed"
    assert page.context["result"]["sentence"] in html.unescape(page.text)
    wrong = browser.post(url, {"to": "kim"})
    assert wrong.status_code == 422
    assert 'value="kim"' in wrong.text
    assert not Mail.objects.exists()


def closed_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def test_sent_again_goes_out_once_more(browser, mails, htmx):
    for _twice in range(2):
        answer = browser.post(reverse("operator-mail-again"), {"kind": "crews.hello"})
        assert answer.status_code == 302
    mails["told"].refresh_from_db()
    assert (mails["told"].state, mails["told"].attempts) == ("due", 0)
    # A code is wiped: it can't be sent again, whatever is asked.
    browser.post(reverse("operator-mail-again"), {"kind": "account"})
    mails["code"].refresh_from_db()
    assert mails["code"].state == "uncertain"
    # Nor does anything else move.
    browser.post(reverse("operator-mail-again"), {"kind": "invitation"})
    mails["lost"].refresh_from_db()
    assert mails["lost"].state == "failed"


def test_left_it_stays_as_it_is(browser, mails):
    for _twice in range(2):
        browser.post(reverse("operator-mail-leave"), {"kind": "account"})
    states = list(Mail.objects.order_by("state").values_list("state", flat=True))
    assert states == ["dropped", "due", "failed", "sent", "uncertain"]
    assert browser.post(reverse("operator-mail-leave")).status_code == 302


@pytest.mark.parametrize(
    "url", [PAGE, "/operator/mail/test/", "/operator/mail/again/", "/operator/mail/leave/"]
)
def test_to_others_it_is_not_there(client, client_of, host, mails, url):
    for method in ("get", "post"):
        assert getattr(client, method)(url, {"kind": "account"}).status_code == 302
        assert getattr(client_of(host), method)(url, {"kind": "account"}).status_code == 404
    assert Mail.objects.filter(state="uncertain").count() == 2


def test_only_by_its_form(browser):
    assert browser.get("/operator/mail/again/").status_code == 405


@pytest.mark.parametrize("codes_alone", [False, True])
def test_without_a_second_factor_it_leads_to_one(browser, operator, mails, codes_alone):
    Authenticator.objects.filter(user=operator).delete()
    if codes_alone:
        Authenticator.objects.create(user=operator, type="recovery_codes", data={})
    answer = browser.get(PAGE)
    assert answer.status_code == 403
    assert reverse("mfa_index") in answer.text
    assert browser.post("/operator/mail/leave/", {"kind": "account"}).status_code == 403
    assert Mail.objects.filter(state="uncertain").count() == 2


# ---- becoming one


def called(*args):
    out = StringIO()
    call_command("operator", *args, stdout=out)
    return out.getvalue()


def link(said):
    return re.search(r"http://localhost:\d+(/operator/enter/\S+/)", said)[1]


def test_the_command_prints_an_address_that_signs_in_once(client, db):
    said = called("kim@server.example")
    path = link(said)
    user = User.objects.get()
    assert (user.is_staff, user.is_superuser, user.has_usable_password()) == (True, False, False)
    page = client.get(path)
    assert page.status_code == 200
    assert "_auth_user_id" not in client.session
    assert "no-store" in page["Cache-Control"]
    answer = client.post(path)
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    assert client.session["_auth_user_id"] == str(user.pk)
    client.logout()
    answer = client.post(path)
    assert answer.status_code == 410
    assert "_auth_user_id" not in client.session
    # Called again, it prints another one, for the same account.
    assert link(called("KIM@server.example")) != path
    assert User.objects.count() == 1


def test_the_address_asks_for_the_second_factor(client, operator):
    answer = client.post(operating.sign_in_link(operator).partition("8000")[2])
    assert answer["Location"].startswith(reverse("mfa_authenticate"))
    assert "_auth_user_id" not in client.session


def test_the_address_runs_out(client, operator, monkeypatch):
    path = operating.sign_in_link(operator).partition("8000")[2]
    monkeypatch.setattr(operating, "LINK_LASTS", timedelta(seconds=-1))
    assert client.get(path).status_code == 410
    monkeypatch.undo()
    assert called("kim@server.example", "--remove") == "No operator any more.\n"
    assert client.get(path).status_code == 410
    assert called("kim@server.example", "--remove") == "This was no operator.\n"


def test_a_member_can_be_one_and_keeps_their_password(member):
    member.user.set_password("a good long password")
    member.user.save()
    called(member.user.email)
    member.user.refresh_from_db()
    assert member.user.is_staff
    assert member.user.check_password("a good long password")


def test_what_is_no_address_is_said_so(db):
    with pytest.raises(CommandError, match="valid"):
        called("kim")
