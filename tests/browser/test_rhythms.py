"""A shared house with two rhythms, one without an end: proposed, begun, changed from a day on, paused, left."""

import os
import re
from datetime import timedelta

import pytest

from tests.browser.people import PHONE, Eye
from tests.browser.test_loop import World

# The house and its weekly evening, as founding and a first proposal leave them.
HOUSE = """
from datetime import time, timedelta
from congregation import clock
from congregation.models import Congregation, Member
from crews.models import Crew
from rhythms import committing
now = clock.now()
home = Congregation.objects.get(slug="{slug}")
people = list(Member.objects.filter(congregation=home).order_by("name"))
crew = Crew.objects.create(congregation=home, name="Moss House", kind="house", founded_at=now)
for person in people:
    crew.seat(person, by=None, now=now)
crew.refresh_from_db()
rhythm = committing.rhythm_of(
    crew, tempo="weekly", starts_on=(now + timedelta(days=8)).date(), starts_at=time(19),
    zone=home.zone, minutes=90, place="The long table", name="House evening",
)
evening = committing.propose(
    crew, rhythm=rhythm, starts_on=rhythm.starts_on, times=6, by=people[0], now=now
)
for person in people[1:]:
    evening.say_yes(by=person, now=now)
print(crew.pk)
"""


@pytest.fixture
def eye():
    eye = Eye(os.environ.get("TABLEFUL_SCREENS"))
    yield eye
    assert not eye.faults, "\n".join(sorted(set(eye.faults)))


def dates(person):
    """Return the days that the rhythm's page shows, in words."""
    rows = person.page.locator("section:has(#ah-h) li")
    return [re.sub(r",.*", "", words) for words in rows.all_inner_texts()]


@pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without-javascript"])
def test_two_rhythms_of_a_house(chromium, installation, eye, javascript):
    slug = "bay" if javascript else "cove"
    world = World(chromium, installation, eye, slug, javascript)
    mei = world.found("Mei Ropata")
    noor = world.invite(mei, "Noor Hadi")
    dov = world.invite(mei, "Dov Levi")
    for person in (mei, noor, dov):
        person.page.set_viewport_size(PHONE)
    shell = installation.manage("shell", "-v", "0", "-c", HOUSE.format(slug=slug))
    room = f"{world.home}crews/{shell.strip().splitlines()[-1]}/"

    # ---- a second rhythm beside the first, without an end; what isn't needed stays folded
    noor.go(room)
    assert noor.sees("House evening")
    noor.follow("Another rhythm")
    page = noor.page
    assert page.get_by_text("On which days").first.is_visible()
    page.locator("[name=tempo][value=monthly]").check(force=True)
    assert not page.get_by_text("On which days").first.is_visible()
    assert page.get_by_text("On which day of the month").first.is_visible()
    page.locator("[name=tempo][value=weekly]").check(force=True)
    assert page.get_by_label("How many times").is_visible()
    page.locator("[name=ends][value=open]").check(force=True)
    assert not page.get_by_label("How many times").is_visible()
    page.locator("[name=kind][value=working]").check(force=True)
    page.get_by_label("What you call it").fill("Chores")
    today = noor.page.locator("[name=date]").get_attribute("min")
    page.locator("[name=date]").fill(_day_after(today, 9))
    page.locator("[name=time]").fill("18:00")
    noor.press("Show me the dates")
    assert noor.sees(re.compile("and so on, with a look-back each quarter"))
    noor.look("a rhythm, with its dates")
    noor.press("Propose, with my yes")
    for person in (mei, dov):
        person.go(room)
        person.press("Yes, I’m in")
    dov.go(room)
    assert dov.sees("Our rhythms")

    # ---- changed from its third meeting on, on a phone
    dov.follow("Chores")
    assert dov.sees(re.compile("without an end"))
    before = dates(dov)
    dov.page.locator("section:has(#ah-h) li a").nth(2).click()
    dov.page.wait_for_load_state()
    dov.follow("This and later")
    assert dov.sees("Now: ")
    third = dov.page.locator("[name=date]").input_value()
    dov.page.locator("[name=date]").fill(_day_after(third, 1))
    dov.press("Show me the dates")
    dov.press("Save")
    after = dates(dov)
    assert after[:2] == before[:2]
    assert after[2] != before[2]
    assert dov.sees("The others are told once")
    mei.go(f"{world.home}notices/")
    assert mei.sees(re.compile("Chores of Moss House has changed"))

    # ---- a pause, and back; out of it, and in again
    dov.page.locator("[name=dates]").first.check(force=True)
    dov.press("Leave these out")
    assert dov.sees("left out")
    dov.look("a rhythm with a pause")
    dov.press(re.compile("Meet after all"))
    assert not dov.page.get_by_text("left out", exact=True).count()
    mei.go(room)
    mei.follow("Chores")
    assert mei.sees(re.compile("this rhythm would end"))


def _day_after(day, n):
    from datetime import date

    return (date.fromisoformat(day) + timedelta(days=n)).isoformat()
