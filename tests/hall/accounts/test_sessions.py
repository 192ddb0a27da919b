"""Where one is signed in: seen, and ended, one, some, or all others."""

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from congregation.sealed_sessions import row_of
from hall.sessions import device_in_words, device_of
from tests.hall.accounts.signing_in import PASSWORD, by_password, is_in

URL = reverse("usersessions_list")
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
)


@pytest.fixture
def three(member):
    """Three browsers of one person, the first the one that looks."""
    agents = [FIREFOX, IPHONE, ""]
    return [
        by_password(member, browser=Client(HTTP_USER_AGENT=agent, REMOTE_ADDR="203.0.113.9"))[0]
        for agent in agents
    ]


def rows(browser):
    """The row of a browser's session."""
    return UserSession.objects.get(session_key=row_of(browser.session.session_key))


def test_they_are_listed_in_words(three):
    page = three[0].get(URL)
    assert "Firefox on Linux" in page.text
    assert "Safari on iPhone" in page.text
    assert "A device" in page.text


def test_nothing_else_is_kept_of_them(three):
    kept = list(UserSession.objects.values_list("ip", "user_agent", "data"))
    assert {row[0] for row in kept} == {"::"}
    assert {row[1] for row in kept} == {"Firefox|Linux", "Safari|iPhone", "|"}
    assert all(row[2] == {} for row in kept)


def test_one_is_ended(three):
    here, phone, other = three
    three[0].post(URL, {"session": rows(phone).pk})
    assert phone.get("/c/otaki/").status_code == 302
    assert other.get("/c/otaki/").status_code == here.get("/c/otaki/").status_code == 200
    # twice is once
    assert here.post(URL, {"session": "1"}).status_code == 302


def test_some_are_ended(three):
    here, phone, other = three
    here.post(URL, {"session": [rows(phone).pk, rows(other).pk]})
    assert [browser.get("/c/otaki/").status_code for browser in three] == [200, 302, 302]


def test_all_others_are_ended(three):
    three[0].post(URL, {"all": "all"})
    assert [browser.get("/c/otaki/").status_code for browser in three] == [200, 302, 302]
    assert Session.objects.count() == UserSession.objects.count() == 1
    assert "You are signed in nowhere else." in three[0].get(URL).text


def test_nothing_chosen_ends_nothing(three):
    page = three[0].post(URL, follow=True)
    assert "Choose where" in page.text
    assert UserSession.objects.count() == 3


def test_nobody_elses_are_ended(three, peer):
    other, _answer = by_password(peer)
    other.post(URL, {"session": [row.pk for row in UserSession.objects.all()]})
    other.post(URL, {"all": "all"})
    assert all(browser.get("/c/otaki/").status_code == 200 for browser in three)


def test_it_is_asked_again_who_is_there(three, member, client_of):
    answer = client_of(member).post(URL, {"all": "all"})
    assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert all(browser.get("/c/otaki/").status_code == 200 for browser in three)


def test_a_new_password_ends_all_others(three):
    new = "eight chairs and a candle"
    form = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert three[0].post(reverse("account_change_password"), form).status_code == 302
    assert [is_in(three[0])] + [browser.get("/c/otaki/").status_code for browser in three[1:]] == [
        True,
        302,
        302,
    ]
    page = three[0].get(URL)
    assert "Firefox on Linux" in page.text
    assert "You are signed in nowhere else." in page.text


@pytest.mark.parametrize(
    ("agent", "says"),
    [
        (FIREFOX, "Firefox on Linux"),
        (IPHONE, "Safari on iPhone"),
        (
            "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0.0.0 Safari/537.36 Edg/140.0",
            "Edge on Windows",
        ),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8", "A device"),
        ("", "A device"),
    ],
)
def test_kinds_of_devices(agent, says):
    assert device_in_words(device_of(agent)) == says
