"""Second factors and passkeys: set up, asked for, sealed, never passed round."""

import json
import re
import time

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test import Client
from django.urls import reverse

from congregation.models import Mail
from tests.hall.accounts.signing_in import App, by_code, by_password, is_in, subjects
from tests.passkeys import Device

SECOND = reverse("mfa_authenticate")


@pytest.fixture
def app(monkeypatch):
    return App(monkeypatch)


@pytest.fixture
def secured(member, app):
    """Someone with a codes app; returns the app."""
    browser, _answer = by_password(member)
    app.set_up(browser)
    app.later()
    return app


def island(page):
    """The options that a page holds for the browser."""
    return json.loads(re.search(r'id="passkey-options"[^>]*>(.*?)</script>', page.text)[1])


def make_passkey(browser, device=None, name="My phone"):
    """Make a passkey for whoever is signed in; return the device and the answer."""
    device, url = device or Device(), reverse("mfa_add_webauthn")
    options = island(browser.get(url))["creation_options"]
    return device, browser.post(url, {"name": name, "credential": device.make(options)})


def enter(browser, device, **more):
    """Sign in with a passkey alone; return the answer."""
    url = reverse("mfa_login_webauthn")
    options = browser.get(url, headers={"accept": "application/json"}).json()["request_options"]
    return browser.post(url, {"credential": device.use(options), **more})


def spare_codes(browser):
    return re.findall(r"<li>(\d{8})</li>", browser.get(reverse("mfa_view_recovery_codes")).text)


# ---- the codes app


def test_an_app_is_set_up_and_asked_for(member, app):
    browser, _answer = by_password(member)
    answer = app.set_up(browser)
    assert answer.headers["Location"] == reverse("mfa_view_recovery_codes")
    app.later()
    browser, answer = by_password(member)
    assert answer.headers["Location"] == SECOND
    assert not is_in(browser)
    assert browser.get("/c/otaki/").status_code == 302
    assert browser.post(SECOND, {"code": app.shows()}).headers["Location"] == "/"
    assert is_in(browser)


def test_its_picture_is_inline_and_its_secret_stays_while_one_sets_it_up(member, app):
    browser, _answer = by_password(member)
    page = browser.get(reverse("mfa_activate_totp"))
    assert 'class="qr"' in page.text
    assert "data:" not in page.text
    app.scan(page)
    first = app.secret
    app.scan(browser.get(reverse("mfa_activate_totp")))
    assert app.secret == first


@pytest.mark.parametrize("later", [-30, 30, -60, 60])
def test_no_code_but_the_one_of_this_half_minute(member, secured, later):
    browser, _answer = by_password(member)
    page = browser.post(SECOND, {"code": secured.shows(later)})
    assert page.status_code == 422
    assert not is_in(browser)


def test_a_code_works_once(member, secured):
    one, other = by_password(member)[0], by_password(member)[0]
    code = secured.shows()
    one.post(SECOND, {"code": code})
    assert other.post(SECOND, {"code": code}).status_code == 422
    assert not is_in(other)


def test_it_is_asked_for_after_a_code_by_mail_too(member, secured):
    browser, answer = by_code(member)
    assert answer.headers["Location"] == SECOND
    assert not is_in(browser)
    browser.post(SECOND, {"code": secured.shows()})
    assert is_in(browser)


def test_it_is_asked_for_after_a_new_password_too(member, secured):
    browser = Client()
    browser.post(reverse("account_reset_password"), {"email": member.user.email})
    mail = next(row for row in Mail.objects.order_by("-made_at") if "/reset/key/" in row.content)
    link = re.search(r"http\S+?(/accounts/password/reset/key/[^\s\\]+)", mail.content)[1]
    page = browser.get(link, follow=True)
    new = "eight chairs and a candle"
    answer = browser.post(page.request["PATH_INFO"], {"password1": new, "password2": new})
    assert answer.headers["Location"] == reverse("account_reset_password_from_key_done")
    assert not is_in(browser)
    browser, answer = by_password(member, new, browser)
    assert answer.headers["Location"] == SECOND
    assert not is_in(browser)


def test_the_second_step_cannot_be_passed_by(member, secured):
    browser, _answer = by_password(member)
    for name in ["account", "account_email", "mfa_view_recovery_codes", "usersessions_list"]:
        assert not is_in(browser)
        assert browser.get(reverse(name)).status_code == 302
    answer = browser.post(reverse("account_set_password"), {"password1": "x", "password2": "x"})
    assert answer.status_code == 302
    assert not is_in(browser)


def test_guessing_is_stopped(member, secured):
    browser, _answer = by_password(member)
    pages = [browser.post(SECOND, {"code": f"{n:06}"}) for n in range(6)]
    assert [page.status_code for page in pages][-1] == 429
    assert browser.post(SECOND, {"code": secured.shows()}).status_code == 429
    assert not is_in(browser)


def test_doing_without_it(member, secured):
    browser, _answer = by_password(member)
    browser.post(SECOND, {"code": secured.shows()})
    browser.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.filter(user=member.user).exists()
    assert browser.post(reverse("mfa_deactivate_totp")).status_code == 404
    assert by_password(member)[1].headers["Location"] == "/"


def test_nobody_without_a_fresh_sign_in_does_away_with_it(member, secured, client_of):
    answer = client_of(member).post(reverse("mfa_deactivate_totp"))
    assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert Authenticator.objects.filter(user=member.user, type="totp").exists()


# ---- spare codes


def test_a_spare_code_lets_one_in_once(member, secured):
    browser, _answer = by_password(member)
    browser.post(SECOND, {"code": secured.shows()})
    code, *rest = spare_codes(browser)
    assert len(rest) == 9
    for expected in (302, 422):
        other, _answer = by_password(member)
        assert other.post(SECOND, {"code": code}).status_code == expected
    assert spare_codes(browser) == rest


def test_spare_codes_are_made_anew(member, secured):
    browser, _answer = by_password(member)
    browser.post(SECOND, {"code": secured.shows()})
    old = spare_codes(browser)
    browser.post(reverse("mfa_generate_recovery_codes"))
    new = spare_codes(browser)
    assert len(new) == 10
    assert not set(old) & set(new)
    download = browser.get(reverse("mfa_download_recovery_codes"))
    assert download.headers["Content-Disposition"].startswith("attachment")
    assert all(code in download.text for code in new)


# ---- passkeys


def test_a_passkey_lets_one_in_by_itself(member):
    browser, _answer = by_password(member)
    device, answer = make_passkey(browser)
    assert answer.headers["Location"] == reverse("mfa_view_recovery_codes")
    other = Client()
    assert enter(other, device).headers["Location"] == "/"
    assert is_in(other)


@pytest.mark.parametrize(
    ("wish", "led"),
    [("/c/otaki/people/", "/c/otaki/people/"), ("https://evil.example/", "/"), ("//evil", "/")],
)
def test_a_passkey_leads_on_to_where_one_was_going(member, wish, led):
    browser, _answer = by_password(member)
    device, _answer = make_passkey(browser)
    assert enter(Client(), device, next=wish).headers["Location"] == led


def test_a_passkey_is_a_second_factor(member):
    browser, _answer = by_password(member)
    device, _answer = make_passkey(browser)
    for sign_in in (by_password, by_code):
        browser, answer = sign_in(member)
        assert answer.headers["Location"] == SECOND
        options = island(browser.get(SECOND))["request_options"]
        browser.post(SECOND, {"credential": device.use(options)})
        assert is_in(browser)


def test_a_device_without_a_lock_makes_none(member):
    browser, _answer = by_password(member)
    _device, answer = make_passkey(browser, Device(is_locked=False))
    assert answer.status_code == 422
    assert not Authenticator.objects.exists()


@pytest.mark.parametrize(
    "origin", ["http://testserver", "https://elsewhere.example", "http://localhost:8000"]
)
def test_a_passkey_is_taken_from_no_other_address_and_not_without_https(member, origin):
    browser, _answer = by_password(member)
    _device, answer = make_passkey(browser, Device(origin=origin))
    assert answer.status_code == 422
    assert not Authenticator.objects.exists()


def test_localhost_is_the_one_place_without_https(member):
    browser, _answer = by_password(member, browser=Client(SERVER_NAME="localhost"))
    make_passkey(browser, Device("localhost", "http://localhost:8000"))
    assert Authenticator.objects.filter(type="webauthn").count() == 1


def test_someone_elses_passkey_is_refused_with_422(member, peer):
    browser, _answer = by_password(member)
    device, _answer = make_passkey(browser)
    stranger = Device()
    stranger.handle = device.handle
    page = enter(Client(), stranger)
    assert page.status_code == 422
    other, _answer = by_password(peer)
    make_passkey(other)
    browser, _answer = by_password(peer)
    options = island(browser.get(SECOND))["request_options"]
    assert browser.post(SECOND, {"credential": device.use(options)}).status_code == 422
    assert not is_in(browser)


def test_an_answer_to_an_older_question_is_refused(member):
    browser, _answer = by_password(member)
    device, _answer = make_passkey(browser)
    other, url = Client(), reverse("mfa_login_webauthn")
    ask = {"accept": "application/json"}
    old = other.get(url, headers=ask).json()["request_options"]
    other.get(url, headers=ask)
    assert other.post(url, {"credential": device.use(old)}).status_code == 422
    assert not is_in(other)


@pytest.mark.parametrize("credential", ["", "{", "{}", "[]", '"x"', '{"id": "x"}', "null"])
def test_nonsense_is_answered_with_422(member, credential):
    browser, _answer = by_password(member)
    page = browser.post(reverse("mfa_add_webauthn"), {"name": "x", "credential": credential})
    assert page.status_code == 422
    Client().get(reverse("mfa_login_webauthn"), headers={"accept": "application/json"})
    page = Client().post(reverse("mfa_login_webauthn"), {"credential": credential})
    assert page.status_code == 422


def test_passkeys_are_listed_renamed_and_removed(member):
    browser, _answer = by_password(member)
    make_passkey(browser, name="My phone")
    (row,) = Authenticator.objects.filter(type="webauthn")
    browser.post(reverse("mfa_edit_webauthn", args=[row.pk]), {"name": "Red phone"})
    assert "Red phone" in browser.get(reverse("mfa_list_webauthn")).text
    assert (
        browser.post(reverse("mfa_edit_webauthn", args=[row.pk]), {"name": ""}).status_code == 422
    )
    url = reverse("mfa_remove_webauthn", args=[row.pk])
    assert "Red phone" in browser.get(url).text
    assert browser.post(url).status_code == 302
    assert browser.post(url).status_code == 404
    # the spare codes go with the last of them
    assert not Authenticator.objects.exists()
    assert "A passkey was removed" in subjects()


def test_the_last_way_in_of_who_has_no_address_stays(member):
    browser, _answer = by_password(member)
    make_passkey(browser)
    (row,) = Authenticator.objects.filter(type="webauthn")
    member.user.email = None
    member.user.set_unusable_password()
    member.user.save()
    member.user.emailaddress_set.all().delete()
    browser = Client()
    browser.force_login(member.user, "allauth.account.auth_backends.AuthenticationBackend")
    session = browser.session
    session["account_authentication_methods"] = [{"method": "mfa", "at": time.time()}]
    session["account_authentication_methods_user"] = str(member.user.pk)
    session.save()
    url = reverse("mfa_remove_webauthn", args=[row.pk])
    assert "This is your only way in" in browser.get(url).text
    assert browser.post(url).status_code == 422
    assert Authenticator.objects.filter(pk=row.pk).exists()
    make_passkey(browser)
    assert browser.post(url).status_code == 302


def test_nobody_touches_anothers_passkey(member, peer):
    browser, _answer = by_password(member)
    make_passkey(browser)
    (row,) = Authenticator.objects.filter(type="webauthn")
    other, _answer = by_password(peer)
    for name in ["mfa_edit_webauthn", "mfa_remove_webauthn"]:
        assert other.get(reverse(name, args=[row.pk])).status_code == 404
        assert other.post(reverse(name, args=[row.pk]), {"name": "x"}).status_code == 404


def test_a_passkey_shows_again_who_one_is(member, client_of):
    browser, _answer = by_password(member)
    device, _answer = make_passkey(browser)
    browser, url = client_of(member), reverse("mfa_reauthenticate_webauthn")
    options = island(browser.get(f"{url}?next=/accounts/"))["request_options"]
    assert browser.post(url, {"credential": "{}"}).status_code == 422
    options = island(browser.get(f"{url}?next=/accounts/"))["request_options"]
    answer = browser.post(url, {"credential": device.use(options), "next": "/accounts/"})
    assert answer.headers["Location"] == "/accounts/"
    assert browser.get(reverse("mfa_view_recovery_codes")).status_code == 200


# ---- in the database


def test_no_secret_lies_readable_in_the_database(member, app):
    browser, _answer = by_password(member)
    app.set_up(browser)
    codes = spare_codes(browser)
    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM mfa_authenticator")
        rows = str(cursor.fetchall())
    assert "secret" in rows
    assert app.secret not in rows
    assert not any(code in rows for code in codes)
    seeds = [row.data["seed"] for row in Authenticator.objects.filter(type="recovery_codes")]
    assert not any(re.fullmatch(r"[0-9a-f]+", seed) for seed in seeds)


def test_another_keyring_opens_nothing(member, secured, settings):
    from congregation.sealed import Unsealable

    (row,) = Authenticator.objects.filter(type="totp")
    settings.KEYRING = "another one"
    with pytest.raises(Unsealable):
        row.wrap().validate_code(secured.shows())


def test_set_up_takes_a_confirmed_address(member):
    browser, _answer = by_password(member)
    from allauth.account.models import EmailAddress

    EmailAddress.objects.filter(user=member.user).update(verified=False)
    assert browser.get(reverse("mfa_activate_totp")).status_code == 302
