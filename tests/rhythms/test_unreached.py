"""Whose turn it is reads whom no mail reaches."""

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test.utils import CaptureQueriesContext

from congregation.models import NoticeChoice

WORDS = "No mail reaches"


@pytest.fixture
def proven(ahead, facilitator, member, mate):
    """Everyone has a proven address and wants mail."""
    EmailAddress.objects.update(verified=True)


@pytest.fixture
def pages(ahead, at, client_of):
    def both(person):
        browser = client_of(person)
        return [
            browser.get(at(person, "crew", pk=ahead.crew_id)).text,
            browser.get(at(person, "meeting", pk=ahead.pk)).text,
        ]

    return both


def lose(why, person):
    if why == "no address":
        EmailAddress.objects.filter(user=person.user).delete()
        person.user.email = None
        person.user.save()
    elif why == "not proven":
        EmailAddress.objects.filter(user=person.user).update(verified=False)
    else:
        NoticeChoice.choose(person, f"rhythms.{why}", "off", by=person)


def test_while_mail_reaches_all_nothing_is_said(proven, pages, facilitator):
    assert not any(WORDS in page for page in pages(facilitator))


@pytest.mark.parametrize("why", ["no address", "not proven", "meeting_soon", "meeting_moved"])
def test_the_one_whose_turn_it_is_reads_it_in_the_same_words(why, proven, pages, facilitator, mate):
    lose(why, mate)
    for page in pages(facilitator):
        assert "No mail reaches Dov: tell them yourself." in page


def test_nobody_else_reads_it(proven, pages, facilitator, member, mate):
    lose("no address", mate)
    lose("no address", facilitator)
    for person in (member, mate):
        assert not any(WORDS in page for page in pages(person))


def test_it_goes_with_the_turn(proven, pages, ahead, facilitator, member, mate, now):
    lose("no address", mate)
    ahead.plan.hand_on(by=facilitator, now=now)
    assert not any(WORDS in page for page in pages(facilitator))
    assert all("No mail reaches Dov" in page for page in pages(member))


def test_other_mail_that_is_stopped_doesnt_count(proven, pages, facilitator, mate):
    NoticeChoice.choose(mate, "crews.hello", "off", by=mate)
    assert not any(WORDS in page for page in pages(facilitator))


def test_it_costs_the_same_for_all_as_for_none(
    proven, ahead, facilitator, member, mate, client_of, at
):
    browser, url = client_of(facilitator), at(facilitator, "crew", pk=ahead.crew_id)
    browser.get(url)
    with CaptureQueriesContext(connection) as none:
        browser.get(url)
    for person in (member, mate):
        lose("no address", person)
    with CaptureQueriesContext(connection) as both:
        page = browser.get(url)
    assert "No mail reaches Ana and Dov" in page.text
    assert len(both) == len(none)
