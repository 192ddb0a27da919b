"""Ways into the calendars of common services. Nothing is sent to any of them until the person taps."""

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import quote, urlencode

from rhythms.calendars.writing import Entry, instant


class Way(NamedTuple):
    """One service: what it is called, and the address at which it takes something in."""

    name: str
    url: str


def to_add(entry: Entry) -> Iterator[Way]:
    """Yield where each of the services takes in one event; the address holds what the event says."""
    starts, ends = instant(entry.starts), instant(entry.ends)
    google = {
        "action": "TEMPLATE",
        "text": entry.title,
        "dates": f"{starts}/{ends}",
        "details": entry.words,
        "location": entry.place,
    }
    yield Way("Google", _url("calendar.google.com/calendar/render", google))
    outlook = {
        "path": "/calendar/action/compose",
        "rru": "addevent",
        "subject": entry.title,
        "startdt": f"{entry.starts:%Y-%m-%dT%H:%M:%S}Z",
        "enddt": f"{entry.ends:%Y-%m-%dT%H:%M:%S}Z",
        "body": entry.words,
        "location": entry.place,
    }
    yield Way("Outlook.com", _url("outlook.live.com/calendar/0/deeplink/compose", outlook))
    yield Way("Microsoft 365", _url("outlook.office.com/calendar/0/deeplink/compose", outlook))
    lasts = (entry.ends - entry.starts) // timedelta(minutes=1)
    yahoo = {
        "v": "60",
        "title": entry.title,
        "st": starts,
        "dur": f"{lasts // 60:02}{lasts % 60:02}",
        "desc": entry.words,
        "in_loc": entry.place,
    }
    yield Way("Yahoo", _url("calendar.yahoo.com/", yahoo))


def to_subscribe(address: str, name: str) -> Iterator[Way]:
    """Yield where a feed is taken in: first by the device itself, then by each of the services."""
    anywhere = f"webcal://{address.partition('://')[2]}"
    yield Way("", anywhere)
    yield Way("Google", _url("calendar.google.com/calendar/r", {"cid": anywhere}))
    outlook = {"url": address, "name": name}
    yield Way("Outlook.com", _url("outlook.live.com/calendar/0/addfromweb", outlook))
    yield Way("Microsoft 365", _url("outlook.office.com/calendar/0/addfromweb", outlook))


def _url(where: str, asked: dict[str, str]) -> str:
    said = {name: value for name, value in asked.items() if value}
    return f"https://{where}?{urlencode(said, quote_via=quote)}"
