"""Rhythms in words: "Every other Tuesday, six times". Words only: no rows, no clock."""

from datetime import date, datetime, time

from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext, pgettext

from rhythms import rules

_NUMBERS = (
    gettext_noop("none"),
    gettext_noop("one"),
    gettext_noop("two"),
    gettext_noop("three"),
    gettext_noop("four"),
    gettext_noop("five"),
    gettext_noop("six"),
    gettext_noop("seven"),
    gettext_noop("eight"),
    gettext_noop("nine"),
    gettext_noop("ten"),
    gettext_noop("eleven"),
    gettext_noop("twelve"),
)


def number(n: int) -> str:
    """Return a number as it stands in a sentence: a word up to twelve, digits beyond."""
    return _(_NUMBERS[n]) if 0 <= n < len(_NUMBERS) else str(n)


_ORDINALS = (
    gettext_noop("the first"),
    gettext_noop("the second"),
    gettext_noop("the third"),
    gettext_noop("the fourth"),
    gettext_noop("the fifth"),
    gettext_noop("the sixth"),
    gettext_noop("the seventh"),
    gettext_noop("the eighth"),
    gettext_noop("the ninth"),
    gettext_noop("the tenth"),
    gettext_noop("the eleventh"),
    gettext_noop("the twelfth"),
)


def which_of(n: int, total: int) -> str:
    """Return which one of a row it is: "the fifth of six"."""
    if 1 <= n <= len(_ORDINALS):
        return _("%(nth)s of %(total)s") % {"nth": _(_ORDINALS[n - 1]), "total": number(total)}
    return _("number %(n)s of %(total)s") % {"n": n, "total": total}


def only_you(n: int) -> str:
    """Return who can see a page that n people can see: "Only the six of you can see this page"."""
    if n < 2:
        return _("Only you can see this page")
    return _("Only the %(n)s of you can see this page") % {"n": number(n)}


def capital(words: str) -> str:
    """Return words as they begin a sentence."""
    return words[:1].upper() + words[1:]


def days(weekday: int, n: int) -> str:
    """Return so many of a weekday, from Monday = 0: "six Tuesdays"."""
    said = (
        ngettext("%(n)s Monday", "%(n)s Mondays", n),
        ngettext("%(n)s Tuesday", "%(n)s Tuesdays", n),
        ngettext("%(n)s Wednesday", "%(n)s Wednesdays", n),
        ngettext("%(n)s Thursday", "%(n)s Thursdays", n),
        ngettext("%(n)s Friday", "%(n)s Fridays", n),
        ngettext("%(n)s Saturday", "%(n)s Saturdays", n),
        ngettext("%(n)s Sunday", "%(n)s Sundays", n),
    )
    return said[weekday] % {"n": number(n)}


def people(n: int) -> str:
    """Return so many people: "seven people"."""
    return ngettext("%(n)s person", "%(n)s people", n) % {"n": number(n)}


def meetings(n: int) -> str:
    """Return so many meetings: "six meetings"."""
    return ngettext("%(n)s meeting", "%(n)s meetings", n) % {"n": number(n)}


def minutes(n: int) -> str:
    """Return so many minutes, as hours where they are many: "55 min", "4 h 8 min"."""
    hours, rest = divmod(n, 60)
    if n <= 120:
        return _("%(n)s min") % {"n": n}
    if not rest:
        return _("%(hours)s h") % {"hours": hours}
    return _("%(hours)s h %(n)s min") % {"hours": hours, "n": rest}


def times(n: int) -> str:
    """Return how often: "six times"."""
    if n <= 2:
        return {1: _("once"), 2: _("twice")}.get(n, _("never"))
    return _("%(n)s times") % {"n": number(n)}


def tempo(rule: str, begins_on: date, starts_at: time) -> str:
    """Return how often a rhythm comes round: "Every other Tuesday"."""
    said = rules.phrase(rule, datetime.combine(begins_on, starts_at))
    day = str(WEEKDAYS[said.weekdays[0]]) if len(said.weekdays) == 1 else ""
    if said.kind == "weekly" and day and said.interval == 1:
        return _("Every %(day)s") % {"day": day}
    if said.kind == "fortnightly" and day:
        return _("Every other %(day)s") % {"day": day}
    if said.kind == "monthly" and day and said.nth and said.interval == 1:
        which = {
            1: pgettext("weekday of a month", "first"),
            2: pgettext("weekday of a month", "second"),
            3: pgettext("weekday of a month", "third"),
            4: pgettext("weekday of a month", "fourth"),
            -1: pgettext("weekday of a month", "last"),
        }.get(said.nth)
        if which:
            return _("Every %(which)s %(day)s of the month") % {"which": which, "day": day}
    return _("In your own rhythm")


def commitment(rule: str, begins_on: date, starts_at: time, n: int) -> str:
    """Return a rhythm for a limited time: "Every other Tuesday, six times"."""
    return _("%(tempo)s, %(times)s") % {
        "tempo": tempo(rule, begins_on, starts_at),
        "times": times(n),
    }


def table(people: int, kept: int, open_seats: int) -> str:
    """Return who is round a table: "Four of us, two seats kept, two open"."""
    said = [
        _("just one of us") if people == 1 else _("%(n)s of us") % {"n": number(people)},
    ]
    if kept:
        said.append(ngettext("%(n)s seat kept", "%(n)s seats kept", kept) % {"n": number(kept)})
    if open_seats:
        said.append(_("%(n)s open") % {"n": number(open_seats)})
    return capital(", ".join(said))


def names(first_names: list[str]) -> str:
    """Return names as a list in a sentence: "Ana, Dov and Joel"."""
    if len(first_names) < 2:
        return "".join(first_names)
    return _("%(names)s and %(last)s") % {
        "names": ", ".join(first_names[:-1]),
        "last": first_names[-1],
    }
