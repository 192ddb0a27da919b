"""Coming in without an address: a sign-in name, a password, and everything that can go without mail."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from congregation import handles
from congregation.models import Invitation, Mail, Member, Notice, User
from congregation.words import same_handle
from hall.arriving import Promise, arrive_nameless

ANSWERS = {"name": "Kaia Brown", "pronouns": "they/them", "place": "Waikanae"}
PASSWORD = "seven tables and a lamp"
BOTH = {"password": PASSWORD, "again": PASSWORD}


@pytest.fixture(autouse=True)
def _quick_passwords(settings):
    """Passwords are made many times here; that they are made slowly is shown elsewhere."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def seat(host, now):
    """An invitation for whoever holds its link."""
    row, token = Invitation.invite(name="Kaia Brown", by=host, now=now)
    row.url = reverse("welcome", args=[token])
    row.key_url = reverse("welcome-key", args=[token])
    return row


def promise(page):
    return re.search(r'name="promise" value="([^"]+)"', page.text)[1]


def come_in(seat, browser=None, **more):
    """Join without an address; return the browser and the person."""
    browser = browser or Client()
    page = browser.post(seat.url, {**ANSWERS, "without": "1"})
    answer = browser.post(seat.key_url, {"promise": promise(page), **BOTH, **more})
    assert answer.headers["Location"] == reverse("sign-in-name")
    return browser, Member.objects.get(name="Kaia Brown")


def test_someone_comes_in_with_a_password_and_a_name_made_for_them(seat):
    browser = Client()
    page = browser.post(seat.url, {**ANSWERS, "without": "1"})
    assert page.status_code == 200
    assert page.headers["Referrer-Policy"] == "strict-origin"
    assert not User.objects.filter(handle__isnull=False).exists()
    answer = browser.post(seat.key_url, {"promise": promise(page), **BOTH})
    guest = Member.objects.get(name="Kaia Brown")
    assert (guest.place, guest.pronouns, guest.user.email) == ("Waikanae", "they/them", None)
    assert guest.user.handle in page.text
    shown = browser.get(answer.headers["Location"])
    assert guest.user.handle in shown.text
    assert "Write this down" in shown.text
    assert browser.get("/", follow=True).redirect_chain[-1][0] == "/c/otaki/"
    assert not Mail.objects.filter(kind="account").exists()
    seat.refresh_from_db()
    assert seat.accepted_by == guest


def test_the_name_and_the_password_sign_in_however_the_name_is_spelt(seat):
    _browser, guest = come_in(seat)
    for name in [
        guest.user.handle,
        guest.user.handle.upper().replace("-", " "),
        f" {guest.user.handle} ",
    ]:
        answer = Client().post(reverse("account_login"), {"login": name, "password": PASSWORD})
        assert answer.headers["Location"] == "/", name


def test_a_wrong_name_says_what_a_wrong_password_says(seat):
    _browser, guest = come_in(seat)

    def words(login):
        page = Client().post(
            reverse("account_login"), {"login": login, "password": "wrong wrong wrong"}
        )
        text = re.search("<main.*</main>", page.text, re.S)[0]
        return page.status_code, re.sub(r'value="[^"]*"', "", text)

    assert words(guest.user.handle) == words("maple-otter-19") == words("nobody@example.org")
    assert "don’t go together" in words("maple-otter-19")[1]


def test_sent_twice_it_is_one_account_and_one_seat(seat):
    browser = Client()
    page = browser.post(seat.url, {**ANSWERS, "without": "1"})
    sent = {"promise": promise(page), **BOTH}
    browser.post(seat.key_url, sent)
    again = Client()
    answer = again.post(seat.key_url, sent)
    assert answer.headers["Location"] == reverse("sign-in-name")
    assert User.objects.filter(handle__isnull=False).count() == 1
    assert Member.objects.filter(name="Kaia Brown").count() == 1
    thief = Client().post(
        seat.key_url, {**sent, "password": "another ten letters", "again": "another ten letters"}
    )
    assert thief.headers["Location"] == seat.url
    assert Client().get(seat.url).status_code == 410


def test_a_seat_that_went_meanwhile_leaves_no_account(seat, outsider, client_of):
    browser = Client()
    page = browser.post(seat.url, {**ANSWERS, "without": "1"})
    client_of(outsider).post(seat.url, ANSWERS)
    answer = browser.post(seat.key_url, {"promise": promise(page), **BOTH}, follow=True)
    assert "This seat has been taken" in answer.text
    assert not User.objects.filter(handle__isnull=False).exists()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"password": "short", "again": "short"}, "ten letters or more"),
        ({"password": PASSWORD, "again": "seven"}, "The two aren’t the same"),
        ({"credential": "nonsense"}, "didn’t come through"),
        ({"credential": "{}"}, "didn’t come through"),
        ({}, "needs another look"),
    ],
)
def test_what_doesnt_hold_is_said_and_makes_nothing(seat, said, words):
    browser = Client()
    page = browser.post(seat.url, {**ANSWERS, "without": "1"})
    page = browser.post(seat.key_url, {"promise": promise(page), **said})
    assert page.status_code == 422
    assert words in page.text
    assert promise(page)
    assert not User.objects.filter(handle__isnull=False).exists()


def test_a_name_is_asked_for_though_no_address_is(seat):
    page = Client().post(
        seat.url, {"name": " ", "place": "Waikanae", "email": "half@", "without": "1"}
    )
    assert page.status_code == 422
    assert "Waikanae" in page.text
    assert page.text.count('class="err"') == 1


def test_an_invitation_with_an_address_offers_no_way_without(host, now):
    row, token = Invitation.invite(name="Kaia", email="kaia@example.org", by=host, now=now)
    url = reverse("welcome", args=[token])
    assert 'name="without"' not in Client().get(url).text
    page = Client().post(url, {**ANSWERS, "without": "1"})
    assert page.headers["Location"] == reverse("account_confirm_login_code")
    with pytest.raises(ValidationError):
        arrive_nameless(row, Promise(row.pk, "", ANSWERS), password=PASSWORD, now=now)


def test_what_was_said_for_another_seat_opens_none(seat, host, now):
    page = Client().post(seat.url, {**ANSWERS, "without": "1"})
    _row, token = Invitation.invite(name="Pita", by=host, now=now)
    other = reverse("welcome-key", args=[token])
    for said in [promise(page), "forged", ""]:
        answer = Client().post(other, {"promise": said, **BOTH})
        assert answer.headers["Location"] == reverse("welcome", args=[token])
    assert Client().get(other).headers["Location"] == reverse("welcome", args=[token])
    assert not User.objects.filter(handle__isnull=False).exists()


def test_names_are_plain_and_one_whatever_their_spelling():
    assert len(set(handles.FIRST)) == len(handles.FIRST)
    assert len(set(handles.SECOND)) == len(handles.SECOND)
    assert not set(handles.FIRST) & set(handles.SECOND)
    assert all(re.fullmatch("[a-z]{3,9}", word) for word in handles.FIRST + handles.SECOND)
    assert re.fullmatch(r"[a-z]+-[a-z]+-\d\d", handles.make())
    for spelling in ["Maple Otter 42", "maple-otter-42", "ＭＡＰＬＥ otter４２"]:
        assert same_handle(spelling) == "mapleotter42"


def test_a_name_that_is_taken_is_replaced(db, now):
    one = User.objects.create_nameless(PASSWORD, handle="maple-otter-42")
    other = User.objects.create_nameless(PASSWORD, handle="Maple otter 42")
    assert one.handle_key == "mapleotter42"
    assert other.handle_key != one.handle_key


def test_no_page_of_the_account_stumbles_over_a_missing_address(seat):
    browser, guest = come_in(seat)
    pages = [
        "account",
        "account_email",
        "account_change_password",
        "account_logout",
        "account_reauthenticate",
        "usersessions_list",
        "mfa_list_webauthn",
    ]
    for path in ["/c/otaki/me/", "/c/otaki/more/", *map(reverse, pages)]:
        page = browser.get(path)
        assert page.status_code == 200, path
        assert "None<" not in page.text, path
    account = browser.get(reverse("account")).text
    assert "None: no mail reaches you" in account
    assert guest.user.handle in account


def test_mail_is_dropped_quietly_and_the_notice_stays(seat, host, now):
    _browser, guest = come_in(seat)
    Notice.tell("congregation.arrived", [guest], seat, now=now)
    assert Notice.objects.filter(recipient=guest).count() == 1
    assert not Mail.objects.filter(notice__recipient=guest).exists()


def test_a_password_is_changed_without_mail(seat):
    browser, guest = come_in(seat)
    new = "eight lamps and a table"
    browser.post(
        reverse("account_change_password"),
        {"oldpassword": PASSWORD, "password1": new, "password2": new},
    )
    guest.user.refresh_from_db()
    assert guest.user.check_password(new)
    assert not Mail.objects.filter(kind="account").exists()


def test_an_address_can_be_added_and_then_both_sign_in(seat):
    browser, guest = come_in(seat)
    browser.post(reverse("account_email"), {"email": "Kaia@example.org", "action_add": ""})
    guest.user.refresh_from_db()
    assert guest.user.email is None
    mail = Mail.objects.get(kind="account", to__iexact="kaia@example.org")
    code = re.search(r"\n\s*([A-Z0-9]{3,}-?[A-Z0-9]{3,})\s*\n", mail.content.replace("\\n", "\n"))[
        1
    ]
    browser.post(reverse("account_email_verification_sent"), {"code": code})
    guest.user.refresh_from_db()
    assert guest.user.email_key == "kaia@example.org"
    assert EmailAddress.objects.get(user=guest.user).verified
    for login in ["kaia@example.org", guest.user.handle]:
        answer = Client().post(reverse("account_login"), {"login": login, "password": PASSWORD})
        assert answer.headers["Location"] == "/"


def test_only_its_person_sees_a_sign_in_name(seat, member, client_of):
    _browser, guest = come_in(seat)
    assert client_of(member).get(reverse("sign-in-name")).status_code == 404
    page = client_of(member).get(guest.get_absolute_url())
    assert guest.user.handle not in page.text
