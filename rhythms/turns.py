"""Whose turn it is, in words, and the next few turns as one person at the table may see them."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from congregation.models import Member
from congregation.templatetags.look import day
from rhythms import phrases
from rhythms.models import Coming, Meeting, Plan, Swap
from rhythms.models.turns import rota
from rhythms.whose_turn import Led, newcomers, order_of_turns

# So many of the next turns are shown.
AHEAD = 4


@dataclass(frozen=True, slots=True)
class Turn:
    """One of the next turns: of which meeting, and who leads it, "you" first."""

    meeting: Meeting
    who: list[Member]
    names: str
    # Whose turn one could ask for in exchange for one's own.
    swappable: list[Member]


def why(
    plan: Plan,
    seated: Sequence[Member],
    led: Mapping[uuid.UUID, Led],
    cant: Collection[uuid.UUID],
    caller: uuid.UUID | None,
    joined: Mapping[uuid.UUID, date] | None = None,
    new: Collection[uuid.UUID] = (),
) -> str:
    """Return why a turn is whose it is, as a sentence or two that anyone at the table can follow.

    `seated` are those who take turns; `new` are at their first meeting and not asked yet.
    """
    who = plan.facilitator
    if who is None:
        return (
            _("Nobody who takes turns can come, so nobody has the turn yet.")
            if any(person.pk not in cant for person in seated)
            else _("Everyone is away, so nobody has the turn yet.")
        )
    words = _of_one(who, plan.turn, seated, led, caller, joined or {})
    here = {person.pk: person for person in seated}
    if plan.turn == Plan.Turn.COUNTED:
        order = order_of_turns(list(here), led, (), caller, joined or {})
        before = order[: order.index(who.pk)] if who.pk in order else []
        if waits := [here[pk].first_name for pk in before if pk in cant]:
            words += " " + _("%(names)s can’t come this time; that turn waits.") % {
                "names": phrases.names(waits)
            }
        if fresh := [here[pk].first_name for pk in before if pk in new and pk not in cant]:
            words += " " + _("%(names)s, new here, comes later.") % {"names": phrases.names(fresh)}
    if plan.second and plan.second_turn == Plan.Turn.COUNTED:
        words += " " + _("%(name)s is next, and leads with %(other)s.") % {
            "name": plan.second.first_name,
            "other": who.first_name,
        }
    elif plan.second:
        words += " " + _of_one(plan.second, plan.second_turn, seated, led, caller, joined or {})
    return words


def _of_one(
    who: Member,
    turn: str,
    seated: Sequence[Member],
    led: Mapping[uuid.UUID, Led],
    caller: uuid.UUID | None,
    joined: Mapping[uuid.UUID, date],
) -> str:
    """Return how one person's turn came to be theirs."""
    here = {person.pk: person for person in seated}
    name = {"name": who.first_name}
    if turn == Plan.Turn.TAKEN:
        return _("%(name)s said: I’ll take it.") % name
    if turn == Plan.Turn.HANDED:
        return _("It was handed on to %(name)s.") % name
    if turn == Plan.Turn.SWAPPED:
        return _("%(name)s has swapped turns.") % name
    if not any(pk in led for pk in here):
        return (
            _("%(name)s called you together, and so begins.") % name
            if who.pk == caller
            else _("Nobody has led yet; it goes round by seat.") % name
        )
    if who.pk not in led:
        others = any(pk not in led for pk in here if pk != who.pk)
        return (
            _("%(name)s hasn’t led yet.") % name
            if others
            else _("The others have each led by now.")
        )
    words = _("It’s longest since %(name)s led: on %(day)s.")
    return words.replace("%(day)s", day(led[who.pk].last_on)) % name


def card(
    this: Meeting, member: Member, people: list[Member], cant: set[uuid.UUID], *, now: datetime
) -> dict[str, Any]:
    """Return whose turn a meeting to come is, why, who is next, and what one can do about it."""
    plan: Plan | None = getattr(this, "plan", None)
    if plan is None or this.crew is None:
        return {}
    caller = this.commitment.proposed_by_id if this.commitment else None
    found = rota(this.crew, now=now)
    takers = [person for person in people if person.pk in found.takers]
    new = newcomers(found.takers, found.been)
    mine = plan.led_by(member)
    return {
        "turn": plan.facilitator,
        "second": plan.second,
        "turn_names": names([plan.facilitator, plan.second], member),
        "turn_words": why(plan, takers, found.led, cant, caller, found.joined, new),
        "my_turn": mine,
        "turns_ahead": _ahead(this, member, cant if mine else None),
        "leads_not": [person for person in people if person.pk not in found.takers],
        "i_lead": member.pk in found.takers,
        "in_pairs": found.together > 1,
        "may_pair": not this.crew.is_partnership and len(people) > 2,
        **_swaps(this, member, now=now),
    }


def names(who: Sequence[Member | None], reader: Member) -> str:
    """Return who leads, as a list in words; whoever reads it is "you"."""
    return phrases.names(
        [
            _("you") if person.pk == reader.pk else person.first_name
            for person in who
            if person is not None
        ]
    )


def _ahead(this: Meeting, member: Member, cant: set[uuid.UUID] | None) -> list[Turn]:
    """Return the next turns after this one; with whom one could swap where this one is one's own."""
    mine = Coming.objects.filter(meeting=OuterRef("pk"), member=member, answer=Coming.Answer.CANT)
    after = (
        Meeting.objects.visible_to(member)
        .filter(crew=this.crew, state=Meeting.State.PLANNED, starts_at__gt=this.starts_at)
        .select_related("plan__facilitator", "plan__second")
        .annotate(i_cant=Exists(mine))
        .order_by("starts_at")
    )
    turns = []
    for meeting in after[:AHEAD]:
        plan: Plan | None = getattr(meeting, "plan", None)
        who = [one for one in (plan.facilitator, plan.second) if one] if plan else []
        cannot = getattr(meeting, "i_cant", False) or any(one.pk == member.pk for one in who)
        swappable = [] if cant is None or cannot else [one for one in who if one.pk not in cant]
        turns.append(Turn(meeting, who, names(who, member), swappable))
    return turns


def _swaps(this: Meeting, member: Member, *, now: datetime) -> dict[str, Any]:
    """Return the swaps that are offered to someone in a crew, and what they have offered themselves."""
    rows = (
        Swap.objects.visible_to(member)
        .open(now)
        .filter(plan__meeting__crew=this.crew)
        .select_related("plan__meeting", "other__meeting", "asker", "asked")
        .order_by("asked_at")
    )
    swaps = list(rows)
    return {
        "swaps_asked": [swap for swap in swaps if swap.asked_id == member.pk],
        "swaps_offered": [swap for swap in swaps if swap.asker_id == member.pk],
    }
