"""Stopping mail of one kind, from the mail itself."""

from django.test import Client
from django.urls import reverse

from congregation.models import Member, NoticeChoice
from congregation.outbox import unsubscribe_token

KIND = "congregation.arrived"


def stop(member):
    return reverse("unsubscribe", args=[unsubscribe_token(member, KIND)])


def test_reading_the_page_stops_nothing(member):
    page = Client().get(stop(member))
    assert page.status_code == 200
    assert "Stop this mail?" in page.text
    assert "Ana" not in page.text
    assert not NoticeChoice.objects.exists()


def test_a_mail_program_stops_it_in_one_click(member):
    browser = Client(enforce_csrf_checks=True)
    answer = browser.post(stop(member), {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert "It has stopped" in answer.text
    assert NoticeChoice.objects.get(member=member, kind=KIND).often == "off"


def test_twice_is_once(member):
    for _time in range(2):
        assert Client().post(stop(member)).status_code == 200
    assert NoticeChoice.objects.count() == 1


def test_a_broken_link_stops_nothing(member):
    for token in [
        "nonsense",
        unsubscribe_token(member, KIND) + "x",
        unsubscribe_token(member, "no.kind"),
    ]:
        answer = Client().post(reverse("unsubscribe", args=[token]))
        assert answer.status_code == 404
        assert "This link stops no mail" in answer.text
    assert not NoticeChoice.objects.exists()


def test_who_has_left_gets_no_mail_anyway(member, now):
    Member.objects.filter(pk=member.pk).update(state="left", left_at=now)
    assert Client().get(stop(member)).status_code == 404
