"""The score: what one's crews, hellos and the congregation have on, as notes on a line for each tempo.

A month and a year are made of the same notes. Others' crews and partnerships are never among them. Each
asks for its rows in as many statements however many there are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from congregation.drawing import graphemes, initials
from congregation.models import Member
from congregation.templatetags.look import clock as on_the_clock
from rhythms import rules
from rhythms.models import Meeting, Rhythm
from rhythms.week import HELLO, OURS, between, lane_of, tones_of, words_of


class Show(StrEnum):
    """Whose rhythms are shown: one's own, or the congregation's with them."""

    ALL = "all"
    MINE = "mine"


class State(StrEnum):
    """What a note's shape tells: it is over, it was a rest, it is to come, or it comes round by rule."""

    PAST = "past"
    REST = "rest"
    AHEAD = "ahead"
    LATER = "later"


@dataclass(frozen=True)
class Note:
    """One time in the score: a sign on its line, and what it says to those who hear the page.

    `meeting` is None where a rhythm comes round that has no page for that day yet.
    """

    at: datetime
    lane: int
    sign: str
    tone: str
    title: str
    words: str
    state: State
    is_ours: bool
    meeting: Meeting | None = None

    @property
    def on(self) -> date:
        """The day it is on, as its reader's clock has it."""
        return timezone.localtime(self.at).date()

    @property
    def url(self) -> str:
        """Its page; nothing where there is none yet."""
        return self.meeting.get_absolute_url() if self.meeting else ""


@dataclass(frozen=True)
class Key:
    """Which sign and tone stands for what."""

    sign: str
    tone: str
    title: str


@dataclass(frozen=True)
class Figure:
    """How often something was, rested, and is to come: what the picture shows, as numbers."""

    title: str
    lane: int
    past: int
    rests: int
    ahead: int


@dataclass(frozen=True)
class Time:
    """One time before it has its sign."""

    at: datetime
    lane: int
    tone: str
    title: str
    words: str
    state: State
    is_ours: bool
    meeting: Meeting | None = None


def notes(member: Member, first: date, after: date, *, show: Show, now: datetime) -> list[Note]:
    """Return the notes from one day up to another, as their reader's clock has them."""
    meetings = between(member, first, after)
    if show == Show.MINE:
        meetings = meetings.exclude(crew__isnull=True, hello__isnull=True)
    tones = tones_of(member)
    times = [_time(meeting, member, tones, now=now) for meeting in meetings]
    if show == Show.ALL:
        times += _later(member, first, after, now=now)
    signs = signs_for(time.title for time in times)
    return [
        Note(
            at=time.at,
            lane=time.lane,
            sign=signs[time.title],
            tone=time.tone,
            title=time.title,
            words=time.words,
            state=time.state,
            is_ours=time.is_ours,
            meeting=time.meeting,
        )
        for time in sorted(times, key=lambda time: time.at)
    ]


def _time(meeting: Meeting, member: Member, tones: Mapping[object, str], *, now: datetime) -> Time:
    return Time(
        at=meeting.starts_at,
        lane=lane_of(meeting),
        tone=OURS if meeting.is_open else tones.get(meeting.crew_id, HELLO),
        title=meeting.name_for(member),
        words=words_of(meeting),
        state=_state(meeting, now=now),
        is_ours=meeting.is_open,
        meeting=meeting,
    )


def _state(meeting: Meeting, *, now: datetime) -> State:
    if meeting.state in {Meeting.State.NOT_HELD, Meeting.State.CANCELLED}:
        return State.REST
    if meeting.state == Meeting.State.HELD or meeting.ends_at <= now:
        return State.PAST
    return State.AHEAD


def _later(member: Member, first: date, after: date, *, now: datetime) -> list[Time]:
    """Return when the congregation's rhythms come round beyond the days that are laid out."""
    if timezone.localtime(now).date() >= after:
        return []
    rhythms = (
        Rhythm.objects.visible_to(member)
        .filter(Q(ended_on__isnull=True) | Q(ended_on__gte=first), crew__isnull=True)
        .annotate(laid_until=Max("meetings__starts_at"))
    )
    return [
        Time(
            at=one.starts,
            lane=rules.lane(rhythm.rule),
            tone=OURS,
            title=rhythm.name,
            words=_("%(time)s, as it comes round") % {"time": on_the_clock(one.starts)},
            state=State.LATER,
            is_ours=True,
        )
        for rhythm in rhythms
        for one in _comes_round(rhythm, after, now=now)
        if first <= timezone.localtime(one.starts).date() < after
    ]


def _comes_round(rhythm: Rhythm, after: date, *, now: datetime) -> list[rules.Occurrence]:
    """Return when a rhythm comes round up to a day, where nothing is laid out yet."""
    since = max(getattr(rhythm, "laid_until", None) or now, now)
    start = datetime.combine(rhythm.starts_on, rhythm.starts_at)
    until = min(after, rhythm.ended_on or after) + timedelta(days=1)
    found = rules.expand(start, rhythm.zone, rhythm.rule, rhythm.minutes, until=until)
    return [one for one in found if one.starts > since]


# ---- signs


def signs_for(titles: Iterable[str]) -> dict[str, str]:
    """Return a sign for each title: its first letter, or a second one where two would be alike."""
    wanted = sorted(set(titles))
    firsts = [_letters(title)[:1] for title in wanted]
    signs: dict[str, str] = {}
    for title, first in zip(wanted, firsts, strict=True):
        alone = firsts.count(first) == 1
        signs[title] = first[0] if alone else _another(title, set(signs.values()))
    return signs


def _letters(title: str) -> list[str]:
    return [sign.upper() for sign in graphemes(title) if sign.isalnum()] or ["·"]


def _another(title: str, taken: set[str]) -> str:
    letters = _letters(title)
    words = title.split()
    both = [initials(f"{words[0]} {words[1]}").upper()] if len(words) > 1 else []
    seconds = [letters[0] + letter.lower() for letter in letters[1:]]
    numbers = [f"{letters[0]}{n}" for n in range(2, 100)]
    return next(sign for sign in [*both, *seconds, *numbers] if sign not in taken)


def keys(those: Iterable[Note]) -> list[Key]:
    """Return what the signs stand for, each once, in the order in which they come."""
    found: dict[Key, None] = {}
    for note in those:
        found.setdefault(Key(note.sign, note.tone, note.title))
    return list(found)


def figures(those: Sequence[Note]) -> list[Figure]:
    """Return what a picture shows as numbers, the most frequent rhythms first."""
    counts: dict[tuple[int, str], dict[State, int]] = {}
    for note in those:
        row = counts.setdefault((note.lane, note.title), dict.fromkeys(State, 0))
        row[note.state] += 1
    return [
        Figure(title, lane, row[State.PAST], row[State.REST], row[State.AHEAD] + row[State.LATER])
        for (lane, title), row in sorted(counts.items())
    ]
