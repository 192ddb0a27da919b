"""A look-back at the browser: put by before, written, grouped, weighed, and a change that opens the next one."""

import json

import pytest

from tests.browser.people import DESK, PHONE, Eye, Person

WORLD = """
from datetime import timedelta
from zoneinfo import ZoneInfo
import json
from congregation import clock
from congregation.models import *
from crews.models import *
from rhythms import committing
from rhythms.models import *
now = clock.now()
before = now - timedelta(days=8)
here = Congregation.objects.create(
    name="Otaki", slug="back", zone="Pacific/Auckland", founded_at=now - timedelta(days=300)
)
people = []
for name in ("Ana Sefo", "Dov Levi", "Joel King"):
    user = User.objects.create_user(name.split()[0].lower() + "@back.example", proven=True)
    people.append(Member.objects.create(
        congregation=here, user=user, name=name, joined_at=now - timedelta(days=200)
    ))
Host.objects.create(congregation=here, member=people[2], since=now)
crew = Crew.objects.create(
    congregation=here, name="Seed Library", state="active", founded_at=now - timedelta(days=60)
)
for person in people:
    crew.seat(person, by=None, now=now - timedelta(days=60))
last = (now + timedelta(hours=1)).astimezone(ZoneInfo(here.zone))
rhythm = committing.rhythm_of(
    crew, tempo="weekly", starts_on=last.date() - timedelta(days=7),
    starts_at=last.time().replace(second=0, microsecond=0), zone=here.zone, minutes=60,
)
commitment = committing.propose(
    crew, rhythm=rhythm, starts_on=rhythm.starts_on, times=2, by=people[0], now=before
)
for person in people[1:]:
    commitment.say_yes(by=person, now=before)
Meeting.objects.filter(commitment=commitment, number=1).update(state="held", came=3, seated=3)
print(json.dumps({"crew": str(crew.pk)}))
"""


@pytest.fixture
def eye():
    eye = Eye(sizes=(DESK, PHONE))
    # What others have looked at already.
    eye.seen |= {"/accounts/login/code/", "/accounts/login/code/confirm/", "/c/back/"}
    yield eye
    assert not eye.faults, "\n".join(sorted(set(eye.faults)))


def test_from_a_slip_to_a_change_that_opens_the_next_one(chromium, installation, eye):
    ids = json.loads(installation.manage("shell", "-v0", "-c", WORLD).strip().splitlines()[-1])
    home = "/c/back/"
    room = f"{home}crews/{ids['crew']}/"

    def person(name, size, javascript):
        one = Person(chromium, installation, eye, name, size, javascript)
        one.email = f"{one.first.lower()}@back.example"
        one.sign_in()
        return one

    # Two on a phone, one of them without JavaScript, and one at a desk.
    ana = person("Ana Sefo", PHONE, javascript=True)
    dov = person("Dov Levi", PHONE, javascript=False)
    joel = person("Joel King", DESK, javascript=True)
    everyone = (ana, dov, joel)

    # ---- put by before: one's own alone
    for one, words in ((ana, "Elif’s soup."), (dov, "Reading aloud.")):
        one.go(room)
        one.follow("Put something by for the look-back")
        one.page.get_by_label("In a few words").fill(words)
        one.press("Put it by")
        assert one.sees(words)
        one.look("slips put by")
    assert not joel.go(f"{room}slips/").get_by_text("soup").count()
    ana.go(f"{room}manner/")

    # ---- written alone
    installation.move(hours=6)
    installation.sweep()
    for one in everyone:
        one.go(home)
        one.follow("Start looking back")
        asked = one.page.get_by_label("What do we celebrate?")
        if one is ana:
            assert asked.input_value() == "Elif’s soup."
        asked.fill(f"{asked.input_value()}\nThat {one.first} sang.".strip())
        one.page.get_by_label("What worked?").fill("Food first.")
        one.page.get_by_label("One thing to change").fill("End at nine.\nWalk more.")
        one.page.get_by_role("radio", name="Continue").check(force=True)
        one.press("I’ve written")
    assert joel.sees("What we found")
    assert joel.sees("Elif’s soup.")
    joel.look("look-back, open")
    found = joel.page.url

    # ---- grouped, without JavaScript, on a phone
    dov.go(found)
    dov.follow("Group what you found")
    part = dov.page.locator("#part-change")
    for box in part.get_by_role("checkbox", name="End at nine.").all():
        box.check(force=True)
    part.get_by_label("What it has in common").fill("How it ends")
    dov.press("Lay together", within=part)
    assert dov.sees("How it ends")
    ana.go(f"{found}group/")
    dov.press("Begin to weigh")

    # ---- weighed, face down until the last one
    for one in everyone:
        one.go(f"{found}weigh/")
        theme = one.page.get_by_role("group", name="How it ends")
        theme.get_by_role("radio", name="2").check(force=True)
        one.press("Lay my dots")
        if one is not joel:
            assert one.sees("Your dots lie face down")
            assert not one.sees("6 dots")
        one.look("dots, face down" if one is ana else "")
    assert joel.page.get_by_text("6 dots").count()

    # ---- a change, with someone who carries it
    ana.go(found)
    change = ana.page.locator("#change")
    change.get_by_role("radio", name="How it ends").check(force=True)
    change.get_by_role("radio", name="Dov").check(force=True)
    ana.press("We try this")
    assert ana.sees("Dov carries it.")
    for one in everyone:
        one.go(found)
        one.press("Yes to this")
    ana.go(f"{room}look-backs/")

    # ---- the next look-back opens with it
    installation.move(days=30)
    installation.sweep()
    for one in everyone:
        one.go(home)
        one.follow("Start looking back")
        assert one.sees("How it ends")
        assert one.sees("Dov carried it.")
        one.page.locator("#helped").get_by_role("radio", name="Yes").check(force=True)
        one.page.get_by_role("radio", name="Continue").check(force=True)
        one.press("I’ve written")
    joel.go(joel.page.url)
    assert joel.sees("Did it help?")
    ana.go(f"{room}look-backs/")
    assert ana.sees("most of you found that one helped")
    for one in everyone:
        one.context.close()
