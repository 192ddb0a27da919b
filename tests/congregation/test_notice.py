"""What one is told, in the app."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.db import connection
from django.template.loader import get_template
from django.test.utils import CaptureQueriesContext

from congregation.models import Invitation, Notice
from congregation.notices import all_kinds


@pytest.fixture
def told(host, now):
    """Tell someone of invitations of theirs: told(member, 3) returns the notices."""

    def make(person, number=1):
        rows = []
        for i in range(number):
            row, _token = Invitation.invite(name=f"Guest {i}", by=person, now=now)
            Notice.tell("congregation.invitation_ready", [person], row, now=now)
            rows.append(row)
        return list(Notice.objects.filter(recipient=person, about__in=[row.pk for row in rows]))

    return make


def test_the_page_says_what_one_was_told(member, told, client_of, at):
    told(member)
    page = client_of(member).get(at(member, "notices")).text
    assert "Guest 0 can come" in page
    assert "One is new" in page
    assert "New:" in page
    assert "Notices, 1 new" in page


def test_nobody_else_sees_it(member, peer, told, client_of, at):
    (row,) = told(member)
    assert "Guest 0" not in client_of(peer).get(at(peer, "notices")).text
    assert client_of(peer).post(at(peer, "notice", pk=row.pk)).status_code == 404


def test_opening_marks_it_seen_and_leads_there(member, told, client_of, at, now):
    (row,) = told(member)
    browser, url = client_of(member), at(member, "notice", pk=row.pk)
    assert browser.get(url).status_code == 405
    answer = browser.post(url)
    assert answer.headers["Location"] == at(member, "invitation", pk=row.about)
    row.refresh_from_db()
    assert row.seen_at == now
    browser.post(url)
    assert "New:" not in browser.get(at(member, "notices")).text


def test_all_at_once(member, peer, told, client_of, at):
    told(member, 3)
    told(peer)
    answer = client_of(member).post(at(member, "notices-seen"), follow=True)
    assert "Nothing new" in answer.text
    assert Notice.objects.unseen().filter(recipient=peer).count() == 1
    assert client_of(member).get(at(member, "notices-seen")).status_code == 405


def test_outsiders_find_nothing(member, outsider, told, client_of, at):
    (row,) = told(member)
    browser = client_of(outsider)
    assert browser.get(at(member, "notices")).status_code == 404
    assert browser.post(at(member, "notice", pk=row.pk)).status_code == 404
    assert browser.post(at(member, "notices-seen")).status_code == 404


def test_what_may_no_longer_be_seen_is_not_shown(member, peer, told, client_of, at):
    (row,) = told(member)
    Invitation.objects.update(inviter=peer)
    browser = client_of(member)
    page = browser.get(at(member, "notices")).text
    assert "Guest 0" not in page
    assert "isn’t here any more" in page
    answer = browser.post(at(member, "notice", pk=row.pk), follow=True)
    assert "isn’t here any more" in answer.text


def test_with_nothing_told_the_page_says_so(member, client_of, at):
    assert "Nobody has told you anything yet" in client_of(member).get(at(member, "notices")).text


def test_only_who_was_told_marks_it(member, host, told, now):
    (row,) = told(member)
    with pytest.raises(PermissionDenied):
        row.see(by=host, now=now)


def test_told_twice_is_told_once(member, host, now):
    row, _token = Invitation.invite(name="Kaia", by=host, now=now)
    for _time in range(2):
        Notice.tell("congregation.arrived", [member, member], row, now=now)
    assert Notice.objects.filter(recipient=member).count() == 1


def test_any_number_costs_the_same(host, member, told, client_of, at, now):
    def fill(number):
        told(host, number)
        for notice in told(member, number):
            row = Invitation.objects.get(pk=notice.about)
            Notice.tell("congregation.invitation_waiting", [host], row, now=now)
            Notice.tell("congregation.growth", [host], member, now=now, occasion=str(row.pk))

    browser, url, costs = client_of(host), at(host, "notices"), []
    for number in [2, 10]:
        fill(number)
        with CaptureQueriesContext(connection) as cost:
            page = browser.get(url).text
        costs.append(len(cost))
    assert costs[0] == costs[1]
    assert "?page=2" in page


@pytest.mark.parametrize("kind", all_kinds(), ids=lambda kind: kind.name)
def test_the_words_of_a_kind_follow_only_what_it_fetches(kind):
    """What `line` follows from `about` to other rows is fetched with it, however many there are."""
    words = Path(get_template(kind.template).origin.name).read_text(encoding="utf-8")
    fetched = {"congregation", *kind.related}
    for chain in re.findall(r"\babout\.([a-z_.]+)", words):
        model, path = apps.get_model(kind.model), []
        for name in chain.split("."):
            try:
                field = model._meta.get_field(name)
            except FieldDoesNotExist:
                break
            if not field.is_relation or name.endswith("_id"):
                break
            path.append(name)
            step = "__".join(path)
            assert any(f"{known}__".startswith(f"{step}__") for known in fetched), step
            model = field.related_model
