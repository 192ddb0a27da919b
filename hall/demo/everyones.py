"""What the invented congregation has in common: a call for support, the hosts' call, two gatherings a year."""

import uuid
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from congregation.models import Member
from hall.demo import words
from hall.demo.living import Life
from rhythms import ours
from rhythms.models import Meeting


def begin(life: Life, host: Member) -> None:
    """Begin them, each on its own weekday."""
    begins = life.tick().astimezone(ZoneInfo(words.ZONE)).date()
    for name, tempo, kind, weekday, at, minutes, place in words.OURS:
        said = ours.Said(
            name=name,
            kind=kind,
            tempo=tempo,
            starts_on=_next(begins, weekday),
            starts_at=time(at),
            zone=words.ZONE,
            minutes=minutes,
            place=place,
            link="",
        )
        ours.begin(said, by=host, now=life.tick(), pk=uuid.uuid4())


def come(life: Life) -> None:
    """Let some say that they come to what is next."""
    now = life.tick()
    ahead = Meeting.objects.filter(
        congregation=life.congregation, rhythm__crew__isnull=True, rhythm__isnull=False
    )
    meeting = ahead.filter(starts_at__gt=now + timedelta(days=1)).order_by("starts_at").first()
    people = Member.objects.filter(congregation=life.congregation, state=Member.State.ACTIVE)
    for person in people.exclude(pk__in=life.quiet).order_by("name_key", "pk"):
        if meeting and life.chance.happens(0.2, "comes to what is everyone's", person.name):
            meeting.come(answer="coming", by=person, now=now)


def _next(day: date, weekday: int) -> date:
    """Return the first such weekday, from Monday = 0, that is at least a week ahead."""
    return day + timedelta(days=7 + (weekday - day.weekday()) % 7)
