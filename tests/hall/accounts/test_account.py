"""One's account: every page in our look, what is asked again, what a form that doesn't hold answers."""

import re
import time
from types import SimpleNamespace

import pytest
from allauth.account.models import EmailAddress
from allauth.core.internal import ratelimit
from django.test import Client
from django.urls import get_resolver, reverse

from congregation.models import Mail, User
from tests.hall.accounts.signing_in import (
    PASSWORD,
    App,
    by_code,
    by_password,
    mailed_code,
    subjects,
    words,
)

DOOR = '<html lang="en"'


def names(patterns, within=""):
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            yield from names(pattern.url_patterns, within + str(pattern.pattern))
        elif (within + str(pattern.pattern)).startswith("accounts/"):
            yield pattern.name


NAMES = set(names(get_resolver().url_patterns))
# What takes more than a sign-in to be opened has its own tests.
KEYED = {"mfa_remove_webauthn", "mfa_edit_webauthn", "account_reset_password_from_key"}


def is_ours(page):
    """Whether a page is in the look of the house and not in allauth's."""
    return 'class="top-in"' in page.text and "Menu:" not in page.text


@pytest.fixture
def everything(member, monkeypatch):
    """A browser of someone who has an address, a password, an app and spare codes."""
    browser, _answer = by_password(member)
    App(monkeypatch).set_up(browser)
    return browser


def test_every_page_is_in_our_look_for_who_is_in(everything):
    for name in NAMES - KEYED:
        page = everything.get(reverse(name), follow=True)
        assert page.status_code == 200, name
        assert is_ours(page) or name == "mfa_download_recovery_codes", name


def test_every_page_is_in_our_look_for_a_stranger(db):
    for name in NAMES - KEYED:
        page = Client().get(reverse(name), follow=True)
        assert page.status_code == 200, name
        assert is_ours(page), name


def test_every_page_takes_an_empty_form_in_our_look(everything):
    # signing out comes last
    for name in sorted(NAMES - KEYED, key="account_logout".__eq__):
        page = everything.post(reverse(name), follow=True)
        assert page.status_code in {200, 404, 405, 422, 429}, name
        assert is_ours(page) or page.status_code == 405, name


def test_the_account_shows_each_way_in_and_its_state(member, everything):
    page = everything.get(reverse("account"))
    assert member.user.email in page.text
    assert "You have one." in page.text
    assert "10 are left" in page.text
    assert "Only this one is signed in." in page.text


def test_it_is_asked_of_strangers_to_sign_in(db):
    answer = Client().get(reverse("account"))
    assert answer.headers["Location"].startswith(reverse("account_login"))


def test_it_is_only_read(everything):
    assert everything.post(reverse("account")).status_code == 405


def test_me_leads_there(member, client_of):
    assert f'href="{reverse("account")}"' in client_of(member).get("/c/otaki/me/").text


# ---- what doesn't hold


@pytest.mark.parametrize(
    ("name", "sent", "kept"),
    [
        ("account_login", {"login": "ana@otaki.example", "password": "wrong wrong"}, "ana@otaki"),
        ("account_login", {"login": "ana@", "password": "wrong wrong"}, 'value="ana@"'),
        ("account_request_login_code", {"email": "ana@"}, 'value="ana@"'),
        ("account_reset_password", {"email": "ana@"}, 'value="ana@"'),
    ],
)
def test_a_form_that_doesnt_hold_answers_422_and_keeps_what_was_typed(name, sent, kept, member):
    page = Client().post(reverse(name), sent)
    assert page.status_code == 422
    assert kept in page.text
    assert "wrong wrong" not in page.text
    assert re.search(r'class="summary-err"[^>]*autofocus', page.text)


def test_a_wrong_code_answers_422(member):
    browser = Client()
    page = browser.post(reverse("account_request_login_code"), {"email": member.user.email})
    page = browser.post(page.headers["Location"], {"code": "AAAAAA"})
    assert page.status_code == 422
    assert "That wasn’t it" in page.text


def test_a_wrong_code_of_an_app_answers_422(member, monkeypatch):
    browser, _answer = by_password(member)
    app = App(monkeypatch)
    app.scan(browser.get(reverse("mfa_activate_totp")))
    page = browser.post(reverse("mfa_activate_totp"), {"code": "000000"})
    assert page.status_code == 422
    assert app.secret in page.text


@pytest.mark.parametrize("new", ["short", "1234567890", "ana@otaki.example"])
def test_a_poor_password_answers_422(member, new):
    browser, _answer = by_password(member)
    form = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    page = browser.post(reverse("account_change_password"), form)
    assert page.status_code == 422
    assert f'value="{new}"' not in page.text


def test_a_password_tried_too_often_answers_429_in_our_look(member):
    member.user.prove(password=PASSWORD)
    sent = {"login": member.user.email, "password": "wrong wrong"}
    pages = [Client().post(reverse("account_login"), sent) for _time in range(6)]
    assert [page.status_code for page in pages] == [422] * 5 + [429]
    assert is_ours(pages[-1])
    assert "That was very often" in pages[-1].text


def test_a_code_asked_for_too_often_answers_429(member):
    sent = {"email": member.user.email}
    pages = [Client().post(reverse("account_request_login_code"), sent) for _time in range(4)]
    assert [page.status_code for page in pages] == [302] * 3 + [429]
    assert Mail.objects.count() == 3


def test_a_reset_asked_for_too_often_answers_429_known_or_not(member):
    for address in [member.user.email, "nobody@example.org"]:
        pages = [
            Client().post(reverse("account_reset_password"), {"email": address})
            for _time in range(6)
        ]
        assert [page.status_code for page in pages] == [302] * 5 + [429]
        assert is_ours(pages[-1])


def test_limits_lie_in_the_database_and_hold_no_address(member, settings):
    from django.core.cache import cache
    from django.db import connection

    assert cache.__class__.__name__ in {"TriesCache", "ConnectionProxy"}
    sent = {"login": member.user.email, "password": "wrong wrong"}
    Client(REMOTE_ADDR="203.0.113.77").post(reverse("account_login"), sent)
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key, value FROM cache")
        rows = str(cursor.fetchall())
    assert "allauth:rl" in rows
    assert "203.0.113" not in rows
    assert member.user.email not in rows


def test_two_places_are_counted_apart(member):
    def tries(place):
        browser = Client(REMOTE_ADDR=place)
        sent = [{"login": f"ana{n}@otaki.example", "password": "wrong wrong"} for n in range(11)]
        return [browser.post(reverse("account_login"), form).status_code for form in sent]

    assert tries("203.0.113.77")[-1] == 429
    assert tries("203.0.113.78")[0] == 422


# ---- nobody learns which addresses are known


def both(url, form, known, follow=True):
    """Send a form with a known and an unknown address; return both answers."""
    answers = []
    for address in [known, "nobody@example.org"]:
        sent = {name: value if value else address for name, value in form.items()}
        answers.append(Client().post(url, sent, follow=follow))
    return answers


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("account_login", {"login": "", "password": "wrong wrong"}),
        ("account_request_login_code", {"email": ""}),
        ("account_reset_password", {"email": ""}),
    ],
)
def test_an_unknown_address_gets_the_same_page(name, form, member):
    member.user.prove(password=PASSWORD)
    one, other = both(reverse(name), form, member.user.email)
    assert one.status_code == other.status_code
    assert one.redirect_chain == other.redirect_chain
    assert words(one) == words(other)
    assert set(Mail.objects.values_list("to", flat=True)) <= {member.user.email}


def test_a_second_step_shows_only_after_the_right_password(member, everything):
    url = reverse("account_login")
    one, other = both(url, {"login": "", "password": "wrong wrong"}, member.user.email)
    assert one.status_code == other.status_code == 422
    assert words(one) == words(other)


def test_a_new_address_that_is_someones_gets_the_same_page(member, peer):
    peer.user.prove(password=PASSWORD)
    pages = []
    for address in [peer.user.email, "new@example.org"]:
        browser, _answer = by_password(member)
        answer = browser.post(
            reverse("account_email"), {"email": address, "action_add": ""}, follow=True
        )
        pages.append(answer)
        wrong = browser.post(reverse("account_email_verification_sent"), {"code": "AAAAAA"})
        pages.append(wrong)
    assert [page.status_code for page in pages] == [200, 422, 200, 422]
    assert pages[0].redirect_chain == pages[2].redirect_chain
    assert words(pages[0]) == words(pages[2])
    assert words(pages[1]) == words(pages[3])


# ---- a new address


def test_a_new_address_takes_the_place_of_the_old_one(member):
    browser, _answer = by_password(member)
    old = member.user.email
    browser.post(reverse("account_email"), {"email": "New@Example.org", "action_add": ""})
    member.user.refresh_from_db()
    assert member.user.email == old
    answer = browser.post(reverse("account_email_verification_sent"), {"code": mailed_code()})
    assert answer.headers["Location"] == reverse("account")
    member.user.refresh_from_db()
    assert member.user.email == member.user.email_key == "new@example.org"
    assert list(EmailAddress.objects.filter(user=member.user).values_list("email", flat=True)) == [
        "new@example.org"
    ]
    assert "Your address was changed" in subjects()
    # the old one is told, and lets nobody in any more
    assert Mail.objects.filter(to=old).exists()
    assert not User.objects.filter(email_key=old).exists()
    assert by_password(member)[1].headers["Location"] == "/"


def test_an_address_that_is_someones_cannot_be_taken(member, peer):
    peer.user.prove(password=PASSWORD)
    browser, _answer = by_password(member)
    browser.post(reverse("account_email"), {"email": peer.user.email, "action_add": ""})
    # whoever reads that mailbox may know that it is theirs
    page = browser.post(reverse("account_email_verification_sent"), {"code": mailed_code()})
    assert page.status_code == 422
    member.user.refresh_from_db()
    assert member.user.email != peer.user.email


def test_a_mailbox_gets_so_much_of_us_whoever_asks_for_it(member, mate, peer, monkeypatch):
    """Somebody's mailbox can't be filled by giving its address as one's own, again and again."""
    at = {"now": 1_800_000_000.0}
    monkeypatch.setattr(
        ratelimit, "time", SimpleNamespace(**{**vars(time), "time": lambda: at["now"]})
    )
    peer.user.prove(password=PASSWORD)
    statuses = {peer.user.email: [], "nobody@example.org": []}
    for address, answers in statuses.items():
        for person in (member, mate) * 6:
            at["now"] += 11
            browser, _answer = by_password(person)
            sent = {"email": address, "action_add": ""}
            answers.append(browser.post(reverse("account_email"), sent).status_code)
    # Someone's address or nobody's: the same answers.
    one, other = statuses.values()
    assert one == other == [302] * 6 + [429] * 6
    for address in statuses:
        assert Mail.objects.filter(to=address).count() == 6
    member.user.refresh_from_db()
    assert not peer.user.emailaddress_set.exclude(email=peer.user.email).exists()


# ---- asked again


SENSITIVE = [
    "mfa_add_webauthn",
    "mfa_activate_totp",
    "account_set_password",
]


@pytest.mark.parametrize("name", SENSITIVE)
def test_it_is_asked_again_who_is_there(name, member, client_of):
    member.user.prove()
    answer = client_of(member).get(reverse(name))
    assert answer.headers["Location"].startswith(reverse("account_reauthenticate_code"))


@pytest.mark.parametrize("name", ["mfa_view_recovery_codes", "mfa_generate_recovery_codes"])
def test_spare_codes_are_shown_only_to_who_has_shown_who_they_are(
    name, member, everything, client_of
):
    answer = client_of(member).get(reverse(name))
    assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))


def test_an_address_is_changed_only_by_who_has_shown_who_they_are(member, client_of):
    member.user.prove(password=PASSWORD)
    sent = {"email": "new@example.org", "action_add": ""}
    answer = client_of(member).post(reverse("account_email"), sent)
    assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert not Mail.objects.exists()


def test_who_has_just_signed_in_is_not_asked_again(member):
    member.user.prove()
    browser, _answer = by_code(member)
    assert browser.get(reverse("account_set_password")).status_code == 200


def test_a_code_by_mail_shows_who_one_is(member, client_of):
    member.user.prove()
    browser, url = client_of(member), reverse("account_reauthenticate_code")
    there = f"{url}?next={reverse('account_set_password')}"
    browser.get(there)
    answer = browser.post(there, {"action": "send"})
    assert answer.headers["Location"].startswith(url)
    code = mailed_code()
    assert browser.post(there, {"code": "AAAAAA"}).status_code == 422
    answer = browser.post(there, {"code": code})
    assert answer.headers["Location"] == reverse("account_set_password")
    assert browser.get(reverse("account_set_password")).status_code == 200
    # once
    assert browser.post(url, {"code": code}).headers["Location"] == url


def test_three_wrong_codes_are_enough(member, client_of):
    member.user.prove()
    browser, url = client_of(member), reverse("account_reauthenticate_code")
    browser.post(url, {"action": "send"})
    statuses = [browser.post(url, {"code": "AAAAAA"}).status_code for _time in range(3)]
    assert statuses == [422, 422, 302]
    assert browser.post(url, {"code": mailed_code()}).status_code in {302, 422}
    assert browser.get(reverse("account_set_password")).status_code == 302


def test_a_code_by_mail_is_no_way_round_a_second_factor(member, everything, client_of):
    browser = client_of(member)
    url = reverse("account_reauthenticate_code")
    assert url not in browser.get(reverse("account_reauthenticate")).text
    assert browser.get(url).headers["Location"] == reverse("account_reauthenticate")
    browser.post(url, {"action": "send"})
    assert "Your sign-in code" not in subjects()


def test_a_password_sent_too_late_is_kept_nowhere(member, client_of):
    member.user.prove()
    browser = client_of(member)
    form = {"password1": PASSWORD, "password2": PASSWORD}
    answer = browser.post(reverse("account_set_password"), form)
    assert answer.status_code == 302
    assert PASSWORD not in str(dict(browser.session))
    member.user.refresh_from_db()
    assert not member.user.has_usable_password()


# ---- signing out


def test_signing_out_wipes_what_the_browser_kept(member, client_of):
    answer = client_of(member).post(reverse("account_logout"))
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert answer.status_code == 302


def test_who_is_not_in_has_nothing_wiped(db):
    assert "Clear-Site-Data" not in Client().post(reverse("account_logout")).headers


def test_the_page_of_signing_out_knows_whose_drafts_are_whose(member, peer, client_of):
    page = client_of(member).get(reverse("account_logout"))
    assert f'data-whose="{member.pk}"' in page.text
    assert str(peer.pk) not in page.text


@pytest.mark.parametrize("path", ["/c/otaki/", "/c/otaki/me/", "/accounts/", "/c/otaki/people/"])
def test_what_is_private_is_kept_in_no_cache(member, client_of, path):
    assert "no-store" in client_of(member).get(path).headers["Cache-Control"]
