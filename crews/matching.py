"""The sweep that finds out who would both like to talk, and lets wishes go when their week is over."""

import uuid
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q

from congregation.models import Event, Member, Notice
from crews.models import Hello, Interest, NotWith
from crews.rules import pair


def match(*, now: datetime) -> int:
    """Make a hello of every two wishes that meet, and tell both; return how many were made.

    Both have to be present in the congregation. Whether they still look for a crew does not matter:
    both did say it, and a switch that undid it would show in what did not come. It may run twice,
    late, or in several workers at once: the one that deletes both wishes makes the hello.
    """
    Interest.objects.filter(until__lte=now).delete()
    kept = Interest.objects.kept(now)
    back = kept.filter(wisher=OuterRef("other"), other=OuterRef("wisher"))
    here = Member.objects.present()
    mutual = (
        kept.filter(Exists(back), wisher__lt=F("other"))
        .filter(wisher__in=here.values("pk"), other__in=here.values("pk"))
        .exclude(NotWith.objects.between("wisher", "other"))
        .values_list("wisher_id", "other_id")
    )
    return sum(_meet(*pair(one, other), now=now) for one, other in list(mutual))


def _meet(one: uuid.UUID, other: uuid.UUID, *, now: datetime) -> bool:
    """Turn the two wishes of a pair into its hello; return whether this call did so."""
    wishes = Interest.objects.kept(now).filter(
        Q(wisher=one, other=other) | Q(wisher=other, other=one)
    )
    with transaction.atomic():
        # In the same order for every worker, so that two of them never wait for each other in turn.
        held = list(wishes.select_for_update().order_by("pk").values_list("pk", flat=True))
        if len(held) != 2 or Interest.objects.filter(pk__in=held).delete()[0] != 2:
            return False
        first, second = Member.objects.filter(pk__in=(one, other)).order_by("pk")
        try:
            with transaction.atomic():
                hello = Hello.objects.create(
                    congregation_id=first.congregation_id,
                    first=first,
                    second=second,
                    made_at=now,
                )
        except IntegrityError:
            return False  # they have one already, and their wishes are fulfilled
        Event.record("hello.make", hello, by=None, now=now, circle=hello.pk)
        Notice.tell("crews.hello", [first, second], hello, now=now)
    return True
