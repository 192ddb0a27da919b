"""Being away for a while: seats stay, turns pass on, and nobody waits for an answer."""

from datetime import datetime

from django.db import transaction

import rhythms.leaving
from congregation.models import Member
from crews.models import Crew


def go(member: Member, *, by: Member, now: datetime) -> None:
    """Be away for a while; only oneself may. Whoever has a turn instead is told."""
    with transaction.atomic():
        if member.go_away(by=by, now=now):
            mine = list(Crew.objects.of(member).alive())
            rhythms.leaving.hand_turns_on(member, mine, now=now)


def come_back(member: Member, *, by: Member, now: datetime) -> None:
    """Be here again; only oneself may. From now on one is counted in turns and answers."""
    with transaction.atomic():
        if member.be_back(by=by, now=now):
            for crew in Crew.objects.of(member).alive():
                rhythms.leaving.hand_turns_on(member, [crew], now=now)
