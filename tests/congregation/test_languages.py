"""A second language, though there is no translation yet: whatever is written is in that of its reader.

The catalogue is made here, of a handful of sentences; dates come from the language itself.
"""

import json
import re

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from django.conf import settings as set_now
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from congregation import outbox
from congregation.models import Host, Invitation, Mail
from hall import closing
from tests.hall.accounts.signing_in import PASSWORD, by_password

WORDS = {
    "Hello %(name)s,": "Hallo %(name)s,",
    "You are invited": "Du bist eingeladen",
    "Your sign-in code": "Dein Anmeldecode",
    "Your code": "Dein Code",
    "Your password was changed": "Dein Passwort wurde geändert",
    "Your account is closed": "Dein Konto ist geschlossen",
    "You are a host now": "Du bist jetzt gastgebend",
    "Welcome back": "Willkommen zurück",
}


@pytest.fixture(autouse=True)
def german(settings, tmp_path):
    """German, as a folder that lies beside the others."""
    catalogue = Catalog(locale="de")
    for words, theirs in WORDS.items():
        catalogue.add(words, theirs)
    path = tmp_path / "de" / "LC_MESSAGES" / "django.mo"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_mo(file, catalogue)
    settings.LANGUAGES = [*set_now.LANGUAGES, ("de", "Deutsch")]
    settings.LOCALE_PATHS = [tmp_path]
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.MAILERS = {
        **settings.MAILERS,
        "default": {"BACKEND": "congregation.outbox.OutboxBackend"},
    }
    with translation.override("en"):
        yield


def newest(kind):
    """The subject, text and markup of the newest mail of a kind."""
    mail = Mail.objects.filter(kind=kind).order_by("-made_at", "-pk")
    return [json.loads(row.content) for row in mail]


def test_an_invitation_is_written_as_its_inviter_reads(member, host, now):
    member.user.prefer(language="de")
    member.user.read_in("Pacific/Kiritimati")
    row, _token = Invitation.invite(name="Kaia Brown", email="kaia@x.example", by=member, now=now)
    # A host says yes, who reads something else on another clock.
    with translation.override("en-us"), timezone.override("Pacific/Honolulu"):
        row.approve(by=host, now=now)
        assert translation.get_language() == "en-us"
        assert timezone.get_current_timezone_name() == "Pacific/Honolulu"
    (mail,) = newest("invitation")
    assert mail["subject"] == "Du bist eingeladen"
    assert "Hallo Kaia," in mail["text"]
    assert 'lang="de"' in mail["html"]
    assert re.search(r"Sa\.?,? 19\. Dez", mail["text"])


def test_a_code_is_written_as_its_account_reads_and_else_as_the_browser(member, peer):
    member.user.prefer(language="de")
    for person in (member, peer):
        person.user.prove()
    url = reverse("account_request_login_code")
    Client(headers={"accept-language": "en-us"}).post(url, {"email": member.user.email})
    assert [mail["subject"] for mail in newest("account")] == ["Dein Anmeldecode"]
    Client(headers={"accept-language": "de"}).post(url, {"email": peer.user.email})
    assert [mail["subject"] for mail in newest("account")] == ["Dein Anmeldecode"] * 2
    peer.user.prefer(language="en-us")
    Client(headers={"accept-language": "de"}).post(url, {"email": peer.user.email})
    subjects = sorted(mail["subject"] for mail in newest("account"))
    assert subjects == ["Dein Anmeldecode"] * 2 + ["Your sign-in code"]


def test_so_is_news_of_an_account(member):
    member.user.prefer(language="de")
    browser, _answer = by_password(member)
    new = "eight lamps and a table"
    said = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    browser.post(reverse("account_change_password"), said)
    assert "Dein Passwort wurde geändert" in [mail["subject"] for mail in newest("account")]


def test_a_new_address_is_written_to_as_whoever_gives_it_reads(member, peer):
    member.user.prefer(language="de")
    peer.user.prefer(language="en-us")
    peer.user.prove()
    for address, subject in [("new@x.example", "Dein Code"), (peer.user.email, "Your code")]:
        browser, _answer = by_password(member)
        browser.post(reverse("account_email"), {"email": address, "action_add": ""})
        mail = Mail.objects.get(kind="account", to=address)
        assert json.loads(mail.content)["subject"] == subject


def test_a_notice_is_written_as_its_reader_reads(member, host, now):
    member.user.prefer(language="de")
    term = Host.hand_on(member, by=host, now=now)
    mail = Mail.objects.select_related("notice__recipient__user").get(notice__about=term.pk)
    message = outbox.message_of(mail, now=now)
    assert message.subject == "Du bist jetzt gastgebend"
    assert message.body.startswith("Hallo Ana,")


def test_the_letter_of_a_closed_account_is_too(member, host, now):
    member.user.prefer(language="de")
    member.user.read_in("Pacific/Kiritimati")
    with translation.override("en-us"), timezone.override("Pacific/Honolulu"):
        closing.close(member.user, now=now)
    (mail,) = newest("closed")
    assert mail["subject"] == "Dein Konto ist geschlossen"
    assert "19. Dez" in mail["text"]


def test_pages_are_in_the_accounts_language_and_else_in_the_browsers(member, client_of, at):
    assert (
        "Willkommen zurück"
        in Client(headers={"accept-language": "de"}).get("/accounts/login/").text
    )
    member.user.prefer(language="de")
    browser = client_of(member, headers={"accept-language": "en-us"})
    page = browser.get(at(member, "preferences"))
    assert page.headers["Content-Language"] == "de"
    assert 'lang="de"' in page.text
    assert "Deutsch" in page.text
    assert "Do. 19. Nov" in page.text or "Do., 19. Nov" in page.text


def test_a_language_that_is_gone_does_no_harm(member, client_of, at, now, settings):
    member.user.prefer(language="de")
    settings.LANGUAGES = [one for one in settings.LANGUAGES if one[0] != "de"]
    assert client_of(member).get(at(member, "home")).status_code == 200
    with member.user.as_reader():
        assert translation.get_language() == "en"
    assert member.language == "en"
    Invitation.invite(name="Kaia", email="kaia@x.example", by=member, now=now)
