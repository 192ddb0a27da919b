"""The hosts' letter, from the first word to its reader's phone; and what one is mailed."""

import pytest

from tests.browser.people import DESK, Eye, Person
from tests.browser.test_loop import HOST, World, path_of


@pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without-javascript"])
def test_a_letter_is_written_sent_and_read(chromium, installation, javascript):
    eye = Eye()
    world = World(chromium, installation, eye, "levin" if javascript else "bulls", javascript)
    mei = world.found(HOST)
    ana = world.invite(mei, "Ana Tāmati")
    home = world.home

    # ---- whatever hour it is, it comes at once
    page = ana.go(f"{home}me/")
    ana.follow("How often, of what, and when not")
    page.get_by_label("Quiet from").select_option("")
    page.get_by_text("Each by itself").first.click()
    ana.look("what is mailed, unfolded")
    page.get_by_label("Good to know").select_option("daily")
    ana.press("Save")
    assert page.get_by_label("Good to know").input_value() == "daily"

    # ---- written, read as everyone will, sent
    page = mei.go(f"{home}host/")
    mei.follow("Letters")
    assert mei.sees("No letter has gone out yet.")
    mei.follow("Write a letter")
    assert mei.sees("Your first one.")
    mei.press("Save and read it")
    assert mei.sees("2 things need another look") or mei.sees("One thing needs another look")
    page.get_by_label("What it is called").fill("Late spring")
    page.get_by_label("Your words").fill("We met by the river.\n\nBring soup on Saturday.")
    mei.press("Save and read it")
    mei.look("a letter, still a draft")
    assert mei.sees("We met by the river.")
    draft = path_of(page)
    ana.page.goto(f"{installation.url}{home}letters/")
    assert ana.sees("No letter has gone out yet.")
    mei.press("Send it to everyone")
    assert mei.sees("It is on its way to 2 people.")
    mei.look("a letter that was sent")

    # ---- in the mailbox, and from the phone's menu
    installation.sweep()
    text = installation.mail_to(ana.email, "Late spring")
    assert "We met by the river." in text
    assert f"{home}letters/" in text
    ana.go(f"{home}more/")
    ana.follow("Letters")
    ana.follow("Late spring")
    assert path_of(ana.page) == draft
    assert ana.sees("Bring soup on Saturday.")
    short = ana.page.locator("#letter-words").inner_text().split()[-1]
    stranger = Person(chromium, installation, eye, "Zed Away", DESK, javascript)
    stranger.page.goto(short)
    assert "/accounts/login" in stranger.page.url
    assert not stranger.sees("Late spring")
    for person in (mei, ana, stranger):
        person.context.close()
    assert not eye.faults, "\n".join(sorted(set(eye.faults)))
