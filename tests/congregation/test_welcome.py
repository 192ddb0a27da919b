"""Taking the seat that an invitation holds open."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from congregation import clock
from congregation.models import Event, Invitation, Mail, Member, Notice, User
from crews.models import Crewless
from hall.arriving import arrive

ANSWERS = {"name": "Kaia Brown", "pronouns": "they/them", "place": "Waikanae"}


@pytest.fixture
def invite(now):
    """Invite someone and return the address of the link: invite(host, email=…)."""

    def make(by, name="Kaia Brown", **words):
        row, token = Invitation.invite(name=name, by=by, now=now, **words)
        row.url = reverse("welcome", args=[token or "x" * 43])
        return row

    return make


def code_for(address):
    """The code in the one mail to an address."""
    mail = Mail.objects.get(kind="account", to__iexact=address)
    return re.search(r"\n\s*([A-Z0-9]{3,}-?[A-Z0-9]{3,})\s*\n", mail.content.replace("\\n", "\n"))[
        1
    ]


def come_in(browser, url, to="", **more):
    """Answer at the door and type in the code that comes by mail."""
    answers = {**ANSWERS, **more}
    Mail.objects.all().delete()
    page = browser.post(url, answers)
    assert page.status_code == 302
    assert page.headers["Location"] == reverse("account_confirm_login_code")
    code = code_for(to or answers["email"])
    return browser.post(page.headers["Location"], {"code": code})


def test_the_page_says_who_invites_and_who_sees_what(host, invite):
    row = invite(host, word="Rebuilt our stage with ten teenagers.")
    browser = Client()
    page = browser.get(row.url)
    assert page.status_code == 200
    assert "Kaia, there’s a seat for you" in page.text
    assert "Mei invited you" in page.text
    assert "Rebuilt our stage" in page.text
    assert 'value="Kaia Brown"' in page.text
    assert page.text.count('class="inp"') == 4
    assert row.url.split("/")[2] not in re.search("<title>.*</title>", page.text)[0]
    assert page.headers["Referrer-Policy"] == "strict-origin"
    assert "no-store" in page.headers["Cache-Control"]
    row.refresh_from_db()
    assert row.accepted_at is None
    assert not Member.objects.filter(name="Kaia Brown").exists()


def test_someone_new_comes_in_once_their_address_is_proven(host, invite, now):
    row, browser = invite(host), Client()
    page = browser.post(row.url, {**ANSWERS, "email": "kaia@example.org"})
    assert page.status_code == 302
    assert not Member.objects.filter(name="Kaia Brown").exists()
    assert not EmailAddress.objects.get(email="kaia@example.org").verified
    answer = browser.post(page.headers["Location"], {"code": code_for("kaia@example.org")})
    guest = Member.objects.get(name="Kaia Brown")
    assert answer.headers["Location"] == reverse("home", kwargs={"slug": "otaki"})
    assert (guest.state, guest.place, guest.pronouns) == ("active", "Waikanae", "they/them")
    assert EmailAddress.objects.get(email="kaia@example.org").verified
    assert Crewless.objects.get(member=guest).since == now
    row.refresh_from_db()
    assert row.accepted_by == guest
    assert guest.congregation.places_taken == 2
    arrived = Notice.objects.get(kind="congregation.arrived")
    assert (arrived.recipient, arrived.about) == (host, row.pk)
    assert Event.objects.filter(verb="member.join", subject=guest.pk).count() == 1
    home = browser.get(answer.headers["Location"])
    assert home.status_code == 200
    assert "Good to have you here, Kaia Brown." in home.text
    assert "kaia@example.org is yours" not in home.text


def test_a_wrong_code_lets_nobody_in(host, invite):
    row, browser = invite(host), Client()
    browser.post(row.url, {**ANSWERS, "email": "kaia@example.org"})
    page = browser.post(reverse("account_confirm_login_code"), {"code": "WRONG1"})
    assert page.status_code == 422
    assert not Member.objects.filter(name="Kaia Brown").exists()
    # The right one still works.
    browser.post(reverse("account_confirm_login_code"), {"code": code_for("kaia@example.org")})
    assert Member.objects.filter(name="Kaia Brown").exists()


def test_who_gave_up_at_the_code_begins_again_another_day(host, invite):
    row = invite(host)
    Client().post(row.url, {**ANSWERS, "email": "kaia@example.org"})
    come_in(Client(), row.url, email="kaia@example.org")
    assert Member.objects.filter(name="Kaia Brown").count() == 1
    assert User.objects.filter(email="kaia@example.org").count() == 1


def test_the_code_of_an_invitation_by_mail_goes_to_that_address_alone(host, invite):
    row, browser = invite(host, email="kaia@example.org"), Client()
    page = browser.get(row.url)
    assert "kaia@example.org" not in page.text
    assert 'name="email"' not in page.text
    assert 'name="line"' in page.text
    thief = Client()
    asked = thief.post(row.url, ANSWERS)
    assert "kaia@example.org" not in thief.get(asked.headers["Location"]).text
    come_in(browser, row.url, to="kaia@example.org", email="thief@example.org")
    guest = Member.objects.get(name="Kaia Brown")
    assert guest.user.email == "kaia@example.org"


def test_a_known_address_looks_the_same_as_an_unknown_one(host, outsider, invite):
    row = invite(host)
    new = Client().post(row.url, {**ANSWERS, "email": "nobody@example.org"})
    known = Client().post(row.url, {**ANSWERS, "email": outsider.user.email})
    assert (new.status_code, new.headers["Location"]) == (
        known.status_code,
        known.headers["Location"],
    )


def test_who_has_an_account_comes_in_with_it(host, outsider, invite):
    row = invite(host)
    come_in(Client(), row.url, email=outsider.user.email.upper())
    assert Member.objects.filter(user=outsider.user).count() == 2


def test_signed_in_one_just_confirms(host, outsider, invite, client_of):
    row, browser = invite(host), client_of(outsider)
    assert 'name="email"' not in browser.get(row.url).text
    answer = browser.post(row.url, {**ANSWERS, "zone": "Europe/Berlin"})
    assert answer.headers["Location"] == reverse("home", kwargs={"slug": "otaki"})
    outsider.user.refresh_from_db()
    assert outsider.user.zone == "Europe/Berlin"
    assert browser.get(reverse("door")).status_code == 200


def test_sent_twice_it_is_one_member(host, outsider, invite, client_of):
    row, browser = invite(host), client_of(outsider)
    browser.post(row.url, ANSWERS)
    answer = browser.post(row.url, ANSWERS)
    assert answer.headers["Location"] == reverse("home", kwargs={"slug": "otaki"})
    assert Member.objects.filter(user=outsider.user).count() == 2
    assert Notice.objects.filter(kind="congregation.arrived").count() == 1
    host.congregation.refresh_from_db()
    assert host.congregation.places_taken == 2


def test_an_invalid_form_keeps_what_was_typed(host, invite):
    row = invite(host)
    page = Client().post(row.url, {"name": " ", "email": "nonsense", "place": "Waikanae"})
    assert page.status_code == 422
    assert "nonsense" in page.text
    assert "Waikanae" in page.text


def test_a_used_link_lets_its_person_go_home_and_nobody_else_in(host, peer, invite, client_of):
    row, browser = invite(host), Client()
    come_in(browser, row.url, email="kaia@example.org")
    assert browser.get(row.url).headers["Location"] == reverse("home", kwargs={"slug": "otaki"})
    for other in [Client(), client_of(peer)]:
        page = other.get(row.url)
        assert page.status_code == 410
        assert "This seat has been taken" in page.text
    assert Client().post(row.url, {**ANSWERS, "email": "x@example.org"}).status_code == 410


def test_unknown_and_run_out_say_the_same(host, invite, monkeypatch):
    row = invite(host)
    unknown = Client().get(reverse("welcome", args=["y" * 43]))
    clock.move(timedelta(days=31))
    gone = Client().get(row.url)
    assert unknown.status_code == gone.status_code == 404

    def words(page):
        return re.search("<main.*</main>", page.text, re.S)[0]

    assert words(unknown) == words(gone)
    assert gone.headers["Referrer-Policy"] == "strict-origin"


def test_taken_back_is_said(host, invite, now):
    row = invite(host)
    row.withdraw(by=host, now=now)
    page = Client().get(row.url)
    assert page.status_code == 410
    assert "taken back" in page.text


def test_when_the_inviter_has_left_the_link_is_dead(host, make_host, invite, now):
    make_host("Hana Petera")
    row = invite(host)
    Member.objects.filter(pk=host.pk).update(state="left", left_at=now)
    assert Client().get(row.url).status_code == 410


def test_a_forwarded_link_is_of_no_use_to_another_account(host, outsider, invite, client_of, now):
    row, browser = invite(host, email="kaia@example.org"), client_of(outsider)
    page = browser.get(row.url)
    assert page.status_code == 403
    assert "This seat is for someone else" in page.text
    assert "kaia@example.org" not in page.text
    assert outsider.user.email in page.text
    assert browser.post(row.url, ANSWERS).status_code == 403
    with pytest.raises(PermissionDenied):
        arrive(row, outsider.user, ANSWERS, now=now)
    row.refresh_from_db()
    assert row.accepted_at is None


def test_another_proven_address_of_the_account_counts(host, outsider, invite, client_of):
    EmailAddress.objects.create(user=outsider.user, email="kaia@example.org", verified=True)
    row = invite(host, email="kaia@example.org")
    client_of(outsider).post(row.url, ANSWERS)
    assert Member.objects.filter(user=outsider.user).count() == 2


def test_a_member_is_told_they_are_here(host, peer, invite, client_of):
    row = invite(host)
    answer = client_of(peer).get(row.url)
    assert answer.headers["Location"] == reverse("home", kwargs={"slug": "otaki"})
    row.refresh_from_db()
    assert row.accepted_at is None


def test_answers_left_at_the_door_bring_in_nobody_else(host, outsider, invite):
    """One answers and goes; another signs in at the same browser."""
    row, browser = invite(host), Client()
    browser.post(row.url, {**ANSWERS, "email": "kaia@example.org"})
    session = browser.session
    del session["account_login"]
    session.save()
    page = browser.post(reverse("account_request_login_code"), {"email": outsider.user.email})
    answer = browser.post(page.headers["Location"], {"code": code_for(outsider.user.email)})
    assert answer.headers["Location"] == "/"
    assert browser.session["arriving"]["email"] == "kaia@example.org"
    row.refresh_from_db()
    assert row.accepted_at is None


def test_full_is_full(host, outsider, invite, client_of, now):
    row = invite(host)
    congregation = host.congregation
    congregation.places_taken = congregation.ceiling
    congregation.save()
    page = client_of(outsider).get(row.url)
    assert page.status_code == 409
    assert "Every place is taken" in page.text
    fresh = Invitation.objects.get(pk=row.pk)
    with pytest.raises(ValidationError):
        arrive(fresh, outsider.user, ANSWERS, now=now)
    fresh.refresh_from_db()
    assert fresh.accepted_at is None
    assert not Member.objects.filter(user=outsider.user, congregation=congregation).exists()


def test_past_the_warning_each_is_asked_again(host, outsider, invite, client_of, at):
    row, browser = invite(host), client_of(outsider)
    congregation = host.congregation
    congregation.places_taken = congregation.warning_threshold
    congregation.save()
    assert browser.get(row.url).status_code == 409
    assert not Notice.objects.exists()
    browser.post(row.url, ANSWERS)
    page = browser.post(row.url, ANSWERS)
    assert "Nearly there" in page.text
    assert Notice.objects.get(kind="congregation.invitation_waiting").recipient == host
    client_of(host).post(at(host, "invitation-approve", pk=row.pk), {"again": "1"})
    browser.post(row.url, ANSWERS)
    assert Member.objects.filter(user=outsider.user).count() == 2


def test_hosts_are_told_at_the_threshold(host, outsider, invite, client_of):
    row = invite(host)
    congregation = host.congregation
    congregation.places_taken = congregation.split_threshold - 1
    congregation.save()
    client_of(outsider).post(row.url, ANSWERS)
    assert Notice.objects.get(kind="congregation.growth").recipient == host


def test_who_had_left_comes_in_again_as_the_same_member(host, peer, invite, client_of, now):
    Member.objects.filter(pk=peer.pk).update(state="left", left_at=now)
    peer.congregation.give_place_back()
    row = invite(host)
    client_of(peer).post(row.url, {**ANSWERS, "name": "Noor H"})
    peer.refresh_from_db()
    assert (peer.state, peer.left_at, peer.name, peer.name_key) == (
        "active",
        None,
        "Noor H",
        "noor h",
    )


def test_who_was_expected_takes_their_kept_place(host, outsider, make_member, invite, now):
    expected = make_member("Kaia Brown", state="expected", email="kaia@example.org")
    before = expected.congregation.places_taken
    arrive(invite(host), expected.user, ANSWERS, now=now)
    expected.refresh_from_db()
    assert expected.state == "active"
    expected.congregation.refresh_from_db()
    assert expected.congregation.places_taken == before


def test_codes_are_not_sent_without_end(host, invite):
    row = invite(host)
    for _time in range(3):
        Client().post(row.url, {**ANSWERS, "email": "often@example.org"})
    page = Client().post(row.url, {**ANSWERS, "email": "often@example.org"})
    assert page.status_code == 422
    assert Mail.objects.filter(to="often@example.org").count() == 3


def test_an_account_that_nobody_proves_is_forgotten(host, outsider, invite, now):
    Client().post(invite(host).url, {**ANSWERS, "email": "kaia@example.org"})
    assert User.objects.forget_unproven(before=now) == 0
    assert User.objects.forget_unproven(before=now + timedelta(days=7)) == 1
    assert not User.objects.filter(email="kaia@example.org").exists()
    assert User.objects.filter(pk=outsider.user.pk).exists()


def test_allauths_own_sign_up_stays_closed(db):
    assert Client().get(reverse("account_signup")).status_code == 200
    Client().post(reverse("account_signup"), {"email": "x@example.org"})
    assert not User.objects.exists()
