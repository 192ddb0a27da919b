"""Links in the mail that names a meeting: whether one comes, and *We met*, without signing in.

A link is for one person and one meeting at one moment, and opens one form. It holds their ids and a signature,
and is found in no table: it ends by itself when its person leaves the table, when the meeting is moved or
called off, and when its time is over.
"""

import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from django.core import signing
from django.urls import reverse

from congregation.models import Member
from congregation.outbox import address
from rhythms.models import Meeting

type What = Literal["coming", "we-met"]

# So long after its end a meeting can be noted by mail; later its page still can.
NOTED_WITHIN: Final = timedelta(days=7)


class Opened(NamedTuple):
    """Whose link it is, and of which meeting."""

    member: Member
    meeting: Meeting


def _signer(what: What) -> signing.Signer:
    return signing.Signer(sep=".", salt=f"rhythms.links.{what}")


def _moment(meeting: Meeting) -> bytes:
    return int(meeting.starts_at.timestamp()).to_bytes(6, "big", signed=True)


def token(what: What, meeting: Meeting, member: Member) -> str:
    """Return what stands in the address of a link."""
    plain = member.pk.bytes + meeting.pk.bytes + _moment(meeting)
    return _signer(what).sign(urlsafe_b64encode(plain).decode().rstrip("="))


def link(what: What, meeting: Meeting, member: Member, answer: str = "") -> str:
    """Return the whole address of a link; with an answer, its page has that one chosen already."""
    url = address(reverse(f"{what}-by-mail", args=[token(what, meeting, member)]))
    return f"{url}?answer={answer}" if answer else url


def opened(what: What, token: str, *, now: datetime) -> Opened | None:
    """Return whom and what a link opens at this moment, or None if it opens nothing (any more).

    Its bearer is nobody's host: what the link opens is for this one person at this one table.
    """
    try:
        plain = urlsafe_b64decode(_signer(what).unsign(token) + "==")
        who, which = uuid.UUID(bytes=plain[:16]), uuid.UUID(bytes=plain[16:32])
    except (signing.BadSignature, ValueError):
        return None
    here = Member.objects.present().select_related("user", "congregation")
    member = here.filter(pk=who, state=Member.State.ACTIVE).first()
    if member is None:
        return None
    member.is_host = False
    meeting = (
        Meeting.objects.visible_to(member)
        .of(member)
        .select_related("crew__congregation", "commitment", "plan", "hello__first", "hello__second")
        .filter(pk=which)
        .first()
    )
    if meeting is None or _moment(meeting) != plain[32:] or not meeting.is_of(member):
        return None
    opens = _takes_answers if what == "coming" else _takes_notes
    return Opened(member, meeting) if opens(meeting, now=now) else None


def _takes_answers(meeting: Meeting, *, now: datetime) -> bool:
    """Whether one can say still whether one comes."""
    return meeting.state == Meeting.State.PLANNED and meeting.ends_at > now


def _takes_notes(meeting: Meeting, *, now: datetime) -> bool:
    """Whether it can be noted by mail, or will be once it has begun."""
    return (
        meeting.crew_id is not None
        and meeting.state != Meeting.State.CANCELLED
        and meeting.ends_at + NOTED_WITHIN > now
    )
