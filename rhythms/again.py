"""After a gathering: is there anyone you'd like to sit with again? A wish to talk, by the same rule as any.

Both were there, and know it of each other; so neither has to be looking for a crew.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from congregation.models import Member
from crews import pool
from crews.models import Hello, Interest, NotWith
from rhythms.models import Arrival, Evening

ASKED_FOR: Final = timedelta(days=14)
"""For how long after a gathering one is asked."""


@dataclass(frozen=True, slots=True)
class Met:
    """Someone who was at a gathering too, as one person sees them there."""

    arrival: Arrival
    until: datetime | None
    """How long one's own wish is kept."""
    hello: Hello | None

    @property
    def member(self) -> Member:
        """Who it is."""
        return self.arrival.member


def is_asked(evening: Evening, *, now: datetime) -> bool:
    """Tell whether a gathering took place, and not too long ago."""
    ended_at = evening.meeting.ends_at
    return not evening.is_called_off and ended_at <= now < ended_at + ASKED_FOR


def others(evening: Evening, member: Member, *, now: datetime) -> list[Met]:
    """Return who else was there, by name, to someone who was; whom they'd rather not be with isn't among
    them. One who wasn't there is asked nothing.
    """
    here = Arrival.objects.visible_to(member).filter(evening=evening, state=Arrival.State.HERE)
    if not is_asked(evening, now=now) or not here.filter(member=member).exists():
        return []
    rows = (
        here.exclude(member=member)
        .filter(member__in=Member.objects.visible_to(member))
        .exclude(member__in=NotWith.objects.of(member))
        .select_related("member__congregation")
        .order_by("member__name_key", "pk")
    )
    kept = Interest.objects.visible_to(member).kept(now).values_list("other_id", "until")
    until, hellos = dict(kept), pool.open_hellos(member)
    return [Met(row, until.get(row.member_id), hellos.get(row.member_id)) for row in rows]


def one(arrival: Arrival, member: Member, *, now: datetime) -> Met:
    """Return one of those who were there, as `others` does."""
    person = pool.one(member, arrival.member, now=now)
    return Met(arrival, person["until"], person["hello"])


def note(arrival: Arrival, *, by: Member, now: datetime) -> None:
    """Note that one would like to sit with someone again; both were there, and it's not long ago."""
    _check(arrival, by=by)
    if not is_asked(arrival.evening, now=now):
        raise ValidationError(_("This is asked in the two weeks after a gathering."))
    Interest.keep(arrival.member_id, by=by, now=now)


def take_back(arrival: Arrival, *, by: Member) -> None:
    """Take one's wish back; nobody learns that it was there."""
    _check(arrival, by=by)
    Interest.take_back(arrival.member_id, by=by)


def _check(arrival: Arrival, *, by: Member) -> None:
    both = Arrival.objects.filter(evening=arrival.evening_id, state=Arrival.State.HERE)
    was_there = both.filter(member=by).exists()
    if not was_there or arrival.member_id == by.pk or arrival.state != Arrival.State.HERE:
        raise PermissionDenied
