"""Meetings that did not take place: a kind word, and after two of them the question whether the rhythm fits."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.apps import apps
from django.db.models import Q

from congregation.models import Member, Notice

if TYPE_CHECKING:
    from rhythms.models.meeting import Meeting

MISSED, STILL_FITS = "rhythms.missed", "rhythms.still_fits"
# A meeting that nobody has said anything of for so long counts as a rest, too.
UNSAID: Final = timedelta(days=3)
IN_A_ROW: Final = 2


def is_missed(meeting: "Meeting", *, now: datetime) -> bool:
    """Tell whether a meeting did not take place, or nobody has said for days that it did."""
    if meeting.state == meeting.State.NOT_HELD:
        return True
    return meeting.state == meeting.State.PLANNED and meeting.ends_at <= now - UNSAID


def in_a_row(meetings: Sequence["Meeting"], *, now: datetime) -> list["Meeting"]:
    """Return the latest meetings that did not take place, the latest first, back to one that did.

    `meetings` are those of one commitment. One that was called off ahead of time is neither.
    """
    past = [
        meeting
        for meeting in sorted(meetings, key=lambda one: one.starts_at, reverse=True)
        if meeting.ends_at <= now and meeting.state != meeting.State.CANCELLED
    ]
    found = []
    for meeting in past:
        if not is_missed(meeting, now=now):
            # The last one may still be said; it breaks no row.
            if meeting.state == meeting.State.PLANNED:
                continue
            break
        found.append(meeting)
    return found


def tell(meeting: "Meeting", people: list[Member], *, now: datetime) -> None:
    """Give the others a kind word about a meeting that did not take place; the second in a row asks softly.

    Each is told once of a meeting, and nobody of whose doing it was.
    """
    of_them = type(meeting).objects.filter(commitment=meeting.commitment_id, crew=meeting.crew_id)
    missed = in_a_row(list(of_them), now=now)
    kind = STILL_FITS if len(missed) >= IN_A_ROW else MISSED
    plan = meeting.plan_of()
    told = Notice.objects.filter(kind__in=[MISSED, STILL_FITS], about=plan.pk)
    known = set(told.values_list("recipient_id", flat=True))
    Notice.tell(kind, [person for person in people if person.pk not in known], plan, now=now)


def tell_of_unsaid(*, now: datetime) -> int:
    """Give a kind word about meetings of which nobody has said anything for days; return of how many."""
    Meeting = apps.get_model("rhythms", "Meeting")
    told = Notice.objects.filter(kind__in=[MISSED, STILL_FITS])
    due = (
        Meeting.objects.filter(
            crew__isnull=False,
            crew__state="active",
            commitment__state="running",
            state="planned",
            ends_at__lte=now - UNSAID,
            ends_at__gt=now - timedelta(days=7),
        )
        .filter(Q(plan__isnull=True) | ~Q(plan__in=told.values("about")))
        .select_related("crew__congregation", "plan")
    )
    count = 0
    for meeting in due:
        people = meeting.people()
        tell(meeting, people, now=now)
        count += bool(people)
    return count
