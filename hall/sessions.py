"""Where someone is signed in: of each session its kind of device, and when it began; no address, no more.

allauth would keep whole addresses and what browsers say of themselves. What serves the person is to know
their own devices again, so that is all that is kept.
"""

from typing import Any

from allauth.usersessions.apps import UserSessionsConfig
from django.http import HttpRequest
from django.utils.translation import gettext as _

from congregation.sealed_sessions import row_of

BROWSERS = [
    # In this order: each says to be the ones after it as well.
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi", "Vivaldi"),
    ("SamsungBrowser", "Samsung Internet"),
    ("FxiOS", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
]
SYSTEMS = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "Chromebook"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
]
NO_ADDRESS = "::"


def device_of(agent: str) -> str:
    """Return the kind of browser and device from what a browser says of itself, such as "Firefox|Linux"."""
    browser = next((name for mark, name in BROWSERS if mark in agent), "")
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    return f"{browser}|{system}"


def device_in_words(device: str) -> str:
    """Say a kind of browser and device: "Firefox on Linux"."""
    browser, _bar, system = device.partition("|")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("A device")


def note(request: HttpRequest) -> None:
    """Put a session that has just begun, or has a new key, into its person's list."""
    from allauth.usersessions.models import UserSession

    if not request.session.session_key:
        request.session.save()
    agent = request.headers.get("User-Agent", "")
    UserSession.objects.update_or_create(
        session_key=row_of(request.session.session_key or ""),
        defaults={"user": request.user, "ip": NO_ADDRESS, "user_agent": device_of(agent)},
    )


def _began(sender: Any, request: HttpRequest, **kwargs: Any) -> None:
    from allauth.usersessions.models import UserSession

    UserSession.objects.purge_and_list(request.user)
    note(request)


def _changed_key(sender: Any, request: HttpRequest, **kwargs: Any) -> None:
    note(request)


class Sessions(UserSessionsConfig):
    """allauth's list of sessions, written by us."""

    def ready(self) -> None:
        """Hear from allauth when a session begins, and when a new password gives it a new key."""
        from allauth.account.signals import password_changed, password_set, user_logged_in

        user_logged_in.connect(_began)
        password_changed.connect(_changed_key)
        password_set.connect(_changed_key)
