"""Whose turn it is, in words."""

import uuid
from collections.abc import Collection, Mapping, Sequence

from django.utils.translation import gettext as _

from congregation.models import Member
from congregation.templatetags.look import day
from rhythms import phrases
from rhythms.models import Plan
from rhythms.rules import Led, order_of_turns


def why(
    plan: Plan,
    seated: Sequence[Member],
    led: Mapping[uuid.UUID, Led],
    cant: Collection[uuid.UUID],
    caller: uuid.UUID | None,
) -> str:
    """Return why a turn is whose it is, as a sentence or two that anyone at the table can follow."""
    who = plan.facilitator
    if who is None:
        return _("Everyone is away, so nobody has the turn yet.")
    name = who.first_name
    if plan.turn == Plan.Turn.TAKEN:
        return _("%(name)s said: I’ll take it.") % {"name": name}
    if plan.turn == Plan.Turn.HANDED:
        return _("It was handed on to %(name)s.") % {"name": name}
    here = {person.pk: person for person in seated}
    order = order_of_turns(list(here), led, (), caller)
    before = order[: order.index(who.pk)] if who.pk in order else []
    waits = [here[pk].first_name for pk in before if pk in cant]
    if not any(pk in led for pk in here):
        words = (
            _("%(name)s called you together, and so begins.")
            if who.pk == caller
            else _("Nobody has led yet; it goes round by seat.")
        )
    elif who.pk not in led:
        others = any(pk not in led for pk in here if pk != who.pk)
        words = _("%(name)s hasn’t led yet.") if others else _("The others have each led by now.")
    else:
        words = _("%(name)s led longest ago, on %(day)s.")
        words = words.replace("%(day)s", day(led[who.pk].last_on))
    words %= {"name": name}
    if waits:
        words += " " + _("%(names)s can’t come this time; that turn waits.") % {
            "names": phrases.names(waits)
        }
    return words
