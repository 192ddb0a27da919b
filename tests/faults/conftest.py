"""The world of the doors, with one of everything."""

import pytest
from django.test import Client

OURS = {"Origin": "http://testserver"}


@pytest.fixture
def browser_of(client_of):
    """A browser that must show the token of a form, like real ones: browser_of(member)."""

    def make(person=None):
        strict = {"enforce_csrf_checks": True, "raise_request_exception": False}
        browser = client_of(person, **strict) if person else Client(**strict)
        browser.raise_request_exception = False
        return browser

    return make
