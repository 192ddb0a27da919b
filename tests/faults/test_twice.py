"""A form that is sent twice, one after the other or both at once, makes one."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from congregation.models import Invitation, Mail, Notice
from crews.models import Agreement, Greeting, Idea, Pin, Request
from rhythms.models import Commitment, Rhythm
from tests.faults.conftest import OURS
from tests.faults.forms import form_of

# What is made; the address of its form, of what, and where it is sent; what is typed into it.
MAKES = {
    "idea": (
        Idea, "idea-new", None, "",
        {
            "part": "3", "go": "float", "name": "Mending", "intention": "Bring something broken.",
            "begins_on": "2027-01-10", "begins_at": "14:00", "place": "Levin",
        },
    ),
    "invitation": (Invitation, "invite", None, "", {"name": "Rua", "email": "rua@example.org"}),
    "pin": (Pin, "pin-new", "crew", "", {"kind": "note", "words": "Tea is in the blue tin."}),
    "agreement": (Agreement, "agreement-write", "crew", "", {"ideal": "We keep seed alive."}),
    "request": (Request, "request-new", "other_crew", "", {"word": "May I?"}),
    "commitment": (
        Commitment, "commitment-new", "crew", "",
        {"tempo": "weekly", "times": "6", "date": "2026-12-02", "time": "19:00", "minutes": "90"},
    ),
    "hello": (Greeting, "hello", "hello", "hello-say", {"note": "How lovely."}),
}  # fmt: skip


@pytest.fixture
def page_of(world, at, member, browser_of):
    """A form as its page brings it, filled in: (what it makes, its address, what is sent, the browser)."""

    def page_of(name):
        model, page, key, to, typed = MAKES[name]
        if model is Commitment:
            # The crew is through with looking back.
            Commitment.objects.update(state="ended")
        kwargs = world[key] if key else {}
        url = at(member, page, **kwargs)
        goes_to = at(member, to, **kwargs) if to else url
        browser = browser_of(member)
        form = form_of(browser.get(url), goes_to)
        return model, goes_to, form.filled(**typed), browser

    return page_of


ALL = (Idea, Invitation, Pin, Agreement, Request, Commitment, Rhythm, Greeting, Notice, Mail)


def count():
    return {model: model.objects.count() for model in ALL}


@pytest.mark.parametrize("name", MAKES)
def test_one_after_the_other(name, page_of):
    model, url, typed, browser = page_of(name)
    before = count()
    first = browser.post(url, typed, headers=OURS)
    assert first.status_code == 302, first.text
    once = count()
    assert once[model] == before[model] + 1
    again = browser.post(url, typed, headers=OURS)
    # The second is answered as the first one was, and is no mistake.
    assert (again.status_code, again["Location"]) == (302, first["Location"])
    assert count() == once
    assert browser.get(again["Location"]).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_both_at_once(page_of):
    for name in MAKES:
        model, url, typed, browser = page_of(name)
        before = count()
        answers = send_twice(browser, url, typed)
        assert [answer.status_code for answer in answers] == [302, 302], name
        assert len({answer["Location"] for answer in answers}) == 1, name
        after = count()
        assert after[model] == before[model] + 1, name
        assert browser.post(url, typed, headers=OURS).status_code == 302, name
        assert count() == after, name
    # Nobody is told twice.
    told = Notice.objects.values_list("recipient", "kind", "about", "occasion")
    assert len(told) == len(set(told))


def send_twice(browser, url, typed):
    start = threading.Barrier(2)

    def send(_time):
        double = Client(enforce_csrf_checks=True, raise_request_exception=False)
        double.cookies = browser.cookies.copy()
        try:
            connection.ensure_connection()
            start.wait(10)
            return double.post(url, typed, headers=OURS)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(send, range(2)))
