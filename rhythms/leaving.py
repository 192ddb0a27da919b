"""What is left of a person in this app when they leave the congregation, or are away for a while.

Only `hall.leaving` and `hall.being_away` call it.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from congregation.models import Member, Notice
from crews.models import Crew, Hello
from rhythms import hellos
from rhythms.calendars import keeping
from rhythms.models import (
    Coming,
    Commitment,
    CommitmentYes,
    Decision,
    Feed,
    Helped,
    LookBack,
    Meeting,
    Plan,
    Slip,
    Weighing,
)


def close_hellos(member: Member, *, now: datetime) -> None:
    """Close one's open hellos; a meeting that was to come of one is called off."""
    mine = Hello.objects.open().filter(Q(first=member) | Q(second=member))
    for hello in mine.select_related("first", "second").order_by("pk"):
        hellos.close(hello, by=member, now=now)


def leave(member: Member, crews: Iterable[Crew], *, now: datetime) -> None:
    """Take back what was said of meetings to come, and what nobody has read yet; hand the turns on.

    Nothing is read any more at the addresses of one's calendars.
    """
    left = list(crews)
    keeping.part(member, left, now=now)
    Feed.objects.filter(member=member).delete()
    Coming.objects.filter(member=member, meeting__ends_at__gt=now).delete()
    CommitmentYes.objects.filter(
        member=member, commitment__crew__in=left, commitment__state=Commitment.State.PROPOSED
    ).delete()
    # Held, so that nothing opens meanwhile: what lay face down goes unread.
    held = LookBack.objects.select_for_update(no_key=True).open().filter(crew__in=left)
    unread = list(held.order_by("pk").values_list("pk", flat=True))
    Slip.objects.filter(member=member, crew__in=left).filter(
        Q(lookback__isnull=True) | Q(lookback__in=unread)
    ).delete()
    # Where a crew wanted names, what was read stays, without this one.
    Slip.objects.filter(member=member, crew__in=left, number__gt=0).update(member=None)
    Helped.objects.filter(member=member, lookback__in=unread).delete()
    Weighing.objects.filter(member=member, lookback__crew__in=left).delete()
    Decision.objects.filter(member=member, lookback__in=unread).delete()
    hand_turns_on(member, left, now=now)
    Plan.objects.filter(facilitator=member, meeting__starts_at__gt=now).update(facilitator=None)


def hand_turns_on(member: Member, crews: Iterable[Crew], *, now: datetime) -> None:
    """Count the turns of these crews anew; whoever has the next one instead of a member is told."""
    for crew in crews:
        ahead = Plan.objects.filter(
            facilitator=member,
            meeting__crew=crew,
            meeting__state=Meeting.State.PLANNED,
            meeting__starts_at__gt=now,
        )
        plan = ahead.select_related("meeting").order_by("meeting__starts_at").first()
        Meeting.objects.settle_turns(crew, now=now)
        if plan is None:
            continue
        plan.refresh_from_db(fields=["facilitator"])
        if plan.facilitator and plan.facilitator_id != member.pk:
            occasion = f"passed {now:%Y-%m-%dT%H:%M:%S}"
            Notice.tell("rhythms.turn", [plan.facilitator], plan, now=now, occasion=occasion)
