"""`manage.py try rhythm`: the meetings of a rhythm."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from hall.trying.reading import TryError, check_keys, quoted, text, whole_number
from rhythms.rules import expand

_LOCAL: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?"
)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def try_rhythm(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the meetings of a rhythm and the local date of the last one, null where there is none.

    Takes zone, start, rule, minutes and perhaps skip and until. Raises TryError or RhythmError.
    """
    check_keys(
        data,
        needed=frozenset({"zone", "start", "rule", "minutes"}),
        also=frozenset({"skip", "until"}),
    )
    skip = data.get("skip", [])
    if not isinstance(skip, list):
        raise TryError(f'"skip" has to be a list of dates, which {quoted(skip)} is not.')
    until = data.get("until")
    meetings = expand(
        _local("start", data["start"]),
        text("zone", data["zone"]),
        text("rule", data["rule"]),
        whole_number("minutes", data["minutes"]),
        [_date("skip", day) for day in skip],
        None if until is None else _date("until", until),
    )
    return {
        "meetings": [
            {
                "local": _iso(meeting.local),
                "utc": _instant(meeting.starts),
                "ends": _instant(meeting.ends),
            }
            for meeting in meetings
        ],
        "ends_on": meetings[-1].local.date().isoformat() if meetings else None,
    }


def _iso(local: datetime) -> str:
    return local.isoformat(timespec="seconds" if local.second else "minutes")


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _date(key: str, value: object) -> date:
    try:
        if not (isinstance(value, str) and _DATE.fullmatch(value)):
            raise ValueError
        return date.fromisoformat(value)
    except ValueError:
        raise TryError(
            f"{quoted(key)} takes dates such as 2026-11-01, which {quoted(value)} is not."
        ) from None


def _local(key: str, value: object) -> datetime:
    try:
        if not (isinstance(value, str) and _LOCAL.fullmatch(value)):
            raise ValueError
        return datetime.fromisoformat(value)
    except ValueError:
        raise TryError(
            f"{quoted(key)} has to be a local time such as 2026-10-18T19:00, "
            f"which {quoted(value)} is not."
        ) from None
