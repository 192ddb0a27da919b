"""Signing in, by code or by password, and what the door shows to each."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from congregation.models import Mail, Member, User

HOME = "/c/otaki/"


def words(page):
    """What a page says, without the token of its forms and what was typed."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", page.text)
    return re.sub(r"[\w.]+@[\w.]+", "@", text)


def code():
    (mail,) = Mail.objects.filter(kind="account")
    return re.search(r"\n\s*([A-Z0-9]{3,}-?[A-Z0-9]{3,})\s*\n", mail.content.replace("\\n", "\n"))[
        1
    ]


def test_signed_out_the_door_says_what_this_is(congregation):
    page = Client().get("/")
    assert page.status_code == 200
    assert "A place at a table" in page.text
    assert "Otaki" not in page.text


def test_a_code_by_mail_signs_in(member):
    browser = Client()
    page = browser.post(reverse("account_request_login_code"), {"email": member.user.email})
    answer = browser.post(page.headers["Location"], {"code": code()}, follow=True)
    assert answer.redirect_chain[-1][0] == HOME
    assert answer.status_code == 200


def test_an_address_in_other_letters_is_the_same(member):
    browser = Client()
    page = browser.post(reverse("account_request_login_code"), {"email": member.user.email.upper()})
    answer = browser.post(page.headers["Location"], {"code": code()})
    assert answer.headers["Location"] == "/"


def test_a_password_signs_in(member):
    member.user.prove(password="seven tables and a lamp")
    browser = Client()
    answer = browser.post(
        reverse("account_login"),
        {"login": member.user.email, "password": "seven tables and a lamp"},
    )
    assert answer.headers["Location"] == "/"


def test_unknown_addresses_look_like_known_ones(member):
    url = reverse("account_request_login_code")
    known, unknown = Client(), Client()
    one = known.post(url, {"email": member.user.email})
    other = unknown.post(url, {"email": "nobody@example.org"})
    assert one.status_code == other.status_code == 302
    assert one.headers["Location"] == other.headers["Location"]
    assert words(known.get(one.headers["Location"])) == words(
        unknown.get(other.headers["Location"])
    )
    wrong = {"code": "AAAAAA"}
    one, other = (
        known.post(one.headers["Location"], wrong),
        unknown.post(other.headers["Location"], wrong),
    )
    assert one.status_code == other.status_code
    assert words(one) == words(other)
    assert Mail.objects.count() == 1


def test_a_wrong_password_says_the_same_of_both(member):
    member.user.prove(password="seven tables and a lamp")
    url = reverse("account_login")
    pages = [
        Client().post(url, {"login": address, "password": "wrong wrong wrong"})
        for address in [member.user.email, "nobody@example.org"]
    ]
    assert pages[0].status_code == pages[1].status_code
    assert words(pages[0]) == words(pages[1])


def test_the_code_signs_in_at_this_browser_alone(member):
    browser, other = Client(), Client()
    page = browser.post(reverse("account_request_login_code"), {"email": member.user.email})
    other.post(page.headers["Location"], {"code": code()})
    assert other.get("/").status_code == 200
    assert "A place at a table" in other.get("/").text


def test_after_three_wrong_codes_the_code_is_spent(member):
    browser = Client()
    page = browser.post(reverse("account_request_login_code"), {"email": member.user.email})
    for _time in range(3):
        browser.post(page.headers["Location"], {"code": "AAAAAA"})
    browser.post(page.headers["Location"], {"code": code()})
    assert "A place at a table" in browser.get("/").text


def test_with_one_congregation_one_is_home_at_once(member, client_of):
    assert client_of(member).get("/").headers["Location"] == HOME


def test_with_several_one_chooses(member, make_congregation, client_of, now):
    other = make_congregation("Levin")
    Member.join(other, member.user, name="Ana", now=now)
    page = client_of(member).get("/")
    assert page.status_code == 200
    assert "/c/levin/" in page.text
    assert HOME in page.text


def test_with_none_one_is_told_kindly(db, client_of):
    user = User.objects.create_user("kaia@example.org")

    class Person:
        pass

    person = Person()
    person.user = user
    page = client_of(person).get("/")
    assert page.status_code == 200
    assert "There is no seat for you here yet" in page.text


def test_a_place_that_one_has_left_is_gone(member, client_of, now):
    Member.objects.filter(pk=member.pk).update(state="left", left_at=now)
    browser = client_of(member)
    assert browser.get("/").status_code == 200
    assert browser.get(HOME).status_code == 404


def test_signing_out_takes_a_post(member, client_of):
    browser = client_of(member)
    browser.get(reverse("account_logout"))
    assert browser.get("/").status_code == 302
    browser.post(reverse("account_logout"))
    assert browser.get("/").status_code == 200


@pytest.mark.parametrize("path", ["/c/otaki/people/", "/c/otaki/me/", "/c/nowhere/people/"])
def test_signed_out_every_page_asks_to_sign_in(congregation, path):
    answer = Client().get(path)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(reverse("account_login"))


def test_a_password_can_be_set_later(member):
    browser = Client()
    page = browser.post(reverse("account_request_login_code"), {"email": member.user.email})
    browser.post(page.headers["Location"], {"code": code()})
    assert reverse("account_set_password") in browser.get(reverse("account")).text
    new = "seven tables and a lamp"
    browser.post(reverse("account_set_password"), {"password1": new, "password2": new})
    member.user.refresh_from_db()
    assert member.user.check_password(new)
