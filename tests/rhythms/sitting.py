"""What the tests of a sitting share."""

from datetime import timedelta

from congregation import clock
from rhythms.models import Sitting


def fresh(sitting):
    """Return a sitting as it is in the database."""
    return Sitting.objects.get(pk=sitting.pk)


def go_to(meeting, now, minutes=5):
    """Move the clock to some minutes after a meeting has begun; return that moment."""
    moment = meeting.starts_at + timedelta(minutes=minutes)
    clock.move(moment - now)
    return moment


def move(sitting, do, person, now, version=None):
    """Do something to a sitting as it is now, or as it was seen at a version."""
    row = fresh(sitting)
    return row.move(do, version=row.version if version is None else version, by=person, now=now)
