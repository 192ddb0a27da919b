"""What a mail looks like when it is handed over."""

import pytest
from django.core import mail as post

from congregation import outbox
from congregation.models import Invitation, Mail, Notice, NoticeChoice


@pytest.fixture
def arrived(host, make_member, now):
    """Tell the host, by mail too, that their guest O'Neil & Co has arrived."""
    row, _token = Invitation.invite(name="Kaia O'Neil", by=host, now=now)
    guest = make_member("Kaia O'Neil & Co")
    Invitation.objects.filter(pk=row.pk).update(accepted_at=now, accepted_by=guest)
    Notice.tell("congregation.arrived", [host], row, now=now)
    return guest


def test_a_notice_goes_out_in_two_forms(arrived, host, now):
    assert outbox.deliver(now=now) == 1
    (message,) = post.outbox
    assert message.to == [host.user.email]
    assert message.subject == "Your guest has arrived"
    assert "Hello Mei," in message.body
    assert "Your guest has arrived: Kaia O'Neil & Co." in message.body
    assert f"/c/otaki/people/{arrived.pk}/" in message.body
    ((html, kind),) = message.alternatives
    assert kind == "text/html"
    assert "Kaia O&#x27;Neil &amp; Co" in html
    assert 'name="color-scheme"' in html
    assert "<table" not in html
    assert "<img" not in html


def test_it_can_be_stopped_in_one_click(arrived, host, now):
    outbox.deliver(now=now)
    (message,) = post.outbox
    stop = message.extra_headers["List-Unsubscribe"].strip("<>")
    assert stop in message.body
    assert stop in message.alternatives[0][0]
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_subjects_name_nobody_and_nothing(arrived, host, now):
    Invitation.invite(name="Rua Paki", email="rua@example.org", by=host, now=now)
    outbox.deliver(now=now)
    for message in post.outbox:
        for private in ["Kaia", "Rua", "Mei", "Otaki"]:
            assert private not in message.subject


def test_an_invitation_goes_to_its_guest_and_is_wiped(host, now):
    Invitation.invite(name="Rua Paki", email="rua@example.org", word="Secret", by=host, now=now)
    outbox.deliver(now=now)
    (message,) = post.outbox
    assert message.to == ["rua@example.org"]
    assert message.subject == "You are invited"
    assert "Hello Rua," in message.body
    assert "Mei Ropata holds a seat open for you at Otaki" in message.body
    assert "/welcome/" in message.body
    assert "Secret" not in message.body
    assert "List-Unsubscribe" not in message.extra_headers
    row = Mail.objects.get()
    assert (row.state, row.content) == ("sent", "")


def test_who_wants_no_mail_of_a_kind_gets_none(host, now):
    NoticeChoice.choose(host, "asked", "off", by=host)
    row, _token = Invitation.invite(name="Kaia", by=host, now=now)
    Notice.tell("congregation.arrived", [host], row, now=now)
    assert outbox.deliver(now=now) == 0
    assert Notice.objects.count() == 1


def test_hosts_alone_are_mailed_what_only_hosts_may_see(member, host, now):
    Invitation.invite(name="Kaia", by=member, now=now)
    assert outbox.deliver(now=now) == 1
    assert "Ana Sefo would like to invite Kaia." in post.outbox[0].body
    # A host whose term has ended before the mail went is not told any more.
    Invitation.invite(name="Rua", by=member, now=now)
    host.terms.update(ended_at=now)
    assert outbox.deliver(now=now) == 0
    assert Mail.objects.filter(state="dropped").count() == 1
