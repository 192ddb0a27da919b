"""The line for hosts when mail doesn't go out: how many of the last, and nothing about whose."""

from datetime import timedelta

import pytest

from congregation import invented
from congregation.models import Mail
from hall import mailing

LINE = "were not taken"


@pytest.fixture
def tried(now):
    """Leave mails that were tried, the newest last: tried("ssff"), s for sent and f for failed."""

    def make(states, since=timedelta(0)):
        names = {"s": "sent", "f": "failed", "u": "uncertain", "d": "dropped", "x": "sending"}
        for number, letter in enumerate(states):
            at = now - since - timedelta(minutes=len(states) - number)
            Mail.objects.create(
                kind="account", to="kaia@example.org", content="x", state=names[letter],
                sent_at=at if letter == "s" else None, made_at=at, due_at=at, claimed_at=at,
            )  # fmt: skip

    return make


@pytest.mark.parametrize(
    ("states", "says"),
    [
        ("", ""),
        ("s" * 30, ""),
        ("s" * 28 + "ff", ""),
        ("s" * 17 + "fuf", "3 of the last 20 mails were not taken."),
        ("fff" + "s" * 20, ""),
        ("f" * 20, "None of the last 20 mails was taken."),
        ("s" * 4 + "fff", "3 of the last 5 mails were not taken."),
        ("f", "The first mails were not taken."),
        ("sf", ""),
        ("dddxxxf", "The first mails were not taken."),
    ],
)
def test_n_of_m(client_of, host, at, tried, states, says):
    tried(states)
    page = client_of(host).get(at(host, "home")).text
    assert (says in page) if says else ("What to do" not in page and LINE not in page)
    assert "kaia" not in page


def test_what_went_wrong_long_ago_is_no_news(client_of, host, at, tried):
    tried("f" * 20, since=timedelta(days=20))
    assert "What to do" not in client_of(host).get(at(host, "home")).text


def test_without_a_mail_server(client_of, host, member, at, settings):
    settings.EMAIL_URL = ""
    assert "E-mail isn’t set up here" in client_of(host).get(at(host, "home")).text
    assert "E-mail isn’t set up here" not in client_of(member).get(at(member, "home")).text
    page = client_of(host).get(at(host, "host-mail")).text
    assert "EMAIL_URL" in page
    assert "Not today" not in page


def test_only_hosts_see_it_and_it_costs_one_query(
    client_of, host, member, at, tried, now, django_assert_num_queries
):
    tried("f" * 20)
    assert LINE not in client_of(member).get(at(member, "home")).text
    with django_assert_num_queries(1):
        assert mailing.trouble(host, now=now).count == 20
    with django_assert_num_queries(0):
        assert mailing.trouble(member, now=now) is None


def test_the_demo_has_a_line_of_its_own(client_of, host, at, tried, monkeypatch):
    tried("f" * 20)
    monkeypatch.setattr(invented, "is_here", lambda: True)
    assert LINE not in client_of(host).get(at(host, "home")).text


def test_it_can_be_put_away_for_a_day(client_of, host, member, at, tried):
    tried("s" * 10 + "f" * 5)
    browser = client_of(host)
    for _twice in range(2):
        answer = browser.post(at(host, "host-mail-later"), {"next": at(host, "people")})
        assert (answer.status_code, answer["Location"]) == (302, at(host, "people"))
    cookie = browser.cookies[mailing.LATER]
    assert (cookie["max-age"], cookie["httponly"], cookie["samesite"]) == (86400, True, "Lax")
    assert LINE not in browser.get(at(host, "home")).text
    # Its page says it still.
    assert "5 of the last 15 mails" in browser.get(at(host, "host-mail")).text
    elsewhere = browser.post(at(host, "host-mail-later"), {"next": "https://elsewhere.example/"})
    assert elsewhere["Location"] == at(host, "home")
    assert client_of(member).post(at(member, "host-mail-later")).status_code == 403


def test_its_page(client_of, host, member, outsider, at, tried):
    assert "Mail goes out" in client_of(host).get(at(host, "host-mail")).text
    assert "The server’s page" not in client_of(host).get(at(host, "host-mail")).text
    assert client_of(member).get(at(host, "host-mail")).status_code == 403
    assert client_of(outsider).get(at(host, "host-mail")).status_code == 404
    assert client_of(host).post(at(host, "host-mail")).status_code == 405
