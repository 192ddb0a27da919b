"""How one may be reached."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from congregation.models import Contact, Event


def forms(**more):
    """What the page sends: every kind with a circle."""
    sent = {f"{kind}-value": "" for kind in Contact.Kind.values}
    sent |= {f"{kind}-shown_to": "nobody" for kind in Contact.Kind.values}
    return sent | {key.replace("__", "-"): value for key, value in more.items()}


def test_it_is_given_changed_and_taken_away(member, client_of, at):
    browser, url = client_of(member), at(member, "contact")
    browser.post(url, forms(phone__value="021 555 0101", phone__shown_to="crews"))
    row = Contact.objects.get()
    assert (row.member, row.kind, row.value, row.shown_to) == (
        member,
        "phone",
        "021 555 0101",
        "crews",
    )
    browser.post(url, forms(phone__value="021 555 0101", phone__shown_to="congregation"))
    row.refresh_from_db()
    assert row.shown_to == "congregation"
    browser.post(url, forms())
    assert not Contact.objects.exists()


def test_it_is_sealed(member, now):
    Contact.give(member, "phone", "021 555 0101", "crews", by=member, now=now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM congregation_contact")
        assert b"555" not in bytes(cursor.fetchone()[0])


def test_what_cannot_be_used_is_said(member, client_of, at):
    answer = client_of(member).post(
        at(member, "contact"), forms(phone__value="ring me", email__value="nonsense")
    )
    assert answer.status_code == 422
    assert "a few more digits" in answer.text
    assert "ring me" in answer.text
    assert not Contact.objects.exists()


def test_only_oneself_gives_it(member, host, now):
    with pytest.raises(PermissionDenied):
        Contact.give(member, "phone", "021", "crews", by=host, now=now)


def test_given_twice_it_is_one_event(member, now):
    for _time in range(2):
        Contact.give(member, "signal", "ana.41", "crews", by=member, now=now)
    assert Contact.objects.count() == 1
    assert Event.objects.filter(verb="contact.give", circle=member.pk).count() == 1
