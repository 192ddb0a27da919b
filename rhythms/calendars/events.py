"""Meetings as events of a calendar: what recurs as one, and as much of it as its reader wants shown."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext, pgettext

from congregation.models import Member
from congregation.outbox import address
from rhythms.calendars import zones
from rhythms.calendars.series import Series, by_the_clock, is_odd, series_of
from rhythms.calendars.writing import Entry, calendar
from rhythms.models import Feed, Meeting, Rhythm

type Skipped = Mapping[uuid.UUID, list[tuple[date, date]]]

# By so much the number of an event rises with a change of its rhythm.
A_CHANGE: Final = 1000
OFF: Final = frozenset({Meeting.State.CANCELLED, Meeting.State.NOT_HELD})


class Writer:
    """Writes meetings for one member, showing as much of them as they want (`Feed.Shows`)."""

    def __init__(self, member: Member, shows: str) -> None:
        self.member = member
        self.shows = shows

    def title(self, meeting: Meeting) -> str:
        """Return what a meeting is called: by its name, its kind, or that one is busy."""
        if self.shows == Feed.Shows.NAMES:
            return meeting.name_for(self.member)
        if self.shows == Feed.Shows.BUSY:
            return gettext("Busy")
        if meeting.crew_id:
            return pgettext("an event in a calendar", "Crew")
        return gettext("A talk") if meeting.hello_id else gettext("Gathering")

    def where(self, meeting: Meeting) -> tuple[str, str]:
        """Return place and link of a meeting, as far as they are shown."""
        plan = getattr(meeting, "plan", None)
        if plan is None or self.shows != Feed.Shows.NAMES:
            return "", ""
        return plan.place, plan.link

    def said(self, where: tuple[str, str], path: str) -> dict[str, Any]:
        """Return the place and the words of an event, and where it leads."""
        if self.shows != Feed.Shows.NAMES:
            return {}
        place, link = where
        url = address(path)
        lines = [link, url] if place and link else [url]
        return {"place": place or link, "words": "\n".join(lines), "url": url}

    def alone(self, meeting: Meeting, **more: Any) -> Entry:
        """Return a meeting as an event by itself, or, with `instead_of`, as one of its rhythm that differs."""
        rhythm = meeting.rhythm if "instead_of" in more else None
        return Entry(
            **{"uid": str(meeting.pk)} | more,
            starts=meeting.starts_at,
            ends=meeting.ends_at,
            zone=meeting.zone,
            title=self.title(meeting),
            sequence=sequence_of(meeting, rhythm),
            changed_at=changed_at(meeting, rhythm),
            is_off=meeting.state in OFF,
            is_private=not meeting.is_open,
            **self.said(self.where(meeting), meeting.get_absolute_url()),
        )

    def together(self, meetings: list[Meeting], skipped: Skipped) -> Iterator[Entry]:
        """Yield the meetings of a rhythm: as what recurs, then what differs, then what stands alone."""
        first = meetings[0]
        rhythm, uid = first.rhythm, uid_of(first)
        series = found_in(meetings, skipped)
        if rhythm is None or series is None:
            yield from map(self.alone, meetings)
            return
        inside = {meeting: series.wall(planned_for(meeting)) for meeting in meetings}
        usual = Counter(self.where(meeting) for meeting, wall in inside.items() if wall)
        where = usual.most_common(1)[0][0]
        starts, ends = by_the_clock(series.starts, rhythm.minutes, rhythm.zone)
        yield Entry(
            uid=uid,
            starts=starts,
            ends=ends,
            zone=rhythm.zone,
            title=self.title(first),
            sequence=max(sequence_of(meeting, rhythm) for meeting in meetings),
            changed_at=max(changed_at(meeting, rhythm) for meeting in meetings),
            is_private=not first.is_open,
            rule=series.rule,
            left_out=series.left_out,
            **self.said(where, page_of(first)),
        )
        for meeting, wall in inside.items():
            if wall is None:
                if not meeting.pause_id:
                    yield self.alone(meeting)
            elif self._differs(meeting, rhythm, wall, where):
                yield self.alone(meeting, uid=uid, instead_of=wall)

    def _differs(
        self, meeting: Meeting, rhythm: Rhythm, wall: datetime, where: tuple[str, str]
    ) -> bool:
        """Tell whether a meeting is otherwise than its rhythm has it."""
        planned = planned_for(meeting)
        return (
            meeting.state in OFF
            or meeting.starts_at != planned
            or (meeting.ends_at - meeting.starts_at).total_seconds() != rhythm.minutes * 60
            or self.where(meeting) != where
            or is_odd(wall, meeting.starts_at, meeting.ends_at, rhythm.zone)
        )

    def entries(self, meetings: Iterable[Meeting], skipped: Skipped | None = None) -> list[Entry]:
        """Return the events of these meetings, those of a rhythm together."""
        groups: dict[Any, list[Meeting]] = defaultdict(list)
        entries: list[Entry] = []
        for meeting in meetings:
            if meeting.rhythm_id and planned_for(meeting):
                groups[meeting.rhythm_id, meeting.commitment_id].append(meeting)
            else:
                entries.append(self.alone(meeting))
        for group in groups.values():
            entries += self.together(group, skipped or {})
        return entries


def found_in(meetings: Collection[Meeting], skipped: Skipped) -> Series | None:
    """Return what recurs of the meetings of one rhythm; what a pause has called off is left out of it."""
    first = next(iter(meetings))
    rhythm = first.rhythm
    if rhythm is None:
        return None
    there = [
        planned_for(meeting)
        for meeting in meetings
        if not (meeting.pause_id and meeting.state == Meeting.State.CANCELLED)
    ]
    return series_of(
        {moment for moment in there if moment},
        rule=rhythm.rule,
        at=rhythm.starts_at,
        zone=rhythm.zone,
        minutes=rhythm.minutes,
        skipped=skipped.get(rhythm.pk, ()),
        is_endless=is_endless(first),
    )


def is_endless(meeting: Meeting) -> bool:
    """Tell whether the rhythm of a meeting goes on without an end."""
    rhythm, commitment = meeting.rhythm, meeting.commitment
    if rhythm is None or rhythm.ended_on:
        return False
    if commitment is None:
        return meeting.is_open
    return commitment.is_open_ended and commitment.state == commitment.State.RUNNING


def planned_for(meeting: Meeting) -> datetime | None:
    """Return when its rhythm has a meeting; None where it stands alone."""
    return meeting.planned_for if meeting.rhythm_id else None


def uid_of(meeting: Meeting) -> str:
    """Return by what calendars know the rhythm of a meeting, for as long as it goes on."""
    assert meeting.rhythm_id is not None
    return str(uuid.uuid5(meeting.rhythm_id, str(meeting.commitment_id or "")))


def sequence_of(meeting: Meeting, rhythm: Rhythm | None) -> int:
    """Return a number that rises with each change of a meeting, and of the rhythm that it is of.

    A rhythm that is changed leaves meetings behind that may have been moved often: its own changes count more.
    """
    return meeting.sequence + (rhythm.sequence * A_CHANGE if rhythm else 0)


def changed_at(meeting: Meeting, rhythm: Rhythm | None) -> datetime:
    """Return when a meeting, or the rhythm that it is of, was changed last."""
    changed = meeting.changed_at or meeting.starts_at
    return max(changed, (rhythm and rhythm.changed_at) or changed)


def page_of(meeting: Meeting) -> str:
    """Return the page that stands for all meetings of a rhythm."""
    if meeting.crew_id and meeting.crew:
        meeting.crew.congregation = meeting.congregation
        return meeting.crew.get_absolute_url()
    return meeting.get_absolute_url()


def clocks_of(entries: Iterable[Entry], *, year: int) -> list[str]:
    """Return the clocks that these events are written by."""
    return [zones.clock_of(zone, year) for zone in sorted({entry.zone for entry in entries})]


def file_of(meetings: Iterable[Meeting], member: Member, shows: str = Feed.Shows.NAMES) -> bytes:
    """Return meetings as a file for one member's own calendar, each by itself."""
    writer = Writer(member, shows)
    entries = [writer.alone(meeting) for meeting in meetings]
    year = max((entry.starts.year for entry in entries), default=0)
    return calendar(
        entries,
        product=settings.PRODUCT,
        zones=clocks_of(entries, year=year),
        method="PUBLISH",
    )
