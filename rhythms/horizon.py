"""What has no end is laid out some weeks ahead, and further on as time goes by.

So it is with a crew's open-ended commitments and with the congregation's own rhythms (`crew` null). In as
many statements however many there are: the sweep asks for all that run short at once.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count, Exists, Max, OuterRef, Q, Subquery

from congregation.models import Member
from crews.models import Crew, Seat
from rhythms import whose_turn
from rhythms.models import Commitment, Led, Meeting, NotLeading, Pause, Rhythm, StepOut
from rhythms.models.pause import pause_of
from rhythms.models.rhythm import FEWEST, HORIZON
from rhythms.rules import Occurrence

# A rhythm is laid out anew when its last meeting is nearer than this, so not at every sweep.
SHORT: Final = timedelta(weeks=6)


def lay_out_due(*, now: datetime) -> int:
    """Lay out the meetings that have come within the horizon; return how many were made.

    Whoever else sweeps at the same moment waits, and finds nothing more to make; so does who changes a rhythm.
    """
    with transaction.atomic():
        commitments = dict(_short_commitments(now).values_list("pk", "rhythm_id"))
        rhythms = list(_short_rhythms(now).values_list("pk", flat=True))
        if not (commitments or rhythms):
            return 0
        # Whoever changes a rhythm holds it too. What has been laid out meanwhile is short no more.
        short = Rhythm.objects.filter(pk__in=[*commitments.values(), *rhythms])
        list(short.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
        rows: list[tuple[Rhythm, Commitment | None]] = [
            (commitment.rhythm, commitment)
            for commitment in _short_commitments(now).filter(pk__in=list(commitments))
        ]
        rows += [(rhythm, None) for rhythm in _short_rhythms(now).filter(pk__in=rhythms)]
        pauses: dict[uuid.UUID, list[Pause]] = defaultdict(list)
        for pause in Pause.objects.filter(rhythm__in=[rhythm.pk for rhythm, _of in rows]):
            pauses[pause.rhythm_id].append(pause)
        fresh = [
            Meeting.of_rhythm(
                rhythm,
                commitment,
                number,
                occurrence,
                pause_of(pauses[rhythm.pk], occurrence.local.date()),
            )
            for rhythm, commitment in rows
            for number, occurrence in coming(rhythm, commitment, now=now)
        ]
        Meeting.lay(fresh, now=now, turns=_turns(fresh, now=now))
    return len(fresh)


def _last(**of: OuterRef) -> Subquery:
    """Return for when the last meeting is planned, as a subquery."""
    return Subquery(
        Meeting.objects.filter(**of, planned_for__isnull=False)
        .order_by("-planned_for")
        .values("planned_for")[:1]
    )


def _highest(**of: OuterRef) -> Subquery:
    """Return the highest number that a meeting has, as a subquery."""
    return Subquery(Meeting.objects.filter(**of).order_by("-number").values("number")[:1])


def _short_commitments(now: datetime):  # type: ignore[no-untyped-def]
    return (
        Commitment.objects.filter(
            state=Commitment.State.RUNNING, times__isnull=True, crew__state=Crew.State.ACTIVE
        )
        .annotate(
            last_planned=_last(commitment=OuterRef("pk")),
            last_number=_highest(commitment=OuterRef("pk")),
        )
        .filter(Q(last_planned__isnull=True) | Q(last_planned__lt=now + SHORT))
        .select_related("rhythm", "crew")
        .order_by("pk")
    )


def _short_rhythms(now: datetime):  # type: ignore[no-untyped-def]
    return (
        Rhythm.objects.filter(crew__isnull=True, ended_on__isnull=True)
        .annotate(
            last_planned=_last(rhythm=OuterRef("pk")), last_number=_highest(rhythm=OuterRef("pk"))
        )
        .filter(Q(last_planned__isnull=True) | Q(last_planned__lt=now + SHORT))
        .order_by("pk")
    )


def coming(
    rhythm: Rhythm, commitment: Commitment | None, *, now: datetime
) -> list[tuple[int, Occurrence]]:
    """Return what of a rhythm comes within the horizon and isn't laid out, with its numbers."""
    about = commitment or rhythm
    last: datetime | None = getattr(about, "last_planned", None)
    number: int = getattr(about, "last_number", None) or 0
    in_step = last.astimezone(ZoneInfo(rhythm.zone)).date() if last else rhythm.starts_on
    after = max(last, now) if last else now
    until = (now + HORIZON).date()
    found = rhythm.ahead(
        in_step, after=after, until=until, least=0 if last and last > now else FEWEST
    )
    return list(
        enumerate(found or rhythm.ahead(in_step, after=after, until=until, least=1), number + 1)
    )


def _turns(meetings: Iterable[Meeting], *, now: datetime) -> dict[uuid.UUID, uuid.UUID | None]:
    """Return whose turn each new meeting of a crew is, in its order after those that are planned."""
    rows = sorted(
        (meeting for meeting in meetings if meeting.crew_id and meeting.state == "planned"),
        key=lambda meeting: meeting.starts_at,
    )
    crews = {meeting.crew_id for meeting in rows}
    if not crews:
        return {}
    seated: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    rather_not = NotLeading.objects.filter(crew=OuterRef("crew"), member=OuterRef("member"))
    at_table = (
        Seat.objects.at_table()
        .filter(crew__in=crews, member__state=Member.State.ACTIVE)
        .exclude(Exists(rather_not))
    )
    for crew, member in at_table.order_by("number").values_list("crew_id", "member_id"):
        seated[crew].append(member)
    outs = set(StepOut.objects.filter(rhythm__crew__in=crews).values_list("rhythm_id", "member_id"))
    led: dict[uuid.UUID, dict[uuid.UUID, whose_turn.Led]] = defaultdict(dict)
    for crew, member, times, last_on in (
        Led.objects.filter(crew__in=crews)
        .values_list("crew_id", "member_id")
        .annotate(times=Count("pk"), last_on=Max("on"))
        .order_by()
    ):
        led[crew][member] = whose_turn.Led(times, last_on)
    planned = Meeting.objects.filter(
        crew__in=crews, state=Meeting.State.PLANNED, plan__facilitator__isnull=False
    ).order_by("starts_at")
    for crew, member, starts_at in planned.values_list(
        "crew_id", "plan__facilitator_id", "starts_at"
    ):
        _leads(led[crew], member, starts_at)
    turns: dict[uuid.UUID, uuid.UUID | None] = {}
    for meeting in rows:
        assert meeting.crew_id is not None
        here = [pk for pk in seated[meeting.crew_id] if (meeting.rhythm_id, pk) not in outs]
        turn = whose_turn.next_turn(here, led[meeting.crew_id])
        turns[meeting.pk] = turn
        if turn is not None:
            _leads(led[meeting.crew_id], turn, meeting.starts_at)
    return turns


def _leads(led: dict[uuid.UUID, whose_turn.Led], member: uuid.UUID, at: datetime) -> None:
    times = led[member].times if member in led else 0
    led[member] = whose_turn.Led(times + 1, at.date())
