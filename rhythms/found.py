"""What a look-back found, and how the crew goes on, as one person may see it."""

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Max, Q
from django.utils.translation import gettext as _

from congregation.models import Member
from crews.models import Seat
from rhythms import phrases, whose_turn
from rhythms.models import (
    Change,
    Commitment,
    CommitmentYes,
    Decision,
    Helped,
    Led,
    Log,
    LookBack,
    Meeting,
    Plan,
    Slip,
    Theme,
)
from rhythms.prompts import PROMPTS, Kin, Prompt

Way = Decision.Way
# From so many answers on it shows how a change went.
SAID_BY = 3
_ORDER = [Way.CONTINUE, Way.CHANGE, Way.REST, Way.END, ""]


@dataclass(frozen=True, slots=True)
class Evening:
    """One meeting that is looked back on, with the line that was written of it."""

    meeting: Meeting
    words: str


@dataclass(frozen=True, slots=True)
class Each:
    """One person's way on. `seat` is theirs today, where the reader sits at the same table."""

    decision: Decision
    seat: Seat | None

    @property
    def is_back(self) -> bool:
        """Whether a seat that was kept has been taken again."""
        rested = self.decision.way in (Way.REST, "")
        return rested and self.seat is not None and self.seat.kept_until is None


@dataclass(frozen=True, slots=True)
class Tried:
    """A change of the look-back before, and how it went, once three have said."""

    change: Change
    helped: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Heap:
    """What belongs together: a theme with its slips, or one slip that stands alone."""

    theme: Theme | None
    slips: list[Slip]

    @property
    def name(self) -> str:
        """The name it was given, or what its one slip says."""
        return str(self.theme.name if self.theme and self.theme.name else self.slips[0].words)

    @property
    def weight(self) -> int:
        """How many dots it was given, once they show."""
        return (self.theme.weight or 0) if self.theme else 0

    @property
    def is_named(self) -> bool:
        """Whether somebody gave it a name."""
        return bool(self.theme and self.theme.name)


@dataclass(frozen=True, slots=True)
class Part:
    """One question of a look-back, and what was said to it, the weightiest first."""

    prompt: Prompt
    heaps: list[Heap]

    @property
    def slips(self) -> list[Slip]:
        """All that was said to it."""
        return [slip for heap in self.heaps for slip in heap.slips]


@dataclass(frozen=True, slots=True)
class Next:
    """The commitment that follows, in words: who said yes to it, who is asked, whose turn it is."""

    commitment: Commitment
    words: str
    said: list[Member]
    awaited: list[Member]
    turn: Member | None
    is_first_turn: bool

    @property
    def is_proposed(self) -> bool:
        """Whether it still waits for someone's yes."""
        return self.commitment.state == Commitment.State.PROPOSED


@dataclass(frozen=True, slots=True)
class Found:
    """All that stands on the page of a look-back that was revealed."""

    celebrate: list[Slip]
    parts: list[Part]
    changes: list[Change]
    before: list[Tried]
    each: list[Each]
    readers: int
    seats: list[Seat]
    my_seat: Seat | None
    mine: Decision | None
    people: list[Member]
    offers: set[uuid.UUID]
    next: Next | None
    is_latest: bool

    @property
    def is_at_table(self) -> bool:
        """Whether the reader is at the table now."""
        return self.my_seat is not None and self.my_seat.kept_until is None

    @property
    def heaps(self) -> list[Heap]:
        """All that can be grouped and weighed."""
        return [heap for part in self.parts for heap in part.heaps]

    @property
    def lesson(self) -> Heap | None:
        """What could be a lesson for others: the weightiest of what was good, or else what has a name there."""
        good = [
            heap
            for part in self.parts
            if part.prompt.kin == Kin.GOOD
            for heap in part.heaps
            if heap.theme and (heap.is_named or heap.weight)
        ]
        return min(good, key=_weight, default=None)

    @property
    def most(self) -> int:
        """The most dots that anything was given."""
        return max((heap.weight for heap in self.heaps), default=0)

    @property
    def suggestions(self) -> list[str]:
        """What could be a change: what was grouped or said where changes are asked for, and not chosen yet."""
        chosen = {change.words for change in self.changes}
        words = [
            heap.name for part in self.parts if part.prompt.kin == Kin.CHANGE for heap in part.heaps
        ]
        return [one for one in dict.fromkeys(words) if one not in chosen]

    @property
    def kept(self) -> int:
        """How many seats are kept."""
        return sum(seat.kept_until is not None for seat in self.seats)


def found(lookback: LookBack, reader: Member) -> Found:
    """Return what a revealed look-back found, in as many queries however many wrote."""
    decisions = list(
        Decision.objects.visible_to(reader).filter(lookback=lookback).select_related("member")
    )
    seats = list(
        Seat.objects.visible_to(reader)
        .taken()
        .filter(crew=lookback.crew)
        .select_related("member")
        .order_by("number")
    )
    my_seat = next((seat for seat in seats if seat.member_id == reader.pk), None)
    if my_seat is None:
        # Who ended sees what was found, not who sits there now.
        seats = []
    of = {seat.member_id: seat for seat in seats}
    people = [
        seat.member
        for seat in seats
        if seat.kept_until is None and seat.member.state == Member.State.ACTIVE
    ]
    at_table = {person.pk for person in people}
    celebrate, parts = said(lookback, reader)
    return Found(
        celebrate=celebrate,
        parts=parts,
        changes=list(
            Change.objects.visible_to(reader)
            .filter(lookback=lookback)
            .select_related("carrier__congregation")
        ),
        before=tried(lookback, reader),
        each=[
            Each(decision, of.get(decision.member_id))
            for decision in sorted(
                decisions,
                key=lambda row: (
                    _ORDER.index(row.way),
                    row.member_id != reader.pk,
                    row.member.name_key,
                ),
            )
        ],
        readers=lookback.readers(),
        seats=seats,
        my_seat=my_seat,
        mine=next((row for row in decisions if row.member_id == reader.pk), None),
        people=people,
        offers={row.member_id for row in decisions if row.would_carry} & at_table,
        next=_next(lookback, reader, people) if lookback.asks_way else None,
        is_latest=not LookBack.objects.visible_to(reader)
        .filter(crew=lookback.crew, opened_at__gt=lookback.opened_at)
        .exists(),
    )


def said(lookback: LookBack, reader: Member) -> tuple[list[Slip], list[Part]]:
    """Return what is celebrated, and all else by part, with what was grouped and how much it weighs."""
    slips = list(
        Slip.objects.visible_to(reader)
        .filter(lookback=lookback)
        .select_related("member__congregation", "theme")
        .in_order()
    )
    parts = []
    for prompt in lookback.parts:
        heaps: dict[uuid.UUID, Heap] = {}
        for slip in slips:
            if slip.part == prompt.key:
                key = slip.theme_id or slip.pk
                heaps.setdefault(key, Heap(slip.theme, [])).slips.append(slip)
        parts.append(Part(prompt, sorted(heaps.values(), key=_weight)))
    celebrate = [slip for slip in slips if PROMPTS[slip.part].kin == Kin.CHEER]
    return celebrate, [part for part in parts if part.prompt.kin != Kin.CHEER]


def _weight(heap: Heap) -> tuple[int, bool]:
    """What sorts heaps: their weight once it shows, and till then the named ones before single slips."""
    return -heap.weight, not heap.is_named


def last_changes(lookback: LookBack, reader: Member) -> list[Change]:
    """Return the changes that the look-back before this one chose, which open this one."""
    before = (
        LookBack.objects.visible_to(reader)
        .filter(crew=lookback.crew, revealed_at__isnull=False, opened_at__lt=lookback.opened_at)
        .order_by("-opened_at")
        .values("pk")[:1]
    )
    changes = Change.objects.visible_to(reader).filter(lookback__in=before)
    return list(changes.select_related("carrier__congregation"))


def tried(lookback: LookBack, reader: Member) -> list[Tried]:
    """Return how the changes of the look-back before went, as far as three have said."""
    changes = last_changes(lookback, reader)
    return count_helped(changes, reader, at=lookback) if changes else []


def count_helped(
    changes: Sequence[Change], reader: Member, *, at: LookBack | None = None
) -> list[Tried]:
    """Return how changes went: of two answers each of the two could tell what the other said."""
    rows = Helped.objects.visible_to(reader).filter(change__in=changes)
    if at is not None:
        rows = rows.filter(lookback=at)
    rows = rows.filter(lookback__revealed_at__isnull=False)
    counts: dict[uuid.UUID, Counter[str]] = {change.pk: Counter() for change in changes}
    for change, answer in rows.values_list("change_id", "answer"):
        counts[change][answer] += 1
    return [
        Tried(
            change,
            [
                (str(word.label), counts[change.pk][word])
                for word in Helped.Answer
                if counts[change.pk][word]
            ]
            if counts[change.pk].total() >= SAID_BY
            else [],
        )
        for change in changes
    ]


def _next(lookback: LookBack, reader: Member, people: list[Member]) -> Next | None:
    """Return the commitment that came after, if the reader sits in the crew and there is one."""
    after = (
        Commitment.objects.visible_to(reader)
        .filter(crew=lookback.crew, number__gt=lookback.commitment.number)
        .filter(
            Q(follows=lookback.commitment_id)
            | Q(follows__isnull=True, rhythm__kind=lookback.commitment.rhythm.kind)
        )
        .exclude(state=Commitment.State.WITHDRAWN)
        .select_related("rhythm", "proposed_by")
        .order_by("number")
        .first()
    )
    if after is None:
        return None
    yeses = CommitmentYes.objects.visible_to(reader).filter(commitment=after)
    said = {yes.member_id: yes.member for yes in yeses.select_related("member").order_by("said_at")}
    turn, is_first = _turn(after, reader, people)
    return Next(
        commitment=after,
        words=after.words,
        said=list(said.values()),
        awaited=[person for person in people if person.pk not in said],
        turn=turn,
        is_first_turn=is_first,
    )


def _turn(
    commitment: Commitment, reader: Member, people: list[Member]
) -> tuple[Member | None, bool]:
    """Return who begins the next commitment, and whether they have never led here."""
    led = {
        row["member_id"]: whose_turn.Led(row["times"], row["last_on"])
        for row in Led.objects.visible_to(reader)
        .filter(crew=commitment.crew_id)
        .values("member_id")
        .annotate(times=Count("pk"), last_on=Max("on"))
    }
    plan = (
        Plan.objects.visible_to(reader)
        .filter(meeting__commitment=commitment, meeting__number=1)
        .select_related("facilitator")
        .first()
    )
    if plan is not None:
        turn = plan.facilitator
    else:
        seated = {person.pk: person for person in people}
        pk = whose_turn.next_turn(list(seated), led, caller=commitment.proposed_by_id)
        turn = seated[pk] if pk is not None else None
    return turn, bool(turn and led and turn.pk not in led)


def evenings(lookback: LookBack, reader: Member) -> list[Evening]:
    """Return the meetings that are looked back on, each with what its crew wrote of it."""
    meetings = (
        Meeting.objects.visible_to(reader)
        .filter(commitment=lookback.commitment_id, **_since_last(lookback, reader))
        .order_by("starts_at")
    )
    logs = Log.objects.visible_to(reader).filter(meeting__commitment=lookback.commitment_id)
    notes = {log.meeting_id: log.note for log in logs}
    rests = {Meeting.State.NOT_HELD: _("A rest"), Meeting.State.CANCELLED: _("A rest")}
    return [
        Evening(meeting, notes.get(meeting.pk) or rests.get(Meeting.State(meeting.state), ""))
        for meeting in meetings
    ]


def _since_last(lookback: LookBack, reader: Member) -> dict[str, Any]:
    """Return which meetings are looked back on: at the end all of the cycle, else those since the last."""
    if lookback.kind == LookBack.Kind.END:
        return {}
    before = (
        LookBack.objects.visible_to(reader)
        .filter(commitment=lookback.commitment_id, opened_at__lt=lookback.opened_at)
        .order_by("-opened_at")
        .first()
    )
    until = {"starts_at__lte": lookback.opened_at}
    return until | ({"starts_at__gt": before.opened_at} if before else {})


def title(evenings: list[Evening], people: int) -> str:
    """Return what it was, in words: "Six Tuesdays, seven people"."""
    held: list[date] = [
        one.meeting.local_date for one in evenings if one.meeting.state == Meeting.State.HELD
    ]
    days = {day.weekday() for day in held or [one.meeting.local_date for one in evenings]}
    n = len(held or evenings)
    what = phrases.days(days.pop(), n) if len(days) == 1 else phrases.meetings(n)
    return _("%(meetings)s, %(people)s") % {
        "meetings": phrases.capital(what),
        "people": phrases.people(people),
    }
