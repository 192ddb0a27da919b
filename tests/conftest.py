"""The personas. Each test sees the world as one of them.

A congregation with a host (Mei), a crew "Seed Library" in which member (Ana), mate (Dov) and facilitator (Joel)
sit, a peer (Noor) of the same congregation in no crew, and an outsider (Zed) of another congregation.
"""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from congregation import clock
from congregation.models import Congregation, Host, Member, User
from tests.chromium import chromium as chromium
from tests.chromium import playwright as playwright
from tests.world import world as world

NOW = datetime(2026, 11, 19, 6, 0, tzinfo=UTC)
# The same on each database, so they are tried on one.
ONCE = {"house", "test_house"}


def pytest_collection_modifyitems(items):
    for item in items:
        if ONCE & {item.path.parent.name, item.path.stem}:
            item.add_marker(pytest.mark.once)


@pytest.fixture
def now():
    """Thursday 19 November 2026, 7:00 pm in Auckland."""
    return NOW


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    """The clock stands at NOW, unless a test moves it."""
    moved = {"by": timedelta(0)}
    monkeypatch.setattr(clock, "now", lambda: NOW + moved["by"])
    monkeypatch.setattr(clock, "move", lambda by: moved.update(by=moved["by"] + by))


@pytest.fixture
def make_congregation(db, now):
    """Make a congregation: make_congregation("Otaki", ceiling=100)."""

    def make(name="Otaki", **fields):
        fields.setdefault("slug", name.lower())
        fields.setdefault("zone", "Pacific/Auckland")
        fields.setdefault("founded_at", now - timedelta(days=300))
        return Congregation.objects.create(name=name, **fields)

    return make


@pytest.fixture
def congregation(make_congregation):
    return make_congregation("Otaki")


@pytest.fixture
def make_member(congregation, now):
    """Make a member with an account: make_member("Ana Sefo", state="away")."""

    def make(name, within=None, **fields):
        within = within or congregation
        email = fields.pop("email", f"{name.split()[0].lower()}@{within.slug}.example")
        user = User.objects.create_user(email)
        fields.setdefault("joined_at", now - timedelta(days=200))
        member = Member.objects.create(congregation=within, user=user, name=name, **fields)
        within.places_taken += 1
        within.save(update_fields=["places_taken"])
        member.is_host = False
        return member

    return make


@pytest.fixture
def make_host(make_member, now):
    """Make a member who is a host."""

    def make(name, within=None, **fields):
        member = make_member(name, within, **fields)
        Host.objects.create(
            congregation=member.congregation, member=member, since=now - timedelta(days=100)
        )
        member.is_host = True
        return member

    return make


@pytest.fixture
def host(make_host):
    return make_host("Mei Ropata", place="Ōtaki", line="Come by for soup.")


@pytest.fixture
def member(make_member):
    return make_member("Ana Sefo", pronouns="she/her", place="Ōtaki")


@pytest.fixture
def mate(make_member):
    return make_member("Dov Levi")


@pytest.fixture
def facilitator(make_member):
    return make_member("Joel King")


@pytest.fixture
def peer(make_member):
    return make_member("Noor Haddad")


@pytest.fixture
def outsider(make_congregation, make_host):
    return make_host("Zed Away", make_congregation("Elsewhere"))


@pytest.fixture
def client_of():
    """Return a signed-in browser: client_of(member).get(url)."""

    def make(person, **extra):
        client = Client(**extra)
        client.force_login(
            person.user, backend="allauth.account.auth_backends.AuthenticationBackend"
        )
        return client

    return make


@pytest.fixture
def at():
    """Return an address in a congregation: at(member, "crew", pk=…)."""
    from django.urls import reverse

    def make(person, name, **kwargs):
        return reverse(name, kwargs={"slug": person.congregation.slug, **kwargs})

    return make


@pytest.fixture
def htmx():
    """The headers of a request by htmx."""
    return {"HX-Request": "true"}
