"""Stepping out of one rhythm of one's crew, and back in: the seat at the table stays as it is."""

import uuid
from collections.abc import Collection
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from congregation.models import Event, Member
from crews.models import Crew
from rhythms.leaving import hand_turns_on
from rhythms.models import Coming, Commitment, CommitmentYes, Meeting, Rhythm, StepOut
from rhythms.models.rhythm import at_table


def step_out(rhythm: Rhythm, *, by: Member, now: datetime) -> None:
    """Not be in a rhythm any more, from now on; anyone at the crew's table may, at any time.

    What was said of its meetings to come is taken back and one's turns pass on. Where fewer stay in it
    than a table needs, the commitment to it ends, and everyone is told by their calendar.
    """
    crew = _crew_of(rhythm)
    with transaction.atomic():
        # Of two who step out at the same moment, the second counts the first one.
        Crew.objects.select_for_update(no_key=True).get(pk=crew.pk)
        if by not in at_table(crew):
            raise PermissionDenied
        _out, is_new = StepOut.objects.get_or_create(
            rhythm=rhythm,
            member=by,
            defaults={"congregation_id": rhythm.congregation_id, "stepped_at": now},
        )
        if not is_new:
            return
        Event.record("rhythm.step_out", rhythm, by=by, now=now, circle=crew.pk)
        _take_back(rhythm, [by.pk], now=now)
        current = Commitment.objects.filter(rhythm=rhythm).current().first()
        if current is not None:
            current.crew, current.rhythm = crew, rhythm
            if len(current.people()) < crew.least:
                current.end(now=now)
            else:
                current.begin(now=now)
        hand_turns_on(by, [crew], now=now)


def step_in(rhythm: Rhythm, *, by: Member, now: datetime) -> None:
    """Be in a rhythm again; anyone at the crew's table may."""
    crew = _crew_of(rhythm)
    with transaction.atomic():
        if by not in at_table(crew):
            raise PermissionDenied
        deleted, _rows = StepOut.objects.filter(rhythm=rhythm, member=by).delete()
        if deleted:
            Event.record("rhythm.step_in", rhythm, by=by, now=now, circle=crew.pk)
            Meeting.objects.settle_turns(crew, now=now)


def leave_rhythm(rhythm: Rhythm, members: Collection[uuid.UUID], *, now: datetime) -> None:
    """Let these not be in a rhythm any more: what each decided, or left unsaid, at its look-back."""
    StepOut.objects.bulk_create(
        [
            StepOut(
                congregation_id=rhythm.congregation_id,
                rhythm=rhythm,
                member_id=member,
                stepped_at=now,
            )
            for member in members
        ],
        ignore_conflicts=True,
    )
    _take_back(rhythm, members, now=now)


def _take_back(rhythm: Rhythm, members: Collection[uuid.UUID], *, now: datetime) -> None:
    Coming.objects.filter(
        meeting__commitment__rhythm=rhythm, member__in=members, meeting__starts_at__gt=now
    ).delete()
    CommitmentYes.objects.filter(
        commitment__rhythm=rhythm,
        commitment__state=Commitment.State.PROPOSED,
        member__in=members,
    ).delete()


def _crew_of(rhythm: Rhythm) -> Crew:
    if rhythm.crew is None:
        raise ValidationError(_("This rhythm is everyone’s; say of each meeting whether you come."))
    return rhythm.crew
