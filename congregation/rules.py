"""When mail goes: pure arithmetic over wall clocks. It imports neither Django nor a clock.

A wall time that a clock change leaves out moves forward by the gap; one that comes twice is the first, as in
RFC 5545. Instants have a zone; what they return is in UTC.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

# What begins so soon after the night is over can't wait for the morning.
TOO_LATE = timedelta(hours=2)


def instant(day: date, at: time, zone: str) -> datetime:
    """Return the moment at which a wall clock in a zone shows a day and a time."""
    return datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)


def quiet_ends(now: datetime, zone: str, begins: time | None, ends: time | None) -> datetime:
    """Return when the quiet hours that it is in now are over; `now` itself outside of them.

    From `begins` to `ends` on the wall clock of a zone, also across midnight; None or both alike: none at all.
    """
    if begins is None or ends is None or begins == ends:
        return now
    local = now.astimezone(ZoneInfo(zone))
    at, day = local.time(), local.date()
    if begins < ends:
        is_quiet = begins <= at < ends
    else:
        is_quiet = at >= begins or at < ends
        day += timedelta(days=1) if at >= begins else timedelta(0)
    # In the hour that comes twice the end may be past already.
    return max(now, instant(day, ends, zone)) if is_quiet else now


def held_until(
    now: datetime,
    zone: str,
    begins: time | None,
    ends: time | None,
    *,
    before: datetime | None = None,
) -> datetime:
    """Return when something may be mailed that is told now: after the quiet hours, but never too late.

    `before` is when what it is about begins. Where that is before the quiet hours are over, or within two
    hours of it, it goes now.
    """
    morning = quiet_ends(now, zone, begins, ends)
    return now if before is not None and before < morning + TOO_LATE else morning


def next_digest(now: datetime, zone: str, at: time, weekday: int | None = None) -> datetime:
    """Return the first moment after now at which a digest is due: each day at a wall time, or on one weekday.

    Weekdays count from 0, a Monday.
    """
    today = now.astimezone(ZoneInfo(zone)).date()
    for ahead in range(-1, 10):
        day = today + timedelta(days=ahead)
        if weekday is None or day.weekday() == weekday:
            moment = instant(day, at, zone)
            if moment > now:
                return moment
    raise ValueError(weekday)


def day_of(now: datetime, zone: str) -> date:
    """Return the day that it is in a zone."""
    return now.astimezone(ZoneInfo(zone)).date()


def months_before(day: date, months: int) -> date:
    """Return the day so many months earlier; the 31st becomes the last day of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for number in range(day.day, 27, -1):
        try:
            return date(year, month + 1, number)
        except ValueError:
            continue
    return date(year, month + 1, min(day.day, 28))
