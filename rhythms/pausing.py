"""A rhythm pauses for some days, and takes them back."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from congregation.models import Event, Member
from rhythms.changing import ahead_of, held, running_of, settle, tell
from rhythms.models import Meeting, Pause, Rhythm
from rhythms.models.pause import pause_of

FURTHEST: Final = timedelta(days=550)


def pause(rhythm: Rhythm, spans: Iterable[tuple[date, date]], *, by: Member, now: datetime) -> None:
    """Leave out what falls into these days, each a first and a last one; it counts as one of the times.

    Whoever is in the rhythm may, and a host where it is the congregation's; the others are told once.
    """
    chosen = sorted(set(spans))
    with transaction.atomic():
        rhythm = held(rhythm, by=by, now=now)
        for first, last in chosen:
            _check(first, last, now=now)
        made = []
        for first, last in chosen:
            row, is_new = Pause.objects.get_or_create(
                rhythm=rhythm,
                first_on=first,
                last_on=last,
                defaults={
                    "congregation_id": rhythm.congregation_id,
                    "made_by": by,
                    "made_at": now,
                },
            )
            if is_new:
                made.append(row)
        if not made:
            return
        for meeting in ahead_of(rhythm, now=now):
            found = next((row for row in made if row.covers(meeting.local_date)), None)
            if found is not None and meeting.state == Meeting.State.PLANNED:
                meeting.state, meeting.pause = Meeting.State.CANCELLED, found
                _save(meeting, now=now)
        _done("rhythm.pause", rhythm, by=by, now=now)


def lift(pause: Pause, *, by: Member, now: datetime) -> None:
    """Take a pause back: what it left out and is still to come is on again. Who is in the rhythm may."""
    with transaction.atomic():
        rhythm = held(pause.rhythm, by=by, now=now)
        rows = Meeting.objects.filter(pause=pause, state=Meeting.State.CANCELLED, starts_at__gt=now)
        back = list(rows)
        deleted, _rows = Pause.objects.filter(pk=pause.pk).delete()
        if not deleted:
            return
        others = list(Pause.objects.filter(rhythm=rhythm))
        for meeting in back:
            meeting.pause = pause_of(others, meeting.local_date)
            if meeting.pause is None:
                meeting.state = Meeting.State.PLANNED
            _save(meeting, now=now)
        _done("rhythm.unpause", rhythm, by=by, now=now)


def _check(first: date, last: date, *, now: datetime) -> None:
    if last < first:
        raise ValidationError({"last": _("The last day comes after the first.")})
    if last < now.date() - timedelta(days=1):
        raise ValidationError({"first": _("Choose days that are still to come.")})
    if last > now.date() + FURTHEST:
        raise ValidationError({"last": _("Choose days within a year from now.")})


def _save(meeting: Meeting, *, now: datetime) -> None:
    meeting.sequence, meeting.changed_at = meeting.sequence + 1, now
    meeting.save(update_fields=["state", "pause", "sequence", "changed_at"])


def _done(verb: str, rhythm: Rhythm, *, by: Member, now: datetime) -> None:
    rhythm.touched(now=now)
    commitment = running_of(rhythm)
    settle(rhythm, commitment, now=now)
    Event.record(verb, rhythm, by=by, now=now, circle=rhythm.crew_id)
    tell(rhythm, commitment, by=by, now=now)
