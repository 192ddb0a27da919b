"""Seven people, each in their own browser, from an invitation to a crew that renews."""

import re
from urllib.parse import urlsplit

import pytest
from PIL import Image

from tests.browser.people import DESK, PHONE, Eye, Person

HOST = "Mei Ropata"
GUESTS = ["Ana Sefo", "Dov Levi", "Joel King", "Noor Haddad", "Pita Morgan", "Ruth Adeyemi"]


@pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without-javascript"])
def test_from_an_invitation_to_a_crew_that_renews(chromium, installation, javascript, tmp_path):
    eye = Eye()
    slug = "otaki" if javascript else "levin"
    home = f"/c/{slug}/"
    world = World(chromium, installation, eye, slug, javascript)

    # ---- founding, and being invited
    mei = world.found(HOST)
    guests = [world.invite(mei, name) for name in GUESTS]
    ana, dov, joel, noor, pita, ruth = guests
    everyone = [mei, *guests]
    mei.go(f"{home}people/")
    assert all(mei.sees(person.name) for person in everyone)

    # ---- finding each other: two wishes become a hello, and a time to talk
    for person in (ana, dov):
        world.write_card(person)
    world.look_round(ana, mei)
    for person, other in ((ana, dov), (dov, ana)):
        person.go(f"{home}people/looking/?q={other.name[4:-1]}x&topic=repair&shared=2&minutes=90")
        assert person.sees("These come close.")
        assert person.sees("two topics: repair, rivers")
        person.press(f"I’d like to talk with {other.first}")
        assert person.sees("Noted")
    installation.sweep()
    ana.go(home)
    ana.follow(f"Say hello to {dov.first}")
    ana.page.get_by_label("A few words").fill("Shall we walk along the river?")
    offers = ana.page.get_by_role("checkbox")
    offered = [box for box in offers.all() if box.get_attribute("name") == "offer"][:3]
    assert len(offered) == 3
    for box in offered:
        box.check()
    ana.press("Say hello")
    dov.go(home)
    dov.follow(f"Say hello to {ana.first}")
    assert dov.sees("Shall we walk along the river?")
    dov.page.locator("input[name=yes]").first.check(force=True)
    dov.press(re.compile("Say hello"))
    assert dov.sees(f"You and {ana.first} have a time to talk")
    ana.page.reload()
    assert ana.look("hello with its time").get_by_text("have a time to talk").first.is_visible()

    # ---- an idea, answers, a table, everyone's yes
    idea = world.float_idea(ana)
    for person in everyone:
        if person is not ana:
            person.go(idea)
            person.page.get_by_label("A word").fill(f"{person.first} brings bread.")
            person.press("I’d join")
    ana.go(idea)
    for box in ana.page.locator("input[name=people]").all():
        box.check(force=True)
    ana.press("Ask them, with my yes")
    ana.look("idea, its table asked")
    for person in everyone:
        if person is not ana:
            person.go(idea)
            assert not person.sees("of 7")
            person.press(re.compile("Yes, with these people"))
    crew = path_of(ruth.page)
    assert "/crews/" in crew
    ruth.go(idea)
    assert ruth.sees("It has become a crew")

    # ---- the first meeting's three conversations
    ana.go(crew)
    ana.follow("Write it together")
    ana.page.get_by_label("What would be ideal?").fill("That each of us mends one thing.")
    ana.page.get_by_label("What we hold to").fill("What’s said at the table stays at the table.")
    ana.press("Save, with my yes")
    for person in (dov, joel):
        person.go(crew)
        person.follow("Read it and say yes")
        person.press("Yes")
    ana.go(crew)
    assert ana.sees("What’s said at the table stays at the table.")

    ana.go(f"{crew}chat/")
    assert ana.sees("Tell our chat")

    # ---- whatever hour it is, the reminder goes at once
    dov.go(f"{home}me/mail/")
    dov.page.get_by_label("Quiet from").select_option("")
    dov.press("Save")

    # ---- six weeks: who comes, the reminder, We met, the turn
    leaders = []
    for week in range(6):
        installation.move(days=6, hours=6 if week == 0 else 0)
        world.until_the_next(ana, crew)
        installation.sweep()
        if week == 0:
            reminder = installation.mail_to(dov.email, "meet")
            assert "Mending Circle" in reminder
            for person, answer in ((dov, "Coming"), (joel, "Late"), (noor, "Can’t")):
                person.go(crew)
                person.press(answer)
                if answer != "Coming":
                    person.page.get_by_label("A word").fill("Until eight.")
        ana.go(crew)
        turn = ana.page.locator("#turn-h").inner_text()
        leaders.append(turn)
        installation.move(hours=26)
        installation.sweep()
        facilitator = (
            next(person for person in everyone if person.first in turn)
            if "your turn" not in turn
            else ana
        )
        facilitator.go(home)
        facilitator.page.get_by_role("link", name=re.compile("We met")).locator(
            "visible=true"
        ).first.click()
        facilitator.look("we met")
        if week == 0:
            # Whoever said "can't" is not marked as having been there.
            assert not facilitator.page.get_by_role(
                "checkbox", name=re.compile(noor.first)
            ).is_checked()
        facilitator.page.get_by_role("radio", name="Warm").check(force=True)
        facilitator.press("Save")
    assert len(set(leaders)) == 6, leaders

    # ---- the look-back: hidden, then open to all at once
    installation.sweep()
    for person in everyone[:-1]:
        person.go(home)
        person.follow("Start looking back")
        person.page.get_by_label("What do we celebrate?").fill(f"{person.first} sang.")
        person.page.get_by_label("One thing to change").fill("Begin with food.")
        way = "Rest" if person is noor else "End" if person is pita else "Continue"
        person.page.get_by_role("radio", name=way).check(force=True)
        person.press("I’ve written")
        assert person.sees("Yours is on the table")
        assert not person.sees("sang.")
    person.look("look-back, waiting")
    installation.move(days=8)
    installation.sweep()
    ana.go(home)
    ana.go(crew)
    ana.follow("Read it")
    for person in everyone[:-1]:
        assert ana.sees(f"{person.first} sang.")
    assert ana.sees("Seat kept")

    # ---- renewal: everyone who goes on says yes, the turn is handed on, the silent one's seat is kept
    lookback = path_of(ana.page)
    for person in (mei, ana, dov, joel):
        person.go(lookback)
        person.press("Yes to this")
    ana.go(crew)
    assert ana.sees("0 of 6")
    ana.look("crew, renewed")
    ruth.go(crew)
    ruth.press("Take my seat again")
    ruth.go(crew)
    assert ruth.sees("0 of 6")
    pita.go(lookback)
    assert pita.sees("Go well")
    mei.go(f"{home}host/")
    assert mei.sees("Mending Circle")

    for path in (
        "people/",
        "crews/",
        "ideas/",
        "calendar/",
        "notices/",
        "me/",
        "more/",
        "invitations/",
        "host/",
        "privacy/",
        "accessibility/",
        "help/",
    ):
        mei.go(f"{home}{path}")
    for person in everyone:
        person.context.close()
    assert not eye.faults, "\n".join(sorted(set(eye.faults)))


@pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without-javascript"])
def test_a_picture_of_oneself(chromium, installation, javascript, tmp_path):
    eye = Eye()
    world = World(chromium, installation, eye, "foxton" if javascript else "shannon", javascript)
    drawing, picture = tmp_path / "me.svg", tmp_path / "me.jpg"
    drawing.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    Image.linear_gradient("L").resize((900, 600)).convert("RGB").save(picture)
    mei = world.found(HOST)
    page = mei.go(f"{world.home}me/")
    page.get_by_label("One line about you").fill("Not saved yet.")
    page.set_input_files("#id_picture", drawing)
    mei.press("Show this picture")
    mei.look("me with a picture that can't be used")
    assert mei.sees("isn’t a kind of picture we can show")
    page.set_input_files("#id_picture", picture)
    mei.press("Show this picture")
    assert page.locator("#picture img, #my-face img").count() == 2
    if javascript:
        assert page.get_by_label("One line about you").input_value() == "Not saved yet."
    page = mei.go(f"{world.home}people/")
    shape = page.locator("main .folk img").bounding_box()
    assert shape["width"] == shape["height"]
    if javascript:
        mei.until("[...document.images].every(one => one.naturalWidth === 256)")
    mei.go(f"{world.home}me/")
    mei.press("Take it away")
    assert page.locator("#picture img, #my-face img").count() == 0
    mei.context.close()
    assert not eye.faults, "\n".join(sorted(set(eye.faults)))


def path_of(page):
    """The address of a page, without the host."""
    return urlsplit(page.url).path


class World:
    """What the seven do, step by step, wherever it takes more than a press."""

    def __init__(self, browser, installation, eye, slug, javascript):
        self.browser, self.installation, self.eye = browser, installation, eye
        self.slug, self.javascript = slug, javascript
        self.home = f"/c/{slug}/"

    def person(self, name):
        size = PHONE if len(name) % 2 else DESK
        person = Person(self.browser, self.installation, self.eye, name, size, self.javascript)
        person.email = f"{person.first.lower()}@{self.slug}.example"
        return person

    def found(self, name):
        """Found the congregation, and sign its host in by a code."""
        mei = self.person(name)
        self.installation.manage(
            "found", self.slug.title(), "--slug", self.slug, "--zone", "Pacific/Auckland",
            "--host-name", name, "--host-email", mei.email,
        )  # fmt: skip
        mei.go("/")
        mei.sign_in()
        mei.go(self.home)
        return mei

    def invite(self, host, name):
        """Invite someone by name; they come in by the link and prove their address."""
        host.go(f"{self.home}invitations/new/")
        host.page.get_by_label("Their name").fill(name)
        host.page.get_by_label("A word about them").fill(f"{name.split()[0]} should sit with us.")
        host.press("Hold a seat open")
        host.look()
        link = re.search(
            r"https?://\S+/welcome/\S+", host.page.locator("#link").inner_text()
        ).group(0)
        guest = self.person(name)
        guest.go(link)
        assert guest.sees("should sit with us.")
        guest.page.get_by_label("Where you live").fill("Ōtaki")
        guest.page.get_by_label(re.compile("E-?mail", re.I)).fill(guest.email)
        guest.press("Come in")
        guest.look()
        guest.page.get_by_label("Code").fill(guest.code())
        guest.press("Go on")
        guest.go(self.home)
        assert guest.sees(f"Hello, {guest.first}")
        return guest

    def write_card(self, person):
        """Say that one looks, and fill the card in its three parts."""
        person.go(f"{self.home}people/looking/")
        person.press("Looking")
        person.look("card, first part")
        person.page.get_by_label("The work that is most meaningful to you").fill(
            "A repair café that pays its people."
        )
        person.press("Save, and go on")
        person.look("card, second part")
        person.page.get_by_label("What would you like to talk about?").fill("repair, rivers")
        person.press("Save, and go on")
        person.look("card, third part")
        for day in ("Tuesday", "Thursday", "Saturday"):
            person.page.get_by_role("checkbox", name=re.compile(f"{day}, evening", re.I)).check(
                force=True
            )
        person.press("Save, and look")
        person.look()

    def look_round(self, person, other):
        """See whom one is suggested, sift the pool, and keep a list of one's own."""
        pool = f"{self.home}people/looking/"
        page = person.go(pool)
        if not page.get_by_text("Someone to talk with").is_visible():
            # With so few of them everyone has every other day.
            self.installation.move(days=1)
            page = person.go(pool)
        person.look("pool with a suggestion")
        assert page.get_by_text("You share Tuesday evening").is_visible()
        if not self.javascript:
            page.locator(".filter-card summary").click()
        page.get_by_role("checkbox", name=re.compile("^repair")).check()
        if self.javascript:
            person.until("location.search.includes('topic=repair')")
            person.until("!document.querySelector('.htmx-request')")
        else:
            with page.expect_navigation():
                page.get_by_role("button", name="Show people").click()
        person.look("pool, sifted")
        assert person.sees("1 person matches")
        person.follow(re.compile("Remove filter repair"))
        assert "topic" not in page.url
        person.go(f"{self.home}people/")
        person.follow(other.name)
        page.get_by_text("For yourself alone").first.click()
        person.look("someone, with what is for oneself")
        person.press(f"Not with {other.first}")
        person.go(f"{self.home}people/left-out/")
        person.look("whom one leaves out")
        person.press("Take it back")
        assert not person.sees(other.name)

    def float_idea(self, person):
        """Float an idea in its four parts; return its path."""
        page = person.go(f"{self.home}ideas/new/")
        page.get_by_label("What shall it be called?").fill("Mending Circle")
        page.get_by_label("What for?").fill(
            "Bring something broken, and leave with it a bit more whole."
        )
        person.press("Next")
        person.look("idea, second part")
        person.press("Next")
        person.look("idea, third part")
        page.get_by_label("On which day, first?").fill(self.first_day())
        page.get_by_label("Where?").fill("The old dairy")
        person.press("Next")
        person.look("idea, fourth part")
        person.press("Float it")
        person.look()
        return path_of(page)

    def first_day(self):
        """Ten days from now, by the installation's clock."""
        import datetime as dt

        path = self.installation.data / "clock-offset"
        moved = int(path.read_text()) if path.exists() else 0
        return (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=moved, days=10)).date().isoformat()

    def until_the_next(self, person, crew):
        """Move the clock to within the day before the crew's next meeting."""
        import datetime as dt

        person.go(crew)
        stamp = person.page.locator("#next time").first.get_attribute("datetime")
        path = self.installation.data / "clock-offset"
        moved = int(path.read_text()) if path.exists() else 0
        now = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=moved)
        ahead = dt.datetime.fromisoformat(stamp) - now - dt.timedelta(hours=20)
        if ahead > dt.timedelta(0):
            self.installation.move(seconds=int(ahead.total_seconds()))
