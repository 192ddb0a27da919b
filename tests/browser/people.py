"""People at their browsers, and the eye that looks over their shoulder: axe-core and the console."""

import re
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Error

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
NARROW = {"width": 320, "height": 700}
RULES = {
    "type": "tag",
    "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
LOOK = """async (only) => {
    const found = await window.axe.run(document, {runOnly: only, resultTypes: ['violations']});
    const page = document.documentElement;
    return [
        page.scrollWidth > page.clientWidth + 1,
        found.violations.map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.target.join(' ')).join(' | ')),
    ];
}"""
LARGE = """() => {
    const page = document.documentElement;
    page.style.fontSize = '32px';
    const wide = page.scrollWidth > page.clientWidth + 1;
    page.style.fontSize = '';
    return wide;
}"""
LOCK = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Eye:
    """Looks at every page that anyone visits, once in each theme and width, and remembers faults."""

    def __init__(self, folder=None, sizes=(DESK, PHONE, NARROW)):
        self.sizes = sizes
        self.seen = set()
        self.faults = []
        self.folder = folder

    def shape(self, page):
        """What kind of page this is: its address without ids and tokens, and its heading's level."""
        path = UUID.sub("…", urlsplit(page.url).path)
        return re.sub(r"/(welcome|way-in|setup|unsubscribe|reopen)/[^/]+/", r"/\1/…/", path)

    def look(self, page, name=""):
        """Check a page with axe in light and dark at each width; only the first of its kind."""
        shape = name or self.shape(page)
        if shape in self.seen:
            return
        self.seen.add(shape)
        before = page.viewport_size
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            for size in self.sizes:
                page.set_viewport_size(size)
                # A fold opens by itself on a wide screen only; closed ones hide what is in them from axe.
                if not page.evaluate("Boolean(window.axe)"):
                    page.evaluate(AXE + "; undefined")
                # In the dark nothing but the colours is another.
                only = RULES if theme == "light" else COLOURS
                wide, violations = page.evaluate(LOOK, only)
                where = f"{shape} {theme} {size['width']}"
                self.faults += [f"{where}: {violation}" for violation in violations]
                if wide:
                    self.faults.append(f"{where}: scrolls sideways")
                if self.folder and size is not NARROW:
                    file = re.sub(r"[^a-z0-9]+", "-", shape.lower()).strip("-") or "door"
                    page.screenshot(
                        path=str(Path(self.folder) / f"{file}-{theme}-{size['width']}.png"),
                        full_page=True,
                    )
        page.emulate_media(color_scheme="light")
        # With letters twice as large a phone scrolls down, and never sideways.
        page.set_viewport_size(PHONE)
        if page.evaluate(LARGE):
            self.faults.append(f"{shape} in large letters: scrolls sideways")
        page.set_viewport_size(before)


class Person:
    """One person at one browser."""

    def __init__(self, browser, installation, eye, name, size=DESK, javascript=True):
        self.name, self.first = name, name.split()[0]
        self.email = f"{self.first.lower()}@table.example"
        self.installation, self.eye, self.javascript = installation, eye, javascript
        self.context = browser.new_context(
            viewport=size,
            java_script_enabled=javascript,
            locale="en-GB",
            timezone_id="Pacific/Auckland",
            reduced_motion="reduce",
        )
        self.context.set_default_timeout(15_000)
        self.page = self.context.new_page()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: eye.faults.append(f"script: {error}"))
        self.page.on("response", self._answered)

    def _heard(self, message):
        if message.type == "error" and "422" not in message.text:
            self.eye.faults.append(f"console at {self.eye.shape(self.page)}: {message.text}")

    def _answered(self, response):
        if response.status >= 500:
            self.eye.faults.append(f"{response.status} at {urlsplit(response.url).path}")

    def go(self, path):
        """Open a page by its path, look at it, and return it."""
        url = path if path.startswith("http") else f"{self.installation.url}{path}"
        self.page.goto(url)
        return self.look()

    def look(self, name=""):
        """Have this page checked, unless one of its kind was."""
        if self.javascript:
            self.eye.look(self.page, name)
        return self.page

    def press(self, words, within=None):
        """Press a button by its words, and wait until what it does is done."""
        scope = within or self.page
        button = scope.get_by_role("button", name=words).first
        if not self.javascript:
            with self.page.expect_navigation():
                button.click()
            return self.page
        self.page.evaluate("window.isOld = true")
        with self.page.expect_response(_written) as answered:
            button.click()
        answer = answered.value
        if "hx-request" in answer.request.headers and "hx-redirect" not in answer.headers:
            self.until("!document.querySelector('.htmx-request, .htmx-swapping')")
        else:
            self.until("!window.isOld")
            self.page.wait_for_load_state()
        return self.page

    def until(self, true, deadline=15):
        """Wait until an expression is true on the page; the page's policy forbids playwright's own way."""
        last = time.monotonic() + deadline
        while time.monotonic() < last:
            with suppress(Error):  # the page is just being left
                if self.page.evaluate(true):
                    return
            self.page.wait_for_timeout(20)
        raise AssertionError(f"Not true within {deadline} s: {true}")

    def follow(self, words):
        """Follow a link by its words."""
        self.page.get_by_role("link", name=words).first.click()
        self.page.wait_for_load_state()
        return self.look()

    def sees(self, words):
        """Whether words are on the page."""
        return self.page.get_by_text(words).first.is_visible()

    def code(self, containing="code"):
        """Return the code that came by mail, the newest."""
        text = self.installation.mail_to(self.email, containing)
        return re.search(r"^\s*([A-Z0-9]{3,4}-?[A-Z0-9]{3,4})\s*$", text, re.M).group(1)

    def sign_in(self):
        """Sign in by a code sent by mail."""
        self.go("/accounts/login/code/")
        self.page.get_by_label(re.compile("E-?mail", re.I)).fill(self.email)
        self.press(re.compile("code", re.I))
        self.look()
        self.page.get_by_label("Code").fill(self.code())
        self.press("Go on")
        return self.look()


class Keyed(Person):
    """Someone whose device keeps passkeys."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.device = self.context.new_cdp_session(self.page)
        self.device.send("WebAuthn.enable")
        self.lock = self.device.send("WebAuthn.addVirtualAuthenticator", {"options": LOCK})

    def heeds(self, is_verified):
        """Whether the device is unlocked when it is asked."""
        self.device.send(
            "WebAuthn.setUserVerified",
            {"authenticatorId": self.lock["authenticatorId"], "isUserVerified": is_verified},
        )


def _written(response):
    """The answer to what was pressed, not to what saves itself meanwhile."""
    return response.request.method == "POST" and not response.url.endswith("/save/")
