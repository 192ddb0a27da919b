"""Changing what recurs: from one meeting on or all that are to come, with pauses, and back.

What was logged stays. A rhythm that has been kept is split: the row of before becomes a new one, with the
meetings that were (`rhythm.follows`), so that the rhythm itself, its commitment and its calendar stay who
they are. Meetings to come are laid out anew by `rhythms.relaying`.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from congregation.models import Event, Member, Notice
from congregation.templatetags.look import day as in_words
from rhythms import relaying, rules
from rhythms.models import Coming, Commitment, Meeting, Pause, Plan, Rhythm
from rhythms.models.pause import pause_of
from rhythms.models.rhythm import FEWEST, HORIZON, MOST_TIMES, settle_cycle
from rhythms.relaying import Fit, Laid, Place
from rhythms.rules import Occurrence

CHANGED: Final = "rhythms.rhythm_changed"
# Nobody plans further ahead than this.
FURTHEST: Final = timedelta(days=370)


@dataclass(frozen=True, slots=True)
class Shape:
    """How a rhythm is to be from a day on: how often, when, how long and where."""

    tempo: str
    starts_on: date
    starts_at: time
    minutes: int
    weekdays: tuple[int, ...] = ()
    by_date: bool = False
    place: str = ""
    link: str = ""

    @property
    def rule(self) -> str:
        """The recurrence rule without its end."""
        start = datetime.combine(self.starts_on, self.starts_at)
        return rules.rule_for(self.tempo, start, None, weekdays=self.weekdays, by_date=self.by_date)


def ahead_of(rhythm: Rhythm, *, now: datetime) -> list[Meeting]:
    """Return the meetings of a rhythm that its rhythm has still to come, called-off ones too, in its order."""
    rows = (
        Meeting.objects.filter(Q(rhythm=rhythm) | Q(commitment__rhythm=rhythm))
        .filter(
            state__in=[Meeting.State.PLANNED, Meeting.State.CANCELLED],
            starts_at__gt=now,
            planned_for__gt=now,
        )
        .exclude(commitment__state__in=[Commitment.State.ENDED, Commitment.State.WITHDRAWN])
        .select_related("commitment", "plan")
        .order_by("planned_for", "number")
    )
    return list(rows)


def preview(
    rhythm: Rhythm, shape: Shape, *, since: Meeting | None, now: datetime
) -> list[Occurrence]:
    """Return when it would be from then on; raise ValidationError for what can't be."""
    commitment, kept, laid = _parts(rhythm, since, now=now)
    return _wanted(rhythm, shape, commitment, kept, laid, now=now)


def change(
    rhythm: Rhythm, shape: Shape, *, by: Member, now: datetime, since: Meeting | None = None
) -> Rhythm:
    """Change a rhythm from one meeting on, or (without `since`) all that is still to come of it.

    Whoever is in it may, and a host where it is the congregation's; everyone else in it is told once.
    Changed days ask everyone anew whether they come. The same again changes nothing.
    """
    with transaction.atomic():
        rhythm = held(rhythm, by=by, now=now)
        commitment, kept, laid = _parts(rhythm, since, now=now)
        wanted = _wanted(rhythm, shape, commitment, kept, laid, now=now)
        if _is_alike(rhythm, shape, laid, wanted):
            return rhythm
        was = (rhythm.place, rhythm.link)
        _split(rhythm, [meeting.pk for meeting in laid])
        rhythm.tempo, rhythm.rule = shape.tempo, shape.rule
        rhythm.starts_on, rhythm.starts_at = wanted[0].local.date(), shape.starts_at
        rhythm.minutes, rhythm.place, rhythm.link = shape.minutes, shape.place, shape.link
        rhythm.save()
        rhythm.touched(now=now)
        _relay(rhythm, commitment, kept, laid, wanted, was=was, now=now)
        settle(rhythm, commitment, now=now)
        Event.record("rhythm.change", rhythm, by=by, now=now, circle=rhythm.crew_id)
        tell(rhythm, commitment, by=by, now=now)
    return rhythm


def held(rhythm: Rhythm, *, by: Member, now: datetime) -> Rhythm:
    """Hold the row of a rhythm, so that of two changes one sees the other; who may not is refused."""
    held = (
        Rhythm.objects.select_for_update(no_key=True, of=("self",))
        .select_related("crew__congregation")
        .get(pk=rhythm.pk)
    )
    if not held.may_change(by, now=now):
        raise PermissionDenied
    if held.ended_on is not None or (held.crew and held.crew.has_ended):
        raise ValidationError(_("This rhythm has ended."))
    return held


def running_of(rhythm: Rhythm) -> Commitment | None:
    """Return the commitment that runs to a rhythm; None for the congregation's, which needs none."""
    if rhythm.crew_id is None:
        return None
    running = Commitment.objects.filter(rhythm=rhythm, state=Commitment.State.RUNNING)
    commitment = running.select_related("crew__congregation").first()
    if commitment is None:
        raise ValidationError(_("It can be changed once everyone has said yes and it has begun."))
    return commitment


def like(rhythm: Rhythm, shape: Shape) -> Rhythm:
    """Return a rhythm as it would be in that shape, never saved."""
    return Rhythm(
        tempo=shape.tempo,
        rule=shape.rule,
        starts_on=shape.starts_on,
        starts_at=shape.starts_at,
        zone=rhythm.zone,
        minutes=shape.minutes,
    )


def _parts(
    rhythm: Rhythm, since: Meeting | None, *, now: datetime
) -> tuple[Commitment | None, list[Meeting], list[Meeting]]:
    """Return what runs, the meetings that stay as they are, and those to come that are laid out anew."""
    commitment = running_of(rhythm)
    ahead = ahead_of(rhythm, now=now)
    laid = [meeting for meeting in ahead if since is None or _planned(meeting) >= _planned(since)]
    if not laid:
        raise ValidationError(_("Nothing of this rhythm is still to come."))
    theirs = Q(commitment=commitment) if commitment else Q(rhythm=rhythm)
    kept = list(Meeting.objects.filter(theirs).exclude(pk__in=[meeting.pk for meeting in laid]))
    return commitment, kept, laid


def _planned(meeting: Meeting) -> datetime:
    return meeting.planned_for or meeting.starts_at


def _wanted(
    rhythm: Rhythm,
    shape: Shape,
    commitment: Commitment | None,
    kept: Sequence[Meeting],
    laid: Sequence[Meeting],
    *,
    now: datetime,
) -> list[Occurrence]:
    """Return when it is to be from then on: as often as it was, to its date, or to the horizon."""
    if shape.starts_on > now.date() + FURTHEST:
        raise ValidationError({"date": _("Choose a day within a year from now.")})
    other = like(rhythm, shape)
    if other.begins(shape.starts_on) <= now:
        raise ValidationError({"date": _("Choose a moment that is still to come.")})
    times, until = (commitment.times, commitment.until) if commitment else (None, None)
    if until is not None:
        wanted = other.ahead(shape.starts_on, after=now, until=until)[: MOST_TIMES - len(kept)]
        if not wanted:
            raise ValidationError({"date": _("It ends on %(day)s.") % {"day": in_words(until)}})
    elif times is not None:
        start = datetime.combine(shape.starts_on, shape.starts_at)
        wanted = rules.expand(start, rhythm.zone, shape.rule, shape.minutes, limit=len(laid))
    else:
        # As far as it is laid out at least, so that nothing is dropped that comes back in a week.
        last = max(_planned(meeting) for meeting in laid).astimezone(ZoneInfo(rhythm.zone)).date()
        horizon = max((now + HORIZON).date(), shape.starts_on, last)
        wanted = other.ahead(shape.starts_on, after=now, until=horizon, least=FEWEST)
    before = max((row.planned_for for row in kept if row.planned_for), default=None)
    first = min(_planned(meeting) for meeting in laid)
    if before is not None and before < first and wanted[0].starts <= before:
        said = in_words(before.astimezone(ZoneInfo(rhythm.zone)).date())
        raise ValidationError({"date": _("The one before is on %(day)s.") % {"day": said}})
    return wanted


def _is_alike(
    rhythm: Rhythm, shape: Shape, laid: Sequence[Meeting], wanted: Sequence[Occurrence]
) -> bool:
    said = (shape.rule, shape.minutes, shape.place, shape.link)
    is_said = said == (rhythm.rule, rhythm.minutes, rhythm.place, rhythm.link)
    return is_said and all(
        meeting.planned_for == one.starts for meeting, one in zip(laid, wanted, strict=False)
    )


def _split(rhythm: Rhythm, laid: Collection[uuid.UUID]) -> None:
    """Give what was of a rhythm a row of its own, as it was; what is to come keeps this one."""
    was = Meeting.objects.filter(rhythm=rhythm).exclude(pk__in=laid)
    last = was.order_by("-planned_for").first()
    over = Commitment.objects.filter(rhythm=rhythm).exclude(
        pk__in=Commitment.objects.filter(rhythm=rhythm).current()
    )
    if last is None and not over.exists():
        return
    before = Rhythm(
        **{
            field.attname: getattr(rhythm, field.attname)
            for field in Rhythm._meta.concrete_fields
            if field.name not in {"id", "ended_on"}
        },
        ended_on=last.local_date if last else rhythm.starts_on,
    )
    before.save(force_insert=True)
    was.update(rhythm=before)
    over.update(rhythm=before)
    rhythm.follows = before


def _relay(
    rhythm: Rhythm,
    commitment: Commitment | None,
    kept: Sequence[Meeting],
    laid: Sequence[Meeting],
    wanted: Sequence[Occurrence],
    *,
    was: tuple[str, str],
    now: datetime,
) -> None:
    """Put the meetings to come where the changed rhythm has them."""
    taken = {meeting.number for meeting in kept}
    first = min(meeting.number for meeting in laid)
    free = [n for n in range(first, first + len(wanted) + len(kept)) if n not in taken]
    places, gone = relaying.relay(
        [
            Laid(
                meeting.pk,
                _planned(meeting),
                _planned(meeting).astimezone(ZoneInfo(meeting.zone)).date(),
            )
            for meeting in laid
        ],
        wanted,
        free[: len(wanted)],
    )
    pauses = list(Pause.objects.filter(rhythm=rhythm))
    known = {meeting.pk: meeting for meeting in laid}
    Meeting.objects.filter(pk__in=gone).delete()
    Meeting.objects.filter(pk__in=known).update(number=F("number") + relaying.SPAN)
    asked_anew, fresh = [], []
    for place in places:
        pause = pause_of(pauses, place.occurrence.local.date())
        if place.id is None:
            fresh.append(
                Meeting.of_rhythm(rhythm, commitment, place.number, place.occurrence, pause)
            )
        elif _put(known[place.id], place, rhythm, pause, now=now):
            asked_anew.append(place.id)
    Coming.objects.filter(meeting__in=asked_anew).delete()
    stay = [known[place.id] for place in places if place.id is not None]
    Meeting.objects.bulk_update(
        stay,
        [
            "number",
            "rhythm",
            "planned_for",
            "starts_at",
            "ends_at",
            "zone",
            "state",
            "pause",
            "sequence",
            "changed_at",
        ],
    )
    if was != (rhythm.place, rhythm.link):
        for plan in Plan.objects.filter(meeting__in=stay):
            # What a meeting has for itself stays; sealed words are saved with their row.
            if (plan.place, plan.link) == was:
                plan.place, plan.link = rhythm.place, rhythm.link
                plan.save(update_fields=["place", "link"])
    Meeting.lay(fresh, now=now)


def _put(
    meeting: Meeting, place: Place[uuid.UUID], rhythm: Rhythm, pause: Pause | None, *, now: datetime
) -> bool:
    """Put one meeting in its place, not yet saved; return whether everyone is asked anew if they come.

    One that was moved or called off by itself stays so as long as its day in the rhythm does.
    """
    day = meeting.local_date
    shown = (meeting.starts_at, meeting.ends_at, meeting.state)
    stays = place.fit is not Fit.MOVED
    if not (stays and meeting.is_moved):
        meeting.starts_at = place.occurrence.starts
    if not stays:
        meeting.state = Meeting.State.CANCELLED if pause else Meeting.State.PLANNED
        meeting.pause = pause
    meeting.ends_at = meeting.starts_at + timedelta(minutes=rhythm.minutes)
    meeting.planned_for, meeting.number = place.occurrence.starts, place.number
    meeting.rhythm, meeting.zone = rhythm, rhythm.zone
    if shown != (meeting.starts_at, meeting.ends_at, meeting.state):
        meeting.sequence, meeting.changed_at = meeting.sequence + 1, now
    return meeting.local_date != day


def settle(rhythm: Rhythm, commitment: Commitment | None, *, now: datetime) -> None:
    if commitment is None or rhythm.crew is None:
        return
    commitment.rhythm, commitment.crew = rhythm, rhythm.crew
    commitment.settle_span()
    settle_cycle(rhythm.crew)
    Meeting.objects.settle_turns(rhythm.crew, now=now)


def tell(rhythm: Rhythm, commitment: Commitment | None, *, by: Member, now: datetime) -> None:
    """Tell everyone else in it, once for each change, how it is now."""
    if commitment is not None:
        others = [person for person in rhythm.people() if person.pk != by.pk]
        Notice.tell(CHANGED, others, commitment, now=now, occasion=str(rhythm.sequence))
