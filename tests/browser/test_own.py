"""One person: how they read, two congregations, leaving one and coming back, closing the account."""

import os
import re

import pytest

from tests.browser.people import DESK, PHONE, Eye, Person
from tests.browser.test_loop import World


@pytest.fixture
def eye():
    eye = Eye(os.environ.get("TABLEFUL_SCREENS"))
    yield eye
    # What one has left answers 404 on purpose.
    eye.faults = [fault for fault in eye.faults if "404 (Not Found)" not in fault]
    assert not eye.faults, "\n".join(sorted(set(eye.faults)))


def link_for(host, home, name):
    """Hold a seat open for someone and return its link."""
    host.go(f"{home}invitations/new/")
    host.page.get_by_label("Their name").fill(name)
    host.press("Hold a seat open")
    words = host.page.locator("#link").inner_text()
    return re.search(r"https?://\S+/welcome/\S+", words).group(0)


@pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without-javascript"])
def test_preferences_two_congregations_leaving_and_closing(chromium, installation, eye, javascript):
    slugs = ("wharf", "hills") if javascript else ("quays", "vales")
    worlds = [World(chromium, installation, eye, slug, javascript) for slug in slugs]
    mei = worlds[0].found("Mei Ropata")
    rua = worlds[1].found("Rua Tamihana")
    noor = worlds[0].invite(mei, "Noor Hadi")
    assert noor.page.viewport_size == PHONE
    here, there = (world.home for world in worlds)

    # ---- how she reads, on her phone and on another device
    noor.go(f"{here}me/")
    noor.follow("Preferences")
    noor.page.get_by_label("English (US)").check(force=True)
    noor.page.get_by_label("Candlelight, dark").check(force=True)
    noor.page.get_by_label("Easier to tell apart").check(force=True)
    noor.page.locator("[name=motion][value=less]").check(force=True)
    noor.press("Save")
    desk = Person(chromium, installation, eye, noor.name, DESK, javascript)
    desk.email = noor.email
    for old in (installation.data / "mail").glob("*.log"):
        old.unlink()  # so that the code that comes is the new one
    desk.sign_in()
    desk.go(here)
    html = desk.page.locator("html")
    for name, value in (
        ("lang", "en-us"), ("data-theme", "dark"), ("data-font", "legible"), ("data-motion", "less"),
    ):  # fmt: skip
        assert html.get_attribute(name) == value
    for page in ("me/as/member/", "me/as/stranger/", "me/"):
        noor.go(f"{here}{page}")

    # ---- two congregations
    noor.go(link_for(rua, there, noor.name))
    noor.press("Come in")
    noor.go("/")
    noor.look("home of two")
    assert noor.sees(slugs[0].title())
    noor.follow(re.compile(f"Go in.*{slugs[1].title()}"))
    noor.page.locator(".hop summary").click()
    noor.look("the switch, open")
    noor.page.locator(".hop").get_by_role("link", name=slugs[0].title()).click()
    noor.page.wait_for_url(f"**{here}")

    # ---- leaving one, and coming back
    noor.go(f"{there}me/leave/")
    noor.press(re.compile("^Leave "))
    noor.page.wait_for_url(f"**{here}")
    assert noor.sees("You have left")
    assert desk.page.goto(f"{installation.url}{there}").status == 404
    noor.go(link_for(rua, there, noor.name))
    noor.press("Come in")
    assert desk.page.goto(f"{installation.url}{there}").status == 200

    # ---- hosting is handed on
    rua.go(f"{there}hosts/")
    rua.page.get_by_label("Who should host as well?").select_option(label=noor.name)
    rua.press("They host as well")
    rua.press("End my term")
    assert rua.sees("Thank you for hosting")

    # ---- closing the account, and taking that back
    noor.go("/account/close/")
    noor.press("Close my account")
    assert noor.sees("only host")
    noor.look("closing refused")
    noor.go(f"{there}hosts/")
    noor.page.get_by_label("Who should host as well?").select_option(label=rua.name)
    noor.press("They host as well")
    noor.go("/account/close/")
    noor.press("Close my account")
    noor.look("the account is closed")
    assert noor.sees("Your account is closed")
    assert desk.page.goto(f"{installation.url}{here}").url.endswith(f"/login/?next={here}")
    text = installation.mail_to(noor.email, "/account/reopen/")
    noor.go(re.search(r"https?://\S+/account/reopen/\S+", text).group(0))
    noor.press("Open it again")
    assert noor.sees("Your account is open again")
