"""What every answer says to browsers besides its page, and whom the server takes a caller to be."""

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest
from allauth.account.adapter import get_adapter
from django.core.exceptions import DisallowedHost
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

ROOT = Path(__file__).resolve().parents[2]
POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "worker-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}


def holds(answer):
    """Whether an answer has every header that all have."""
    headers = answer.headers
    assert set(headers["Content-Security-Policy"].split("; ")) == POLICY
    assert "camera=()" in headers["Permissions-Policy"]
    assert "clipboard-write=(self)" in headers["Permissions-Policy"]
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    return True


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/", 200),
        ("/privacy/", 200),
        ("/accounts/login/", 200),
        ("/c/otaki/", 302),
        ("/nowhere/", 404),
        ("/theme", 405),
        ("/healthz", 200),
        ("/static/css/app.css", 200),
    ],
)
def test_every_answer_has_them(db, url, status):
    answer = Client().get(url)
    assert answer.status_code == status
    assert holds(answer)


def test_a_host_that_is_not_ours_is_refused_with_them(db):
    answer = Client(raise_request_exception=False).get("/", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert holds(answer)


def test_the_way_to_https_has_them(db, settings):
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 60
    answer = Client().get("/privacy/")
    assert answer.status_code == 301
    assert answer.headers["Location"] == "https://testserver/privacy/"
    assert holds(answer)
    there = Client().get("/privacy/", secure=True)
    assert there.headers["Strict-Transport-Security"] == "max-age=60"


def test_a_proxy_that_keeps_https_to_itself_is_told_and_not_led_in_circles(db, settings):
    settings.SECURE_SSL_REDIRECT, settings.LOCAL = True, False
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    browser = {"Sec-Fetch-Mode": "navigate"}  # which it sends by https alone
    answer = Client().get("/privacy/", headers=browser)
    assert answer.status_code == 500
    assert "X-Forwarded-Proto" in answer.text
    assert holds(answer)
    told = Client().get("/privacy/", headers=browser | {"X-Forwarded-Proto": "https"})
    assert told.status_code == 200
    assert Client().get("/privacy/").status_code == 301
    # Localhost has it without https as well.
    settings.LOCAL = True
    assert Client().get("/privacy/", headers=browser).status_code == 301


@pytest.mark.parametrize(
    ("error", "status"), [(OperationalError("locked"), 503), (ValueError("what?"), 500)]
)
def test_what_went_wrong_on_our_side_has_them(db, monkeypatch, error, status):
    def fails(*args):
        raise error

    monkeypatch.setattr("congregation.views.pages.render", fails)
    answer = Client(raise_request_exception=False).get("/privacy/")
    assert answer.status_code == status
    assert holds(answer)
    assert "no-store" in answer.headers["Cache-Control"]


def test_no_page_is_kept_by_anyone(member, client_of, at):
    browser = client_of(member)
    for url in (at(member, "home"), at(member, "people"), "/nowhere/", reverse("privacy")):
        assert browser.get(url).headers["Cache-Control"] == "private, no-store"
    assert "no-store" in Client().get(reverse("account_login")).headers["Cache-Control"]


def test_a_page_is_compressed_each_time_to_another_length(member, client_of, at):
    browser = client_of(member)
    answers = [
        browser.get(at(member, "home"), headers={"Accept-Encoding": "gzip"}) for _ in range(12)
    ]
    assert {answer.headers["Content-Encoding"] for answer in answers} == {"gzip"}
    assert "Accept-Encoding" in answers[0].headers["Vary"]
    assert "</html>" in gzip.decompress(answers[0].content).decode()
    assert len({len(answer.content) for answer in answers}) > 1


def test_a_page_that_holds_a_key_is_not_compressed(member, client_of, at):
    browser = client_of(member)
    made = browser.post(at(member, "invite"), {"name": "Kaia"})
    assert made.status_code == 302
    for url in (made.headers["Location"], reverse("account_logout")):
        answer = browser.get(url, headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200
        assert "Content-Encoding" not in answer.headers


def caller(rf, **extra):
    return get_adapter().get_client_ip(rf.get("/", REMOTE_ADDR="192.0.2.9", **extra))


@pytest.mark.parametrize(
    ("proxies", "forwarded", "seen"),
    [
        (0, "203.0.113.5", "192.0.2.9"),
        (1, "", "192.0.2.9"),
        (1, "203.0.113.5", "203.0.113.5"),
        (1, "10.0.0.1, 203.0.113.5", "203.0.113.5"),
        (2, "10.0.0.1, 203.0.113.5, 198.51.100.7", "203.0.113.5"),
        # Past a proxy, or what is no address: whoever knocked at our own door, and never an error.
        (2, "203.0.113.5", "192.0.2.9"),
        (1, "unknown", "192.0.2.9"),
        (1, "203.0.113.5:8080", "203.0.113.5"),
    ],
)
def test_the_caller_is_whom_the_proxies_of_ours_saw(rf, settings, proxies, forwarded, seen):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    extra = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    # It is told from others by what stands for its address, never by the address.
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0
    plain = get_adapter().get_client_ip(rf.get("/", REMOTE_ADDR=seen))
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    assert caller(rf, **extra) == plain != seen


def test_without_a_proxy_nothing_forwarded_is_believed(rf, settings):
    assert settings.TRUSTED_PROXIES == 0
    request = rf.get(
        "/",
        HTTP_X_FORWARDED_PROTO="https",
        HTTP_X_FORWARDED_HOST="evil.example",
        HTTP_X_FORWARDED_PORT="444",
        HTTP_FORWARDED="for=203.0.113.5;proto=https;host=evil.example",
    )
    assert not request.is_secure()
    assert request.get_host() == "testserver"
    assert request.get_port() == "80"
    with pytest.raises(DisallowedHost):
        rf.get("/", headers={"Host": "evil.example"}).get_host()


def test_django_finds_nothing_to_improve_in_a_server(tmp_path):
    leave = {"DATABASE_URL", "REDIS_URL", "TABLEFUL_TEST_BASE", "DJANGO_SETTINGS_MODULE"}
    leave.add("DJANGO_ALLOW_ASYNC_UNSAFE")
    env = {key: value for key, value in os.environ.items() if key not in leave}
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env=env
        | {
            "TABLEFUL_DATA": str(tmp_path),
            "TABLEFUL_URL": "https://table.example",
            "TRUSTED_PROXIES": "1",
            "EMAIL_URL": "smtp://tableful:word@mail.example:587",
            "DATABASE_URL": "postgres://tableful:word@127.0.0.1/tableful",
            "REDIS_URL": "redis://127.0.0.1:6379/0",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout
