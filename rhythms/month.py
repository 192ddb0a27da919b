"""One month as a score: its days, the notes on them, and what is ahead."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.utils import timezone

from congregation.models import Member
from rhythms import score
from rhythms.models import Coming, LookBack, Meeting
from rhythms.models.rhythm import Commitment
from rhythms.score import Key, Note, Show, State


@dataclass(frozen=True)
class ScoreDay:
    """One day of the score. `past` ones are left out on a phone; `first` is where a phone begins."""

    on: date
    is_today: bool
    is_past: bool
    is_first: bool
    notes: list[Note] = field(default_factory=list)


@dataclass(frozen=True)
class Row:
    """One row of what is ahead, or of what was: a note with one's own answer, or a look-back."""

    at: datetime
    title: str
    where: str
    url: str
    anchor: str = ""
    meeting: Meeting | None = None
    coming: Coming | None = None
    lookback: str = ""


@dataclass(frozen=True)
class Month:
    """A month as its reader's clock has it."""

    first: date
    days: list[ScoreDay]
    mine: list[Key]
    ours: list[Key]
    states: set[State]
    earlier: list[Row]
    ahead: list[Row]
    is_over: bool

    @property
    def before(self) -> date:
        """The month before."""
        return (self.first - timedelta(days=1)).replace(day=1)

    @property
    def after(self) -> date:
        """The month after."""
        return after(self.first)


def after(first: date) -> date:
    """Return the first day of the month after the one that begins on a day."""
    return (first + timedelta(days=32)).replace(day=1)


def month(
    member: Member, first: date, *, now: datetime, show: Show = Show.ALL, whole: bool = False
) -> Month:
    """Return a month from its first day, in as many queries however much is in it.

    `whole` begins with its first day on a phone too, where else the weeks that are over are left out.
    """
    ends = after(first)
    today = timezone.localtime(now).date()
    notes = score.notes(member, first, ends, show=show, now=now)
    meetings = [note.meeting for note in notes if note.meeting]
    comings = {
        coming.meeting_id: coming
        for coming in Coming.objects.visible_to(member).filter(meeting__in=meetings, member=member)
    }
    lookbacks = list(
        LookBack.objects.visible_to(member)
        .filter(revealed_at__isnull=True)
        .select_related("crew", "congregation")
    )
    rows = [_row(note, comings) for note in notes]
    rows += _lookbacks(notes, lookbacks, first, ends, now=now)
    rows.sort(key=lambda row: row.at)
    return Month(
        first=first,
        days=_days(first, ends, today, notes, whole=whole),
        mine=score.keys(note for note in notes if not note.is_ours),
        ours=score.keys(note for note in notes if note.is_ours),
        states={note.state for note in notes},
        earlier=[row for row in rows if _ends(row) <= now],
        ahead=[row for row in rows if _ends(row) > now],
        is_over=ends <= today,
    )


def _ends(row: Row) -> datetime:
    return row.meeting.ends_at if row.meeting else row.at


def _days(
    first: date, ends: date, today: date, notes: Sequence[Note], *, whole: bool
) -> list[ScoreDay]:
    monday = today - timedelta(days=today.weekday())
    start = max(monday, first) if first <= today < ends and not whole else first
    days = {}
    for step in range((ends - first).days):
        on = first + timedelta(days=step)
        days[on] = ScoreDay(on, on == today, on < start, on == start)
    for note in notes:
        days[note.on].notes.append(note)
    return list(days.values())


def _row(note: Note, comings: Mapping[uuid.UUID, Coming]) -> Row:
    meeting = note.meeting
    return Row(
        at=note.at,
        title=note.title,
        where=_where(meeting) if meeting else "",
        url=note.url,
        anchor=f"a{meeting.pk.hex[:12]}" if meeting else "",
        meeting=meeting,
        coming=comings.get(meeting.pk) if meeting else None,
    )


def _lookbacks(
    notes: Sequence[Note], lookbacks: Sequence[LookBack], first: date, ends: date, *, now: datetime
) -> list[Row]:
    """Return the look-backs that open to all in a month, and those that begin after a last meeting."""
    rows = [
        Row(
            at=lookback.closes_at,
            title=lookback.crew.name,
            where="",
            url=lookback.get_absolute_url(),
            lookback="closes",
        )
        for lookback in lookbacks
        if first <= timezone.localtime(lookback.closes_at).date() < ends
    ]
    for note in notes:
        meeting = note.meeting
        if (
            meeting
            and meeting.commitment
            and meeting.commitment.state == Commitment.State.RUNNING
            and meeting.number == meeting.commitment.times
            and meeting.ends_at > now
        ):
            rows.append(
                Row(at=meeting.ends_at, title=note.title, where="", url=note.url, lookback="opens")
            )
    return rows


def _where(meeting: Meeting) -> str:
    plan = getattr(meeting, "plan", None)
    return (plan.place or plan.link) if plan else ""
