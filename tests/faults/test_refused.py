"""Pages for what can't be answered: too large, not there, not yours, broken."""

import logging

import pytest
from django.urls import path

from config.urls import handler400, handler500  # noqa: F401
from config.urls import urlpatterns as ours
from tests.faults.conftest import OURS

SECRET = "the token of a link"


def breaks(request, **kwargs):
    raise RuntimeError(SECRET)


urlpatterns = [
    path("broken/<str:token>/", breaks),
    path("c/<slug:slug>/broken/", breaks),
    *ours,
]


@pytest.fixture
def lines(caplog):
    logger = logging.getLogger("tableful")
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)


def looks_like_us(page):
    return "css/app.css" in page.text and "<h1>" in page.text and 'class="brand"' in page.text


@pytest.fixture(params=["member", "stranger"])
def browser(request, browser_of, member):
    return browser_of(member if request.param == "member" else None)


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_too_large(browser, member, at, headers):
    answer = browser.post(
        at(member, "idea-new"), {"intention": "x" * 1_100_000}, headers=OURS | headers
    )
    assert answer.status_code == 413
    assert looks_like_us(answer)
    assert "That is more than fits" in answer.text
    assert "xxxx" not in answer.text


def test_too_many_fields(browser, member, at):
    fields = {f"field{n}": "x" for n in range(401)}
    answer = browser.post(at(member, "idea-new"), fields, headers=OURS)
    assert (answer.status_code, looks_like_us(answer)) == (413, True)


def test_not_to_be_read(browser, member, at):
    answer = browser.post(
        at(member, "idea-new"),
        b"--x\r\nnonsense",
        content_type="multipart/form-data; boundary=" + "x" * 300,
        headers=OURS,
    )
    assert answer.status_code == 400
    assert looks_like_us(answer)
    assert "load the page again" in answer.text


def test_a_name_that_is_not_ours(client):
    answer = client.get("/", headers={"host": "elsewhere.example"})
    assert (answer.status_code, looks_like_us(answer)) == (400, True)


def test_nothing_there(browser):
    for url in ("/nothing/", "/c/otaki/nothing/", "/c/otaki/crews/1/"):
        answer = browser.get(url)
        assert (answer.status_code, looks_like_us(answer)) == (404, True)
        assert "Nobody sits at this table" in answer.text


def test_not_ones_own_is_not_there(client_of, world, at, peer, outsider, member):
    url = at(member, "agreement", **world["crew"])
    for person in (peer, outsider):
        answer = client_of(person).get(url)
        assert answer.status_code == 404
        assert looks_like_us(answer)
        assert "Seed Library" not in answer.text
        assert "Ana" not in answer.text


def test_not_ones_own_to_do(client_of, member, at):
    answer = client_of(member).get(at(member, "host"))
    assert answer.status_code == 403
    assert looks_like_us(answer)
    assert "This isn’t yours to do" in answer.text
    assert f'href="{at(member, "home")}"' in answer.text


def test_only_by_its_form(client_of, member, at):
    url = at(member, "notices-seen")
    answer = client_of(member).get(url)
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"
    assert looks_like_us(answer)
    assert "There is nothing to read here" in answer.text
    assert client_of(member).head(url).content == b""
    assert client_of(member).put(url).content == b""


@pytest.mark.urls("tests.faults.test_refused")
def test_broken(browser, member, lines):
    answer = browser.get(f"/broken/{SECRET}/")
    if answer.status_code == 302:
        # A stranger is asked to sign in first.
        return
    assert answer.status_code == 500
    assert looks_like_us(answer)
    assert "Something broke here" in answer.text
    for detail in (SECRET, "RuntimeError", "Traceback", "test_refused"):
        assert detail not in answer.text
    (line,) = [line for line in lines.records if line.name == "tableful.web"]
    words = line.getMessage()
    assert line.levelname == "ERROR"
    assert words.startswith("broken: RuntimeError at tests/faults/test_refused.py:")
    assert SECRET not in words
    assert line.exc_info is None


@pytest.mark.urls("tests.faults.test_refused")
def test_broken_in_a_form(browser_of, member, htmx):
    browser = browser_of(member)
    browser.handler.enforce_csrf_checks = False
    answer = browser.post("/c/otaki/broken/", {"words": "mine"}, headers=OURS | htmx)
    assert answer.status_code == 500
    assert "data-broken=" in browser.get("/c/otaki/").text
