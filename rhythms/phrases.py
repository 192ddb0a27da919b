"""Rhythms in words: "Every other Tuesday, six times". Words only: no rows, no clock."""

from datetime import date, datetime, time

from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext, pgettext

from congregation.templatetags.look import day
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


def which_of(n: int, total: int | None) -> str:
    """Return which one of a row it is: "the fifth of six"; "the fifth" of one without an end."""
    if total is None:
        return _(_ORDINALS[n - 1]) if 1 <= n <= len(_ORDINALS) else _("number %(n)s") % {"n": n}
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
    match said.kind:
        case "daily" if said.interval == 1:
            return _("Every day")
        case "weekly" | "fortnightly":
            return _weekly(said)
        case "monthly" if said.interval in (1, 3, 6):
            return _monthly(said)
        case "yearly" if said.interval == 1 and said.month and said.monthday:
            if (said.month, said.monthday) == (2, 29):
                return _("Every year on the last day of February")
            form = pgettext("day of a year, as a date format", "j F")
            on = date_format(date(2024, said.month, said.monthday), form)
            return _("Every year on %(day)s") % {"day": on}
    return _("In your own rhythm")


def _weekly(said: rules.Tempo) -> str:
    day = names([str(WEEKDAYS[weekday]) for weekday in said.weekdays])
    if said.kind == "fortnightly":
        return _("Every other %(day)s") % {"day": day}
    if said.interval == 1:
        return _("Every %(day)s") % {"day": day}
    return _("In your own rhythm")


def _monthly(said: rules.Tempo) -> str:
    if said.monthday is not None:
        if said.monthday == -1:
            on = _("the last day")
        else:
            on = pgettext("day of a month", "the %(n)s") % {"n": _nth(said.monthday)}
        if said.interval == 3:
            return _("Every three months, on %(day)s") % {"day": on}
        if said.interval == 6:
            return _("Twice a year, on %(day)s") % {"day": on}
        return _("On %(day)s of each month") % {"day": on}
    day = str(WEEKDAYS[said.weekdays[0]]) if len(said.weekdays) == 1 else ""
    which = {
        1: pgettext("weekday of a month", "first"),
        2: pgettext("weekday of a month", "second"),
        3: pgettext("weekday of a month", "third"),
        4: pgettext("weekday of a month", "fourth"),
        -1: pgettext("weekday of a month", "last"),
    }.get(said.nth or 0)
    if not (day and which):
        return _("In your own rhythm")
    if said.interval == 3:
        return _("Every three months, on the %(which)s %(day)s") % {"which": which, "day": day}
    if said.interval == 6:
        return _("Twice a year, on the %(which)s %(day)s") % {"which": which, "day": day}
    return _("Every %(which)s %(day)s of the month") % {"which": which, "day": day}


def _nth(n: int) -> str:
    """Return a day of a month as it is said: "15th"."""
    return date_format(date(2024, 1, n), pgettext("day of a month, as a date format", "jS"))


def commitment(
    rule: str, begins_on: date, starts_at: time, n: int | None, *, until: date | None = None
) -> str:
    """Return a rhythm with its end: "Every other Tuesday, six times", "…, until 18 December"."""
    often = tempo(rule, begins_on, starts_at)
    if n is None:
        return _("%(tempo)s, without an end") % {"tempo": often}
    if until is not None:
        return _("%(tempo)s, until %(day)s") % {"tempo": often, "day": day(until)}
    return _("%(tempo)s, %(times)s") % {"tempo": often, "times": times(n)}


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
