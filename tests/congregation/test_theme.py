"""How pages look to a browser."""

from django.test import Client


def test_a_theme_is_kept_for_a_year(db):
    browser = Client()
    answer = browser.post("/theme", {"theme": "dark", "next": "/help/"})
    assert answer.headers["Location"] == "/help/"
    cookie = answer.cookies["theme"]
    assert (cookie.value, cookie["samesite"], cookie["max-age"]) == ("dark", "Lax", 31536000)
    assert 'data-theme="dark"' in browser.get("/").text


def test_the_font_is_kept_apart_from_it(db):
    browser = Client()
    browser.post("/theme", {"theme": "dark"})
    browser.post("/theme", {"font": "legible"})
    page = browser.get("/").text
    assert 'data-theme="dark"' in page
    assert 'data-font="legible"' in page
    browser.post("/theme", {"theme": "", "font": ""})
    page = browser.get("/").text
    assert "data-theme=" not in page
    assert "data-font=" not in page


def test_what_is_no_theme_is_none(db):
    answer = Client().post("/theme", {"theme": '"><script>', "next": "/"})
    assert answer.cookies["theme"].value == ""


def test_it_leads_nowhere_else(db):
    for elsewhere in ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""]:
        answer = Client().post("/theme", {"theme": "dark", "next": elsewhere})
        assert answer.headers["Location"] == "/"


def test_it_takes_a_post(db):
    assert Client().get("/theme").status_code == 405
