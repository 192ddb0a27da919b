"""Invitations by mail (iTIP, RFC 5546): REQUEST what is on, CANCEL what isn't, by the same UIDs as feeds.

The organizer is the address that our mail comes from, and the one attendee whom it goes to: nobody learns
from it who else comes. Everyone has said their yes to a rhythm here, so it says that they accepted; no reply
is asked for, since none could be read.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from email.utils import parseaddr
from typing import Final
from urllib.parse import quote

from django.conf import settings

from congregation.models import Member
from congregation.notices import Invitation
from crews.models import Crew
from rhythms.calendars import feed as feeds
from rhythms.calendars.events import Writer, clocks_of, found_in, planned_for, uid_of
from rhythms.calendars.writing import Entry, calendar, parameter
from rhythms.models import Coming, Commitment, Feed, Meeting
from rhythms.models.meeting import MeetingQuerySet

REQUEST: Final = "REQUEST"
CANCEL: Final = "CANCEL"


def of_commitment(commitment: Commitment, member: Member, at: datetime) -> list[Invitation]:
    """Return the invitation to what is to come of a commitment, as what recurs.

    Where it was changed from some meeting on, what is before it recurs by itself, and what is after.
    """
    rows = Meeting.objects.filter(commitment=commitment)
    ahead = set(rows.filter(starts_at__gt=at).values_list("rhythm_id", flat=True))
    found: list[Invitation] = []
    for rhythm in sorted(ahead, key=lambda one: (one == commitment.rhythm_id, str(one))):
        found += _of_group(rows.filter(rhythm=rhythm), member, at, REQUEST)
    return found


def of_meeting(meeting: Meeting, member: Member, at: datetime) -> list[Invitation]:
    """Return the invitation to one meeting, which may be one of a rhythm; called off, that it is."""
    writer = _writer(member)
    if writer is None:
        return []
    entry = writer.alone(meeting)
    if meeting.rhythm_id and planned_for(meeting):
        all_of_it = Meeting.objects.filter(
            rhythm=meeting.rhythm_id, commitment=meeting.commitment_id
        )
        group = feeds.loaded(all_of_it, member.congregation)
        series = found_in(group, feeds.skipped(group))
        wall = series.wall(planned_for(meeting)) if series else None
        if wall is not None:
            entry = writer.alone(meeting, uid=uid_of(meeting), instead_of=wall)
    cant = Coming.objects.filter(meeting=meeting, member=member, answer=Coming.Answer.CANT)
    method = CANCEL if entry.is_off else REQUEST
    return [_written([entry], writer, at, method, meeting, declined=cant.exists())]


def of_nothing_more(crew: Crew, member: Member, at: datetime) -> list[Invitation]:
    """Return what takes the meetings of a crew that were to come out of the calendar of who has left it."""
    ahead = Meeting.objects.filter(crew=crew, state=Meeting.State.PLANNED, starts_at__gt=at)
    groups = {(row.rhythm_id, row.commitment_id) for row in ahead if row.commitment_id}
    found: list[Invitation] = []
    for rhythm, commitment in sorted(groups):
        rows = Meeting.objects.filter(rhythm=rhythm, commitment=commitment)
        found += _of_group(rows, member, at, CANCEL)
    return found


def _of_group(rows: MeetingQuerySet, member: Member, at: datetime, method: str) -> list[Invitation]:
    """Return what is mailed of what recurs: one UID, with whatever differs of it."""
    writer = _writer(member)
    group = feeds.loaded(rows, member.congregation)
    if writer is None or not group:
        return []
    entries = list(writer.together(group, feeds.skipped(group)))
    recurs = bool(entries[0].rule)
    one = [entry for entry in entries if not recurs or entry.uid == entries[0].uid]
    if method == CANCEL:
        # Who is no longer of it is told no more than what to take out.
        one = [replace(one[0], is_off=True, place="", words="", url="")]
    return [_written(one, writer, at, method, group[0])]


def _writer(member: Member) -> Writer | None:
    """Return what writes for this person, unless they want no invitations, or have no address."""
    if not (member.user and member.user.email) or member.user.invites == "none":
        return None
    return Writer(member, member.user.invites or Feed.Shows.NAMES)


def _written(
    entries: Sequence[Entry],
    writer: Writer,
    at: datetime,
    method: str,
    meeting: Meeting,
    *,
    declined: bool = False,
) -> Invitation:
    member = writer.member
    user = member.user
    assert user is not None
    name = writer.title(meeting) if writer.shows == Feed.Shows.NAMES else settings.PRODUCT
    answer = "DECLINED" if declined else "ACCEPTED"
    people = [
        f"ORGANIZER;CN={parameter(name)}:{_mailto(parseaddr(settings.DEFAULT_FROM_EMAIL)[1])}",
        f"ATTENDEE;CN={parameter(member.name)};CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;"
        f"PARTSTAT={answer};RSVP=FALSE:{_mailto(user.email or '')}",
    ]
    content = calendar(
        [replace(entry, changed_at=at) for entry in entries],
        product=settings.PRODUCT,
        zones=clocks_of(entries, year=at.year),
        method=method,
        people=people,
    )
    return Invitation(method, content)


def _mailto(email: str) -> str:
    return f"mailto:{quote(email, safe='@+!$&*=?^_`{|}~.-')}"
