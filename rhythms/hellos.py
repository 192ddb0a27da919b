"""How a hello finds its time: what suits both, the time that is picked, and the meeting it becomes."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from congregation.models import Contact, Event, Member, Notice
from crews.models import FreeTime, Hello, OfferedTime
from crews.rules import propose_times
from rhythms.models import Meeting

LASTS: Final = timedelta(minutes=60)
AHEAD: Final = timedelta(days=15)


def times_for(hello: Hello, member: Member, *, now: datetime) -> list[datetime]:
    """Return up to three times in the free time that both share, at which the member has nothing on.

    What the other one has on is theirs to know, so it plays no part.
    """
    other = hello.other(member)
    free = FreeTime.objects.visible_to(member).filter(member__in=(member, other)).by_member()
    busy = Meeting.objects.of(member).filter(
        state=Meeting.State.PLANNED, ends_at__gt=now, starts_at__lt=now + AHEAD
    )
    return propose_times(
        free.get(member.pk, ()),
        free.get(other.pk, ()),
        member.zone,
        other.zone,
        after=now,
        busy=busy.values_list("starts_at", "ends_at"),
        minutes=int(LASTS.total_seconds()) // 60,
    )


def busy_at(member: Member, times: Iterable[datetime]) -> set[datetime]:
    """Return those of the times at which a member has a meeting already."""
    asked = list(times)
    if not asked:
        return set()
    spans = list(
        Meeting.objects.of(member)
        .filter(
            state=Meeting.State.PLANNED,
            ends_at__gt=min(asked),
            starts_at__lt=max(asked) + LASTS,
        )
        .values_list("starts_at", "ends_at")
    )
    return {
        time
        for time in asked
        if any(time < ends and starts < time + LASTS for starts, ends in spans)
    }


def pick(
    hello: Hello,
    time: datetime,
    *,
    by: Member,
    now: datetime,
    note: str | None = None,
    contacts: Iterable[Contact] = (),
) -> Meeting:
    """Say yes to a time that the other one offered; it becomes a meeting of the two, or moves theirs.

    A note and contacts that come with the yes are said with it. All other times that were offered are
    gone then. Saying yes to the same time again changes nothing.
    """
    if by.pk not in (hello.first_id, hello.second_id):
        raise PermissionDenied
    with transaction.atomic():
        held = Hello.objects.select_for_update().open().filter(pk=hello.pk)
        if not held.exists():
            raise ValidationError(_("This hello is closed."), code="closed")
        if note is not None:
            hello.greet(note, contacts, by=by, now=now)
        meeting = Meeting.objects.filter(hello=hello).first()
        if meeting and (meeting.starts_at, meeting.state) == (time, Meeting.State.PLANNED):
            return meeting
        offered = OfferedTime.objects.filter(hello=hello)
        if not offered.filter(starts_at=time, starts_at__gt=now).exclude(member=by).exists():
            raise ValidationError(_("This time isn’t offered any more. Choose another one."))
        offered.delete()
        held.update(picked_at=now)
        if meeting is None:
            meeting = Meeting.objects.create(
                congregation_id=hello.congregation_id,
                hello=hello,
                starts_at=time,
                ends_at=time + LASTS,
                zone=by.congregation.zone,
                changed_at=now,
            )
            Event.record("hello.pick", meeting, by=by, now=now, circle=hello.pk)
        else:
            meeting.starts_at, meeting.ends_at, meeting.changed_at = time, time + LASTS, now
            meeting.state = Meeting.State.PLANNED
            meeting.sequence += 1
            meeting.comings.all().delete()
            meeting.save(update_fields=["starts_at", "ends_at", "changed_at", "state", "sequence"])
            Event.record("hello.move", meeting, by=by, now=now, circle=hello.pk)
        hello.picked_at = now
        Notice.tell(
            "rhythms.hello_picked",
            [hello.other(by)],
            meeting,
            now=now,
            occasion=f"{meeting.sequence}",
        )
    return meeting


def close(hello: Hello, *, by: Member, now: datetime) -> None:
    """Close a hello, without a reason.

    Nobody is told, unless someone would otherwise wait at a table: a meeting that was picked and is
    still to come is called off, and the other one learns that, and no more.
    """
    with transaction.atomic():
        if not hello.close(by=by, now=now):
            return
        ahead = Meeting.objects.filter(hello=hello, state=Meeting.State.PLANNED, starts_at__gt=now)
        if ahead.update(state=Meeting.State.CANCELLED, sequence=F("sequence") + 1, changed_at=now):
            meeting = Meeting.objects.get(hello=hello)
            Event.record("hello.call_off", meeting, by=by, now=now, circle=hello.pk)
            Notice.tell("rhythms.hello_off", [hello.other(by)], meeting, now=now)
