"""How a crew has been lately, from plain values. Pure functions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

# A meeting that nobody has said anything about for so long is taken as not held, kindly and for hosts only.
SILENCE = timedelta(days=2)
LOOKED_AT = 4
WEEKS = 12


@dataclass(frozen=True)
class Past:
    """One meeting that is over: its day, when it ended, whether it was held (None: nobody said), who came."""

    on: date
    ended_at: datetime
    is_held: bool | None
    came: int = 0
    seated: int = 0


@dataclass(frozen=True)
class Lately:
    """The last few meetings of a crew: how many of how many were held, and the day of the last one."""

    held: int
    of: int
    last_on: date | None


class Standing(StrEnum):
    """How a crew is doing, as far as hosts can tell."""

    VISIT = "visit"
    IN_RHYTHM = "in_rhythm"
    LOOKING_BACK = "looking_back"
    FORMING = "forming"
    RESTING = "resting"


def lately(past: Iterable[Past], *, now: datetime) -> Lately:
    """Return how many of a crew's last four meetings were held.

    A meeting that nobody has spoken of counts only once it is two days old.
    """
    known = sorted(
        (
            meeting
            for meeting in past
            if meeting.is_held is not None or meeting.ended_at <= now - SILENCE
        ),
        key=lambda meeting: meeting.ended_at,
    )
    held = [meeting for meeting in known if meeting.is_held]
    looked_at = known[-LOOKED_AT:]
    return Lately(
        held=sum(1 for meeting in looked_at if meeting.is_held),
        of=len(looked_at),
        last_on=held[-1].on if held else None,
    )


def standing(state: str, cycle_ends_on: date | None, recent: Lately, *, today: date) -> Standing:
    """Return how a crew is doing: resting, forming, looking back, in rhythm, or could use a visit.

    A crew could use a visit when fewer than half of its last meetings were held, of at least two.
    """
    if state == "resting":
        return Standing.RESTING
    if state == "forming":
        return Standing.FORMING
    if cycle_ends_on is not None and cycle_ends_on < today:
        return Standing.LOOKING_BACK
    if recent.of >= 2 and recent.held * 2 < recent.of:
        return Standing.VISIT
    return Standing.IN_RHYTHM


def beats(past: Sequence[Past], *, today: date, rests_since: date | None = None) -> list[str]:
    """Return the last twelve weeks as kinds of notes, the latest last.

    full, most (at least two thirds), some, none (not held), rest, or empty where nothing was due.
    """
    monday = today - timedelta(days=today.weekday())
    kinds: list[str] = []
    for back in range(WEEKS - 1, -1, -1):
        begins = monday - timedelta(weeks=back)
        week = [m for m in past if begins <= m.on < begins + timedelta(weeks=1)]
        held = [m for m in week if m.is_held]
        if held:
            came, of = sum(m.came for m in held), sum(max(m.seated, m.came) for m in held)
            kinds.append("full" if came >= of else "most" if came * 3 >= of * 2 else "some")
        elif any(m.is_held is False for m in week):
            kinds.append("none")
        elif rests_since is not None and begins + timedelta(days=6) >= rests_since:
            kinds.append("rest")
        else:
            kinds.append("")
    return kinds


def weeks_to(
    threshold: int, people: int, joined_last_year: int, left_last_year: int = 0
) -> int | None:
    """Return in how many weeks, at the last year's pace, a congregation has grown to a threshold.

    None where it doesn't grow, or is there already.
    """
    net = joined_last_year - left_last_year
    if people >= threshold or net <= 0:
        return None
    return -(-(threshold - people) * 52 // net)
