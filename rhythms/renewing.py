"""How a commitment ends and the next one begins: the look-back is written, and is revealed."""

import uuid
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from congregation.models import Event, Member, Notice
from crews.models import Seat
from rhythms import rules, stepping
from rhythms.committing import propose, rhythm_of
from rhythms.models import (
    Answers,
    Commitment,
    Decision,
    Helped,
    LookBack,
    Meeting,
    Rhythm,
    Slip,
    noting,
)
from rhythms.models.rhythm import at_table, settle_cycle
from rhythms.opening import open_due, quarter_on, remind_due
from rhythms.rules import Occurrence

__all__ = [
    "next_cycle",
    "open_due",
    "propose_instead",
    "remind_due",
    "reveal",
    "reveal_due",
    "write",
]

# The next table begins no sooner, so that everyone can say yes to it first.
BREATH = timedelta(days=5)
Way = Decision.Way
GOES_ON = (Way.CONTINUE, Way.CHANGE)


# ---- writing, and the reveal


def write(lookback: LookBack, answers: Answers, *, by: Member, now: datetime) -> bool:
    """Lay one's answer on the table; the last one opens it to all. Return whether it is open now."""
    with transaction.atomic():
        lookback.write(answers, by=by, now=now)
        if not lookback.is_revealed and LookBack.objects.due(now).filter(pk=lookback.pk).exists():
            reveal(lookback, now=now)
    return lookback.is_revealed


def reveal_due(*, now: datetime) -> int:
    """Open to all each look-back that everyone has written, or whose deadline has come."""
    due = LookBack.objects.due(now).select_related("crew__congregation", "commitment__rhythm")
    return sum(reveal(lookback, now=now) for lookback in due)


def reveal(lookback: LookBack, *, now: datetime) -> bool:
    """Open a look-back to all at once; return whether this call did.

    The names come off for good, unless the crew wanted them and nobody would rather have it without.
    In the middle of a cycle that is all. At its end, and each quarter, presences are forgotten but
    for their count, and each person's own way on holds: who ends gives the seat back, who rests or
    said nothing has it kept for one cycle. A commitment with an end has ended; those who go on, if
    they are enough, are proposed the next one, and otherwise the crew rests.
    """
    with transaction.atomic():
        opens = LookBack.objects.open().filter(pk=lookback.pk).update(revealed_at=now)
        if not opens:
            return False
        lookback.revealed_at = now
        crew = lookback.crew
        # Seats are held before the crew's row, as where someone leaves: neither waits for the other.
        taken = list(
            Seat.objects.select_for_update(no_key=True).taken().filter(crew=crew).order_by("pk")
        )
        asked = list(lookback.asked())
        ways = _open_answers(lookback, asked, now=now)
        Event.record("lookback.reveal", lookback, by=None, now=now, circle=crew.pk)
        goers: list[Member] = []
        if lookback.asks_way:
            over = Meeting.objects.filter(
                commitment=lookback.commitment_id, starts_at__lte=lookback.opened_at
            )
            noting.forget_who_came(over, lookback.commitment_id)
            elsewhere = _in_other_rhythms(lookback.commitment)
            goers = [
                seat.member
                for seat in asked
                if ways[seat.member_id] == Way.END and seat.member_id not in elsewhere
            ]
            all_end = len(goers) == len(taken)
            _go_on(lookback, asked, ways, elsewhere, all_end=all_end, now=now)
        _tell(lookback, goers, now=now)
    return True


def _go_on(
    lookback: LookBack,
    asked: list[Seat],
    ways: dict[uuid.UUID, str],
    elsewhere: set[uuid.UUID],
    *,
    all_end: bool,
    now: datetime,
) -> None:
    """Do what each decided, end the commitment, and propose the next one to those who go on.

    One without an end just goes on, unless too few are left in it. Who sits here for another rhythm
    too keeps the seat whatever they decided, and is out of this one.
    """
    crew, commitment = lookback.crew, lookback.commitment
    goes_on = commitment.is_open_ended
    if not goes_on:
        Commitment.objects.filter(pk=commitment.pk).update(
            state=Commitment.State.ENDED, ended_at=now
        )
    planned = next_cycle(commitment, now=now)
    crew.refresh_from_db()
    if crew.has_ended:
        return
    if all_end:
        # All of them end: the table does, and its people keep what they wrote at it.
        crew.end(by=None, now=now)
        return
    here = [seat for seat in asked if seat.member_id not in elsewhere]
    # A cycle of what goes on without an end is a quarter.
    until = quarter_on(commitment, lookback.round + 1) if goes_on else planned[-1].local.date()
    _apply(here, ways, until=until, now=now)
    out = [pk for pk in ways if pk in elsewhere and ways[pk] not in GOES_ON]
    stepping.leave_rhythm(commitment.rhythm, out, now=now)
    crew.refresh_from_db()
    if crew.has_ended:
        return
    is_enough = len(at_table(crew, commitment.rhythm_id)) >= crew.least
    if goes_on:
        if is_enough:
            Meeting.objects.settle_turns(crew, now=now)
        else:
            commitment.end(now=now)
    elif is_enough:
        propose(
            crew,
            rhythm=commitment.rhythm,
            starts_on=planned[0].local.date(),
            times=commitment.times,
            by=None,
            now=now,
            follows=commitment,
        )
    elif not Commitment.objects.filter(crew=crew).current().exists():
        crew.rest(by=None, now=now)
    settle_cycle(crew)


def _open_answers(lookback: LookBack, asked: list[Seat], *, now: datetime) -> dict[uuid.UUID, str]:
    """Take the names off, drop what was not laid on the table, and return each one's way by person.

    Someone who left the crew meanwhile has taken their answer along. When somebody wrote, and who
    would rather have had it without names, is forgotten; in the middle of a cycle, who wrote too.
    """
    people = {seat.member_id: seat.member for seat in asked}
    decisions = Decision.objects.filter(lookback=lookback)
    written = decisions.filter(member__in=people, written_at__isnull=False)
    ways = dict(written.values_list("member_id", "way"))
    if lookback.with_names and written.filter(without_names=True).exists():
        lookback.with_names = False
        lookback.save(update_fields=["with_names"])
    authors = [people[pk] for pk in ways]
    Slip.lay_open(lookback, authors, named=lookback.with_names)
    Helped.lay_open(lookback, authors)
    decisions.exclude(member__in=ways).delete()
    decisions.update(saved_at=now, written_at=now, without_names=False)
    if not lookback.asks_way:
        decisions.filter(would_carry=False).delete()
        return ways
    silent = [pk for pk in people if pk not in ways]
    Decision.objects.bulk_create(
        Decision(
            congregation_id=lookback.congregation_id,
            lookback=lookback,
            member=people[pk],
            saved_at=now,
        )
        for pk in silent
    )
    return ways | dict.fromkeys(silent, "")


def _apply(asked: list[Seat], ways: dict[uuid.UUID, str], *, until: date, now: datetime) -> None:
    """Do what each decided for themselves; silence keeps the seat, as resting does."""
    for seat in asked:
        way = ways[seat.member_id]
        if way == Way.END:
            seat.give_back(now=now)
        elif way in (Way.REST, ""):
            seat.keep(until, now=now)


def _in_other_rhythms(commitment: Commitment) -> set[uuid.UUID]:
    """Return who sits at the table for another rhythm of the crew too, and so keeps their seat.

    The look-back is on this commitment alone: for them its end, rest or silence ends only this one.
    """
    others = Commitment.objects.filter(crew=commitment.crew_id).current()
    rhythms = others.exclude(rhythm=commitment.rhythm_id).values_list("rhythm_id", flat=True)
    return {person.pk for rhythm in rhythms for person in at_table(commitment.crew, rhythm)}


def _tell(lookback: LookBack, goers: list[Member], *, now: datetime) -> None:
    """Tell everyone at once: who has a seat here that it is open, who ended a kind word."""
    going = {person.pk for person in goers}
    staying = [
        person
        for person in lookback.crew.people().select_related("user", "congregation")
        if person.pk not in going and person.is_present
    ]
    Notice.tell("rhythms.lookback_revealed", staying, lookback, now=now)
    for decision in Decision.objects.filter(lookback=lookback, member__in=going).select_related(
        "member"
    ):
        Notice.tell("rhythms.renew_farewell", [decision.member], decision, now=now)


# ---- the next table


def next_cycle(commitment: Commitment, *, now: datetime) -> list[Occurrence]:
    """Return when a crew would meet next, in the same rhythm and as often.

    It goes on in step: every other week stays on the weeks that it was on.
    """
    rhythm = commitment.rhythm
    earliest = now.astimezone(ZoneInfo(rhythm.zone)).date() + BREATH
    # Where its rhythm had them: one that was moved doesn't move the rhythm.
    had = [
        (meeting.planned_for or meeting.starts_at).astimezone(ZoneInfo(meeting.zone)).date()
        for meeting in Meeting.objects.filter(commitment=commitment, rhythm=rhythm)
    ]
    after = rhythm.begins(earliest) - timedelta(seconds=1)
    in_step = max(had, default=rhythm.starts_on)
    coming = rhythm.ahead(in_step, after=after, until=earliest, least=1)[0]
    return rhythm.meetings_from(coming.local.date(), commitment.times, now=now)


def propose_instead(
    commitment: Commitment,
    *,
    tempo: str,
    starts_on: date,
    times: int,
    by: Member,
    now: datetime,
    pk: uuid.UUID | None = None,
) -> Commitment:
    """Propose another tempo, first date or number of times in place of an open proposal.

    Anyone at the table may; the yeses start anew, with the proposer's own. With the `pk` of one
    that was made, this returns that one. Seats that are kept wait until its end.
    """
    crew, old = commitment.crew, commitment.rhythm
    with transaction.atomic():
        if by not in at_table(crew):
            raise PermissionDenied
        made = Commitment.objects.filter(pk=pk, crew=crew).first() if pk else None
        if made is not None:
            return made
        withdrawn = Commitment.objects.filter(
            pk=commitment.pk, state=Commitment.State.PROPOSED
        ).update(state=Commitment.State.WITHDRAWN, ended_at=now)
        if not withdrawn:
            raise ValidationError(_("This proposal is no longer open."))
        rhythm = _like(old, tempo=tempo, starts_on=starts_on)
        fresh = propose(
            crew,
            rhythm=rhythm,
            starts_on=starts_on,
            times=times,
            by=by,
            now=now,
            pk=pk,
            follows=commitment.follows,
        )
        kept = Seat.objects.taken().filter(crew=crew, kept_until__lt=fresh.ends_on)
        for seat in kept.select_related("member", "crew__congregation"):
            if fresh.ends_on:
                seat.keep(fresh.ends_on, now=now)
    return fresh


def _like(old: Rhythm, *, tempo: str, starts_on: date) -> Rhythm:
    """Return a rhythm where it has this tempo and comes round on that day, else one like it that does."""
    first = datetime.combine(starts_on, old.starts_at)
    on = rules.expand(first, old.zone, old.rule, old.minutes, limit=1)
    was = rules.phrase(old.rule, datetime.combine(old.starts_on, old.starts_at))
    is_in_step = on[0].local.date() == starts_on and rules.phrase(old.rule, first) == was
    if tempo == old.tempo and is_in_step:
        return old
    assert old.crew is not None
    return rhythm_of(
        old.crew,
        tempo=tempo,
        starts_on=starts_on,
        starts_at=old.starts_at,
        zone=old.zone,
        minutes=old.minutes,
        place=old.place,
        link=old.link,
        kind=old.kind,
        name=old.name,
    )
