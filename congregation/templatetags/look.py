"""Tags and filters for what pages look like; `docs/look.md` shows each in use.

They are built in, so that no template loads them. Pictures come from `congregation.drawing`,
dates and times from Babel in the reader's language and in the time zone that is active.
"""

import datetime as dt
from collections.abc import Iterable
from functools import cache
from typing import Any, Literal

from babel import Locale, UnknownLocaleError
from babel.dates import (
    format_date,
    format_skeleton,
    format_time,
    format_timedelta,
    get_datetime_format,
    get_day_names,
    get_timezone_location,
)
from django import template
from django.conf import settings
from django.template.context import Context
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, ngettext, pgettext

from congregation import drawing

register = template.Library()


# ---- addresses


@register.simple_tag(takes_context=True)
def href(context: Context, name: str, *args: Any, **kwargs: Any) -> str:
    """`{% href "crew" pk=crew.pk %}`: the address of a page of the congregation one is in.

    Fills in the congregation's `slug`; pages outside of any congregation are found as well.
    """
    slug = kwargs.pop("slug", "") or _slug(context)
    if slug:
        try:
            if args:
                return reverse(name, args=(slug, *args))
            return reverse(name, kwargs={"slug": slug, **kwargs})
        except NoReverseMatch:
            pass
    return reverse(name, args=args or None, kwargs=kwargs or None)


def _slug(context: Context) -> str:
    request = context.get("request")
    for holder in (request, getattr(request, "member", None)):
        if congregation := getattr(holder, "congregation", None):
            return str(congregation.slug)
    return ""


# What stands in the bar, and the pages that belong to each besides its own.
_ROOMS = {
    "home": {"home"},
    "people": {"people", "pool", "looking", "card", "interest", "hello", "hellos", "invite"},
    "crews": {"crews", "crew", "ideas", "idea", "partnerships", "meetings", "log", "lookbacks"},
    "calendar": {"calendar", "gatherings"},
    "host": {"host"},
}


@register.simple_tag(takes_context=True)
def rooms(context: Context) -> list[dict[str, Any]]:
    """The pages in the bar: name, label, icon, href and whether one is in it.

    A view says where its page belongs with `tab` in the context; otherwise the first word of the
    address does.
    """
    request = context.get("request")
    member = getattr(request, "member", None)
    if member is None:
        return []
    labels = {
        "home": (pgettext("page", "Home"), "house"),
        "people": (gettext("People"), "users"),
        "crews": (gettext("Crews"), "table"),
        "calendar": (gettext("Calendar"), "calendar-days"),
        "host": (pgettext("page", "Host"), "tent-tree"),
    }
    is_one_crew = member.congregation.is_one_crew
    if is_one_crew:
        labels["crews"] = (gettext("Our crew"), "table")
        del labels["host"]
    home = href(context, "home")
    path = getattr(request, "path", "")
    word = path.removeprefix(home).split("/")[0] if path.startswith(home) else ""
    tab = context.get("tab") or next(
        (room for room, words in _ROOMS.items() if word in words), "home" if path == home else ""
    )
    return [
        {"name": name, "label": label, "icon": icon, "href": href(context, name), "on": name == tab}
        for name, (label, icon) in labels.items()
        if name != "host" or getattr(member, "is_host", False)
    ]


@register.simple_tag
def product() -> str:
    """`{% product %}`: what this software is called."""
    return str(settings.PRODUCT)


# ---- pictures


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """`{% icon "check" %}`: a picture from the sprite, silent; words stand beside it."""
    return format_html(
        '<svg class="icon{}" aria-hidden="true"><use href="{}#{}"/></svg>',
        f" {css}" if css else "",
        static("icons.svg"),
        name,
    )


@register.simple_tag
def mark() -> SafeString:
    """`{% mark %}`: the product's mark."""
    return drawing.mark()


@register.simple_tag(takes_context=True)
def face(context: Context, who: Any, css: str = "") -> SafeString:
    """`{% face member "mid" %}`: someone's picture, or a disc with initials (`sm`, `mid`, `lg`, `xl`).

    Takes a name too, which has no picture.
    """
    url = _picture(context, who)
    return drawing.portrait(_name(who), url, css) if url else drawing.avatar(_name(who), css)


def _picture(context: Context, who: Any) -> str:
    """Return the address of someone's picture for who is reading, without a query; empty if there is none.

    Only who is in the same congregation gets one, and only of those who are here.
    """
    key = getattr(who, "portrait_key", "")
    if not key or who.state not in {"active", "away"}:
        return ""
    reader = getattr(context.get("request"), "member", None) or context.get("reader")
    if reader is None or reader.congregation_id != who.congregation_id:
        return ""
    slug = reader.congregation.slug
    return reverse("picture", kwargs={"slug": slug, "pk": who.pk, "key": key})


@register.filter
def first_name(who: Any) -> str:
    """`{{ member|first_name }}`: what someone is called at the table."""
    return drawing.short_name(_name(who))


def _name(who: Any) -> str:
    return str(who if isinstance(who, str) else getattr(who, "name", who or ""))


@register.simple_tag(takes_context=True)
def pair(context: Context, one: Any, other: Any, says: str = "") -> SafeString:
    """`{% pair me them %}`: two people at one table."""
    pictures = (_picture(context, one), _picture(context, other))
    return drawing.pair(_name(one), _name(other), says, pictures)


@register.simple_tag
def crew_table(
    people: int,
    seats: int,
    me: int | None = None,
    done: int = 0,
    total: int = 0,
    kept: int = 0,
    mini: bool = False,
    bare: bool = False,
    says: str = "",
    css: str = "",
) -> SafeString:
    """`{% crew_table 6 8 me=0 done=4 total=6 says=words %}`: a crew as its table."""
    return drawing.crew_table(
        people,
        seats,
        me=me,
        done=done,
        total=total,
        sub=gettext("of %(total)s") % {"total": total} if total else "",
        kept=kept,
        mini=mini,
        bare=bare,
        says=says,
        css=css,
    )


@register.simple_tag(takes_context=True)
def hall_table(
    context: Context,
    people: Iterable[Any],
    seats: int,
    done: int = 0,
    total: int = 0,
    big: str = "",
    sub: str = "",
    turn: Any = None,
    away: Iterable[Any] = (),
    says: str = "",
) -> SafeString:
    """`{% hall_table members 8 turn=facilitator away=absent says=words %}`: the table with its people.

    People are members or names; `turn` has the candle, whoever is `away` is drawn as a kept seat.
    """
    seated = list(people)
    missing = list(away or ())
    return drawing.hall_table(
        [_name(person) for person in seated],
        seats,
        turn=next((i for i, person in enumerate(seated) if turn and person == turn), None),
        away={i for i, person in enumerate(seated) if person in missing},
        done=done,
        total=total,
        big=str(big),
        sub=str(sub),
        says=says,
        pictures=[_picture(context, person) for person in seated],
    )


@register.simple_tag
def candle() -> SafeString:
    """`{% candle %}`: for the key of the large table, "has the turn"."""
    return drawing.candle()


@register.simple_tag
def away_ring() -> SafeString:
    """`{% away_ring %}`: for the key of the large table, "away, seat kept"."""
    return drawing.away_ring()


@register.simple_tag
def folded(people: int, total: int = 0) -> SafeString:
    """`{% folded 7 6 %}`: what was written lies face down; the picture shows no count of it."""
    return drawing.folded(people, total)


@register.simple_tag
def sunflower(total: int, people: int, out: int, says: str = "") -> SafeString:
    """`{% sunflower threshold members crewless says=words %}`: a congregation and its places."""
    return drawing.sunflower(total, people, out, says)


@register.simple_tag
def head(kind: str) -> SafeString:
    """`{% head "most" %}`: one meeting as a note; `full most some none rest next later` or empty."""
    return drawing.head(kind)


@register.filter
def how_many(came: int, of: int) -> str:
    """`{% head came|how_many:members %}`: the kind of note for a meeting that was held or not."""
    return drawing.how_many(came, of)


@register.simple_tag
def step_ring(minutes: Iterable[int], at: int, gone: float) -> SafeString:
    """`{% step_ring minutes 3 0.36 %}`: the steps of a practice round its clock, with how much is gone."""
    return drawing.step_ring(list(minutes), at, gone)


@register.simple_tag
def weigh(count: int, of: int) -> SafeString:
    """`{% weigh 5 7 %}`: how many dots a thing was given, beside the most that any was."""
    words = ngettext("%(count)s dot", "%(count)s dots", count) % {"count": count}
    return format_html('{}<span class="sr">{}</span>', drawing.weigh(count, of), words)


@register.simple_tag
def held(count: int, planned: int, most: int) -> SafeString:
    """`{% held 5 6 8 %}`: how many meetings were held of those planned, as wide as the most planned."""
    words = gettext("%(held)s of %(planned)s meetings held") % {"held": count, "planned": planned}
    return format_html('{}<span class="sr">{}</span>', drawing.weigh(count, planned, most), words)


@register.simple_tag
def week7(flags: str | Iterable[object]) -> SafeString:
    """`{% week7 "0101001" %}`: the days of a week from Monday, those that count lit."""
    lit = drawing.flags7(flags)
    short, long = _days("narrow"), _days("wide")
    return format_html(
        '<ul class="week7" aria-hidden="true">{}</ul><span class="sr">{}</span>',
        format_html_join(
            "",
            "<li{}>{}</li>",
            ((mark_safe(' class="ov"') if on else "", short[i]) for i, on in enumerate(lit)),
        ),
        ", ".join(long[i] for i, on in enumerate(lit) if on),
    )


# ---- small parts


@register.simple_block_tag
def seal(content: str, icon: str = "lock") -> SafeString:
    """`{% seal %}Only you can see this{% endseal %}`: who can see a page, exactly."""
    return format_html('<p class="seal">{}{}</p>', _icon(icon), mark_safe(content.strip()))  # noqa: S308


@register.simple_block_tag
def chat(content: str, id: str, label: str = "") -> SafeString:
    """`{% chat "c1" %}words and a link{% endchat %}`: words to take into the crew's own chat."""
    return format_html(
        '<div class="copy"><p id="{}">{}</p><button class="btn" type="button" data-copy="{}" '
        "data-script>{}<span>{}</span></button></div>",
        id,
        mark_safe(content.strip()),  # noqa: S308  rendered, and so escaped, already
        id,
        _icon("copy"),
        label or gettext("Copy for chat"),
    )


_icon = icon


# ---- dates and times

# Plain English writes the day before the month and has no comma after the weekday.
_ENGLISH = {"day": "EEE d MMM", "day and year": "EEE d MMM y"}


@cache
def _locale(language: str) -> Locale:
    """The Babel locale of one of Django's languages; plain English is the international one."""
    name = language or "en"
    if name == "en":
        return Locale.parse("en_001")
    try:
        return Locale.parse(name, sep="-")
    except (ValueError, UnknownLocaleError):
        try:
            return Locale.parse(name.split("-")[0])
        except (ValueError, UnknownLocaleError):
            return Locale.parse("en_001")


def _here() -> Locale:
    return _locale(get_language() or settings.LANGUAGE_CODE)


def _days(width: Literal["narrow", "wide"]) -> list[str]:
    names = get_day_names(width, context="stand-alone", locale=_here())
    return [str(names[i]) for i in range(7)]


def day_names() -> list[str]:
    """The days of a week from Monday, whole, in the reader's language."""
    return _days("wide")


def _plain(text: str) -> str:
    """Thin spaces that CLDR puts before "pm" become plain ones: they are searched and copied."""
    return text.replace("\u202f", " ").replace("\xa0", " ")


def _local(value: dt.datetime) -> dt.datetime:
    return value if timezone.is_naive(value) else timezone.localtime(value)


def _date(value: dt.date, *, year: bool) -> str:
    locale = _here()
    moment = dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001  a day has no zone
    if locale.language == "en" and locale.territory == "001":
        return format_date(moment, _ENGLISH["day and year" if year else "day"], locale)
    return _plain(format_skeleton("yMMMEd" if year else "MMMEd", moment, None, locale=locale))


def _year_matters(value: dt.date, now: Any) -> bool:
    if isinstance(now, dt.datetime):
        now = _local(now).date()
    return isinstance(now, dt.date) and value.year != now.year


@register.filter
def day(value: Any, now: Any = None) -> str:
    """`{{ instant|day }}`: "Thu 19 Nov", of an instant or a date; with the year if `now` is given
    and is in another one.
    """
    if isinstance(value, dt.datetime):
        value = _local(value).date()
    return _date(value, year=_year_matters(value, now)) if isinstance(value, dt.date) else ""


@register.filter
def day_month(value: Any) -> str:
    """`{{ instant|day_month }}`: "19 Nov", where there is no room for more; of an instant or a date."""
    if isinstance(value, dt.datetime):
        value = _local(value).date()
    if not isinstance(value, dt.date):
        return ""
    moment = dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001  a day has no zone
    return _plain(format_skeleton("MMMd", moment, None, locale=_here()))


@register.filter
def clock(value: Any) -> str:
    """`{{ instant|clock }}`: "7:00 pm", of an instant or a time of day."""
    if isinstance(value, dt.datetime):
        value = _local(value).time()
    return _plain(format_time(value, "short", locale=_here())) if isinstance(value, dt.time) else ""


@register.filter
def when(value: Any, now: Any = None) -> str:
    """`{{ instant|when }}`: "Thu 19 Nov, 7:00 pm" in the zone and language of the reader."""
    if not isinstance(value, dt.datetime):
        return day(value, now)
    pattern = str(get_datetime_format("medium", _here())).replace("'", "")
    return pattern.replace("{1}", day(value, now)).replace("{0}", clock(value))


@register.filter
def near(value: Any, now: Any) -> str:
    """`{{ instant|near:now }}`: "tonight", "tomorrow", "in three days"; a date when it is far."""
    if not isinstance(value, dt.date) or not isinstance(now, dt.datetime):
        return day(value, now)
    hour = _local(value).hour if isinstance(value, dt.datetime) else 0
    date = _local(value).date() if isinstance(value, dt.datetime) else value
    ahead = (date - _local(now).date()).days
    words = {
        -1: gettext("yesterday"),
        0: gettext("tonight") if hour >= 17 else gettext("today"),
        1: gettext("tomorrow"),
        2: gettext("in two days"),
        3: gettext("in three days"),
        4: gettext("in four days"),
        5: gettext("in five days"),
        6: gettext("in six days"),
        7: gettext("in a week"),
    }
    return words.get(ahead) or day(value, now)


@register.simple_tag(name="zone_city")
def zone_city_tag() -> str:
    """`{% zone_city %}`: the city that the reader's times are of."""
    return zone_city(timezone.get_current_timezone_name())


@register.simple_tag
def zone_name() -> str:
    """`{% zone_name %}`: the zone that the reader's times are in, by its name."""
    return timezone.get_current_timezone_name()


@register.filter
def zone_city(zone: Any) -> str:
    """`{{ crew.zone|zone_city }}`: "Auckland", of the name of a time zone."""
    name = str(zone or "")
    if not name:
        return ""
    try:
        return str(get_timezone_location(name, locale=_here(), return_city=True))
    except LookupError:
        return name.rsplit("/", 1)[-1].replace("_", " ")


@register.filter
def span(since: Any, now: Any) -> str:
    """`{{ since|span:now }}`: "9 weeks", how long something has lasted."""
    if not isinstance(since, dt.datetime) or not isinstance(now, dt.datetime):
        return ""
    passed = max(now - since, dt.timedelta(days=1))
    steps: tuple[tuple[int, Literal["day", "week", "month"]], ...] = (
        (14, "day"),
        (84, "week"),
        (10**6, "month"),
    )
    step = next(name for days, name in steps if passed.days < days)
    return _plain(format_timedelta(passed, granularity=step, threshold=100, locale=_here()))
