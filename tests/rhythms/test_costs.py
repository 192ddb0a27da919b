"""Saying *We met* and whether one comes, in few statements."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from rhythms import links

# What only opens and closes a transaction asks the database for nothing.
FRAME = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "ROLLBACK")


@pytest.fixture
def statements():
    """Return the statements that some work sends."""

    def count(work):
        with CaptureQueriesContext(connection) as captured:
            assert work().status_code in {200, 204, 302}
        return [row["sql"] for row in captured if not row["sql"].startswith(FRAME)]

    return count


def test_we_met(past, facilitator, member, mate, client_of, at, statements):
    browser, url = client_of(member), at(member, "we-met", pk=past.pk)
    said = {
        "here": [facilitator.pk, member.pk, mate.pk],
        "mood": "warm",
        "note": "Soup.",
        "seen": 0,
    }
    found = statements(lambda: browser.post(url, said))
    assert len(found) <= 12, "\n".join(found)


def test_whether_one_comes(ahead, member, client_of, at, htmx, statements):
    browser, url = client_of(member), at(member, "coming", pk=ahead.pk)
    for answer in ("coming", "late", "cant"):
        found = statements(lambda said=answer: browser.post(url, {"answer": said}, headers=htmx))
        assert len(found) <= 12, "\n".join(found)


def test_by_mail(past, ahead, facilitator, member, mate, statements):
    coming = links.link("coming", ahead, member).removeprefix("http://localhost:8000")
    noting = links.link("we-met", past, member).removeprefix("http://localhost:8000")
    said = {"held": 1, "here": [facilitator.pk, member.pk, mate.pk]}
    for url, body in ((coming, {"answer": "late"}), (noting, said)):
        found = statements(lambda url=url, body=body: Client().post(url, body))
        assert len(found) <= 12, "\n".join(found)
