"""How a person reads: kept with the account, and read wherever words are."""

from django.test import Client
from django.utils import translation

from config.languages import languages
from congregation import outbox
from congregation.models import Host, Mail, Notice

ALL = {
    "language": "en-us",
    "zone": "Europe/Berlin",
    "theme": "dark",
    "font": "legible",
    "motion": "less",
}


def test_they_follow_the_person_to_another_device(member, client_of, at):
    answer = client_of(member).post(at(member, "preferences"), ALL)
    assert answer.headers["Location"] == at(member, "preferences")
    page = client_of(member).get(at(member, "home")).text
    for words in ['lang="en-us"', 'data-theme="dark"', 'data-font="legible"', 'data-motion="less"']:
        assert words in page
    assert "Berlin" in client_of(member).get(at(member, "calendar")).text
    # To someone else, and to who is signed out, nothing has changed.
    assert 'data-theme="' not in Client().get("/help/").text


def test_what_an_account_says_outdoes_the_browser(member, client_of, at):
    browser = client_of(member)
    browser.cookies["theme"] = "dark"
    assert 'data-theme="dark"' in browser.get(at(member, "home")).text
    browser.post(at(member, "preferences"), {**ALL, "theme": "device"})
    browser.cookies["theme"] = "dark"
    assert 'data-theme="' not in browser.get(at(member, "home")).text


def test_the_moon_in_the_bar_is_kept_with_the_account(member, client_of, at):
    client_of(member).post("/theme", {"theme": "dark"})
    assert 'data-theme="dark"' in client_of(member).get(at(member, "home")).text
    client_of(member).post("/theme", {"theme": ""})
    member.user.refresh_from_db()
    assert (member.user.theme, member.user.font) == ("device", "")


def test_the_two_englishes_write_dates_and_times_apart(member, client_of, at, now):
    page = client_of(member).get(at(member, "preferences")).text
    assert "Thu 19 Nov, 7:00 pm" in page
    assert "Thu, Nov 19, 7:00 PM" in page
    browser = client_of(member)
    Notice.tell("congregation.growth", [member], member, now=now)
    assert "Thu 19 Nov" in browser.get(at(member, "notices")).text
    browser.post(at(member, "preferences"), {**ALL, "zone": ""})
    assert "Thu, Nov 19" in browser.get(at(member, "notices")).text
    assert browser.get(at(member, "home")).headers["Content-Language"] == "en-us"
    # The next request of someone else is in theirs.
    assert translation.get_language() != "en-us" or Client().get("/help/").status_code == 200
    assert 'lang="en"' in Client().get("/help/").text


def test_mail_is_in_its_readers_language(host, member, now):
    member.user.prefer(language="en-us")
    with translation.override("en"):
        term = Host.hand_on(member, by=host, now=now)
        mail = Mail.objects.select_related("notice__recipient__user").get(notice__about=term.pk)
        message = outbox.message_of(mail, now=now)
        assert 'lang="en-us"' in message.alternatives[0].content
        assert translation.get_language() == "en"


def test_a_translation_appears_by_itself(tmp_path):
    for name in ("de", "pt_BR", "xx"):
        path = tmp_path / name / "LC_MESSAGES" / "django.mo"
        path.parent.mkdir(parents=True)
        path.touch()
    (tmp_path / "fr" / "LC_MESSAGES").mkdir(parents=True)
    found = dict(languages(tmp_path))
    assert list(found) == ["en", "en-us", "de", "pt-br", "xx"]
    assert (found["de"], found["pt-br"]) == ("Deutsch", "Português (Brasil)")


def test_bad_wishes_are_said_and_nothing_is_saved(member, client_of, at):
    answer = client_of(member).post(at(member, "preferences"), {**ALL, "language": "klingon"})
    assert answer.status_code == 422
    member.user.refresh_from_db()
    assert member.user.theme == ""


def test_a_language_that_is_gone_does_no_harm(member, client_of, at):
    member.user.prefer(language="eo")
    assert 'lang="en"' in client_of(member).get(at(member, "home")).text


def test_the_zone_is_asked_once(member, client_of, at):
    browser = client_of(member)
    assert "zone-line" in browser.get(at(member, "home")).text
    browser.post(at(member, "me-zone"), {"zone": "Europe/Berlin", "no": "1"})
    member.user.refresh_from_db()
    assert (member.user.zone, member.user.zone_said) == ("", True)
    assert "zone-line" not in browser.get(at(member, "home")).text
    browser.post(at(member, "me-zone"), {"zone": "Europe/Berlin", "yes": "1"})
    member.user.refresh_from_db()
    assert member.user.zone == "Europe/Berlin"


def test_nobody_is_asked_twice_for_a_zone_that_is_none(member, client_of, at):
    browser = client_of(member)
    assert browser.post(at(member, "me-zone"), {"zone": "Mars/Base"}).status_code == 302
    member.user.refresh_from_db()
    assert member.user.zone == ""


def test_outsiders_find_none(member, outsider, client_of, at):
    assert client_of(outsider).post(at(member, "preferences"), ALL).status_code == 404
    assert client_of(outsider).get(at(member, "preferences")).status_code == 404
