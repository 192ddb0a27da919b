"""What someone does to sign in, step by step, for the tests of accounts."""

import hashlib
import hmac
import json
import re
import struct
from base64 import b32decode
from types import SimpleNamespace

from django.test import Client
from django.urls import reverse

from congregation.models import Mail

PASSWORD = "seven tables and a lamp"
CODE = re.compile(r"\n\s*([A-Z0-9]{3,}-?[A-Z0-9]{3,})\s*\n")


def words(page):
    """What a page says, without the token of its forms, what was typed and addresses."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", page.text)
    return re.sub(r"[\w.+-]+@[\w.-]+", "@", text)


def mailed_code():
    """The code in the newest mail of an account."""
    mail = Mail.objects.filter(kind="account").order_by("-made_at", "-pk")
    codes = [CODE.search(row.content.replace("\\n", "\n")) for row in mail]
    return next(found[1] for found in codes if found)


def subjects():
    """The subjects of the mails of accounts."""
    return [json.loads(row.content)["subject"] for row in Mail.objects.filter(kind="account")]


def by_password(member, password=PASSWORD, browser=None):
    """Sign in with a password; return the browser and the answer."""
    if not member.user.has_usable_password():
        member.user.prove(password=password)
    browser = browser or Client()
    answer = browser.post(
        reverse("account_login"), {"login": member.user.email, "password": password}
    )
    return browser, answer


def by_code(member):
    """Sign in with a code by mail; return the browser and the answer."""
    browser = Client()
    page = browser.post(reverse("account_request_login_code"), {"email": member.user.email})
    return browser, browser.post(page.headers["Location"], {"code": mailed_code()})


def is_in(browser):
    return "_auth_user_id" in browser.session


class App:
    """A codes app, on a clock of its own."""

    def __init__(self, monkeypatch):
        self.at, self.secret = 1_800_000_000, ""
        from allauth.mfa.totp.internal import auth

        monkeypatch.setattr(auth, "time", SimpleNamespace(time=lambda: self.at))

    def scan(self, page):
        """Read the secret off the page that sets an app up."""
        self.secret = re.search(r'id="secret"[^>]*>([A-Z2-7]+)<', page.text)[1]

    def shows(self, later=0):
        """What the app shows, `later` seconds from now."""
        counter = struct.pack(">Q", int(self.at + later) // 30)
        digest = hmac.digest(b32decode(self.secret), counter, hashlib.sha1)
        start = digest[-1] & 15
        number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
        return f"{number % 1_000_000:06}"

    def set_up(self, browser):
        """Set it up for whoever is signed in at a browser; return the answer."""
        url = reverse("mfa_activate_totp")
        self.scan(browser.get(url))
        return browser.post(url, {"code": self.shows()})

    def later(self):
        """Let the next code come."""
        self.at += 30
