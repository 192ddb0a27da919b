"""*We met* on a phone: from the mail's link without signing in, and without a connection."""

import json
import re

import pytest

from tests.browser.people import DESK, PHONE, Eye, Person

WORLD = """
import datetime as dt, json
from congregation import clock
from congregation.models import *
from crews.models import *
from rhythms import committing, links
now = clock.now()
here = Congregation.objects.create(
    name="Otaki", slug="draft", zone="UTC", founded_at=now - dt.timedelta(days=300)
)
people = []
for name in ("Ana Sefo", "Dov Levi", "Joel King"):
    user = User.objects.create_user(name.split()[0].lower() + "@draft.example", proven=True)
    people.append(Member.objects.create(
        congregation=here, user=user, name=name, joined_at=now - dt.timedelta(days=200)
    ))
Host.objects.create(congregation=here, member=people[0], since=now)
crew = Crew.objects.create(
    congregation=here, name="Seed Library", state="active", founded_at=now - dt.timedelta(days=60)
)
for person in people:
    crew.seat(person, by=None, now=now - dt.timedelta(days=60))
begins = (now - dt.timedelta(days=7, hours=3)).replace(second=0, microsecond=0)
idea = Idea.objects.create(
    congregation=here, caller=people[0], name="Seed Library", intention="Swap seeds.", times=6,
    tempo="weekly", minutes=60, begins_on=begins.date(), begins_at=begins.time(), zone="UTC",
    floated_at=now, open_until=now,
)
commitment = committing.first(crew, idea, people, now=begins - dt.timedelta(days=3))
first, second, soon = commitment.meetings.order_by("number")[:3]
Meeting = type(first)
# Three that are over, and all of this week.
days = dt.timedelta(days=6)
Meeting.objects.filter(pk=first.pk).update(
    starts_at=first.starts_at + days, ends_at=first.ends_at + days
)
first.refresh_from_db()
third = commitment.meetings.order_by("number")[3]
back = dt.timedelta(days=16)
Meeting.objects.filter(pk=third.pk).update(
    starts_at=third.starts_at - back, ends_at=third.ends_at - back
)
third.refresh_from_db()
print(json.dumps({
    "crew": str(crew.pk), "first": str(first.pk), "second": str(second.pk), "soon": str(soon.pk),
    "we_met": links.link("we-met", first, people[1]),
    "third": str(third.pk), "we_met_2": links.link("we-met", third, people[1]),
    "coming": links.link("coming", soon, people[1], "late"),
}))
"""
SAID = """
import json
from congregation.models import Event
from rhythms.models import *
row = Meeting.objects.get(pk="{pk}")
log = Log.objects.filter(meeting=row).first()
print(json.dumps([
    row.state, row.came, log and log.note, Correction.objects.filter(meeting=row).count(),
    Event.objects.filter(subject=row.pk, verb="meeting.log").count(),
]))
"""
NOTED = "document.querySelector('.later-note')?.innerText.includes('is sent by itself')"
KEPT = (
    "Object.keys(localStorage).filter(k => k.startsWith('draft:')).map(k => localStorage[k]).join()"
)


@pytest.fixture
def eye():
    eye = Eye(sizes=(DESK, PHONE))
    eye.seen |= {"/accounts/login/code/", "/accounts/login/code/confirm/", "/c/draft/"}
    yield eye
    # That there was no connection is what this is about.
    faults = [
        fault
        for fault in eye.faults
        if "ERR_INTERNET_DISCONNECTED" not in fault and "Failed to fetch" not in fault
    ]
    assert not faults, "\n".join(sorted(set(faults)))


@pytest.fixture(scope="module")
def ids(installation):
    made = installation.manage("shell", "-v0", "-c", WORLD)
    return json.loads(made.strip().splitlines()[-1])


def said(installation, pk):
    found = installation.manage("shell", "-v0", "-c", SAID.replace("{pk}", pk))
    return json.loads(found.strip().splitlines()[-1])


@pytest.mark.parametrize("javascript", [True, False])
def test_from_the_mail_in_three_taps(chromium, installation, eye, ids, javascript):
    dov = Person(chromium, installation, eye, "Dov Levi", PHONE, javascript=javascript)
    # The first tap opened the mail's link.
    dov.go(ids["we_met" if javascript else "we_met_2"])
    box = dov.page.locator("label", has_text="Joel")
    box.click()
    save = dov.page.get_by_role("button", name="Save")
    assert save.bounding_box()["y"] + save.bounding_box()["height"] <= PHONE["height"]
    save.click()
    assert dov.page.get_by_role("heading", name="It is noted").is_visible()
    dov.look("noted by mail")
    pk = ids["first" if javascript else "third"]
    assert said(installation, pk) == ["held", 2, "", 0, 1]
    dov.go(ids["coming"])
    dov.page.get_by_role("button", name="Send my answer").click()
    assert dov.sees("Your answer: Late.")
    dov.look("answered by mail")


def test_without_a_connection(chromium, installation, eye, ids):
    ana = Person(chromium, installation, eye, "Ana Sefo", PHONE)
    ana.email = "ana@draft.example"
    ana.sign_in()
    path = f"/c/draft/meetings/{ids['second']}/we-met/"
    before = said(installation, ids["second"])[3:]

    ana.go(path)
    ana.context.set_offline(True)
    ana.page.get_by_label("One line to remember").fill("Frost, and soup.")
    ana.page.get_by_role("button", name="Save").click()
    ana.until(NOTED)
    ana.look("kept without a connection")
    kept = ana.page.evaluate(KEPT)
    assert "Frost, and soup." in kept
    for name in ("Dov", "Joel", "Sefo", "csrf"):
        assert name not in kept
    ana.context.set_offline(False)
    ana.until("!location.pathname.endsWith('/we-met/')")
    assert ana.page.evaluate(KEPT) == ""
    state, _came, line, corrections, events = said(installation, ids["second"])
    assert (state, line) == ("held", "Frost, and soup.")
    assert events == before[1] + 1

    # The page is closed meanwhile: the next one that is opened sends it, once.
    ana.go(path)
    ana.context.set_offline(True)
    ana.page.get_by_label("One line to remember").fill("Soup, and frost.")
    ana.page.get_by_role("button", name="Save").click()
    ana.until(NOTED)
    ana.page.close()
    ana.context.set_offline(False)
    ana.page = ana.context.new_page()
    ana.page.goto(f"{installation.url}/c/draft/people/")
    ana.until("document.getElementById('toasts').innerText.includes('is sent now')")
    ana.until(f"({KEPT}) === ''")
    ana.page.reload()
    assert said(installation, ids["second"])[2:] == [
        "Soup, and frost.",
        corrections + 1,
        before[1] + 2,
    ]


def test_what_someone_noted_meanwhile_is_not_written_over(chromium, installation, eye, ids):
    joel = Person(chromium, installation, eye, "Joel King", PHONE)
    joel.email = "joel@draft.example"
    joel.sign_in()
    joel.go(f"/c/draft/meetings/{ids['first']}/we-met/")
    joel.context.set_offline(True)
    joel.page.get_by_label("One line to remember").fill("Mine.")
    joel.page.get_by_role("button", name="Save").click()
    joel.until(NOTED)
    installation.manage(
        "shell", "-v0", "-c",
        "from rhythms.models import *; from congregation import clock;"
        f"m = Meeting.objects.get(pk='{ids['first']}');"
        "m.log(here=m.people(), by=m.people()[1], now=clock.now(), note='Theirs.')",
    )  # fmt: skip
    joel.context.set_offline(False)
    joel.until("document.querySelector('.draft-note')")
    assert said(installation, ids["first"])[2] == "Theirs."
    assert joel.page.get_by_label("One line to remember").input_value() == "Mine."

    # Signing out shows what was never sent, and then wipes it.
    joel.go("/c/draft/me/")
    joel.page.get_by_role("button", name=re.compile("Sign out")).first.click()
    joel.until("!document.getElementById('drafts').hidden")
    assert joel.sees("We met")
    joel.page.locator("[data-forget]").click()
    joel.until(f"({KEPT}) === ''")
