"""Inviting: any member may, a host says yes, a link is shown to the browser that made it."""

import re
import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError

from congregation.models import Event, Host, Invitation, Mail, Notice, hashed

LINK = re.compile(r"http://[^\s<]+/welcome/([\w-]{43})/")


@pytest.fixture
def invite(now):
    """Invite someone by the verb: invite(member, "Kaia Brown", email=…)."""

    def make(by, name="Kaia Brown", **words):
        return Invitation.invite(name=name, by=by, now=now, **words)

    return make


def test_a_host_holds_a_seat_open_and_gets_a_link(host, client_of, at):
    browser = client_of(host)
    answer = browser.post(
        at(host, "invite"), {"name": "Kaia Brown", "word": "Rebuilt our stage."}, follow=True
    )
    row = Invitation.objects.get()
    assert row.approved_by == host
    assert row.word == "Rebuilt our stage."
    (token,) = set(LINK.findall(answer.text))
    assert row.token_hash == hashed(token)
    assert '<svg viewBox="0 0' in answer.text
    assert " style=" not in answer.text
    assert "no-store" in answer.headers["Cache-Control"]
    assert token not in str(row.__dict__)
    # The link is in the cookie of this one page, so that another browser of the host's doesn't show it.
    assert not LINK.search(client_of(host).get(row.get_absolute_url()).text)
    assert answer.client.cookies["link"]["path"] == row.get_absolute_url()


def test_an_invitation_with_an_address_goes_out_as_mail(host, client_of, at):
    client_of(host).post(at(host, "invite"), {"name": "Kaia", "email": "Kaia@Example.ORG"})
    row, mail = Invitation.objects.get(), Mail.objects.get()
    assert row.email == "kaia@example.org"
    assert (mail.kind, mail.to, mail.state) == ("invitation", "kaia@example.org", "due")
    assert "Otaki" in mail.content
    assert row.token_hash == hashed(LINK.search(mail.content)[1])


def test_the_content_of_the_mail_is_sealed(host, invite):
    from django.db import connection

    invite(host, email="kaia@example.org")
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM congregation_mail")
        (box,) = cursor.fetchone()
    assert b"welcome" not in bytes(box)
    assert b"Otaki" not in bytes(box)


def test_a_members_invitation_waits_for_a_hosts_yes(member, host, peer, client_of, at):
    answer = client_of(member).post(at(member, "invite"), {"name": "Kaia"}, follow=True)
    row = Invitation.objects.get()
    assert row.approved_at is None
    assert row.token_hash is None
    assert not LINK.search(answer.text)
    assert "waits for a host’s yes" in answer.text
    notice = Notice.objects.get()
    assert (notice.recipient, notice.kind) == (host, "congregation.invitation_waiting")
    client_of(host).post(at(host, "invitation-approve", pk=row.pk))
    row.refresh_from_db()
    assert row.approved_by == host
    ready = Notice.objects.get(kind="congregation.invitation_ready")
    assert ready.recipient == member
    answer = client_of(member).post(at(member, "invitation-link", pk=row.pk), follow=True)
    row.refresh_from_db()
    assert row.token_hash == hashed(LINK.search(answer.text)[1])


def test_with_an_address_the_hosts_yes_sends_the_mail(member, host, invite, now):
    row, token = invite(member, email="kaia@example.org")
    assert not token
    assert not Mail.objects.filter(kind="invitation").exists()
    row.approve(by=host, now=now)
    assert Mail.objects.get(kind="invitation").to == "kaia@example.org"


def test_only_the_inviter_and_hosts_see_it(member, host, peer, outsider, invite, client_of, at):
    row, _token = invite(member)
    url = at(member, "invitation", pk=row.pk)
    assert client_of(member).get(url).status_code == 200
    assert client_of(host).get(url).status_code == 200
    assert client_of(peer).get(url).status_code == 404
    assert client_of(outsider).get(url).status_code == 404
    assert client_of(outsider).get(at(outsider, "invitation", pk=row.pk)).status_code == 404
    assert "Kaia" not in client_of(peer).get(at(peer, "invitations")).text
    assert "Kaia" in client_of(host).get(at(host, "invitations")).text
    # Nor does the log tell anyone else.
    assert not Event.objects.visible_to(peer).filter(subject=row.pk).exists()


def test_a_member_cannot_say_the_hosts_yes(member, host, peer, invite, client_of, at):
    row, _token = invite(member)
    url = at(member, "invitation-approve", pk=row.pk)
    assert client_of(member).post(url).status_code == 403
    assert client_of(peer).post(url).status_code == 404
    row.refresh_from_db()
    assert row.approved_at is None


@pytest.mark.parametrize("name", ["approve", "withdraw", "link"])
def test_an_outsider_finds_nothing_and_get_changes_nothing(
    name, host, outsider, invite, client_of, at
):
    row, _token = invite(host)
    url = at(host, f"invitation-{name}", pk=row.pk)
    assert client_of(outsider).post(url).status_code == 404
    assert client_of(host).get(url).status_code == 405


def test_sent_twice_it_is_one_invitation(host, client_of, at):
    browser, once = client_of(host), str(uuid.uuid4())
    form = {"name": "Kaia", "email": "kaia@example.org", "once": once}
    first = browser.post(at(host, "invite"), form)
    again = browser.post(at(host, "invite"), form)
    assert first.headers["Location"] == again.headers["Location"]
    assert Invitation.objects.count() == Mail.objects.count() == 1
    assert Event.objects.filter(verb="invitation.invite").count() == 1


def test_the_key_of_someone_elses_invitation_opens_nothing(host, member, invite, client_of, at):
    row, _token = invite(host)
    answer = client_of(member).post(at(member, "invite"), {"name": "X", "once": str(row.pk)})
    assert answer.status_code == 403
    assert Invitation.objects.count() == 1


def test_an_invalid_form_says_what_is_wrong_and_keeps_what_was_typed(host, client_of, at):
    answer = client_of(host).post(at(host, "invite"), {"name": "", "email": "no address"})
    assert answer.status_code == 422
    assert "no address" in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert not Invitation.objects.exists()


def test_an_address_with_an_open_seat_is_not_invited_again(host, member, invite, client_of, at):
    invite(host, email="kaia@example.org")
    answer = client_of(host).post(at(host, "invite"), {"name": "K", "email": "KAIA@example.org"})
    assert answer.status_code == 422
    # A member is told only of their own invitations.
    invite(member, email="kaia@example.org")


def test_a_new_link_ends_the_one_before(host, invite, client_of, at, now):
    row, old = invite(host)
    answer = client_of(host).post(at(host, "invitation-link", pk=row.pk), follow=True)
    token = LINK.search(answer.text)[1]
    assert token != old
    assert Invitation.objects.by_token(token).get() == row
    assert not Invitation.objects.by_token(old).exists()


def test_a_new_link_opens_what_had_run_out(host, invite, now):
    row, _token = invite(host)
    later = now + timedelta(days=40)
    assert row.state(now=later) == Invitation.State.EXPIRED
    row.new_link(by=host, now=later)
    assert row.state(now=later) == Invitation.State.OPEN


def test_taken_back_it_opens_nothing(member, host, invite, client_of, at, now):
    row, _token = invite(member)
    client_of(host).post(at(host, "invitation-withdraw", pk=row.pk))
    client_of(host).post(at(host, "invitation-withdraw", pk=row.pk))
    row.refresh_from_db()
    assert row.withdrawn_at
    assert Event.objects.filter(verb="invitation.withdraw").count() == 1
    assert Notice.objects.get(kind="congregation.invitation_closed").recipient == member
    with pytest.raises(ValidationError):
        row.new_link(by=host, now=now)
    with pytest.raises(ValidationError):
        row.approve(by=host, now=now)


def test_a_yes_is_said_once(member, host, invite, now):
    row, _token = invite(member, email="kaia@example.org")
    row.approve(by=host, now=now)
    row.approve(by=host, now=now)
    Invitation.objects.get(pk=row.pk).approve(by=host, now=now)
    assert Event.objects.filter(verb="invitation.approve").count() == 1
    assert Mail.objects.filter(kind="invitation").count() == 1


def test_a_host_whose_term_is_over_says_no_yes(member, host, invite, now):
    row, _token = invite(member)
    Host.objects.update(ended_at=now)
    with pytest.raises(PermissionDenied):
        row.approve(by=host, now=now)


def test_past_the_warning_even_a_hosts_own_is_asked_again(host, invite, client_of, at, now):
    congregation = host.congregation
    congregation.places_taken = congregation.warning_threshold
    congregation.save()
    row, token = invite(host)
    assert not token
    assert row.state(now=now) == Invitation.State.WAITING
    with pytest.raises(ValidationError):
        row.approve(by=host, now=now)
    page = client_of(host).get(row.get_absolute_url()).text
    assert "We are 150" in page
    answer = client_of(host).post(
        at(host, "invitation-approve", pk=row.pk), {"again": "1"}, follow=True
    )
    assert LINK.search(answer.text)
    row.refresh_from_db()
    assert row.state(now=now) == Invitation.State.OPEN


def test_when_we_are_full_nobody_is_invited(host, client_of, at):
    congregation = host.congregation
    congregation.places_taken = congregation.ceiling
    congregation.save()
    answer = client_of(host).post(at(host, "invite"), {"name": "Kaia"})
    assert answer.status_code == 422
    assert "We are 200" in answer.text


def test_never_arrived_and_withdrawn_at_once(host, invite, now):
    row, _token = invite(host)
    with pytest.raises(IntegrityError):
        Invitation.objects.filter(pk=row.pk).update(accepted_at=now, withdrawn_at=now)


def test_the_list_costs_the_same_for_any_number(
    host, member, make_member, invite, now, client_of, at, django_assert_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def fill(number, start):
        for i in range(start, start + number):
            row, token = invite(host, f"Guest {i}")
            if i % 3 == 0:
                row.withdraw(by=host, now=now)
            elif i % 3 == 1:
                guest = make_member(f"Guest{i} Here")
                Invitation.objects.filter(pk=row.pk).update(accepted_at=now, accepted_by=guest)
            invite(member, f"Friend {i}")

    browser, url = client_of(host), at(host, "invitations")
    fill(3, 0)
    with CaptureQueriesContext(connection) as few:
        browser.get(url)
    fill(27, 3)
    with django_assert_num_queries(len(few)):
        answer = browser.get(url)
    assert answer.text.count("Friend ") >= 30
    assert "?page=2" not in answer.text or "Pages" in answer.text
