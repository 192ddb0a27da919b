"""What lies in the database of a session: sealed, and under a name that signs nobody in."""

import base64
import re
from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import signing
from django.test import Client
from django.urls import reverse

from congregation.sealed_sessions import SessionStore, forget_ended, row_of
from tests.hall.accounts.signing_in import by_password, mailed_code

COOKIE = settings.SESSION_COOKIE_NAME


@pytest.fixture(autouse=True)
def _outbox(settings):
    settings.MAILERS = {
        **settings.MAILERS,
        "default": {"BACKEND": "congregation.outbox.OutboxBackend"},
    }


def kept(browser):
    """The row of a browser's session, and its bytes."""
    row = Session.objects.get(session_key=row_of(browser.cookies[COOKIE].value))
    return row, base64.b64decode(row.session_data)


def test_a_mailed_code_lies_there_sealed_and_works(member):
    member.user.prove()
    browser = Client()
    page = browser.post(reverse("account_request_login_code"), {"email": member.user.email})
    row, box = kept(browser)
    code = mailed_code()
    assert code in str(dict(browser.session))
    for hidden in [code, member.user.email, str(member.user.pk)]:
        assert hidden.encode() not in box
    with pytest.raises(signing.BadSignature):
        signing.loads(row.session_data, salt=SessionStore().key_salt)
    assert browser.post(page.headers["Location"], {"code": code}).status_code == 302
    assert browser.get("/c/otaki/").status_code == 200


def test_the_key_in_the_cookie_lies_nowhere(member, client_of):
    browser = client_of(member)
    key = browser.cookies[COOKIE].value
    assert browser.get("/c/otaki/").status_code == 200
    for row in Session.objects.all():
        assert key not in row.session_key + row.session_data
    # Whoever has a copy of the table gets in with nothing that is in it.
    for row in Session.objects.all():
        thief = Client()
        thief.cookies[COOKIE] = row.session_key
        assert thief.get("/c/otaki/").status_code == 302
        assert SessionStore(row.session_key)["_auth_user_id"] == str(member.user.pk)


def test_moved_to_another_row_it_is_nobodys(member, peer, client_of):
    mine, theirs = client_of(member), client_of(peer)
    (row, _box), (other, _other) = kept(mine), kept(theirs)
    Session.objects.filter(pk=row.pk).update(session_data=other.session_data)
    assert mine.get("/c/otaki/").status_code == 302
    assert theirs.get("/c/otaki/").status_code == 200


@pytest.mark.parametrize("data", ["", "nonsense", "bm9uc2Vuc2U=", "é"])
def test_what_does_not_open_is_an_empty_session(member, client_of, data):
    browser = client_of(member)
    Session.objects.update(session_data=data)
    assert browser.get("/c/otaki/").status_code == 302


def test_under_another_keyring_everyone_signs_in_anew(member, client_of, settings):
    browser = client_of(member)
    settings.KEYRING = "another " * 8
    assert browser.get("/c/otaki/").status_code == 302


def test_a_key_that_is_added_to_the_ring_ends_no_session(member, client_of, settings):
    browser = client_of(member)
    settings.KEYRING = f"{'new' * 12} {settings.KEYRING}"
    assert browser.get("/c/otaki/").status_code == 200


def test_it_ends_with_its_time_and_with_signing_out(member, client_of):
    browser = client_of(member)
    session = browser.session
    session.set_expiry(timedelta(seconds=-1))
    session.save()
    assert browser.get("/c/otaki/").status_code == 302
    other = client_of(member)
    row, _box = kept(other)
    other.post(reverse("account_logout"))
    assert not Session.objects.filter(pk=row.pk).exists()


def test_what_has_ended_is_swept_away_with_its_device(member):
    stays, _answer = by_password(member)
    ends, _answer = by_password(member)
    session = ends.session
    session.set_expiry(timedelta(seconds=-1))
    session.save()
    assert forget_ended() == 1
    assert forget_ended() == 0
    (row,) = UserSession.objects.all()
    assert row.session_key == kept(stays)[0].session_key
    assert stays.get("/c/otaki/").status_code == 200


def test_nobody_makes_up_a_session(db):
    browser = Client()
    browser.cookies[COOKIE] = "a" * 32
    assert browser.get("/c/otaki/").status_code == 302
    browser.post(reverse("account_request_login_code"), {"email": "nobody@otaki.example"})
    assert browser.cookies[COOKIE].value != "a" * 32
    assert not re.match("a+$", str(Session.objects.get().session_key))
