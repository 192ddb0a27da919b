"""Leaving a congregation, in one transaction: each app's part in turn, and nothing half done."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q

import crews.leaving
import rhythms.leaving
from congregation.models import Event, Host, Invitation, Member, Notice, Portrait
from crews.models import Crew, Hello, Idea


def leave(
    member: Member, *, farewells: Mapping[uuid.UUID, str] | None = None, by: Member, now: datetime
) -> bool:
    """Leave the congregation; only oneself may. Tell whether this was the one call that did.

    Its crews are told, with a few words where there are any (`farewells`, by the crew's id); seats, the
    place, turns and invitations are free again; what waits for an answer is taken back. What was said stays
    with those it was said to. The last host hands on first: until then this raises ValidationError.
    """
    with transaction.atomic():
        # Invitations come before the congregation's row, as where someone accepts one.
        for invitation in Invitation.objects.pending().filter(inviter=member).order_by("pk"):
            invitation.withdraw(by=by, now=now)
        if member.hosts(now=now):
            Host.lay_down(member, by=by, now=now)
        if not member.leave(by=by, now=now):
            return False
        Portrait.erase(member)
        rhythms.leaving.close_hellos(member, now=now)
        left = crews.leaving.leave(member, farewells or {}, now=now)
        rhythms.leaving.leave(member, left, now=now)
        # Also those that the steps before have made; a mail that is due goes with its notice.
        Notice.objects.filter(recipient=member).delete()
        Event.record("member.leave", member, by=member, now=now)
    return True


@dataclass(frozen=True, slots=True)
class Consequences:
    """What leaving would do, for the person who thinks about it."""

    crews: list[Crew]
    invitations: int
    hellos: int
    ideas: int
    is_last_host: bool


def consequences(member: Member, *, now: datetime) -> Consequences:
    """Return what would happen if a member left now; for them alone."""
    hosts = Member.objects.filter(congregation=member.congregation_id).hosts(now)
    mine = Crew.objects.of(member).alive().select_related("congregation").order_by("name")
    return Consequences(
        crews=list(mine),
        invitations=Invitation.objects.pending().filter(inviter=member).count(),
        hellos=Hello.objects.open().filter(Q(first=member) | Q(second=member)).count(),
        ideas=Idea.objects.filter(
            caller=member, state__in=[Idea.State.OPEN, Idea.State.FORMING]
        ).count(),
        is_last_host=member.hosts(now=now) and not hosts.exclude(pk=member.pk).exists(),
    )
