"""An account, by someone at their browser: a passkey, a codes app, spare codes, devices, drafts, signing out."""

import base64
import hashlib
import hmac
import re
import struct
import time
from urllib.parse import urlsplit

import pytest

from tests.browser.people import DESK, PHONE, Eye, Keyed


class Owner(Keyed):
    """Someone who looks after their account."""

    def codes(self):
        """The codes that came by mail, in their order."""
        mails = [m for m in self.installation.mails() if self.email in str(m["To"])]
        bodies = [mail.get_body(("plain",)).get_content() for mail in mails]
        found = [re.search(r"^\s*([A-Z0-9]{4}-[A-Z0-9]{4})\s*$", body, re.M) for body in bodies]
        return [code.group(1) for code in found if code]

    def sign_in(self):
        """Sign in by a code, one that has not come before."""
        before = len(self.codes())
        self.go("/accounts/login/code/")
        self.page.get_by_label("E-mail").fill(self.email)
        self.press(re.compile("Send me the code"))
        until = time.monotonic() + 30
        while len(self.codes()) == before and time.monotonic() < until:
            time.sleep(0.2)
        self.page.get_by_label("Code").fill(self.codes()[-1])
        self.press("Go on")
        return self.look()

    def at(self, path):
        self.until(f"location.pathname === '{path}'")
        self.page.wait_for_load_state()
        return self.look()

    def sign_out(self):
        self.go("/accounts/logout/")
        self.press(re.compile("Sign out"))


def shows(secret):
    """What a codes app shows; within two seconds of the next code, the next, once it has come."""
    while time.time() % 30 > 28:
        time.sleep(0.1)
    counter = struct.pack(">Q", int(time.time()) // 30)
    digest = hmac.digest(base64.b32decode(secret), counter, hashlib.sha1)
    start = digest[-1] & 15
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


@pytest.fixture
def eye():
    return Eye()


def test_an_account_from_its_first_passkey_to_signing_out(chromium, installation, eye):
    installation.manage(
        "found", "Otaki", "--slug", "otaki", "--zone", "Pacific/Auckland",
        "--host-name", "Ana Sefo", "--host-email", "ana@table.example",
    )  # fmt: skip
    ana = Owner(chromium, installation, eye, "Ana Sefo", DESK)
    ana.sign_in()
    ana.go("/c/otaki/me/")
    ana.follow(re.compile("How you sign in"))

    # ---- a passkey: cancelled first, then made; spare codes come with it
    ana.follow(re.compile("Make one"))
    ana.heeds(False)
    ana.page.get_by_role("button", name="Make it").click()
    ana.page.get_by_role("alert").filter(has_text=re.compile("No passkey|can’t keep")).wait_for()
    ana.look("a passkey, cancelled")
    ana.heeds(True)
    ana.page.get_by_label("What you call it").fill("My laptop")
    ana.page.get_by_role("button", name="Make it").click()
    ana.at("/accounts/2fa/recovery-codes/")
    spare = ana.page.locator(".spares li").all_inner_texts()
    assert len(spare) == 10
    assert installation.mail_to(ana.email, "A passkey was made")

    # ---- it signs in by itself
    ana.sign_out()
    ana.go("/accounts/login/")
    ana.page.get_by_role("button", name="Sign in with a passkey").click()
    ana.at("/c/otaki/")

    # ---- after a code by mail it is the second step
    ana.sign_out()
    ana.sign_in()
    ana.at("/accounts/2fa/authenticate/")
    ana.go("/c/otaki/")
    assert "/accounts/" in ana.page.url
    ana.go("/accounts/2fa/authenticate/")
    ana.page.get_by_role("button", name="Use your passkey").click()
    ana.at("/c/otaki/")

    # ---- a codes app
    ana.go("/accounts/2fa/totp/activate/")
    secret = ana.page.locator("#secret").inner_text()
    assert ana.page.locator("svg.qr").is_visible()
    ana.page.get_by_label("Code").fill("000000")
    ana.press("That’s it")
    assert ana.page.evaluate("document.activeElement.className") == "summary-err"
    ana.look("a codes app, a wrong code")
    ana.page.get_by_label("Code").fill(shows(secret))
    ana.press("That’s it")
    ana.at("/accounts/")
    assert installation.mail_to(ana.email, "A codes app was set up")

    # ---- a second device, without the passkey: says so, then the app, then a spare code
    phone = Owner(chromium, installation, eye, "Ana Sefo", PHONE)
    phone.sign_in()
    phone.page.get_by_role("button", name="Use your passkey").click()
    phone.page.get_by_role("alert").filter(has_text="No passkey was used").wait_for()
    phone.page.get_by_label("Code").fill(shows(secret))
    phone.press("Come in")
    phone.at("/c/otaki/")
    third = Owner(chromium, installation, eye, "Ana Sefo", DESK, javascript=False)
    # Codes by mail come three a minute at most, and this one is the fourth.
    installation.manage("shell", "-c", "from django.core.cache import cache; cache.clear()")
    third.sign_in()
    third.page.get_by_label("Code").fill(spare[0])
    third.press("Come in")
    assert third.page.url.endswith("/c/otaki/")

    # ---- where she is signed in: one is ended, then all others
    ana.go("/accounts/sessions/")
    assert ana.page.get_by_role("checkbox").count() == 2
    ana.page.get_by_role("checkbox").first.check()
    ana.press("Sign out those I ticked")
    assert ana.page.get_by_role("checkbox").count() == 1
    third.go("/c/otaki/")
    assert "/accounts/login/" in third.page.url
    phone.go("/c/otaki/")
    assert phone.page.url.endswith("/c/otaki/")
    ana.press("Sign out everywhere else")
    phone.go("/c/otaki/")
    assert "/accounts/login/" in phone.page.url

    # ---- renamed, removed; the app goes too
    ana.go("/accounts/2fa/webauthn/")
    ana.follow(re.compile("Rename"))
    ana.page.get_by_label("What you call it").fill("Old laptop")
    ana.press("Save")
    ana.follow(re.compile("Remove Old laptop"))
    ana.press("Remove it")
    assert ana.sees("None yet")
    ana.look("no passkey")
    ana.go("/accounts/2fa/totp/deactivate/")
    ana.press("Do without it")
    assert ana.sees("You get some with your first passkey or app.")
    for path in ["email/", "password/set/", "2fa/webauthn/add/"]:
        ana.go(f"/accounts/{path}")

    # ---- signing out offers what was never sent, and wipes it
    ana.go("/c/otaki/invitations/new/")
    ana.page.get_by_label("Their name").fill("Kaia Brown")
    ana.until("Object.keys(localStorage).some((key) => key.startsWith('draft:'))")
    began = ana.page.url
    # One in parts is kept whole, whichever of them one has come to.
    ana.go("/c/otaki/ideas/new/")
    ana.page.get_by_label("What shall it be called?").fill("Mend what breaks")
    ana.page.get_by_label("What for?").fill("Bring something broken.")
    ana.press("Next")
    ana.until("document.querySelector('[name=part]').value === '1'")
    ana.until("localStorage.getItem(Object.keys(localStorage).find((k) => k.endsWith(':idea')))")
    ana.go("/c/otaki/ideas/new/")
    assert ana.page.get_by_label("What for?").input_value() == "Bring something broken."
    assert ana.sees("What you had typed here is back")
    ana.go("/accounts/")
    ana.page.get_by_role("button", name="Sign out").click()
    ana.at("/accounts/logout/")
    links = ana.page.locator("#drafts a").all()
    paths = [link.get_attribute("href") for link in links]
    assert sorted(paths) == ["/c/otaki/ideas/new/", urlsplit(began).path]
    ana.look("signing out, with a draft")
    ana.press("Sign out and forget them")
    assert ana.page.evaluate("Object.keys(localStorage).length") == 0
    ana.page.go_back()
    assert not ana.sees("You haven’t sent these yet")
    ana.go("/c/otaki/")
    assert "/accounts/login/" in ana.page.url

    for person in (ana, phone, third):
        person.context.close()
    assert not eye.faults, "\n".join(sorted(set(eye.faults)))
