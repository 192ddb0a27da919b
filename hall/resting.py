"""A crew rests, and wakes: what it had planned is off, and comes back as far as it is still ahead."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F

from congregation.models import Member, Notice
from crews.models import Crew, Seat
from rhythms.models import Commitment, Meeting


def rest(crew: Crew, *, by: Member, now: datetime) -> None:
    """Let a crew rest; anyone at its table may. Its meetings to come are off, and the others are told."""
    _check_at_table(crew, by=by)
    with transaction.atomic():
        was = crew.state
        crew.rest(by=by, now=now)
        if was != Crew.State.ACTIVE or crew.state != Crew.State.RESTING:
            return
        Meeting.objects.filter(crew=crew, state=Meeting.State.PLANNED, starts_at__gt=now).update(
            state=Meeting.State.CANCELLED, sequence=F("sequence") + 1, changed_at=now
        )
        others = crew.people().exclude(pk=by.pk)
        Notice.tell("crews.rests", others, crew, now=now, occasion=f"{now:%Y-%m-%dT%H:%M}")


def wake(crew: Crew, *, by: Member, now: datetime) -> None:
    """Wake a resting crew; anyone at its table may, once enough are there. Dates still ahead come back."""
    _check_at_table(crew, by=by)
    with transaction.atomic():
        since = crew.rests_since
        crew.wake(by=by, now=now)
        if since is None:
            return
        # What came to rest with the crew; what was called off before stays off.
        Meeting.objects.filter(
            crew=crew,
            commitment__state=Commitment.State.RUNNING,
            state=Meeting.State.CANCELLED,
            changed_at__gte=since,
            starts_at__gt=now,
            pause__isnull=True,
        ).update(state=Meeting.State.PLANNED, sequence=F("sequence") + 1, changed_at=now)
        Meeting.objects.settle_turns(crew, now=now)


def _check_at_table(crew: Crew, *, by: Member) -> None:
    if not Seat.objects.at_table().filter(crew=crew, member=by).exists():
        raise PermissionDenied
