"""The operator founds a congregation."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from congregation.models import Congregation, Event, Host, Member
from crews.models import Crewless

MEI = ["--host-name", "Mei Ropata", "--host-email", "Mei@Example.org", "--zone", "Pacific/Auckland"]


def found(*words):
    out = io.StringIO()
    call_command("found", *words, stdout=out)
    return out.getvalue()


def test_it_makes_a_congregation_and_its_host(db, now):
    said = found("Ōtaki Congregation", *MEI)
    congregation = Congregation.objects.get()
    assert (congregation.slug, congregation.zone, congregation.places_taken) == (
        "otaki-congregation",
        "Pacific/Auckland",
        1,
    )
    host = Member.objects.get()
    assert host.name == "Mei Ropata"
    assert Host.objects.in_term(now).get().member == host
    assert Crewless.objects.get().member == host
    assert "/c/otaki-congregation/" in said
    assert "asks for a code" in said
    assert Event.objects.get().verb == "congregation.found"


def test_the_host_signs_in_by_code(db):
    found("Otaki", *MEI)
    page = Client().post(reverse("account_request_login_code"), {"email": "mei@example.org"})
    assert page.headers["Location"] == reverse("account_confirm_login_code")


def test_without_a_mail_server_it_says_where_codes_lie(db, settings):
    settings.EMAIL_URL = ""
    assert str(settings.MAIL_FOLDER) in found("Otaki", *MEI)


def test_a_password_may_be_piped(db, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("seven tables and a lamp\n"))
    assert "the password given" in found("Otaki", *MEI, "--password-stdin")
    answer = Client().post(
        reverse("account_login"),
        {"login": "mei@example.org", "password": "seven tables and a lamp"},
    )
    assert answer.headers["Location"] == "/"


def test_twice_is_once(db):
    found("Otaki", *MEI)
    assert "nothing was changed" in found("Otaki", *MEI)
    assert Congregation.objects.count() == Member.objects.count() == Host.objects.count() == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["Otaki", *MEI, "--zone", "Mars/Base"], "no time zone"),
        (["Otaki", "--host-name", "Mei", "--host-email", "nonsense"], "valid email"),
        (["水", *MEI], "--slug"),
        (["Otaki", *MEI, "--slug", "no slug"], "slug"),
        (["  ", *MEI], "a name"),
    ],
)
def test_bad_words_get_a_sentence(db, words, said):
    with pytest.raises(CommandError, match=said):
        found(*words)
    assert not Congregation.objects.exists()


def test_another_host_cannot_take_the_address(db):
    found("Otaki", *MEI)
    with pytest.raises(CommandError, match="another --slug"):
        found("Otaki", "--host-name", "Zed", "--host-email", "zed@example.org")
    assert Member.objects.count() == 1
