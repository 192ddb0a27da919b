"""A season from one day to the next: tables are put together, asked, begun or asked anew, until it ends.

Whatever is told to someone who has no place rests on their own times and choices and on how many take part,
never on who would rather not be with whom (docs/decisions/0061-seasons.md).
"""

import uuid
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.db.models import Count, Q

from congregation.models import Member, Notice
from congregation.words import fold
from crews import founding, rules
from crews.models import (
    Answer,
    Card,
    Crew,
    FreeTime,
    Hello,
    Idea,
    LeftOut,
    NotWith,
    Proposal,
    ProposalAnswer,
    Proposed,
    Season,
    Seeker,
    Tempo,
)
from crews.models.apart import sat_with
from crews.models.card import week_of
from crews.planning.planner import plan
from crews.planning.puzzle import Person, Puzzle, Weights, set_up

SECONDS: Final = 2.0
"""How long tables are put together, at most by the processor's clock."""
LENGTH: Final = 90
"""How many minutes a crew needs together, at least."""
STEP: Final = 30
ASKED_BEFORE: Final = 20
"""By how much a pair counts less that was at one table which came to nothing."""
WEIGHTS: Final = Weights(slot=1, slots_at_most=16, topics_at_most=4)


@dataclass(frozen=True, slots=True)
class Seeking:
    """What someone brings into a season."""

    seeker: Seeker
    member: Member
    slots: frozenset[str]
    """When, where and how often they could, each as one word."""
    topics: frozenset[str]
    kinds: tuple[str, ...]
    ideas: frozenset[uuid.UUID]


def sweep(*, now: datetime, seconds: float = SECONDS) -> int:
    """Do what is due in the seasons; return how much was done."""
    due = Season.objects.due(now).select_related("congregation")
    return sum(_move(season, now=now, seconds=seconds) for season in due)


def _move(season: Season, *, now: datetime, seconds: float) -> int:
    settled = 0
    if season.state == Season.State.PROPOSED:
        asking = season.proposals.asking().select_related("season__congregation", "idea")
        over = Q(answers_until__lte=now) | Q(season__closes_at__lte=now)
        for proposal in asking.filter(over).order_by("number"):
            settled += settle(proposal, now=now)
        if season.proposals.asking().exists():
            return settled
    if season.closes_at <= now or not _may_propose(season, now=now):
        return settled + end(season, by=None, now=now)
    return settled + propose(season, now=now, seconds=seconds)


def _may_propose(season: Season, *, now: datetime) -> bool:
    """Tell whether another round could bring something: there is time, and there are people."""
    if not season.has_another_round(now=now):
        return False
    return season.rounds == 0 or len(_without_place(season)) >= least(season)


def least(season: Season) -> int:
    """Return how many a crew of a season needs: a pair is none."""
    return max(season.congregation.seats_min, 3)


def propose(season: Season, *, now: datetime, seconds: float = SECONDS) -> bool:
    """Put tables together and ask their people; tell whether this was the one call that did.

    Only claiming and writing are transactions: between them the processor works for a second or two.
    """
    if not season.claim(now=now):
        return False
    people = gather(season, on=now.date())
    free = [who for who in people if not who.seeker.wants_one and who.slots]
    puzzle = _puzzle(season, free, now=now)
    found = plan(puzzle, seconds=seconds, seed=season.pk.int % 2**32 + season.rounds)
    tables = [[free[place] for place in crew] for crew in sorted(map(sorted, found))]
    claimed_at = season.claimed_at
    with transaction.atomic():
        # Lost while it was computed, say to a host who ended the season, it is let go.
        mine = Season.objects.filter(
            pk=season.pk, state=Season.State.PROPOSING, claimed_at=claimed_at
        )
        until = season.next_answers_until(now=now)
        if not mine.update(
            state=Season.State.PROPOSED, rounds=season.rounds + 1, answers_until=until
        ):
            return False
        season.refresh_from_db()
        for number, table in enumerate(tables, 1):
            _ask(season, number, table, until=until, now=now)
    return True


def _ask(
    season: Season, number: int, table: Sequence[Seeking], *, until: datetime, now: datetime
) -> None:
    """Write a proposal down, and tell its people."""
    begins, ends, where, tempo = meeting_time([who.slots for who in table])
    idea = _idea_of(table)
    kinds = Counter(kind for who in table for kind in who.kinds)
    proposal = Proposal.objects.create(
        congregation_id=season.congregation_id,
        season=season,
        round=season.rounds,
        number=number,
        begins=begins,
        ends=ends,
        where=where,
        tempo=tempo,
        kind=idea.kind if idea else min(kinds, key=lambda k: (-kinds[k], k), default="other"),
        idea=idea,
        asked_at=now,
        answers_until=until,
    )
    Proposed.objects.bulk_create(
        Proposed(
            congregation_id=season.congregation_id,
            proposal=proposal,
            season=season,
            round=season.rounds,
            member=who.member,
        )
        for who in table
    )
    Notice.tell("crews.proposal", [who.member for who in table], proposal, now=now)


def _idea_of(table: Sequence[Seeking]) -> Idea | None:
    """Return an idea that more than half of a table would join, the one that most would."""
    wanted = Counter(idea for who in table for idea in who.ideas)
    for pk, many in sorted(wanted.items(), key=lambda item: (-item[1], item[0])):
        if 2 * many > len(table):
            return Idea.objects.filter(pk=pk, state=Idea.State.OPEN).first()
    return None


def answer(proposal: Proposal, is_yes: bool, *, by: Member, now: datetime) -> Crew | None:
    """Take one person's private answer; with everyone's yes the crew forms at once, and is returned."""
    with transaction.atomic():
        if not proposal.answer(is_yes, by=by, now=now):
            return None
        return _begin(proposal, list(proposal.people()), now=now)


def settle(proposal: Proposal, *, now: datetime) -> bool:
    """Let a proposed table become a crew of those who have said yes, if they are enough, or go."""
    with transaction.atomic():
        proposal.hold()
        if proposal.state != Proposal.State.ASKING:
            return False
        willing = list(proposal.willing())
        if len(willing) >= least(proposal.season):
            _begin(proposal, willing, now=now)
        else:
            proposal.settle(None, now=now)
    return True


def _begin(proposal: Proposal, people: Collection[Member], *, now: datetime) -> Crew:
    crew = founding.gather(proposal, people, now=now)
    Notice.tell("crews.season_crew", people, crew, now=now)
    return crew


def end(season: Season, *, by: Member | None, now: datetime) -> bool:
    """Bring a season to its end and tell those without a place why, and what would help."""
    with transaction.atomic():
        if not season.end(by=by, now=now):
            return False
        for proposal in season.proposals.asking().order_by("number"):
            proposal.hold()
            proposal.settle(None, now=now)
        outcomes = _outcomes(season, on=now.date())
        seekers = list(Seeker.objects.filter(season=season).select_related("member"))
        for seeker in seekers:
            seeker.outcome = outcomes.get(seeker.member_id, Seeker.Outcome.NOT_THIS_TIME)
        Seeker.objects.bulk_update(seekers, ["outcome"])
        for seeker in seekers:
            if seeker.outcome != Seeker.Outcome.PLACED and seeker.member.state != "left":
                Notice.tell("crews.season_over", [seeker.member], seeker, now=now)
        # What was said to the proposals has done its work.
        ProposalAnswer.objects.filter(proposal__season=season).delete()
    return True


def _placed(season: Season) -> set[uuid.UUID]:
    """Return the ids of those who said yes to a table of this season that became a crew."""
    begun = ProposalAnswer.objects.filter(
        proposal__season=season, proposal__state=Proposal.State.BEGUN, is_yes=True
    )
    return set(begun.values_list("member_id", flat=True))


def _without_place(season: Season) -> set[uuid.UUID]:
    crew_seekers = Seeker.objects.filter(season=season, wants_one=False)
    here = crew_seekers.filter(member__in=season.people())
    return set(here.values_list("member_id", flat=True)) - _placed(season)


def _outcomes(season: Season, *, on: date) -> dict[uuid.UUID, Seeker.Outcome]:
    """Return what each who takes part is told, by the id of the member.

    It is told from times and numbers alone. Who is kept apart from whom is not among them, so that
    nothing that is told depends on it.
    """
    people = gather(season, on=on, everyone=True)
    looking = [who for who in people if not who.seeker.wants_one]
    placed, needed = _placed(season), least(season)
    found = {}
    for who in people:
        could = sum(not who.slots.isdisjoint(other.slots) for other in looking if other is not who)
        found[who.member.pk] = (
            Seeker.Outcome.PLACED
            if who.member.pk in placed
            else Seeker.Outcome.PARTNER
            if who.seeker.wants_one
            else Seeker.Outcome.NO_TIMES
            if not who.slots
            else Seeker.Outcome.FEW
            if len(looking) < needed
            else Seeker.Outcome.NO_SHARED
            if could < needed - 1
            else Seeker.Outcome.NOT_THIS_TIME
        )
    return found


def gather(season: Season, *, on: date, everyone: bool = False) -> list[Seeking]:
    """Return who takes part and has no place yet, or everyone, with what they bring."""
    seekers = Seeker.objects.filter(season=season, member__in=season.people())
    rows = list(
        seekers.select_related("member__user", "member__congregation").order_by("member_id")
    )
    placed = set() if everyone else _placed(season)
    ids = [row.member_id for row in rows if row.member_id not in placed]
    cards = {card.member_id: card for card in Card.objects.filter(member__in=ids)}
    free = FreeTime.objects.filter(member__in=ids).by_member()
    ideas = _ideas(season)
    found = []
    for row in rows:
        if row.member_id in placed:
            continue
        card = cards.get(row.member_id) or Card(member=row.member)
        week = week_of(row.member, free.get(row.member_id, ()), on)
        joins = frozenset(ideas.get(row.member_id, ()))
        words = {f"topic {fold(word)}" for word in card.topic_words}
        words |= {f"kind {kind}" for kind in card.kinds} | {f"idea {pk}" for pk in joins}
        found.append(
            Seeking(
                seeker=row,
                member=row.member,
                slots=slots_of(week, card.where, card.tempos),
                topics=frozenset(words),
                kinds=tuple(card.kinds),
                ideas=joins,
            )
        )
    return found


def _ideas(season: Season) -> dict[uuid.UUID, set[uuid.UUID]]:
    """Return which ideas of a season each person floated or would join."""
    found: dict[uuid.UUID, set[uuid.UUID]] = {}
    mine = season.ideas.filter(state=Idea.State.OPEN)
    joining = Answer.objects.filter(idea__in=mine, choice=Answer.Choice.JOIN)
    for member, idea in [
        *mine.values_list("caller_id", "pk"),
        *joining.values_list("member_id", "idea_id"),
    ]:
        found.setdefault(member, set()).add(idea)
    return found


def slots_of(week: Sequence[rules.Stretch], where: str, tempos: Collection[str]) -> frozenset[str]:
    """Return when, where and how often someone could, as words such as "weekly place 1140".

    Each is a beginning from which an hour and a half are free; no tempo chosen means any.
    """
    places = ["online", "place"] if where == Card.Where.EITHER else [where]
    rhythms = [tempo for tempo in Tempo.values if tempo in tempos] or Tempo.values
    starts = [
        start % rules.WEEK
        for begins, ends in rules.slots_of_at_least(week, LENGTH)
        for start in range(-(-begins // STEP) * STEP, ends - LENGTH + 1, STEP)
    ]
    return frozenset(
        f"{tempo} {place} {start}" for tempo in rhythms for place in places for start in starts
    )


def meeting_time(slots: Sequence[frozenset[str]]) -> tuple[int, int, str, str]:
    """Return the longest stretch of a UTC week that people share, as (begins, ends, where, tempo).

    `ends` may pass the end of the week. Raises ValueError where they share none.
    """
    common = frozenset.intersection(*slots)
    best: tuple[int, int, str, str] | None = None
    for tempo in Tempo.values:
        for place in ("place", "online"):
            prefix = f"{tempo} {place} "
            starts = {int(slot.removeprefix(prefix)) for slot in common if slot.startswith(prefix)}
            for start in sorted(starts):
                if (start - STEP) % rules.WEEK in starts:
                    continue
                last = start
                while (last + STEP) % rules.WEEK in starts and last - start < rules.DAY:
                    last += STEP
                if best is None or last + LENGTH - start > best[1] - best[0]:
                    best = (start, last + LENGTH, place, tempo)
    if best is None:
        raise ValueError("These people share no time.")
    begins, ends, place, tempo = best
    if f"{tempo} {'online' if place == 'place' else 'place'} {begins}" in common:
        place = Card.Where.EITHER
    return begins, ends, str(place), tempo


def _puzzle(season: Season, people: Sequence[Seeking], *, now: datetime) -> Puzzle:
    """Return the puzzle of who could sit with whom."""
    ids = [who.member.pk for who in people]
    puzzle = set_up(
        [Person(who.member.pk, who.slots, who.topics) for who in people],
        _mutual(people),
        _apart(people, now=now),
        least=least(season),
        most=season.congregation.seats_max,
        weights=WEIGHTS,
    )
    # Tables that came to nothing are mixed anew, whoever said what to them.
    failed = Proposed.objects.filter(
        season=season, proposal__state=Proposal.State.CLOSED, member__in=ids
    )
    together: dict[uuid.UUID, list[int]] = {}
    for proposal, member in failed.values_list("proposal_id", "member_id"):
        together.setdefault(proposal, []).append(ids.index(member))
    for table in together.values():
        for one in table:
            for other in table:
                puzzle.pairs[one][other] -= ASKED_BEFORE if one != other else 0
    return puzzle


def _mutual(people: Sequence[Seeking]) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Return the pairs who'd both like to talk, both ways round, of those who let that count.

    That one of them would is not looked at: until it is mutual it is nobody's (rule 8).
    """
    ids = [who.member.pk for who in people if who.seeker.counts_hellos]
    hellos = Hello.objects.open().filter(first__in=ids, second__in=ids)
    return [
        pair
        for first, second in hellos.values_list("first_id", "second_id")
        for pair in ((first, second), (second, first))
    ]


def _apart(people: Sequence[Seeking], *, now: datetime) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Return the pairs who are kept apart: for whichever reason, in no order that tells."""
    ids = {who.member.pk for who in people}
    apart = {(min(pair), max(pair)) for pair in NotWith.objects.pairs(ids) if len(pair) == 2}
    strict = [who.member for who in people if who.seeker.leaves_out]
    for row in LeftOut.objects.in_force(now).filter(member__in=strict, until__isnull=True):
        if row.other_id in ids:
            apart.add(rules.pair(row.member_id, row.other_id))
    for member in strict:
        apart |= {rules.pair(member.pk, other) for other in sat_with(member) & ids}
    return sorted(apart)


@dataclass(frozen=True, slots=True)
class Progress:
    """What hosts see of a season: counts, and never who said what."""

    people: int
    ideas: int
    tables: int
    """How many were proposed in this round."""
    at_tables: int
    asking: int
    crews: int
    placed: int


def progress(season: Season) -> Progress:
    """Return the counts of a season, in as many queries however many take part."""
    tables = season.proposals.aggregate(
        now=Count("pk", filter=Q(round=season.rounds)),
        asking=Count("pk", filter=Q(state=Proposal.State.ASKING)),
        crews=Count("pk", filter=Q(state=Proposal.State.BEGUN)),
    )
    return Progress(
        people=season.people().count(),
        ideas=season.ideas.count(),
        tables=tables["now"],
        at_tables=Proposed.objects.filter(season=season, round=season.rounds).count(),
        asking=tables["asking"],
        crews=tables["crews"],
        placed=Crew.objects.filter(proposal__season=season).aggregate(
            people=Count("seats", filter=Q(seats__left_at__isnull=True))
        )["people"],
    )
