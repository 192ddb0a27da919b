"""An installation below a path, as at https://example.org/tableful: no page leads out of it."""

import json
import os
import re
import subprocess
import sys
from itertools import product
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client
from django.urls import get_script_prefix, reverse, set_script_prefix

from config.wsgi import below
from tests.test_doors import ADDRESSES, OF_THE_SERVER, OPEN, Posted

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "/tableful"
LINKS = re.compile(r"""\s(?:href|action|src|hx-(?:get|post|put|delete)|data-base)=["']([^"']*)""")
READ = sorted(
    name
    for name, (who, _) in ADDRESSES.items()
    if not isinstance(who, Posted) and name not in {"healthz", "readyz"}
)


@pytest.fixture
def _below(settings):
    """As config/settings.py has it, where TABLEFUL_URL has a path."""
    before = get_script_prefix()
    settings.FORCE_SCRIPT_NAME = settings.PREFIX = PREFIX
    settings.STATIC_URL = f"{PREFIX}/static/"
    settings.URL = f"{settings.ORIGIN}{PREFIX}"
    set_script_prefix(f"{PREFIX}/")
    yield
    set_script_prefix(before)


@pytest.mark.usefixtures("_below")
def test_no_page_leads_out_of_the_path(world, client_of, at, host, member, peer):
    """Each page, as host, member, peer and stranger read it, and where each redirects to."""
    browsers = {person: client_of(person) for person in (host, member, peer)} | {None: Client()}
    for name, (who, browser) in product(READ, browsers.items()):
        _, key = ADDRESSES[name]
        kwargs = dict(world[key]) if key else {}
        set_script_prefix(f"{PREFIX}/")  # the client's request sets it back
        is_open = name in OPEN | OF_THE_SERVER
        url = reverse(name, kwargs=kwargs) if is_open else at(member, name, **kwargs)
        assert url.startswith(f"{PREFIX}/")
        answer = browser.get(url.removeprefix(PREFIX))
        found = LINKS.findall(answer.text) if "text/html" in answer.get("Content-Type", "") else []
        found += [answer.headers[header] for header in ("Location",) if header in answer.headers]
        for link in found:
            parts = urlsplit(urljoin(f"http://testserver{url}", link))
            if parts.netloc == "testserver" and parts.scheme in {"http", "https"}:
                assert f"{parts.path}/".startswith(f"{PREFIX}/"), f"{name}, {who}: {link}"


@pytest.mark.usefixtures("_below")
def test_pages_for_what_went_wrong_stay_in_the_path(rf):
    from django.template.loader import render_to_string

    for template in ("400.html", "500.html", "503.html"):
        for link in LINKS.findall(render_to_string(template)):
            assert link.startswith((f"{PREFIX}/", "#")), f"{template}: {link}"


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("/tableful/c/otaki/", "/c/otaki/"),
        ("/tableful/", "/"),
        ("/tableful", ""),
        ("/c/otaki/", "/c/otaki/"),
        ("/tablefuls/", "/tablefuls/"),
        ("/tableful/tableful/", "/tableful/"),
    ],
)
def test_the_path_may_come_whole_or_without_what_lies_before(path, inside):
    seen = below(PREFIX, lambda environ, start: environ["PATH_INFO"])
    assert seen({"PATH_INFO": path}, None) == inside


def facts(tmp_path, **env):
    """Return what the settings of an installation with this environment are."""
    code = """
import json, django
django.setup()
from django.conf import settings
from django.urls import reverse
from congregation.outbox import address
names = [
    "URL", "ORIGIN", "STATIC_URL", "SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "SESSION_COOKIE_PATH",
    "CSRF_COOKIE_PATH", "LANGUAGE_COOKIE_PATH", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE",
    "CSRF_TRUSTED_ORIGINS", "ALLOWED_HOSTS", "SECURE_SSL_REDIRECT", "SECURE_REDIRECT_EXEMPT",
]
facts = {name: getattr(settings, name) for name in names}
facts["door"] = address(reverse("door"))
facts["short"] = address(reverse("go", args=["m", "abc"]))
print(json.dumps(facts))
"""
    leave = {"DATABASE_URL", "REDIS_URL", "EMAIL_URL", "PORT"}
    kept = {key: value for key, value in os.environ.items() if key not in leave}
    kept |= {
        "TABLEFUL_DATA": str(tmp_path),
        "TRUSTED_PROXIES": "1",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=kept | env,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_below_a_path_addresses_and_cookies_keep_to_it(tmp_path):
    found = facts(tmp_path, TABLEFUL_URL="https://example.org:8443/tableful/")
    assert found["URL"] == "https://example.org:8443/tableful"
    assert found["ORIGIN"] == "https://example.org:8443"
    assert found["CSRF_TRUSTED_ORIGINS"] == ["https://example.org:8443"]
    assert found["ALLOWED_HOSTS"] == ["example.org"]
    assert found["STATIC_URL"] == "/tableful/static/"
    assert found["door"] == "https://example.org:8443/tableful/"
    assert found["short"] == "https://example.org:8443/tableful/m/abc"
    assert found["SESSION_COOKIE_PATH"] == found["CSRF_COOKIE_PATH"] == "/tableful"
    assert found["LANGUAGE_COOKIE_PATH"] == "/tableful"
    # __Host- would ask for the path /, so that the neighbours on that host would be sent them.
    assert found["SESSION_COOKIE_NAME"] == "__Secure-sessionid"
    assert found["CSRF_COOKIE_NAME"] == "__Secure-csrftoken"
    assert any(re.search(one, "tableful/healthz") for one in found["SECURE_REDIRECT_EXEMPT"])


def test_with_a_host_of_its_own_no_neighbour_can_set_its_cookies(tmp_path):
    found = facts(tmp_path, TABLEFUL_URL="https://table.example")
    assert found["SESSION_COOKIE_NAME"] == "__Host-sessionid"
    assert found["CSRF_COOKIE_NAME"] == "__Host-csrftoken"
    assert found["SESSION_COOKIE_PATH"] == found["CSRF_COOKIE_PATH"] == "/"
    assert found["SESSION_COOKIE_SECURE"]
    assert found["CSRF_COOKIE_SECURE"]
    assert found["STATIC_URL"] == "/static/"
    assert found["short"] == "https://table.example/m/abc"
    assert any(re.search(one, "healthz") for one in found["SECURE_REDIRECT_EXEMPT"])


def test_on_localhost_cookies_are_plain(tmp_path):
    found = facts(tmp_path, TABLEFUL_URL="http://localhost:8000")
    assert found["SESSION_COOKIE_NAME"] == "sessionid"
    assert not found["SESSION_COOKIE_SECURE"]
    assert not found["SECURE_SSL_REDIRECT"]
