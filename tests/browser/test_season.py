"""A season of 24 people: a host and one member at their browsers, the others by what they do."""

import os
import re

from tests.browser.people import DESK, PHONE, Eye
from tests.browser.test_loop import World

OTHERS = """
from datetime import timedelta
from congregation import clock
from congregation.models import Congregation, Member, User
from crews import rules
from crews.models import Card, Proposal, Season, Seeker
from crews import seasons
now = clock.now()
here = Congregation.objects.get(slug="otaki")
"""
JOIN = """
season = Season.objects.get()
for number in range(22):
    person = Member.objects.create(
        congregation=here, name=f"Person {number}", joined_at=now,
        user=User.objects.create_user(f"p{number}@table.example"),
    )
    Congregation.objects.filter(pk=here.pk).update(places_taken=number + 3)
    days = {1: (1, 3), 2: (3, 5)}.get(number % 4, (1,)) if number < 21 else (6,)
    Card.of(person).free([rules.Free(day, 1080, 1320) for day in days], by=person)
    Seeker.join(season, by=person, now=now)
print(season.people().count())
"""
ANSWER = """
for proposal in Proposal.objects.asking().select_related("season__congregation", "idea"):
    for person in proposal.people().exclude(name__startswith="Ana"):
        seasons.answer(proposal, True, by=person, now=now)
"""


def test_a_season_of_24_people(chromium, installation):
    # How people come in is looked at elsewhere.
    world = World(chromium, installation, Eye(sizes=()), "otaki", True)
    eye = Eye(os.environ.get("TABLEFUL_SCREENS"), sizes=(DESK, PHONE))

    def others(do):
        return installation.manage("shell", "--verbosity", "0", "-c", OTHERS + do)

    mei = world.found("Mei Ropata")
    ana = world.invite(mei, "Ana Sefo")
    mei.eye = ana.eye = eye
    ana.go(f"{world.home}season/")
    assert ana.sees("No season is open just now.")

    # ---- a host opens it, for some weeks
    mei.go(f"{world.home}season/")
    mei.follow("Open a season")
    mei.page.get_by_label("What shall it be called?").fill("Summer crews")
    days = mei.page.evaluate("""() => [14, 35].map(
        (days) => new Date(Date.now() + days * 864e5).toISOString().slice(0, 10))""")
    mei.page.locator("[name=says_until]").fill(days[0])
    mei.page.locator("[name=closes_on]").fill(days[1])
    mei.press("Open it, and tell everyone")
    assert mei.sees("Summer crews")

    # ---- a member takes part, and says when
    ana.go(f"{world.home}season/")
    ana.follow("I’d take part")
    for day in ("Tuesday", "Thursday"):
        box = ana.page.get_by_role("checkbox", name=re.compile(f"{day}, evening", re.I))
        box.check(force=True)
    ana.press("I’d take part")
    assert ana.sees("You take part")
    ana.look("season, taking part")

    # ---- so do 22 others, and the host
    others(JOIN)
    mei.go(f"{world.home}season/")
    mei.follow("I’d take part")
    mei.page.get_by_role("checkbox", name=re.compile("Thursday, evening", re.I)).check(force=True)
    mei.press("I’d take part")
    mei.follow("How it goes")
    assert mei.page.locator("#progress dd").first.inner_text() == "24"
    mei.press("Put tables together now")
    installation.sweep()

    # ---- a table is proposed; each says in private whether they would
    ana.page.goto(f"{installation.url}{world.home}")
    ana.page.get_by_role("link", name=re.compile("Answer")).first.click()
    ana.look("season, a table proposed")
    assert ana.sees("All can")
    ana.press("Not this time")
    assert ana.sees("You said: not this time.")
    others(ANSWER)
    assert not ana.page.get_by_text("Your crew forms").count()
    ana.press("Yes, with these people")
    ana.look("a crew that forms")
    assert "/crews/" in ana.page.url
    ana.go(f"{world.home}season/")
    assert ana.sees("Your crew forms")
    mei.go(f"{world.home}season/")
    mei.follow("How it goes")
    mei.look("season, how it goes")
    assert mei.sees("tables for")
    assert not mei.sees("Person 3")

    # ---- and what is left is told kindly
    installation.move(days=36)
    installation.sweep()
    installation.sweep()
    mei.page.reload()
    assert mei.sees("It is over")
    mei.look("season over")
    assert not eye.faults, "\n".join(sorted(set(eye.faults)))
