"""People who never type an address: joining by a link on a phone, signing in, and a way back."""

import os
import re

import pytest

from tests.browser.people import DESK, PHONE, Eye, Person

PASSWORD, NEW = "seven tables and a lamp", "eight lamps and a table"
HOME = "/c/otaki/"


@pytest.fixture(scope="module")
def mei(chromium, installation, eye):
    """The host, signed in."""
    person = Person(chromium, installation, eye, "Mei Ropata", DESK)
    installation.manage(
        "found", "Otaki", "--slug", "otaki", "--zone", "Pacific/Auckland",
        "--host-name", person.name, "--host-email", person.email,
    )  # fmt: skip
    person.page.goto(f"{installation.url}/accounts/login/code/")
    person.page.get_by_label(re.compile("E-?mail", re.I)).fill(person.email)
    person.press(re.compile("code", re.I))
    person.page.get_by_label("Code").fill(person.code())
    person.press("Go on")
    return person


@pytest.fixture(scope="module")
def eye():
    return Eye(os.environ.get("TABLEFUL_SCREENS"), sizes=(DESK, PHONE))


def invite(mei, name):
    """Hold a seat open and return the link to it."""
    mei.page.goto(f"{mei.installation.url}{HOME}invitations/new/")
    mei.page.get_by_label("Their name").fill(name)
    mei.press("Hold a seat open")
    return re.search(r"https?://\S+/welcome/\S+", mei.page.locator("#link").inner_text()).group(0)


def faults(eye):
    """What was wrong; that a closed way back answers 410 is right."""
    return sorted({fault for fault in eye.faults if "410 (Gone)" not in fault})


def sign_out(person):
    person.page.goto(f"{person.installation.url}/accounts/logout/")
    person.press("Sign out")


def join(person, link):
    """Come to the door by a link, and say that one would rather give no address."""
    person.page.goto(link)
    assert person.look("welcome").get_by_label("What should we call you?").count() == 0
    person.page.get_by_label("Where you live").fill("Ōtaki")
    person.press("I’d rather not give an address")
    person.look("welcome, a key")


def with_password(person, words):
    """Choose a password, whichever page asks for one."""
    person.page.get_by_role("textbox", name="A password").fill(words)
    person.page.get_by_label("The same once more").fill(words)
    person.press("Come in")


def test_someone_joins_with_a_password_and_is_let_in_again(chromium, installation, eye, mei):
    kaia = Person(chromium, installation, eye, "Kaia Brown", PHONE)
    join(kaia, invite(mei, kaia.name))
    with_password(kaia, PASSWORD)
    kaia.look("sign-in name")
    handle = kaia.page.locator(".handle").inner_text()
    kaia.page.get_by_role("link", name="I have it").click()
    kaia.page.wait_for_url(f"**{HOME}")
    kaia.page.goto(f"{installation.url}/accounts/")
    assert kaia.sees(handle)

    sign_out(kaia)
    kaia.page.goto(f"{installation.url}/accounts/login/")
    kaia.page.get_by_label("E-mail or sign-in name").fill(handle.upper().replace("-", " "))
    kaia.page.get_by_label("Password").fill(PASSWORD)
    kaia.press("Sign in")
    kaia.page.goto(f"{installation.url}{HOME}")
    assert kaia.sees(f"Hello, {kaia.first}")

    # Elsewhere they don't remember it; Mei sits beside them.
    mei.page.goto(f"{installation.url}{HOME}people/")
    mei.page.get_by_role("link", name=kaia.name).first.click()
    mei.look("a person, as a host sees them")
    mei.page.get_by_role("link", name="They have lost their way in").click()
    mei.look("way back, new")
    mei.page.get_by_label("They sit beside me").check(force=True)
    mei.press("Open a way back")
    assert mei.sees("Tick this if it is so")
    mei.page.get_by_label("I see them in front of me").check(force=True)
    mei.press("Open a way back")
    mei.look("way back, its link")
    mei.page.locator("svg.qr").wait_for()
    kept = next(one for one in mei.context.cookies() if "/ways-back/" in one["path"])
    token = kept["value"].strip('"').split(":")[0]
    mei.go(f"{HOME}ways-back/")
    kaia.page.reload()
    kaia.look("home, told of a way back")
    assert kaia.sees("Mei has opened a way back into your account")

    other = Person(chromium, installation, eye, kaia.name, PHONE)
    other.page.goto(f"{installation.url}/way-in/{token}/")
    other.look("way in")
    with_password(other, NEW)
    assert other.page.locator(".handle").inner_text() == handle
    other.page.goto(f"{installation.url}/way-in/{token}/")
    other.look("way in, closed")
    assert other.sees("This way back is closed")

    kaia.page.goto(f"{installation.url}{HOME}")
    assert kaia.sees("Someone came into your account by a way back")
    kaia.look("home, after a way back")
    kaia.press("It was me")
    kaia.page.goto(f"{installation.url}{HOME}")
    assert not kaia.page.get_by_text("Someone came into your account").is_visible()
    for person in (kaia, other):
        person.context.close()
    assert not faults(eye), "\n".join(faults(eye))


def test_someone_joins_without_scripts(chromium, installation, eye, mei):
    pita = Person(chromium, installation, eye, "Pita Morgan", PHONE, javascript=False)
    join(pita, invite(mei, pita.name))
    assert not pita.page.get_by_role("button", name="Make a passkey").is_visible()
    with_password(pita, PASSWORD)
    handle = pita.page.locator(".handle").inner_text()
    sign_out(pita)
    pita.page.goto(f"{installation.url}/accounts/login/")
    pita.page.get_by_label("E-mail or sign-in name").fill(handle)
    pita.page.get_by_label("Password").fill(PASSWORD)
    pita.press("Sign in")
    assert pita.sees("Hello, Pita")
    pita.context.close()
