"""Two gentle ways to begin: one crew first, and a first evening."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.browser.people import DESK, PHONE, Eye, Person

ZONE = "--zone=Pacific/Auckland"


@pytest.fixture
def eye():
    eye = Eye()
    yield eye
    # A room that isn't open yet answers 404 on purpose.
    eye.faults = [fault for fault in eye.faults if "404 (Not Found)" not in fault]
    assert not eye.faults, "\n".join(sorted(set(eye.faults)))


def set_out(installation, name, slug, email, *more):
    """Found a congregation from the command line."""
    installation.manage(
        "found",
        name,
        f"--slug={slug}",
        "--host-name=Mei Ropata",
        f"--host-email={email}",
        ZONE,
        *more,
    )


@pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without-javascript"])
def test_one_crew_first(chromium, installation, eye, javascript):
    slug = "seeds" if javascript else "looms"
    mei = Person(chromium, installation, eye, "Mei Ropata", DESK, javascript)
    ana = Person(chromium, installation, eye, "Ana Sefo", PHONE, javascript)
    for person in (mei, ana):
        person.email = f"{person.first.lower()}@{slug}.example"
    set_out(
        installation, "Seed Library", slug, mei.email, "--one-crew", "--seats=3", "--purpose=Seeds."
    )
    mei.sign_in()
    mei.go(f"/c/{slug}/")
    mei.look("home of one crew")
    assert mei.sees("Who else belongs at this table?")
    mei.go(f"/c/{slug}/ideas/")
    assert mei.sees("This room opens later")
    mei.go(f"/c/{slug}/host/")
    assert mei.sees("Room for two more")
    mei.go(f"/c/{slug}/founded/")
    mei.go(f"/c/{slug}/people/")
    mei.go(f"/c/{slug}/crews/")
    mei.look("one crew")

    mei.go(f"/c/{slug}/invitations/new/")
    mei.page.get_by_label("Their name").fill(ana.name)
    mei.press("Hold a seat open")
    link = re.search(r"http\S+/welcome/\S+", mei.page.locator("#link").inner_text()).group(0)
    ana.page.goto(link)
    ana.look("welcome to one crew")
    assert ana.page.get_by_text("At the table of Seed Library").is_visible()
    ana.page.get_by_label("E-mail").fill(ana.email)
    ana.press("Come in")
    ana.page.get_by_label("Code").fill(ana.code())
    ana.press("Go on")
    assert ana.sees("Your crew")
    ana.go(f"/c/{slug}/crews/")
    assert ana.sees("A crew meets from 3 people on.")

    mei.go(f"/c/{slug}/grow/")
    mei.page.get_by_label("What the congregation is called").fill("Ōtaki Valley")
    mei.press("Open it for good")
    assert mei.sees("How we are")
    ana.go(f"/c/{slug}/ideas/")
    assert not ana.page.get_by_text("This room opens later").is_visible()


@pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without-javascript"])
def test_a_first_evening(chromium, installation, eye, javascript):
    slug = "soup" if javascript else "bread"
    mei = Person(chromium, installation, eye, "Mei Ropata", DESK, javascript)
    kaia = Person(chromium, installation, eye, "Kaia Moana", PHONE, javascript)
    for person in (mei, kaia):
        person.email = f"{person.first.lower()}@{slug}.example"
    soon = datetime.now(ZoneInfo("Pacific/Auckland")) + timedelta(hours=1)
    when = f"--evening={soon:%Y-%m-%dT%H:%M}"
    set_out(installation, "Ōtaki Valley", slug, mei.email, when, "--place=The hall")
    # The pages of signing in, and home, are looked at elsewhere.
    eye.seen |= {"/accounts/login/code/", "/accounts/login/code/confirm/", f"/c/{slug}/"}
    mei.sign_in()
    mei.go(f"/c/{slug}/evenings/new/")
    mei.go(f"/c/{slug}/founded/")
    mei.follow("The evening")
    evening = mei.page.url
    assert mei.sees("0 people wait for your yes.")
    mei.follow("The picture for the table")
    table = mei.page.locator(".poster .any").inner_text().strip()

    kaia.page.goto(table)
    kaia.look("at the table")
    kaia.page.get_by_label("Your name").fill(kaia.name)
    kaia.page.get_by_label("E-mail").fill(kaia.email)
    kaia.page.get_by_label("What brings you here?").fill("Seeds, and the people who keep them.")
    kaia.press("Sit down")
    kaia.page.get_by_label("Code").fill(kaia.code())
    kaia.press("Go on")
    kaia.look("sitting at the table")
    assert kaia.sees("You sit at the table, Kaia")

    mei.go(evening)
    mei.look("an evening with one who waits")
    assert mei.sees("Kaia Moana")
    mei.press("Let Kaia in")
    if javascript:
        kaia.until("location.pathname.startsWith('/c/')", deadline=20)
    else:
        kaia.go("/")
    assert kaia.sees("Hello, Kaia")
    kaia.go(evening)
    kaia.look("an evening where one was")
    kaia.press("Put the first on my card")
    assert kaia.sees("The first is on your card.")
    mei.page.goto(table)
    mei.press("I’m here")

    # A new picture ends the one that somebody has photographed.
    mei.go(evening)
    mei.press("Make a new one")
    lou = Person(chromium, installation, eye, "Lou Park", PHONE, javascript)
    lou.page.goto(table)
    lou.look("a picture that opens nothing")
    assert lou.sees("This picture opens nothing")

    # When it is over, those who were there are asked whom they would sit with again.
    installation.move(hours=6)
    try:
        for person in (kaia, mei):
            person.go(evening)
            person.look("an evening that is over")
            assert person.sees("Anyone you’d like to sit with again?")
            person.press(re.compile("I’d like to"))
            assert person.sees("Noted")
        installation.sweep()
        kaia.go(evening)
        assert kaia.sees("Say hello")
    finally:
        installation.move(hours=-6)
