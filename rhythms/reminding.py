"""Reminders: once before a meeting, to those who may come; once after it, to whoever had the turn."""

import uuid
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce

from congregation import bulk
from congregation.models import Member, Notice
from crews.models import Chat, Crew, Seat
from rhythms import committing, rules
from rhythms.models import Coming, Commitment, Meeting, Plan, Presence, StepOut, missing

AHEAD = timedelta(hours=24)
MISSED = 2
# What is longer ago than this is nobody's business any more.
LATELY = timedelta(weeks=2)
REACH_OUT = "rhythms.reach_out"
SOON, DID_YOU_MEET = "rhythms.meeting_soon", "rhythms.did_you_meet"


def remind(*, now: datetime) -> int:
    """Tell people of the meetings that are near, and ask once about those nobody noted.

    Returns of how many meetings somebody was told. Those who said they can't come are not reminded;
    nobody is asked twice. Turns of people who have left are given on first.
    """
    keep_turns(now=now)
    told = remind_of_near(now=now) + ask_about_past(now=now) + reach_out(now=now)
    return told + missing.tell_of_unsaid(now=now)


def keep_turns(*, now: datetime) -> int:
    """Begin what waited only for someone who has left, and count turns that nobody here has anew.

    A crew that has come to rest, or to its end, meets no more: what it had planned is called off.
    """
    begun = committing.begin_ready(now=now)
    Meeting.objects.filter(
        state=Meeting.State.PLANNED,
        starts_at__gt=now,
        crew__in=Crew.objects.filter(state__in=[Crew.State.RESTING, Crew.State.ENDED]),
    ).update(state=Meeting.State.CANCELLED, sequence=F("sequence") + 1, changed_at=now)
    seated = Seat.objects.at_table().filter(
        crew=OuterRef("meeting__crew"), member__state=Member.State.ACTIVE
    )
    first, second = (seated.filter(member=OuterRef(slot)) for slot in ("facilitator", "second"))
    forsaken = Plan.objects.filter(
        Q(~Exists(first), facilitator__isnull=False) | Q(~Exists(second), second__isnull=False),
        meeting__state=Meeting.State.PLANNED,
        meeting__starts_at__gt=now,
        meeting__crew__isnull=False,
    ).values("meeting__crew")
    for crew in Crew.objects.filter(pk__in=forsaken):
        Meeting.objects.settle_turns(crew, now=now)
    return begun


def remind_of_near(*, now: datetime) -> int:
    """Tell those who may come of each meeting that begins within a day, once for each time it has."""
    near = planned().filter(starts_at__gt=now, starts_at__lte=now + AHEAD)
    bare = near.filter(plan__isnull=True).values_list("pk", "congregation_id")
    Plan.objects.bulk_create(
        (Plan(meeting_id=pk, congregation_id=congregation) for pk, congregation in bare),
        ignore_conflicts=True,
    )
    time = Cast("sequence", CharField())
    told = Notice.objects.filter(kind=SOON, about=OuterRef("plan"), occasion=OuterRef("time"))
    untold = near.annotate(time=time).filter(~Exists(told))
    if not untold.exists():
        return 0
    cant = Coming.objects.filter(
        meeting=OuterRef("meeting"), member=OuterRef("to_id"), answer=Coming.Answer.CANT
    )
    here = Member.objects.present()
    # Of everyone's those who said that they come; of a hello its two.
    said = untold.filter(crew__isnull=True, hello__isnull=True, comings__member__in=here)
    whose = [(said, "comings__member")] + [
        (untold.filter(**{f"hello__{side}__in": here}), f"hello__{side}")
        for side in ("first", "second")
    ]
    people = [_at_tables(untold)] + [
        rows.annotate(
            meeting=F("pk"),
            of_id=F("congregation"),
            to_id=F(person),
            about_id=F("plan"),
            occasion=F("time"),
        )
        for rows, person in whose
    ]
    may_come = [rows.filter(~Exists(cant)) for rows in people]
    chats = Plan.objects.filter(meeting__crew__in=Chat.objects.up().values("crew"))
    return bulk.tell(SOON, may_come, besides=chats, now=now)


def ask_about_past(*, now: datetime) -> int:
    """Ask whoever had the turn, a day after a meeting that nobody noted: did you meet?"""
    past = planned().filter(
        crew__isnull=False,
        plan__facilitator__isnull=False,
        ends_at__lte=now - timedelta(days=1),
        ends_at__gt=now - timedelta(days=7),
    )
    asked = Notice.objects.filter(kind=DID_YOU_MEET, about=OuterRef("plan"))
    unasked = past.filter(~Exists(asked))
    if not unasked.exists():
        return 0
    leads = _at_tables(unasked).filter(to_id=F("lead")).annotate(occasion=Value(""))
    return bulk.tell(DID_YOU_MEET, [leads], now=now)


def _at_tables(meetings: "QuerySet[Meeting]") -> "QuerySet[Any, Any]":
    """Return a row for each of those at the tables that meet who are in what meets, as `bulk.tell` takes them."""
    seats: QuerySet[Any, Any] = Seat.objects.at_table().filter(
        member__state=Member.State.ACTIVE, crew__meetings__in=meetings.values("pk")
    )
    rows: QuerySet[Any, Any] = seats.annotate(
        meeting=F("crew__meetings"),
        of_id=F("crew__meetings__congregation"),
        to_id=F("member"),
        about_id=F("crew__meetings__plan"),
        lead=F("crew__meetings__plan__facilitator"),
        kept=Coalesce("crew__meetings__commitment__rhythm", "crew__meetings__rhythm"),
        occasion=Cast("crew__meetings__sequence", CharField()),
    )
    return rows.exclude(
        Exists(StepOut.objects.filter(rhythm=OuterRef("kept"), member=OuterRef("to_id")))
    )


def reach_out(*, now: datetime) -> int:
    """Ask one of a crew to reach out to someone who missed its last two meetings without a word.

    Once for each person and commitment, to one of those who were there; nobody else is told, nothing is
    counted, and it is forgotten with who came, at the look-back. Returns how many were asked.
    """
    lately = Meeting.objects.filter(commitment__in=_with_absent(), state=Meeting.State.HELD)
    held: dict[uuid.UUID, list[Meeting]] = defaultdict(list)
    for meeting in lately.select_related("commitment").order_by("-starts_at"):
        if meeting.commitment_id and len(held[meeting.commitment_id]) < MISSED:
            held[meeting.commitment_id].append(meeting)
    last_ones = {
        pk: rows
        for pk, rows in held.items()
        if len(rows) == MISSED and rows[0].ends_at > now - LATELY
    }
    meetings = [meeting.pk for rows in last_ones.values() for meeting in rows]
    crews = [rows[0].crew_id for rows in last_ones.values() if rows[0].crew_id]
    seen: dict[uuid.UUID, set[uuid.UUID]] = defaultdict(set)
    spoke: dict[uuid.UUID, set[uuid.UUID]] = defaultdict(set)
    for into, rows in ((seen, Presence.objects), (spoke, Coming.objects)):
        heard = rows.filter(meeting__in=meetings).values_list("meeting_id", "member_id")
        for meeting_id, member_id in heard:
            into[meeting_id].add(member_id)
    seats: dict[uuid.UUID, list[Seat]] = defaultdict(list)
    outs = set(StepOut.objects.filter(rhythm__crew__in=crews).values_list("rhythm_id", "member_id"))
    at_table = Seat.objects.at_table().filter(member__state=Member.State.ACTIVE)
    for seat in at_table.filter(crew__in=crews).select_related("member"):
        seats[seat.crew_id].append(seat)
    told = set(
        Notice.objects.filter(
            kind=REACH_OUT, occasion__in=[str(pk) for pk in last_ones]
        ).values_list("about", "occasion")
    )
    count = 0
    for commitment, (last, before) in last_ones.items():
        known = set().union(*(seen[one.pk] | spoke[one.pk] for one in (last, before)))
        here = seats[last.crew_id] if last.crew_id else []
        there = [seat for seat in here if seat.member_id in seen[last.pk]]
        for seat in here:
            is_new = seat.taken_at >= before.starts_at
            is_out = last.commitment and (last.commitment.rhythm_id, seat.member_id) in outs
            if seat.member_id in known or is_new or is_out or (seat.pk, str(commitment)) in told:
                continue
            # The same one for whoever sweeps: of two sweeps at once, one asks.
            seed = f"{seat.pk} {commitment}"
            chosen = rules.one_of([other.member for other in there], seed)
            if chosen is not None:
                Notice.tell(REACH_OUT, [chosen], seat, now=now, occasion=str(commitment))
                count += 1
    return count


def _with_absent() -> "QuerySet[Commitment]":
    """Return the running commitments at whose last meetings someone who sits there was not seen: in most, nobody."""
    held = Meeting.objects.filter(commitment=OuterRef("pk"), state=Meeting.State.HELD)
    held = held.order_by("-starts_at")
    absent = Seat.objects.at_table().filter(
        crew=OuterRef("crew"), member__state=Member.State.ACTIVE
    )
    for one in ("last", "before"):
        there = {"meeting": OuterRef(OuterRef(one)), "member": OuterRef("member")}
        absent = absent.filter(~Exists(Presence.objects.filter(**there)))
    return (
        Commitment.objects.filter(state=Commitment.State.RUNNING, crew__state=Crew.State.ACTIVE)
        .annotate(
            last=Subquery(held.values("pk")[:1]),
            before=Subquery(held.values("pk")[MISSED - 1 : MISSED]),
        )
        .filter(Exists(absent))
    )


def planned() -> "QuerySet[Meeting]":
    """Return the meetings that are planned, but first evenings, with what telling of them needs."""
    return (
        Meeting.objects.filter(state=Meeting.State.PLANNED)
        .exclude(crew__isnull=True, hello__isnull=True, rhythm__isnull=True)
        .select_related(
            "plan", "commitment", "crew__congregation", "rhythm", "hello__first", "hello__second"
        )
        .order_by("starts_at")
    )
