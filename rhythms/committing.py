"""How a crew commits: to its first rhythm when it is founded, and to each further one it proposes."""

import uuid
from collections.abc import Collection, Iterable
from datetime import date, datetime, time, timedelta
from typing import Final

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from congregation.models import Event, Member, Notice
from crews.models import Crew, Idea
from rhythms import rules
from rhythms.models import Commitment, CommitmentYes, Rhythm
from rhythms.models.rhythm import MOST_TIMES, OPEN_KINDS, at_table
from rhythms.rules import Occurrence

# More rhythms at once are more than a table keeps in mind.
MOST_AT_ONCE: Final = 6
# A commitment until a date is renewed within this time.
LONGEST: Final = timedelta(days=370)


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
    weekdays: Collection[int] = (),
    by_date: bool = False,
    kind: str = Rhythm.Kind.RELATIONAL,
    name: str = "",
) -> Rhythm:
    """Return a rhythm for a crew, not yet saved: that often, on those weekdays and that wall time."""
    start = datetime.combine(starts_on, starts_at)
    return Rhythm(
        congregation_id=crew.congregation_id,
        crew=crew,
        kind=kind,
        name=name,
        tempo=tempo,
        rule=rules.rule_for(tempo, start, None, weekdays=weekdays, by_date=by_date),
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


def may_be_open_ended(crew: Crew) -> bool:
    """Tell whether a crew may keep a rhythm without an end (rule 7): co-ops, houses and pods."""
    return crew.kind in OPEN_KINDS and not crew.is_partnership


def propose(
    crew: Crew,
    *,
    rhythm: Rhythm,
    starts_on: date,
    times: int | None,
    by: Member | None,
    now: datetime,
    until: date | None = None,
    yeses: Iterable[Member] = (),
    pk: uuid.UUID | None = None,
    follows: Commitment | None = None,
) -> Commitment:
    """Propose a rhythm to the crew: a number of times, until a date, or (with neither) without an end.

    Anyone at its table may. `rhythm` is one the crew has, or one of `rhythm_of`. Whoever proposes says
    yes with it; `yeses` are those who already said so, at a look-back. `by` is None where the look-back
    proposes. `follows` is the commitment it renews. With the `pk` of a proposal that was made, this
    returns that one.
    """
    with transaction.atomic():
        # Of two who propose at the same moment, the second finds the first one's.
        Crew.objects.select_for_update(no_key=True).get(pk=crew.pk)
        if by is not None and by not in at_table(crew):
            raise PermissionDenied
        made = Commitment.objects.filter(pk=pk, crew=crew).first() if pk else None
        if made is not None:
            return made
        _check_open(crew, rhythm, by=by)
        planned = dates(crew, rhythm, times, until, starts_on=starts_on, by=by, now=now)
        try:
            with transaction.atomic():
                if rhythm._state.adding:
                    rhythm.save()
                last = Commitment.objects.filter(crew=crew).aggregate(n=Max("number"))["n"] or 0
                is_open = times is None and until is None
                commitment = Commitment(
                    congregation_id=crew.congregation_id,
                    crew=crew,
                    rhythm=rhythm,
                    follows=follows,
                    number=last + 1,
                    times=None if is_open else len(planned),
                    until=until,
                    proposed_at=now,
                    proposed_by=by,
                    begins_on=planned[0].local.date(),
                    ends_on=None if is_open else planned[-1].local.date(),
                )
                if pk:
                    commitment.pk = pk
                commitment.clean_fields(
                    exclude=["congregation", "crew", "rhythm", "proposed_by", "follows"]
                )
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


def _check_open(crew: Crew, rhythm: Rhythm, *, by: Member | None) -> None:
    """Refuse a proposal where a crew can't begin another rhythm just now."""
    if crew.state == Crew.State.ENDED:
        raise ValidationError(_("This crew has ended."))
    people = at_table(crew, None if rhythm._state.adding else rhythm.pk)
    if len(people) < crew.least:
        raise ValidationError(
            _("A crew meets from %(least)d people on; there are %(people)d of you."),
            params={"least": crew.least, "people": len(people)},
        )
    current = Commitment.objects.filter(crew=crew).current()
    if not rhythm._state.adding and current.filter(rhythm=rhythm).exists():
        raise ValidationError(
            _("There is a commitment to this rhythm already; the next one follows it.")
        )
    if by is None:
        return
    if current.filter(state=Commitment.State.PROPOSED, rhythm__kind=rhythm.kind).exists():
        raise ValidationError(
            _(
                "A rhythm of this kind is proposed already; say yes to that one, or set it aside first."
            )
        )
    if current.count() >= MOST_AT_ONCE:
        raise ValidationError(
            _("That is more rhythms than a table can keep in mind; end one first.")
        )


def dates(
    crew: Crew,
    rhythm: Rhythm,
    times: int | None,
    until: date | None,
    *,
    by: Member | None,
    now: datetime,
    starts_on: date | None = None,
) -> list[Occurrence]:
    """Return the dates that are proposed; refuse those that can't be."""
    starts_on = starts_on or rhythm.starts_on
    if times is None and until is None and not may_be_open_ended(crew):
        raise ValidationError(
            _("Without an end is for co-ops, houses and pods; say how many times, or until when.")
        )
    if by is not None and rhythm.begins(starts_on) <= now:
        raise ValidationError({"starts_on": _("That moment has passed; choose one to come.")})
    if until is not None and until > starts_on + LONGEST:
        raise ValidationError({"until": _("Choose a day within a year from the first one.")})
    planned = rhythm.meetings_from(starts_on, None if until else times, now=now, until=until)
    if until is not None and len(planned) < 2:
        raise ValidationError(
            {"until": _("Until then you would meet once at most; choose a later day.")}
        )
    if until is not None and len(planned) > MOST_TIMES:
        raise ValidationError(
            {
                "until": _("That is more than %(most)d times; choose an earlier day.")
                % {"most": MOST_TIMES}
            }
        )
    return planned


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
