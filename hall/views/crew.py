"""A crew's room: its table, the next meeting, whose turn, the dates, what it keeps at hand."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

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
from rhythms import phrases
from rhythms.models import Change, Commitment, CommitmentYes, Decision, LookBack, Meeting
from rhythms.views import meeting as meetings

State = Commitment.State


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
    """Return a crew's commitment, its dates, the next meeting and whose turn it is."""
    commitment = (
        Commitment.objects.visible_to(member)
        .filter(crew=this)
        .exclude(state=State.WITHDRAWN)
        .select_related("rhythm", "proposed_by")
        .order_by("-number")
        .first()
    )
    context: dict[str, Any] = {"commitment": commitment, "state": stage(this, commitment)}
    context |= looking_back(this, member)
    if commitment is None:
        return context
    commitment.crew = this
    if commitment.state == State.PROPOSED:
        return context | proposal(commitment, member)
    context |= dates(commitment, member, now=now)
    coming: Meeting | None = context["next"]
    if commitment.state == State.RUNNING and coming is not None:
        context |= meetings.card(coming, member, now=now)
        context |= meetings.turn(coming, member, context["people"], context["cant"])
    return context


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


def proposal(commitment: Commitment, member: Member) -> dict[str, Any]:
    """Return who at the table has said yes to a proposal, by name."""
    said = set(
        CommitmentYes.objects.visible_to(member)
        .filter(commitment=commitment)
        .values_list("member_id", flat=True)
    )
    seats = (
        Seat.objects.visible_to(member)
        .at_table()
        .filter(crew=commitment.crew)
        .select_related("member")
        .order_by("number")
    )
    people = [seat.member for seat in seats]
    return {
        "proposal": commitment,
        "yeses": [(person, person.pk in said) for person in people],
        "my_yes_waits": member in people and member.pk not in said,
        "may_withdraw": commitment.may_withdraw(member, people),
    }


def dates(commitment: Commitment, member: Member, *, now: datetime) -> dict[str, Any]:
    """Return the meetings of a commitment as notes, how many were held, the next and the last."""
    rows = list(
        Meeting.objects.visible_to(member)
        .filter(commitment=commitment)
        .select_related("plan__facilitator", "congregation", "rhythm")
        .order_by("starts_at", "number")
    )
    for row in rows:
        row.crew, row.commitment = commitment.crew, commitment
    planned = [row for row in rows if row.state == Meeting.State.PLANNED]
    coming = next((row for row in planned if row.ends_at > now), None)
    held = [row for row in rows if row.state == Meeting.State.HELD]
    last = held[-1] if held else None
    return {
        "next": coming,
        "held": len(held),
        "bars": [bar(row, coming, rows[-1], now=now) for row in rows],
        "to_log": next((row for row in reversed(planned) if row.ends_at <= now), None),
        "last": last,
        **(
            {"last_" + key: value for key, value in meetings.memory(last, member).items()}
            if last
            else {}
        ),
    }


def bar(row: Meeting, coming: Meeting | None, last: Meeting, *, now: datetime) -> Bar:
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
    total = commitment.times if commitment and commitment.state != State.PROPOSED else 0
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
