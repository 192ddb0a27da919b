"""The languages there are: English of two kinds, and whatever lies translated in a folder."""

from pathlib import Path

from babel import Locale, UnknownLocaleError

ENGLISH = [("en", "English (international)"), ("en-us", "English (US)")]


def languages(folder: Path) -> list[tuple[str, str]]:
    """Return each language as (code, its name in itself); a translation needs only to be there.

    `folder` has one folder for each, as gettext wants it: de/LC_MESSAGES/django.mo, pt_BR/…
    """
    known = dict(ENGLISH)
    for catalogue in sorted(folder.glob("*/LC_MESSAGES/django.mo")):
        name = catalogue.parent.parent.name
        code = name.replace("_", "-").lower()
        known.setdefault(code, _named(name) or code)
    return list(known.items())


def _named(name: str) -> str:
    """Return what a language calls itself, with a capital letter, or nothing where nobody knows."""
    try:
        words = Locale.parse(name).get_display_name() or ""
    except (ValueError, UnknownLocaleError):
        return ""
    return words[:1].upper() + words[1:]
