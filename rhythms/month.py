"""One month as a score: its days, the meetings on them, and what is ahead."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.utils import timezone

from congregation.drawing import graphemes
from congregation.models import Member
from rhythms.models import Coming, LookBack, Meeting
from rhythms.models.rhythm import Commitment
from rhythms.week import HELLO, between, lane_of, tones_of, words_of


@dataclass(frozen=True)
class Note:
    """One meeting in the score: a letter on its line, and what it says to those who hear the page."""

    meeting: Meeting
    lane: int
    letter: str
    tone: str
    title: str
    words: str
    done: bool


@dataclass(frozen=True)
class ScoreDay:
    """One day of the score. `past` ones are left out on a phone; `first` is where a phone begins."""

    on: date
    is_today: bool
    is_past: bool
    is_first: bool
    notes: list[Note] = field(default_factory=list)


@dataclass(frozen=True)
class Key:
    """Which letter and tone stands for what."""

    letter: str
    tone: str
    title: str


@dataclass(frozen=True)
class Ahead:
    """One row of what is ahead: a meeting with one's own answer, or a look-back."""

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
    everyones: list[Key]
    rows: list[Ahead]
    is_over: bool

    @property
    def before(self) -> date:
        """The month before."""
        return (self.first - timedelta(days=1)).replace(day=1)

    @property
    def after(self) -> date:
        """The month after."""
        return (self.first + timedelta(days=32)).replace(day=1)


def month(member: Member, first: date, *, now: datetime) -> Month:
    """Return a month from its first day, in as many queries however much is in it."""
    after = (first + timedelta(days=32)).replace(day=1)
    today = timezone.localtime(now).date()
    meetings = list(between(member, first, after))
    comings = {
        coming.meeting_id: coming
        for coming in Coming.objects.visible_to(member).filter(meeting__in=meetings, member=member)
    }
    lookbacks = list(
        LookBack.objects.visible_to(member)
        .filter(revealed_at__isnull=True, commitment__state=Commitment.State.LOOKING_BACK)
        .select_related("crew", "congregation")
    )
    tones = tones_of(member)
    notes = [_note(meeting, member, tones, now=now) for meeting in meetings]
    is_over = after <= today
    days = _days(first, after, today, notes)
    return Month(
        first=first,
        days=days,
        mine=_keys(note for note in notes if not note.meeting.is_open),
        everyones=_keys(note for note in notes if note.meeting.is_open),
        rows=_rows(notes, comings, lookbacks, first, after, is_over=is_over, now=now),
        is_over=is_over,
    )


def _note(meeting: Meeting, member: Member, tones: Mapping[object, str], *, now: datetime) -> Note:
    title = meeting.name_for(member)
    return Note(
        meeting=meeting,
        lane=lane_of(meeting),
        letter=next((sign for sign in graphemes(title) if sign.isalnum()), "·").upper(),
        tone=tones.get(meeting.crew_id, HELLO),
        title=title,
        words=words_of(meeting),
        done=meeting.ends_at <= now or meeting.state != Meeting.State.PLANNED,
    )


def _days(first: date, after: date, today: date, notes: Sequence[Note]) -> list[ScoreDay]:
    monday = today - timedelta(days=today.weekday())
    is_now = first <= today < after
    start = max(monday, first) if is_now else first
    days = {}
    for step in range((after - first).days):
        on = first + timedelta(days=step)
        days[on] = ScoreDay(on, on == today, on < start, on == start)
    for note in notes:
        days[timezone.localtime(note.meeting.starts_at).date()].notes.append(note)
    return list(days.values())


def _keys(notes: Iterable[Note]) -> list[Key]:
    seen: dict[tuple[str, str, str], Key] = {}
    for note in notes:
        key = Key(note.letter, note.tone, note.title)
        seen.setdefault((key.title, key.tone, key.letter), key)
    return list(seen.values())


def _rows(
    notes: Sequence[Note],
    comings: Mapping[uuid.UUID, Coming],
    lookbacks: Sequence[LookBack],
    first: date,
    after: date,
    *,
    is_over: bool,
    now: datetime,
) -> list[Ahead]:
    rows = [
        Ahead(
            at=note.meeting.starts_at,
            title=note.title,
            where=_where(note.meeting),
            url=note.meeting.get_absolute_url(),
            anchor=f"a{note.meeting.pk.hex[:12]}",
            meeting=note.meeting,
            coming=comings.get(note.meeting.pk),
        )
        for note in notes
        if is_over or note.meeting.ends_at > now
    ]
    rows.extend(
        Ahead(
            at=lookback.closes_at,
            title=lookback.crew.name,
            where="",
            url=lookback.get_absolute_url(),
            lookback="closes",
        )
        for lookback in lookbacks
        if first <= timezone.localtime(lookback.closes_at).date() < after
    )
    for note in notes:
        meeting = note.meeting
        if (
            meeting.commitment
            and meeting.commitment.state == Commitment.State.RUNNING
            and meeting.number == meeting.commitment.times
            and meeting.ends_at > now
        ):
            rows.append(
                Ahead(
                    at=meeting.ends_at,
                    title=note.title,
                    where="",
                    url=meeting.get_absolute_url(),
                    lookback="opens",
                )
            )
    return sorted(rows, key=lambda row: row.at)


def _where(meeting: Meeting) -> str:
    plan = getattr(meeting, "plan", None)
    return (plan.place or plan.link) if plan else ""
