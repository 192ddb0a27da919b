"""Hosts let someone in again who has lost their way in."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from congregation import clock, outbox
from congregation.models import Event, Mail, Member, Notice, NoticeChoice, User, WayBack, hashed

OLD, NEW = "seven tables and a lamp", "eight lamps and a table"
BOTH = {"password": NEW, "again": NEW}
IN_PERSON = {"how": "in_person", "sees": "on"}
HOME = "/c/otaki/"


@pytest.fixture(autouse=True)
def _quick_passwords(settings):
    """Passwords are made many times here; that they are made slowly is shown elsewhere."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def lost(congregation, now):
    """Someone without an address, who has lost their password; at home they are signed in still."""
    user = User.objects.create_nameless(OLD, handle="maple-otter-42")
    return Member.objects.create(
        congregation=congregation, user=user, name="Kaia Brown", joined_at=now
    )


@pytest.fixture
def second(make_host):
    return make_host("Hana Petera")


def signed_in(person, password=OLD):
    browser = Client()
    browser.post(reverse("account_login"), {"login": person.user.handle, "password": password})
    assert browser.get(HOME).status_code == 200
    return browser


def link(token):
    return reverse("way-in", args=[token])


def open_in_person(person, host, now):
    row, token = WayBack.begin(person, in_person=True, by=host, now=now)
    return row, link(token)


def open_by_two(person, host, second, now):
    row, _none = WayBack.begin(person, in_person=False, by=host, now=now)
    return row, link(row.say_yes(by=second, now=now))


# ---- in person


def test_a_host_beside_them_opens_it_and_they_come_in(lost, host, client_of, at, settings):
    browser = client_of(host)
    assert at(host, "way-back-new", pk=lost.pk) in browser.get(at(host, "member", pk=lost.pk)).text
    page = browser.post(at(host, "way-back-new", pk=lost.pk), IN_PERSON, follow=True)
    row = WayBack.objects.get()
    assert 'class="qr"' in page.text
    assert "Open" in page.text
    # The link itself stands in the picture alone; another browser of the host's doesn't have it.
    assert 'class="qr"' not in client_of(host).get(row.get_absolute_url()).text
    token = browser.cookies["link"].value.rsplit(":", 2)[0]
    theirs = Client()
    before = list(User.objects.values())
    opened = theirs.get(link(token))
    assert "Welcome back, Kaia" in opened.text
    assert opened.headers["Referrer-Policy"] == "strict-origin"
    assert "no-store" in opened.headers["Cache-Control"]
    assert list(User.objects.values()) == before
    assert not theirs.cookies.get(settings.SESSION_COOKIE_NAME)
    answer = theirs.post(link(token), BOTH)
    assert answer.headers["Location"] == reverse("sign-in-name")
    assert theirs.get(HOME).status_code == 200
    lost.user.refresh_from_db()
    assert lost.user.check_password(NEW)
    assert len(token) >= 43


def test_what_is_kept_of_the_link_is_its_hash(lost, host, now):
    row, token = WayBack.begin(lost, in_person=True, by=host, now=now)
    assert row.token_hash == hashed(token)
    assert token not in str(WayBack.objects.values().get())


def test_it_works_once_and_sent_twice_it_changes_nothing_more(lost, host, now):
    _row, url = open_in_person(lost, host, now)
    Client().post(url, BOTH)
    again = Client().post(
        url, {"password": "a thief with ten letters", "again": "a thief with ten letters"}
    )
    assert again.status_code == 410
    lost.user.refresh_from_db()
    assert lost.user.check_password(NEW)
    assert Notice.objects.filter(kind="congregation.way_back_used").count() == 1


def test_it_lasts_a_quarter_of_an_hour(lost, host, now):
    _row, url = open_in_person(lost, host, now)
    clock.move(timedelta(minutes=14))
    assert Client().get(url).status_code == 200
    clock.move(timedelta(minutes=1))
    closed, unknown = Client().get(url), Client().get(link("x" * 43))
    assert closed.status_code == unknown.status_code == 410
    assert Client().post(url, BOTH).status_code == 410


@pytest.mark.parametrize("said", [{}, {"how": "in_person"}, {"how": "nonsense"}])
def test_in_person_means_seeing_them(lost, host, client_of, at, said):
    page = client_of(host).post(at(host, "way-back-new", pk=lost.pk), said)
    assert page.status_code == 422
    assert "needs another look" in page.text
    assert not WayBack.objects.exists()


def test_the_form_sent_twice_opens_one(lost, host, client_of, at):
    browser, url = client_of(host), at(host, "way-back-new", pk=lost.pk)
    sent = {**IN_PERSON, "once": "5f0d3f0e-0000-4000-8000-000000000001"}
    assert browser.post(url, sent).status_code == 302
    assert browser.post(url, sent).status_code == 302
    assert WayBack.objects.count() == 1
    assert browser.post(url, IN_PERSON).status_code == 422


def test_a_short_password_is_said_and_the_way_stays_open(lost, host, now):
    _row, url = open_in_person(lost, host, now)
    page = Client().post(url, {"password": "short", "again": "short"})
    assert page.status_code == 422
    assert Client().post(url, BOTH).status_code == 302


# ---- by two


def test_two_hosts_open_it_and_the_second_hands_it_over(lost, host, second, client_of, at, now):
    browser, other = client_of(host), client_of(second)
    page = browser.post(at(host, "way-back-new", pk=lost.pk), {"how": "two"}, follow=True)
    row = WayBack.objects.get()
    assert row.token_hash is None
    assert "Waits for a second host" in page.text
    asked = Notice.objects.get(kind="congregation.way_back_asked")
    assert asked.recipient == second
    page = other.post(at(host, "way-back-yes", pk=row.pk), follow=True)
    assert 'class="qr"' in page.text
    other.post(at(host, "way-back-yes", pk=row.pk))
    row.refresh_from_db()
    assert (row.second_by, row.expires_at) == (second, now + timedelta(hours=24))
    token = other.cookies["link"].value.rsplit(":", 2)[0]
    Client().post(link(token), BOTH)
    lost.user.refresh_from_db()
    assert lost.user.check_password(NEW)
    assert Event.objects.filter(verb="way_back.second").count() == 1


def test_one_host_cannot_be_both(lost, host, second, client_of, at, now):
    row, _token = WayBack.begin(lost, in_person=False, by=host, now=now)
    assert client_of(host).post(at(host, "way-back-yes", pk=row.pk)).status_code == 403
    with pytest.raises(IntegrityError), transaction.atomic():
        WayBack.objects.filter(pk=row.pk).update(second_by=host, second_at=now)


def test_a_host_takes_two_others_and_nobody_their_own(host, second, make_host, client_of, at, now):
    with pytest.raises(ValidationError, match="two hosts"):
        WayBack.begin(second, in_person=True, by=host, now=now)
    with pytest.raises(PermissionDenied):
        WayBack.begin(host, in_person=True, by=host, now=now)
    assert client_of(host).get(at(host, "way-back-new", pk=host.pk)).status_code == 403
    third = make_host("Rangi Tau")
    row, _token = WayBack.begin(second, in_person=False, by=host, now=now)
    assert client_of(second).post(at(host, "way-back-yes", pk=row.pk)).status_code == 403
    assert row.say_yes(by=third, now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        WayBack.objects.filter(pk=row.pk).update(opened_by=second)


def test_a_lone_host_is_told_that_they_must_sit_beside_them(lost, host, client_of, at, now):
    browser, url = client_of(host), at(host, "way-back-new", pk=lost.pk)
    page = browser.get(url)
    assert "You are the only host who can" in page.text
    assert at(host, "hosts") in page.text
    assert 'value="two"' not in page.text
    assert browser.post(url, {"how": "two"}).status_code == 422
    with pytest.raises(ValidationError, match="Nobody else hosts"):
        WayBack.begin(lost, in_person=False, by=host, now=now)
    assert browser.post(url, IN_PERSON).status_code == 302


def test_of_two_hosts_neither_can_let_the_other_in(host, second, client_of, at, now):
    browser, url = client_of(host), at(host, "way-back-new", pk=second.pk)
    page = browser.get(url)
    assert "a host takes two others" in page.text
    assert "Open a way back</button>" not in page.text
    for how in (IN_PERSON, {"how": "two"}):
        assert browser.post(url, how).status_code == 422
    assert not WayBack.objects.exists()


def test_a_new_link_ends_the_one_before(lost, host, second, client_of, at, now):
    row, url = open_by_two(lost, host, second, now)
    assert client_of(host).post(at(host, "way-back-link", pk=row.pk)).status_code == 403
    browser = client_of(second)
    browser.post(at(host, "way-back-link", pk=row.pk))
    assert Client().get(url).status_code == 410
    token = browser.cookies["link"].value.rsplit(":", 2)[0]
    assert Client().get(link(token)).status_code == 200


def test_a_host_takes_it_back(lost, host, second, client_of, at, now):
    row, url = open_in_person(lost, host, now)
    for _time in range(2):
        client_of(second).post(at(host, "way-back-close", pk=row.pk))
    assert Client().get(url).status_code == 410
    assert Event.objects.filter(verb="way_back.close").count() == 1


def test_who_is_no_host_any_more_lets_nobody_in(lost, host, second, now):
    _row, url = open_by_two(lost, host, second, now)
    second.terms.update(ended_at=now)
    assert Client().post(url, BOTH).status_code == 410


def test_who_has_left_meanwhile_stays_out(lost, host, now):
    _row, url = open_in_person(lost, host, now)
    Member.objects.filter(pk=lost.pk).update(state="left", left_at=now)
    assert Client().get(url).status_code == 410


# ---- for whom it isn't open; nobody learns why


@pytest.fixture
def not_open(lost, make_congregation, make_host, now):
    def make(why):
        if why == "codes app":
            Authenticator.objects.create(user=lost.user, type="totp", data={})
        elif why == "passkey beside a password":
            Authenticator.objects.create(user=lost.user, type="webauthn", data={})
        elif why == "operator":
            User.objects.filter(pk=lost.user.pk).update(is_staff=True)
        elif why == "host elsewhere":
            away = make_host("Someone Else", make_congregation("Levin"))
            Member.objects.filter(pk=away.pk).update(user=lost.user)
        elif why == "no account":
            Member.objects.filter(pk=lost.pk).update(user=None)
        return lost

    return make


@pytest.mark.parametrize(
    "why", ["codes app", "passkey beside a password", "operator", "host elsewhere", "no account"]
)
@pytest.mark.parametrize("how", [IN_PERSON, {"how": "two"}], ids=["in-person", "two"])
def test_it_isnt_open_for_everyone_and_hosts_dont_learn_why(
    not_open, host, second, client_of, at, why, how
):
    person = not_open(why)
    page = client_of(host).post(at(host, "way-back-new", pk=person.pk), how)
    assert page.status_code == 422
    assert "This way isn’t open for this person." in page.text
    assert not WayBack.objects.exists()


def test_a_second_factor_set_up_meanwhile_closes_it(lost, host, now):
    _row, url = open_in_person(lost, host, now)
    Authenticator.objects.create(user=lost.user, type="totp", data={})
    assert Client().post(url, BOTH).status_code == 410
    lost.user.refresh_from_db()
    assert lost.user.check_password(OLD)


def test_a_lost_passkey_that_stood_alone_is_no_second_factor(lost, host, now):
    lost.user.set_unusable_password()
    lost.user.save()
    Authenticator.objects.create(user=lost.user, type="webauthn", data={"name": "Phone"})
    row, url = open_in_person(lost, host, now)
    Client().post(url, BOTH)
    assert not Authenticator.objects.filter(user=lost.user).exists()
    signed_in(lost, NEW)
    row.refresh_from_db()
    assert "Phone" in row.before
    assert b"Phone" not in bytes(
        WayBack.objects.filter(pk=row.pk).values_list("before", flat=True)[0]
    )


# ---- told, and stopped


def test_every_session_says_it_and_can_stop_it(lost, host, member, client_of, now):
    mine = signed_in(lost)
    assert "way back into your account" not in mine.get(HOME).text
    row, url = open_in_person(lost, host, now)
    for path in [HOME, "/c/otaki/people/", reverse("account_email")]:
        page = mine.get(path).text
        assert "Mei has opened a way back into your account" in page
        assert "This wasn’t me: stop it" in page
    assert "way back into your account" not in client_of(member).get(HOME).text
    assert Notice.objects.get(kind="congregation.way_back_open").recipient == lost
    for _time in range(2):
        mine.post(reverse("way-back-stop", args=[row.pk]), {"stop": "1"})
    assert Client().post(url, BOTH).status_code == 410
    assert "way back into your account" not in mine.get(HOME).text
    assert Event.objects.filter(verb="way_back.stop").count() == 1
    assert Notice.objects.get(kind="congregation.way_back_stopped").recipient == host


def test_while_it_only_waits_for_a_yes_no_session_says_it(lost, host, second, now):
    mine = signed_in(lost)
    WayBack.begin(lost, in_person=False, by=host, now=now)
    assert "way back into your account" not in mine.get(HOME).text


def test_after_it_was_used_an_older_session_puts_the_thief_out(lost, host, second, now):
    mine = signed_in(lost)
    row, url = open_in_person(lost, host, now)
    thief = Client()
    thief.post(url, BOTH)
    elsewhere = signed_in(lost, NEW)
    assert "Someone came into your account" not in thief.get(HOME).text
    assert "Someone came into your account" in mine.get(HOME).text
    # The thief's own sessions can't stop anything.
    thief.post(reverse("way-back-stop", args=[row.pk]), {"stop": "1"})
    row.refresh_from_db()
    assert row.stopped_at is None
    mine.post(reverse("way-back-stop", args=[row.pk]), {"stop": "1"})
    assert mine.get(HOME).status_code == 200
    assert thief.get(HOME).status_code == elsewhere.get(HOME).status_code == 302
    lost.user.refresh_from_db()
    assert lost.user.check_password(OLD)
    row.refresh_from_db()
    assert row.before == ""
    signed_in(lost, OLD)


def test_once_stopped_it_takes_two_and_those_decide(lost, host, second, now):
    mine = signed_in(lost)
    row, _url = open_in_person(lost, host, now)
    row.stop(user=lost.user, is_older=False, now=now)
    with pytest.raises(ValidationError, match="two hosts"):
        WayBack.begin(lost, in_person=True, by=host, now=now)
    later = now + timedelta(minutes=1)
    row, url = open_by_two(lost, host, second, later)
    assert row.is_final
    page = mine.get(HOME).text
    assert "Two hosts have decided it" in page
    assert "stop it</button>" not in page
    mine.post(reverse("way-back-stop", args=[row.pk]), {"stop": "1"})
    theirs = Client()
    theirs.post(url, BOTH)
    assert theirs.get(HOME).status_code == 200
    assert mine.get(HOME).status_code == 302
    # It is settled: the next one is as any other.
    open_in_person(lost, host, later + timedelta(days=1))


def test_it_was_me_takes_the_line_away(lost, host, now):
    mine = signed_in(lost)
    row, url = open_in_person(lost, host, now)
    Client().post(url, BOTH)
    mine.post(reverse("way-back-stop", args=[row.pk]), {"mine": "1"})
    assert "Someone came into your account" not in mine.get(HOME).text
    mine.post(reverse("way-back-stop", args=[row.pk]), {"stop": "1"})
    row.refresh_from_db()
    assert row.stopped_at is None


def test_nobody_stops_another_persons(lost, host, member, client_of, now):
    row, _url = open_in_person(lost, host, now)
    answer = client_of(member).post(reverse("way-back-stop", args=[row.pk]), {"stop": "1"})
    assert answer.status_code == 404
    with pytest.raises(PermissionDenied):
        row.stop(user=member.user, is_older=True, now=now)


def test_former_keys_are_forgotten(lost, host, now):
    row, url = open_in_person(lost, host, now)
    Client().post(url, BOTH)
    assert WayBack.objects.forget_keys(now=now + timedelta(days=13)) == 0
    assert WayBack.objects.forget_keys(now=now + timedelta(days=14)) == 1
    assert WayBack.objects.forget_keys(now=now + timedelta(days=14)) == 0
    row.refresh_from_db()
    assert row.before == ""
    with pytest.raises(PermissionDenied):
        row.stop(user=lost.user, is_older=True, now=now + timedelta(days=14))


def test_who_has_an_address_is_mailed(host, member, now):
    open_in_person(member, host, now)
    assert Mail.objects.get(kind="congregation.way_back_open").notice.recipient == member


@pytest.mark.parametrize("kind", ["congregation.way_back_open", "congregation.way_back_used"])
def test_no_choice_of_notices_stops_what_guards_an_account(host, member, client_of, at, now, kind):
    NoticeChoice.choose(member, kind, "off", by=member)
    row, url = open_in_person(member, host, now)
    Client().post(url, BOTH)
    mail = Mail.objects.select_related("notice__recipient__user").get(kind=kind)
    message = outbox.message_of(mail, now=now)
    assert message.to == [member.user.email]
    assert "guards your account" in message.body
    assert "List-Unsubscribe" not in message.extra_headers
    assert "unsubscribe" not in message.body + message.alternatives[0].content
    # A link of a mail that came before this was so stops nothing either.
    token = outbox.unsubscribe_token(member, kind)
    assert Client().post(reverse("unsubscribe", args=[token])).status_code == 404
    assert f'name="{kind}"' not in client_of(member).get(at(member, "me")).text


# ---- who sees it


def test_hosts_see_all_and_each_person_their_own(lost, host, second, member, client_of, at, now):
    row, _url = open_in_person(lost, host, now)
    assert "Kaia Brown" in client_of(second).get(at(host, "ways-back")).text
    assert client_of(member).get(at(host, "ways-back")).status_code == 403
    assert client_of(member).get(row.get_absolute_url()).status_code == 404
    mine = signed_in(lost).get(row.get_absolute_url())
    assert "A way back into your account" in mine.text
    assert "Take it back" not in mine.text
    assert not Event.objects.visible_to(member).filter(verb__startswith="way_back").exists()
    assert (
        at(host, "way-back-new", pk=lost.pk)
        not in client_of(member).get(at(member, "member", pk=lost.pk)).text
    )


def test_the_list_costs_the_same_however_long(
    lost, host, make_member, client_of, at, now, django_assert_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    browser, url = client_of(host), at(host, "ways-back")
    open_in_person(lost, host, now)
    browser.get(url)
    with CaptureQueriesContext(connection) as few:
        browser.get(url)
    for name in ["Ana A", "Bo B", "Cy C", "Di D"]:
        open_in_person(make_member(name), host, now)
    with django_assert_num_queries(len(few)):
        browser.get(url)


def test_nothing_to_show_is_said(host, client_of, at):
    assert "Nobody has needed one" in client_of(host).get(at(host, "ways-back")).text
