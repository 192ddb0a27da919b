"""The score and everyone's rhythms, at a desk and on a phone: a host begins a call, a member comes to it."""

import os
import re

from tests.browser.people import DESK, NARROW, PHONE, Eye
from tests.browser.test_loop import World


def test_everyone_s_rhythms_and_the_score(chromium, installation):
    # How people come in is looked at elsewhere.
    world = World(chromium, installation, Eye(sizes=()), "otaki", True)
    eye = Eye(os.environ.get("TABLEFUL_SCREENS"), sizes=(DESK, PHONE, NARROW))
    mei = world.found("Mei Ropata")
    ana = world.invite(mei, "Ana Sefo")
    mei.eye = ana.eye = eye

    # ---- nothing yet
    ana.page.set_viewport_size(PHONE)
    ana.go(f"{world.home}calendar/")
    ana.look("an empty month")
    ana.follow("Year")
    assert ana.sees("Nothing is on this year")
    ana.look("an empty year")

    # ---- a host takes what is suggested
    mei.go(f"{world.home}rhythms/ours/")
    mei.page.get_by_role("link", name=re.compile("Begin.*Peer-support call")).click()
    mei.look("a new rhythm")
    day = mei.page.evaluate("new Date(Date.now() + 2 * 864e5).toISOString().slice(0, 10)")
    mei.page.locator("[name=date]").fill(day)
    mei.press("Begin")
    assert mei.sees("Peer-support call has its dates.")
    mei.look("one of everyone's rhythms")
    mei.follow("Change all to come")

    # ---- a member comes to it, in one tap
    ana.go(f"{world.home}rhythms/ours/")
    ana.press(re.compile("I’m coming"))
    assert "/meetings/" in ana.page.url
    ana.look("a date of everyone's")

    # ---- and finds it in the year, by keyboard too; what has no page yet is no link
    ana.go(f"{world.home}calendar/?year={day[:4]}")
    ana.look("a year")
    notes = ana.page.locator(".yscore a.note-h")
    assert notes.count() >= 1
    notes.first.focus()
    ana.page.keyboard.press("Enter")
    ana.page.wait_for_url("**/meetings/**")
    ana.page.go_back()
    assert f"year={day[:4]}" in ana.page.url
    ana.page.locator("summary", has_text="The same as a table").click()
    assert ana.page.locator(".year-table").get_by_text("Peer-support call").first.is_visible()
    ana.follow("Mine")
    assert "show=mine" in ana.page.url
    assert not ana.page.locator(".note-h").count()
    ana.follow("Month")
    assert "show=mine" in ana.page.url
    ana.page.go_back()
    assert "year=" in ana.page.url

    # ---- the next year comes round by its rule
    ana.go(f"{world.home}calendar/?year={int(day[:4]) + 1}")
    ana.look("next year")
    assert ana.page.locator(".yscore span.note-h.is-later").count() >= 6
    assert not eye.faults, "\n".join(sorted(set(eye.faults)))
