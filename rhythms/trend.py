"""What a crew's look-backs tell over time, for the crew alone: what it celebrated, tried and kept up."""

import uuid
from collections import defaultdict
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from congregation.models import Member
from crews.models import Crew
from rhythms import phrases
from rhythms.found import Tried, count_helped
from rhythms.models import Change, Helped, LookBack, Meeting, Slip
from rhythms.prompts import PROMPTS, Kin

# As many cycles as a page can show; older ones stay on their own pages.
MOST = 24
# As much of what was celebrated as stands beside a cycle.
A_FEW = 3


@dataclass(frozen=True, slots=True)
class Cycle:
    """One look-back and the time before it, as its whole crew may read it."""

    lookback: LookBack
    held: int
    planned: int
    celebrated: list[str]
    tried: list[Tried]


@dataclass(frozen=True, slots=True)
class Trend:
    """A crew's look-backs, the latest first, and what they come to in words."""

    cycles: list[Cycle]
    words: list[str]

    @property
    def most(self) -> int:
        """The most meetings that were planned for one of them."""
        return max((cycle.planned for cycle in self.cycles), default=0)


def over_time(crew: Crew, reader: Member) -> Trend:
    """Return what a crew's look-backs tell over time, in as many queries however many there are."""
    lookbacks = list(
        LookBack.objects.visible_to(reader)
        .filter(crew=crew, revealed_at__isnull=False)
        .select_related("congregation")
        .order_by("-opened_at")[:MOST]
    )
    celebrated: dict[uuid.UUID | None, list[str]] = defaultdict(list)
    cheer = [key for key, prompt in PROMPTS.items() if prompt.kin == Kin.CHEER]
    for slip in (
        Slip.objects.visible_to(reader)
        .filter(lookback__in=lookbacks, part__in=cheer, number__lte=A_FEW)
        .in_order()
    ):
        celebrated[slip.lookback_id].append(slip.words)
    changes = list(
        Change.objects.visible_to(reader).filter(lookback__in=lookbacks).select_related("carrier")
    )
    tried: dict[uuid.UUID, list[Tried]] = defaultdict(list)
    for one in count_helped(changes, reader):
        tried[one.change.lookback_id].append(one)
    counts = _meetings(lookbacks, reader)
    cycles = [
        Cycle(this, *counts[this.pk], celebrated[this.pk], tried[this.pk]) for this in lookbacks
    ]
    return Trend(cycles, _words(cycles))


def _meetings(lookbacks: list[LookBack], reader: Member) -> dict[uuid.UUID, tuple[int, int]]:
    """Return how many meetings were held, and planned, since the last look-back of each commitment."""
    rows = (
        Meeting.objects.visible_to(reader)
        .filter(commitment__in={this.commitment_id for this in lookbacks})
        .values_list("commitment_id", "starts_at", "state")
    )
    by_commitment = defaultdict(list)
    for commitment, starts_at, state in rows:
        by_commitment[commitment].append((starts_at, state))
    counts = {}
    since: dict[uuid.UUID, LookBack] = {}
    for this in sorted(lookbacks, key=lambda row: row.opened_at):
        before = since.get(this.commitment_id)
        within = [
            state
            for starts_at, state in by_commitment[this.commitment_id]
            if starts_at <= this.opened_at and (not before or starts_at > before.opened_at)
        ]
        counts[this.pk] = (within.count(Meeting.State.HELD), len(within))
        since[this.commitment_id] = this
    return counts


def _words(cycles: list[Cycle]) -> list[str]:
    """Return what it comes to, in sentences: of all of them, never of one person."""
    if not cycles:
        return []
    held, planned = sum(one.held for one in cycles), sum(one.planned for one in cycles)
    said = [
        ngettext(
            "You have looked back %(n)s time, and met %(held)s of %(planned)s times before it.",
            "You have looked back %(n)s times, and met %(held)s of %(planned)s times.",
            len(cycles),
        )
        % {"n": phrases.number(len(cycles)), "held": held, "planned": planned}
    ]
    changes = [one for cycle in cycles for one in cycle.tried]
    told = [one for one in changes if one.helped]
    if changes:
        said.append(
            ngettext("You have tried %(n)s change.", "You have tried %(n)s changes.", len(changes))
            % {"n": phrases.number(len(changes))}
        )
    if told:
        good = sum(helps(one) for one in told)
        said.append(
            _("Of %(all)s of which you said how it went, most of you found that %(good)s helped.")
            % {"all": phrases.number(len(told)), "good": phrases.number(good)}
        )
    return said


def helps(one: Tried) -> bool:
    """Whether more of them found that a change helped than that it didn't."""
    counts = dict(one.helped)
    yes = counts.get(str(Helped.Answer.YES.label), 0) + counts.get(str(Helped.Answer.SOME.label), 0)
    return yes > counts.get(str(Helped.Answer.NO.label), 0)
