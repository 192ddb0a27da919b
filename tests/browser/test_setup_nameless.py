"""From an empty server to the second person, and nobody ever types an address."""

import os
import re

import pytest

from tests.browser.people import DESK, PHONE, Eye, Keyed
from tests.browser.test_setup import PASSWORD, printed

HOME = "/c/otaki-valley/"


@pytest.fixture
def eye():
    eye = Eye(os.environ.get("TABLEFUL_SCREENS"), sizes=(DESK, PHONE))
    yield eye
    assert not eye.faults, "\n".join(sorted(set(eye.faults)))


def sign_out(person):
    person.page.goto(f"{person.installation.url}/accounts/logout/")
    person.press("Sign out")


def test_a_host_and_a_guest_who_give_no_address(chromium, installation, eye):
    url, _token = printed(installation)
    mei = Keyed(chromium, installation, eye, "Mei Ropata", DESK)
    mei.page.goto(url)
    mei.page.locator("[name=way][value=crew]").check(force=True)
    mei.press("Go on")
    mei.page.get_by_label("The crew’s name").fill("Ōtaki Valley")
    mei.press("Go on")
    mei.page.get_by_label("Your name").fill(mei.name)
    mei.look("set up, you, no address")
    mei.press("I’d rather not give an address")
    mei.look("set up, last part, no address")
    handle = mei.page.get_by_label("Your sign-in name").input_value()

    # A passkey, which the device won't make; then a password.
    mei.press("Make a passkey and finish")
    mei.look("set up, a passkey")
    mei.heeds(False)
    mei.page.get_by_role("button", name="Make it and finish").click()
    mei.page.get_by_role("alert").filter(has_text=re.compile("No passkey|can’t keep")).wait_for()
    mei.page.get_by_role("link", name="A password instead").click()
    mei.page.get_by_label("A password").fill(PASSWORD)
    mei.page.get_by_label("The same once more").fill(PASSWORD)
    mei.press("Finish")
    mei.look("set up, the name")
    assert mei.page.locator(".handle").inner_text() == handle
    mei.page.get_by_role("link", name="I have it").click()
    mei.page.wait_for_url(f"**{HOME}founded/")
    mei.look("founded, no address")
    assert mei.sees("Keep a second way in")

    # Her guest points their phone at the picture.
    mei.page.goto(f"{installation.url}{HOME}invitations/new/")
    mei.page.get_by_label("Their name").fill("Kaia Brown")
    mei.press("Hold a seat open")
    mei.page.locator("svg.qr").wait_for()
    link = re.search(r"http\S+/welcome/\S+", mei.page.locator("#link").inner_text()).group(0)
    kaia = Keyed(chromium, installation, eye, "Kaia Brown", PHONE)
    kaia.page.goto(link)
    kaia.press("I’d rather not give an address")
    kaia.look("welcome, a key")
    kaia.heeds(False)
    kaia.page.get_by_role("button", name="Make a passkey and come in").click()
    kaia.page.get_by_role("alert").filter(has_text=re.compile("No passkey|can’t keep")).wait_for()
    kaia.heeds(True)
    kaia.page.get_by_role("button", name="Make a passkey and come in").click()
    kaia.page.locator(".handle").wait_for()
    assert kaia.sees("Your passkey needs no name")
    kaia.page.get_by_role("link", name="I have it").click()
    kaia.page.wait_for_url(f"**{HOME}")
    assert kaia.sees("Hello, Kaia")

    # Both come in again: one by her phone alone, the other by name and password.
    sign_out(kaia)
    kaia.page.goto(f"{installation.url}/accounts/login/")
    kaia.page.get_by_role("button", name="Sign in with a passkey").click()
    kaia.page.wait_for_url(f"**{HOME}")
    sign_out(mei)
    mei.page.goto(f"{installation.url}/accounts/login/")
    mei.page.get_by_label("E-mail or sign-in name").fill(handle.replace("-", " ").title())
    mei.page.get_by_label("Password").fill(PASSWORD)
    mei.press("Sign in")
    mei.page.wait_for_url(f"**{HOME}")
    mei.page.goto(f"{installation.url}{HOME}people/")
    assert mei.sees("Kaia Brown")
    assert not installation.mails()
