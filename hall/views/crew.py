"""A crew's room: its table, the next meeting, whose turn, the dates, what it keeps at hand."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Case, Value, When
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from congregation.models import Member
from congregation.templatetags.look import how_many, near
from crews.models import Crew, Seat
from crews.views import crews, lessons, questions, seeds
from hall.views.home import ring_of
from rhythms import phrases
from rhythms.committing import MOST_AT_ONCE
from rhythms.models import (
    Change,
    Commitment,
    CommitmentYes,
    Decision,
    LookBack,
    Meeting,
    Rhythm,
    StepOut,
    missing,
)
from rhythms.views import meeting as meetings

State = Commitment.State
CURRENT = (State.PROPOSED, State.RUNNING, State.LOOKING_BACK)
# As many notes as stand in a row.
MOST_BARS: Final = 12


@dataclass(frozen=True)
class Line:
    """One of a crew's rhythms in a line: its commitment, what comes next of it, whether one is out of it."""

    commitment: Commitment
    next: Meeting | None
    is_out: bool


@dataclass(frozen=True)
class Bar:
    """One meeting of the commitment as a note, with its date and a word."""

    meeting: Meeting
    kind: str
    word: str


@require_safe
def crew(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Show a crew's room to those who sit in it, and to others what the congregation may know."""
    member, now = request.member, clock.now()
    this = crews.find(request, pk)
    context = crews.people(this, member=member)
    if context["my_seat"] is None:
        return respond(request, "crews/outside.html", crews.outside(this, member=member))
    context |= {"crew": this, "member": member, "now": now, "tab": "crews", "here": "crew"}
    context |= crews.agreement(this, member=member)
    context |= crews.pins(this, member=member, now=now)
    context |= crews.requests(this, member=member)
    context |= questions.of(this, member=member)
    context |= seeds.of_crew(this, member=member)
    if this.has_ended:
        context |= lessons.closing(this, member=member)
    else:
        context["may_become_two"] = this.seats_taken >= 2 * this.congregation.seats_min
        context["mix_with"] = questions.partner_crew(this, member=member, now=now)
    context |= rhythm(this, member, now=now)
    context |= table(this, context["seats"], context)
    return respond(request, "hall/crew.html", context)


def rhythm(this: Crew, member: Member, *, now: datetime) -> dict[str, Any]:
    """Return a crew's rhythms, the dates of the main one, the next meeting and whose turn it is."""
    rows = commitments_of(this, member)
    current = [row for row in rows if row.state in CURRENT]
    commitment = main_of(rows)
    outs = set(
        StepOut.objects.visible_to(member)
        .filter(rhythm__in=[row.rhythm_id for row in current])
        .values_list("rhythm_id", "member_id")
    )
    proposed = [row for row in current if row.state == State.PROPOSED]
    context: dict[str, Any] = {"commitment": commitment, "state": stage(this, commitment)}
    context |= looking_back(this, member)
    context["proposals"] = proposals(proposed, member, outs)
    if commitment is None:
        return context
    running = {row.pk: row for row in current if row.state == State.RUNNING}
    context |= dates(commitment, member, now=now) if commitment.state != State.PROPOSED else {}
    context |= coming(running, member, outs, now=now)
    context["rhythms"] = [
        Line(row, context["next_of"].get(row.pk), (row.rhythm_id, member.pk) in outs)
        for row in current
    ]
    ahead: Meeting | None = context["next"]
    if context["state"] == "running" and ahead is not None:
        context |= meetings.card(ahead, member, now=now)
        context |= meetings.turn(ahead, member, context["people"], context["cant"], now=now)
    return context


def commitments_of(this: Crew, member: Member) -> list[Commitment]:
    """Return a crew's commitments that aren't over, the main one first, and then the last that are."""
    rows = (
        Commitment.objects.visible_to(member)
        .filter(crew=this)
        .exclude(state=State.WITHDRAWN)
        .select_related("rhythm", "proposed_by")
        .order_by(Case(When(state=State.ENDED, then=Value(1)), default=Value(0)), "-number")
    )[: 2 * MOST_AT_ONCE]
    found = list(rows)
    for row in found:
        row.crew = this
    return sorted(found, key=_main_first)


def _main_first(row: Commitment) -> tuple[bool, bool, bool, int]:
    is_over = row.state == State.ENDED
    is_other = row.rhythm.kind != Rhythm.Kind.RELATIONAL
    # What is over comes by how lately it was; of what isn't, the oldest is the main one.
    return (
        is_over,
        row.state == State.PROPOSED,
        is_other and not is_over,
        -row.number if is_over else row.number,
    )


def main_of(rows: Sequence[Commitment]) -> Commitment | None:
    """Return the commitment that a crew's room is about: the first of those, if there is one."""
    return rows[0] if rows else None


def coming(
    running: Mapping[uuid.UUID, Commitment],
    member: Member,
    outs: set[tuple[uuid.UUID, uuid.UUID]],
    *,
    now: datetime,
) -> dict[str, Any]:
    """Return the next meeting of all that run, the next of each, and one that nobody has noted yet."""
    mine = [pk for pk, row in running.items() if (row.rhythm_id, member.pk) not in outs]
    rows = list(
        Meeting.objects.visible_to(member)
        .filter(commitment__in=mine, state=Meeting.State.PLANNED)
        .select_related("plan__facilitator", "plan__second", "congregation", "rhythm")
        .order_by("starts_at", "number")
    )
    next_of: dict[uuid.UUID, Meeting] = {}
    for row in rows:
        assert row.commitment_id is not None
        row.commitment = running[row.commitment_id]
        row.crew = row.commitment.crew
        if row.ends_at > now:
            next_of.setdefault(row.commitment_id, row)
    return {
        "next": min(next_of.values(), key=lambda row: row.starts_at, default=None),
        "next_of": next_of,
        "to_log": next((row for row in reversed(rows) if row.ends_at <= now), None),
    }


def looking_back(this: Crew, member: Member) -> dict[str, Any]:
    """Return a crew's latest look-back, and of who has written in it only the reader's own part."""
    lookback = (
        LookBack.objects.visible_to(member)
        .filter(crew=this)
        .select_related("congregation")
        .order_by("-opened_at")
        .first()
    )
    if lookback is None:
        return {}
    mine = Decision.objects.visible_to(member).filter(lookback=lookback, member=member)
    changes = Change.objects.visible_to(member).filter(lookback=lookback)
    return {
        "lookback": lookback,
        "changes": list(changes.select_related("carrier__congregation")),
        "has_written": mine.filter(written_at__isnull=False).exists(),
    }


def stage(this: Crew, commitment: Commitment | None) -> str:
    """Return in one word where a crew is: what its room shows first."""
    if this.has_ended:
        return "ended"
    if commitment is not None and commitment.state == State.PROPOSED:
        return "proposed"
    if commitment is not None and commitment.state == State.LOOKING_BACK:
        return "looking_back"
    if this.state == Crew.State.RESTING:
        return "resting"
    if commitment is not None and commitment.state == State.RUNNING:
        return "running"
    return "quiet"


def proposals(
    rows: Sequence[Commitment], member: Member, outs: set[tuple[uuid.UUID, uuid.UUID]]
) -> list[dict[str, Any]]:
    """Return each proposal with who of those it asks has said yes to it, by name."""
    if not rows:
        return []
    said = set(
        CommitmentYes.objects.visible_to(member)
        .filter(commitment__in=rows)
        .values_list("commitment_id", "member_id")
    )
    seats = (
        Seat.objects.visible_to(member)
        .at_table()
        .filter(crew=rows[0].crew)
        .select_related("member")
        .order_by("number")
    )
    people = [seat.member for seat in seats]
    return [
        {
            "proposal": row,
            "yeses": [
                (person, (row.pk, person.pk) in said)
                for person in people
                if (row.rhythm_id, person.pk) not in outs
            ],
            "my_yes_waits": member in people
            and (row.pk, member.pk) not in said
            and (row.rhythm_id, member.pk) not in outs,
            "may_withdraw": row.may_withdraw(member, people),
        }
        for row in rows
    ]


def dates(commitment: Commitment, member: Member, *, now: datetime) -> dict[str, Any]:
    """Return the meetings of a commitment as notes, how many were held, and the last that was.

    Of one without an end it is the notes round today.
    """
    rows = list(
        Meeting.objects.visible_to(member)
        .filter(commitment=commitment)
        .select_related("congregation")
        .order_by("starts_at", "number")
    )
    for row in rows:
        row.crew, row.commitment = commitment.crew, commitment
    coming = next(
        (row for row in rows if row.state == Meeting.State.PLANNED and row.ends_at > now), None
    )
    held = [row for row in rows if row.state == Meeting.State.HELD]
    last = held[-1] if held else None
    final = None if commitment.is_open_ended or not rows else rows[-1]
    return {
        "missed": missing.in_a_row(rows, now=now),
        "held": len(held),
        "bars": [bar(row, coming, final, now=now) for row in around(rows, now=now)],
        "last": last,
        **(
            {"last_" + key: value for key, value in meetings.memory(last, member).items()}
            if last
            else {}
        ),
    }


def around(rows: Sequence[Meeting], *, now: datetime) -> Sequence[Meeting]:
    """Return the meetings round today where there are many: some that were, and those that come."""
    if len(rows) <= MOST_BARS:
        return rows
    over = sum(row.ends_at <= now for row in rows)
    first = max(min(over - MOST_BARS // 2, len(rows) - MOST_BARS), 0)
    return rows[first : first + MOST_BARS]


def bar(row: Meeting, coming: Meeting | None, last: Meeting | None, *, now: datetime) -> Bar:
    """Return one meeting as a note and a word: how many came, a rest, or when it comes."""
    if row.state == Meeting.State.HELD:
        came, seated = row.came or 0, row.seated or 0
        if came >= seated:
            return Bar(row, "full", _("all %(n)s") % {"n": came})
        return Bar(row, how_many(came, seated), _("%(n)s of %(all)s") % {"n": came, "all": seated})
    if row.state != Meeting.State.PLANNED:
        return Bar(row, "none", _("a rest"))
    if row.ends_at <= now:
        return Bar(row, "later", _("not noted"))
    if row == coming:
        is_close = row.starts_at < now + timedelta(days=1)
        return Bar(row, "next", near(row.starts_at, now) if is_close else _("next"))
    return Bar(row, "later", _("last") if row == last else "")


def table(this: Crew, seats: list[Seat], context: dict[str, Any]) -> dict[str, Any]:
    """Return what the picture of the table shows, and the same in words for those who hear it."""
    people = [seat.member for seat in seats]
    cant = context.get("cant", set())
    away = [
        seat.member
        for seat in seats
        if seat.kept_until or seat.member_id in cant or seat.member.state == Member.State.AWAY
    ]
    commitment: Commitment | None = context["commitment"]
    total = ring_of(commitment) if commitment and commitment.state != State.PROPOSED else 0
    done = context.get("held", 0)
    turn: Member | None = context.get("turn")
    words = [phrases.capital(_("%(n)s round the table.") % {"n": phrases.people(len(people))})]
    if this.seats_open and not this.has_ended:
        words.append(_("Room for %(n)s more.") % {"n": phrases.number(this.seats_open)})
    if total:
        words.append(
            _("%(done)s of %(total)s meetings held.")
            % {"done": phrases.capital(phrases.number(done)), "total": phrases.number(total)}
        )
    if turn:
        words.append(_("%(name)s has the turn to facilitate.") % {"name": turn.first_name})
    if away:
        names = phrases.names([person.first_name for person in away])
        words.append(_("Away, with a seat that waits: %(names)s.") % {"names": names})
    return {
        "too_few": sum(seat.kept_until is None for seat in seats) < this.least,
        "table": people,
        "table_seats": len(people) if this.has_ended else this.seats_max,
        "away": away,
        "done": done,
        "total": total,
        "says": " ".join(words),
        "seal": phrases.only_you(len(people)),
    }
