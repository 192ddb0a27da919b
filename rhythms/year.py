"""One year as a score: twelve measures, each with its weeks, and the same as numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.utils import timezone

from congregation.models import Member
from rhythms import score
from rhythms.month import after
from rhythms.score import Figure, Key, Note, Show, State


@dataclass(frozen=True)
class Cell:
    """What one line has in one week of a month; weeks count from one, and end with Sunday."""

    lane: int
    week: int
    notes: list[Note] = field(default_factory=list)


@dataclass(frozen=True)
class Measure:
    """One month of the year. `past` ones are left out on a phone."""

    first: date
    # The day with which each of its weeks begins.
    weeks: list[int]
    cells: list[Cell]
    figures: list[Figure]
    is_past: bool
    # The week that today is in; nothing in other months.
    now_in: int


@dataclass(frozen=True)
class Year:
    """A year as its reader's clock has it."""

    number: int
    measures: list[Measure]
    mine: list[Key]
    ours: list[Key]
    states: set[State]

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.number, 1, 1)

    @property
    def before(self) -> int:
        """The year before."""
        return self.number - 1

    @property
    def after(self) -> int:
        """The year after."""
        return self.number + 1

    @property
    def has_past(self) -> bool:
        """Whether months are left out on a phone."""
        return any(measure.is_past for measure in self.measures)


def year(
    member: Member, number: int, *, now: datetime, show: Show = Show.ALL, whole: bool = False
) -> Year:
    """Return a year, in as many queries however much is in it.

    `whole` begins with January on a phone too, where else the months that are over are left out.
    """
    notes = score.notes(member, date(number, 1, 1), date(number + 1, 1, 1), show=show, now=now)
    today = timezone.localtime(now).date()
    by_month: dict[int, list[Note]] = {month: [] for month in range(1, 13)}
    for note in notes:
        by_month[note.on.month].append(note)
    return Year(
        number=number,
        measures=[
            _measure(date(number, month, 1), those, today, whole=whole)
            for month, those in by_month.items()
        ],
        mine=score.keys(note for note in notes if not note.is_ours),
        ours=score.keys(note for note in notes if note.is_ours),
        states={note.state for note in notes},
    )


def week_of(day: date) -> int:
    """Return which week of its month a day is in: the first has the 1st, and ends with a Sunday."""
    return (day.day - 1 + day.replace(day=1).weekday()) // 7 + 1


def _measure(first: date, notes: Sequence[Note], today: date, *, whole: bool) -> Measure:
    cells: dict[tuple[int, int], Cell] = {}
    for note in notes:
        week = week_of(note.on)
        cells.setdefault((week, note.lane), Cell(note.lane, week)).notes.append(note)
    ends = after(first)
    last = (ends - first).days
    mondays = [day for day in range(2, last + 1) if first.replace(day=day).weekday() == 0]
    return Measure(
        first=first,
        weeks=[1, *mondays],
        cells=[cell for _, cell in sorted(cells.items())],
        figures=score.figures(notes),
        is_past=ends <= today and today.year == first.year and not whole,
        now_in=week_of(today) if first <= today < ends else 0,
    )
