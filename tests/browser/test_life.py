"""A crew's life at the browser: a parting, someone who joins, an ending, and the agreement on one sheet."""

import json
import re

import pytest

from tests.browser.people import DESK, PHONE, Eye, Person

WORLD = """
from datetime import timedelta
import json
from congregation import clock
from congregation.models import *
from crews.models import *
now = clock.now()
here = Congregation.objects.create(
    name="Otaki", slug="life", zone="Pacific/Auckland", founded_at=now - timedelta(days=300)
)
people = {}
for name in ("Ana Sefo", "Dov Levi", "Joel King", "Sam Yu", "Noor Haddad"):
    user = User.objects.create_user(name.split()[0].lower() + "@life.example", proven=True)
    people[name] = Member.objects.create(
        congregation=here, user=user, name=name, joined_at=now - timedelta(days=200)
    )
Host.objects.create(congregation=here, member=people["Noor Haddad"], since=now)
crew = Crew.objects.create(
    congregation=here, name="Seed Library", state="active", founded_at=now - timedelta(days=60)
)
for name in list(people)[:4]:
    crew.seat(people[name], by=None, now=now - timedelta(days=60))
words = "Seed that suits this soil, and time enough to look at it. " * 20
said = {name: words[: Agreement._meta.get_field(name).max_length] for name in Agreement.WORDS}
said["lines"] = "\\n".join([words[:49]] * 40)
Agreement.write(crew, said, read=0, by=people["Ana Sefo"], now=now)
idea = Idea.objects.create(
    congregation=here, caller=people["Dov Levi"], name="Bean Archive", intention="Keep the beans.",
    begins_on=now.date() + timedelta(days=30), begins_at=clock.now().time(), zone=here.zone,
    floated_at=now, open_until=now + timedelta(days=20),
)
print(json.dumps({"crew": str(crew.pk), "idea": str(idea.pk), **{n.split()[0]: str(p.pk) for n, p in people.items()}}))
"""


@pytest.fixture
def eye():
    eye = Eye(sizes=(DESK, PHONE))
    # What others have looked at already.
    eye.seen |= {"/accounts/login/code/", "/accounts/login/code/confirm/", "/c/life/"}
    yield eye
    assert not eye.faults, "\n".join(sorted(set(eye.faults)))


def test_a_parting_a_joining_and_an_ending(chromium, installation, eye, tmp_path):
    ids = json.loads(installation.manage("shell", "-v0", "-c", WORLD).strip().splitlines()[-1])
    room = f"/c/life/crews/{ids['crew']}/"

    def person(name, size=DESK):
        one = Person(chromium, installation, eye, name, size)
        one.email = f"{one.first.lower()}@life.example"
        one.sign_in()
        return one

    ana, dov = person("Ana Sefo"), person("Dov Levi", PHONE)
    joel, sam = person("Joel King"), person("Sam Yu", PHONE)

    # The agreement prints on one sheet of A4, even as long as it can be.
    ana.go(f"{room}agreement/")
    sheet = ana.page.pdf(format="A4")
    assert re.findall(rb"/Count (\d+)", sheet) == [b"1"]
    ana.go(f"{room}agreement/write/")

    # The pages along the way, each looked at once.
    for page in ("time/", "invite/", "sit/", "meet/"):
        ana.go(f"{room}{page}")

    # A seed: one's own idea, which someone else of the crew visits.
    dov.go(f"/c/life/ideas/{ids['idea']}/")
    dov.press("A seed of Seed Library")
    dov.look("an idea that is a seed")
    ana.go(f"/c/life/ideas/{ids['idea']}/")
    ana.press("I’ll visit")
    ana.look("a room with a seed")
    dov.page.reload()
    assert dov.sees("Ana Sefo visits the crew that comes of it.")

    # A partnership: one asks, the other says yes, and nobody else sees it.
    ana.go(f"/c/life/people/{ids['Dov']}/partner/")
    ana.press("Ask Dov")
    ana.look("having asked to be partners")
    dov.go("/c/life/notices/")
    dov.press(re.compile("Ana .*partner"))
    dov.look("asked to be partners")
    dov.press(re.compile("^Yes"))
    joel.go("/c/life/crews/")
    assert not joel.sees("Ana and Dov")
    ana.go("/c/life/crews/")
    ana.follow("Ana and Dov")

    # A parting: all the others say yes, and the one concerned sees nothing until then.
    ana.go(room)
    ana.follow("It is hard with one of us")
    ana.page.get_by_label("Whom?").select_option("Joel King")
    ana.press("Ask the others, with my yes")
    ana.look("a room that is asked")
    joel.go(room)
    assert not joel.page.get_by_text("Shall we part").count()
    dov.go(room)
    assert dov.sees("Shall we part with Joel King?")
    dov.press(re.compile("^Yes"), dov.page.locator("#questions"))
    assert dov.sees("Not yet everyone.")
    sam.go(room)
    sam.press(re.compile("^Yes"), sam.page.locator("#questions"))
    joel.go("/c/life/notices/")
    joel.press(re.compile("Seed Library goes on without you"))
    joel.look("parted")
    assert joel.sees("The others have decided to part.")
    joel.press("Ask a host to introduce me")

    # A joining: whoever asks sits down with the yes of the last, and sees nothing of it before.
    noor = person("Noor Haddad", PHONE)
    noor.go(f"/c/life/people/{ids['Joel']}/introduce/")
    noor.page.get_by_label("Or to someone").select_option("Sam Yu")
    noor.press("Offer it")
    joel.go("/c/life/")
    joel.follow(re.compile("the introduction"))
    joel.press("Yes, please")
    joel.look("having said yes to an introduction")
    noor.go(room)
    noor.follow("Ask to join")
    noor.page.get_by_label(re.compile("A word")).fill("I have beans of my grandmother’s.")
    noor.press("Ask")
    noor.look("outside a crew, having asked")
    for one in (ana, dov, sam):
        noor.go(room)
        assert noor.sees("You asked to join")
        one.go(room)
        assert one.sees("I have beans of my grandmother’s.")
        one.press("Yes, with Noor", one.page.locator("#requests"))
    noor.go(room)
    assert noor.sees("Only the four of you can see this page")

    # An ending: everyone's yes, a closing page, and a lesson for all.
    ana.go(room)
    ana.follow("Come to an end")
    ana.press("Ask them, with my yes")
    for one in (dov, sam, noor):
        one.go(room)
        one.press(re.compile("^Yes"), one.page.locator("#questions"))
    ana.go(room)
    ana.look("a closing page")
    ana.page.get_by_label(re.compile("What did we make")).fill("Forty kinds of beans.")
    ana.press("Write it")
    dov.go(room)
    assert dov.sees("Forty kinds of beans.")
    ana.follow("Share a lesson with the congregation")
    ana.page.get_by_label(re.compile("What have you learned")).fill("Begin with food.")
    ana.press("Ask the others, with my yes")
    for one in (dov, sam, noor):
        one.go(room)
        one.press(re.compile("^Yes"), one.page.locator("#questions"))
    joel.go("/c/life/lessons/")
    assert joel.sees("Begin with food.")
