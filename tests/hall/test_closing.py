"""Closing an account, taking it back, and what is erased."""

import re
import time
from datetime import timedelta

import pytest
from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from congregation import clock
from congregation.models import Contact, Host, Invitation, Mail, Member, NoticeChoice, User
from hall import closing, sweep
from tests.hall.test_home import crew_of

CLOSE = "/account/close/"


@pytest.fixture
def fresh(client_of):
    """A browser whose person has just shown that they are still themselves."""

    def make(person):
        browser = client_of(person)
        session = browser.session
        session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "code", "at": time.time()}]
        session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(person.user_id)
        session.save()
        return browser

    return make


def test_one_is_asked_who_one_is_first(member, client_of):
    browser = client_of(member)
    for answer in (browser.get(CLOSE), browser.post(CLOSE)):
        assert "/accounts/reauthenticate/" in answer.headers["Location"]
    member.refresh_from_db()
    assert member.state == "active"


def test_it_leaves_everywhere_and_signs_out_everywhere(
    member, mate, make_congregation, fresh, client_of, now
):
    crew_of([member, mate], now)
    elsewhere = make_congregation("Levin")
    there = Member.objects.create(
        congregation=elsewhere, user=member.user, name="Ana", joined_at=now
    )
    phone, browser = client_of(member), fresh(member)
    assert "Levin" in browser.get(CLOSE).text
    assert "Your account is closed" in browser.post(CLOSE).text
    for row in (member, there):
        row.refresh_from_db()
        assert row.state == "left"
    for left in (phone, browser):
        assert left.get("/accounts/email/").status_code == 302
        assert "sessionid" not in left.cookies or not left.cookies["sessionid"].value
    assert phone.get("/c/otaki/").status_code == 302
    assert not closing.close(User.objects.get(pk=member.user_id), now=now)
    assert Mail.objects.filter(kind="closed").count() == 1


def test_the_last_host_of_somewhere_hands_on_first(host, fresh):
    answer = fresh(host).post(CLOSE)
    assert answer.status_code == 422
    assert "only host of Otaki" in answer.text
    host.user.refresh_from_db()
    assert host.user.closed_at is None


def test_one_tap_in_the_mail_takes_it_back(member, now):
    closing.close(member.user, now=now)
    mail = Mail.objects.get(kind="closed")
    url = re.search(r"/account/reopen/[^\s\"\\]+", mail.content).group()
    browser = Client()
    assert browser.get(url).status_code == 200
    member.user.refresh_from_db()
    assert member.user.closed_at
    assert browser.post(url).headers["Location"] == reverse("account_login")
    member.user.refresh_from_db()
    assert member.user.closed_at is None
    member.refresh_from_db()
    assert member.state == "left"
    assert browser.post(url).status_code == 404
    # The link of one closing doesn't open the next.
    closing.close(member.user, now=now + timedelta(days=1))
    assert browser.post(url).status_code == 404


def test_signing_in_takes_it_back(member, now):
    member.user.set_password("a long pass phrase")
    member.user.save()
    member.user.emailaddress_set.update(verified=True)
    closing.close(member.user, now=now)
    answer = Client().post(
        reverse("account_login"),
        {"login": member.user.email, "password": "a long pass phrase"},
        follow=True,
    )
    assert "Your account is open again" in answer.text
    member.user.refresh_from_db()
    assert member.user.closed_at is None


def test_a_forged_link_opens_nothing(member, now):
    closing.close(member.user, now=now)
    for token in ("x", closing.token_of(User(closed_at=now))):
        assert Client().post(reverse("account-reopen", args=[token])).status_code == 404


def test_after_thirty_days_everything_personal_is_erased(
    member, mate, host, facilitator, client_of, at, now
):
    crew, _commitment = crew_of([member, mate, facilitator], now)
    member.edit(name="Ana Sefo", pronouns="she", place="Levin", line="Seeds.", by=member, now=now)
    Contact.give(member, "phone", "021 555", "congregation", by=member, now=now)
    NoticeChoice.choose(member, "crews.left", "off", by=member)
    invitation, _token = Invitation.invite(
        name="Ana", email=member.user.email, word="Saves seed.", by=host, now=now
    )
    Invitation.objects.filter(pk=invitation.pk).update(accepted_at=now, accepted_by=member)
    crew.leave(by=member, farewell="So long.", now=now)
    address, user = member.user.email, member.user_id
    closing.close(member.user, now=now)
    assert sweep.due(now=now + timedelta(days=29))["accounts erased"] == 0
    clock.move(timedelta(days=31))
    found = [sweep.due(now=now + timedelta(days=31))["accounts erased"] for _twice in range(2)]
    assert found == [1, 0]
    assert not User.objects.filter(pk=user).exists()
    row = Member.objects.get(pk=member.pk)
    assert (row.name, row.pronouns, row.place, row.line) == ("Someone who left", "", "", "")
    assert row.user is None
    assert not Contact.objects.filter(member=row).exists()
    assert not NoticeChoice.objects.filter(member=row).exists()
    invitation.refresh_from_db()
    assert (invitation.name, invitation.email, invitation.word) == ("Someone who left", "", "")
    assert not Mail.objects.filter(to=address).exists()
    # What others rely on is there still, under nobody's name.
    page = client_of(mate).get(at(mate, "notices")).text
    assert "Someone has stepped back from Seed Library" in page
    assert "Ana" not in page


def test_nobody_is_erased_who_has_not_left(member):
    with pytest.raises(PermissionDenied):
        member.erase(name="x")
    member.refresh_from_db()
    assert member.name == "Ana Sefo"


def test_someone_with_two_hosts_closes_and_the_other_hosts_on(host, member, now):
    Host.hand_on(member, by=host, now=now)
    assert closing.close(host.user, now=now)
    assert list(Host.objects.in_term(now).values_list("member", flat=True)) == [member.pk]
