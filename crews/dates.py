"""The dates that a tempo comes round on. Pure functions: no Django, no clock.

They are those of the rhythm that a founded crew gets from its idea, which a test compares day by day.
"""

from datetime import date, timedelta


def dates(first: date, tempo: str, times: int) -> list[date]:
    """Return the dates of so many meetings from the first on: weekly, fortnightly or monthly.

    Monthly goes by the weekday (the third Thursday); a fifth one means the last of its month.
    Raises ValueError for another tempo.
    """
    if tempo in {"weekly", "fortnightly"}:
        step = timedelta(weeks=1 if tempo == "weekly" else 2)
        return [first + step * number for number in range(times)]
    if tempo != "monthly":
        raise ValueError(f"There is no tempo {tempo!r}.")
    return [_in_month(first, later) for later in range(times)]


def nth(first: date) -> int:
    """Return which of its weekdays in the month a date is, from 1; -1 is the fifth, the last."""
    which = (first.day + 6) // 7
    return -1 if which == 5 else which


def _in_month(first: date, later: int) -> date:
    """Return the date in the month so many months later that has the same place in it."""
    year, month = divmod(first.year * 12 + first.month - 1 + later, 12)
    if nth(first) == -1:
        day = date(year + month // 11, (month + 1) % 12 + 1, 1) - timedelta(days=1)
        return day - timedelta(days=(day.weekday() - first.weekday()) % 7)
    day = date(year, month + 1, 1)
    return day + timedelta(days=(first.weekday() - day.weekday()) % 7, weeks=nth(first) - 1)
