"""How a crew commits: to its first rhythm when it is founded, and to each further one it proposes."""

import uuid
from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Literal, cast

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from congregation.models import Event, Member, Notice
from crews.models import Crew, Idea
from rhythms import rules
from rhythms.models import Commitment, CommitmentYes, Rhythm
from rhythms.models.rhythm import at_table


def rhythm_of(
    crew: Crew,
    *,
    tempo: str,
    starts_on: date,
    starts_at: time,
    zone: str,
    minutes: int,
    place: str = "",
    link: str = "",
) -> Rhythm:
    """Return a rhythm for a crew, not yet saved: that often, on that weekday and wall time."""
    often = cast(Literal["weekly", "fortnightly", "monthly"], tempo)
    return Rhythm(
        congregation_id=crew.congregation_id,
        crew=crew,
        tempo=tempo,
        rule=rules.rule_for(often, datetime.combine(starts_on, starts_at), None),
        starts_on=starts_on,
        starts_at=starts_at,
        zone=zone,
        minutes=minutes,
        place=place,
        link=link,
    )


def first(crew: Crew, idea: Idea, people: Iterable[Member], *, now: datetime) -> Commitment:
    """Give a crew that is just being founded the rhythm of its idea; it runs at once.

    Everyone's private yes to the table was a yes to this too. The caller has the first turn. Where
    the first date has passed meanwhile, it begins at the next one in its rhythm.
    """
    with transaction.atomic():
        rhythm = rhythm_of(
            crew,
            tempo=idea.tempo,
            starts_on=idea.begins_on,
            starts_at=idea.begins_at,
            zone=idea.zone,
            minutes=idea.minutes,
            place=idea.place,
        )
        rhythm.save()
        planned = rhythm.meetings_from(idea.begins_on, idea.times, now=now)
        commitment = Commitment.objects.create(
            congregation_id=crew.congregation_id,
            crew=crew,
            rhythm=rhythm,
            times=idea.times,
            state=Commitment.State.RUNNING,
            proposed_at=now,
            proposed_by=idea.caller,
            begins_on=planned[0].local.date(),
            ends_on=planned[-1].local.date(),
        )
        _say(commitment, people, now=now)
        commitment.lay_out(now=now)
        Event.record("commitment.begin", commitment, by=None, now=now, circle=crew.pk)
    return commitment


def propose(
    crew: Crew,
    *,
    rhythm: Rhythm,
    starts_on: date,
    times: int,
    by: Member | None,
    now: datetime,
    yeses: Iterable[Member] = (),
    pk: uuid.UUID | None = None,
) -> Commitment:
    """Propose a rhythm for a limited time to the crew; anyone at its table may.

    `rhythm` is one the crew has, or one of `rhythm_of`. Whoever proposes says yes with it; `yeses`
    are those who already said so, at a look-back. `by` is None where the look-back proposes.
    With the `pk` of a proposal that was made, this returns that one.
    """
    with transaction.atomic():
        # Of two who propose at the same moment, the second finds the first one's.
        Crew.objects.select_for_update(no_key=True).get(pk=crew.pk)
        people = at_table(crew)
        if by is not None and by not in people:
            raise PermissionDenied
        made = Commitment.objects.filter(pk=pk, crew=crew).first() if pk else None
        if made is not None:
            return made
        if crew.state == Crew.State.ENDED:
            raise ValidationError(_("This crew has ended."))
        if len(people) < crew.least:
            raise ValidationError(
                _("A crew meets from %(least)d people on; there are %(people)d of you."),
                params={"least": crew.least, "people": len(people)},
            )
        if Commitment.objects.filter(crew=crew).current().exists():
            raise ValidationError(_("There is a commitment already; the next one follows it."))
        if by is not None and rhythm.begins(starts_on) <= now:
            raise ValidationError({"starts_on": _("That moment has passed; choose one to come.")})
        planned = rhythm.meetings_from(starts_on, times, now=now)
        try:
            with transaction.atomic():
                if rhythm._state.adding:
                    rhythm.save()
                last = Commitment.objects.filter(crew=crew).aggregate(n=Max("number"))["n"] or 0
                commitment = Commitment(
                    congregation_id=crew.congregation_id,
                    crew=crew,
                    rhythm=rhythm,
                    number=last + 1,
                    times=times,
                    proposed_at=now,
                    proposed_by=by,
                    begins_on=planned[0].local.date(),
                    ends_on=planned[-1].local.date(),
                )
                if pk:
                    commitment.pk = pk
                commitment.clean_fields(exclude=["congregation", "crew", "rhythm", "proposed_by"])
                commitment.save(force_insert=True)
        except IntegrityError as error:
            raise ValidationError(
                _("Someone else has just proposed a rhythm; say yes to that one, or wait.")
            ) from error
        _say(commitment, [*yeses, *([by] if by else [])], now=now)
        Event.record("commitment.propose", commitment, by=by, now=now, circle=crew.pk)
        if by is not None:
            # A look-back that opens tells of what it proposes itself.
            Notice.tell("rhythms.commitment_proposed", commitment.awaited(), commitment, now=now)
        commitment.begin(now=now)
    return commitment


def _say(commitment: Commitment, people: Iterable[Member], *, now: datetime) -> None:
    """Write down yeses that were said in another way."""
    unique = {person.pk: person for person in people}
    CommitmentYes.objects.bulk_create(
        CommitmentYes(
            congregation_id=commitment.congregation_id,
            commitment=commitment,
            member=person,
            said_at=now,
        )
        for person in unique.values()
    )


def begin_ready(*, now: datetime) -> int:
    """Begin the proposals whose last silent person has left the table meanwhile; return how many."""
    ready = Commitment.objects.ready().select_related("crew__congregation", "rhythm")
    return sum(commitment.begin(now=now) for commitment in ready)
