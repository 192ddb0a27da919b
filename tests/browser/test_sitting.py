"""A sitting on several devices: one clock for all, whatever their own clocks and connections are like."""

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
from rhythms.models import *
now = clock.now()
here = Congregation.objects.create(
    name="Otaki", slug="sit", zone="Pacific/Auckland", founded_at=now - timedelta(days=300)
)
people = {}
for name in ("Ana Sefo", "Dov Levi", "Joel King"):
    user = User.objects.create_user(name.split()[0].lower() + "@sit.example", proven=True)
    people[name] = Member.objects.create(
        congregation=here, user=user, name=name, joined_at=now - timedelta(days=200)
    )
crew = Crew.objects.create(
    congregation=here, name="Seed Library", state="active", founded_at=now - timedelta(days=60)
)
for person in people.values():
    crew.seat(person, by=None, now=now - timedelta(days=60))
meeting = Meeting.objects.create(
    congregation=here, crew=crew, starts_at=now - timedelta(minutes=5),
    ends_at=now + timedelta(minutes=85), zone=here.zone,
)
print(json.dumps({"meeting": str(meeting.pk)}))
"""
LEFT = "document.querySelector('[data-left]').textContent"
STEP = "document.querySelector('#st').textContent"
# How far what a device shows is from what another one does, in seconds.
CLOSE = 4


@pytest.fixture
def eye():
    eye = Eye(sizes=(DESK, PHONE))
    eye.seen |= {"/accounts/login/code/", "/accounts/login/code/confirm/", "/c/sit/"}
    yield eye
    # That a connection is lost is what one of them is put through.
    lost = ("ERR_INTERNET_DISCONNECTED", "Failed to fetch")
    faults = {fault for fault in eye.faults if not any(words in fault for words in lost)}
    assert not faults, "\n".join(sorted(faults))


def seconds(person):
    minutes, rest = person.page.evaluate(LEFT).split(":")
    return int(minutes) * 60 + int(rest)


def same_time(one, other):
    """Wait until two devices say that about the same time is left."""
    for _look in range(100):
        if abs(seconds(one) - seconds(other)) <= CLOSE:
            return
        one.page.wait_for_timeout(100)
    raise AssertionError(f"{seconds(one)} s on one, {seconds(other)} s on the other")


def test_one_clock_on_all_devices(chromium, installation, eye):
    ids = json.loads(installation.manage("shell", "-v0", "-c", WORLD).strip().splitlines()[-1])
    meeting = f"/c/sit/meetings/{ids['meeting']}/"

    def person(name, **more):
        one = Person(chromium, installation, eye, name, **more)
        one.email = f"{one.first.lower()}@sit.example"
        one.sign_in()
        return one

    ana, dov = person("Ana Sefo"), person("Dov Levi", size=PHONE)
    joel = person("Joel King", javascript=False)
    # Dov's phone is three hours ahead.
    dov.page.add_init_script("{ const real = Date.now; Date.now = () => real() + 3 * 3600e3; }")

    # Ana sits down to a case clinic; each says their own yes.
    ana.go(f"{meeting}sit/?practice=case-clinic")
    ana.press("Sit down")
    ana.look()
    assert ana.sees("Not yet everyone")
    path = ana.page.url
    dov.go(path)
    dov.press("Yes, I’m in")
    assert dov.sees("Not yet everyone")
    joel.page.goto(path)
    joel.press("Yes, I’m in")
    for one in (ana, dov):
        one.until("document.querySelector('#do-start')")
        one.look("a sitting that is open")

    # One begins, and the others' clocks run; nobody loads anything anew.
    dov.press("Begin")
    ana.until("document.querySelector('#do-pause')")
    same_time(ana, dov)
    assert 170 <= seconds(ana) <= 180
    again = ana.page.locator("#again").get_attribute("hx-trigger")
    assert "every 2s" in again
    ana.press("1 min")
    dov.until(f"parseInt({LEFT}) >= 3")
    same_time(ana, dov)

    # Both press Next at the same moment: one step, on both.
    with ana.page.expect_response(re.compile("/move/")):
        dov.page.evaluate("document.querySelector('#do-next').click()")
        ana.page.evaluate("document.querySelector('#do-next').click()")
    for one in (ana, dov):
        one.until(f"{STEP} === 'Intention'")
    ana.page.wait_for_timeout(2500)
    assert ana.page.evaluate(STEP) == dov.page.evaluate(STEP) == "Intention"

    # Dov's connection is lost; the clock goes on, and what the others do shows once it is back.
    dov.context.set_offline(True)
    dov.until("!document.querySelector('[data-lost]').hidden")
    before = seconds(dov)
    ana.press("Pause")
    dov.until(f"{LEFT} !== '{before // 60}:{before % 60:02}'")
    paused = seconds(ana)
    ana.page.wait_for_timeout(1500)
    assert seconds(ana) == paused
    dov.context.set_offline(False)
    dov.until("document.querySelector('#do-start')")
    assert seconds(dov) == paused
    assert dov.page.evaluate("document.querySelector('[data-lost]').hidden")

    # Someone sets his phone's clock while it runs: the next look at the server sets it right.
    ana.press("Go on")
    dov.until("document.querySelector('#do-pause')")
    dov.page.evaluate("{ const real = Date.now; Date.now = () => real() - 7 * 3600e3; undefined }")
    same_time(ana, dov)

    # The server's clock moves on by six minutes, and both with it.
    installation.move(minutes=6)
    for one in (ana, dov):
        one.until(f"parseInt({LEFT}) < 4")
    same_time(ana, dov)

    # Without a script: which step, how long, until when; and every button works.
    joel.page.reload()
    words = joel.page.inner_text("main")
    assert "Intention" in words
    assert "left, until" in words
    joel.press("Next: Stillness")
    assert "Stillness" in joel.page.inner_text("#st")
    ana.until(f"{STEP} === 'Stillness'")

    # A bell after a tap only, and only once the time is up.
    sound = "document.querySelector('[data-sound]').getAttribute('aria-pressed')"
    assert ana.page.evaluate(sound) == "true"
    ana.page.click("[data-sound]")
    assert ana.page.evaluate(sound) == "false"
    installation.move(minutes=3)
    ana.until("!document.querySelector('[data-time-up]').hidden")
    assert seconds(ana) == 0

    # Stop is within reach on a phone wherever one has scrolled to, and ends it for all.
    dov.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    dov.page.click(".stopper summary")
    dov.page.click("#do-stop")
    for one in (ana, dov):
        one.until(f"{STEP} === 'It is over'")
        one.look("a sitting that is over")
    # Nothing asks any more.
    assert not ana.page.query_selector("#again")
