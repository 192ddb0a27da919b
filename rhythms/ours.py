"""The congregation's own rhythms: its calls, its gatherings. Everyone sees them and says of each date
whether they come; hosts begin them, change them from some date on or from now on, and end them.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from congregation.models import Congregation, Event, Member, Notice
from rhythms import horizon, rules
from rhythms.models import Coming, Meeting, Rhythm
from rhythms.models.rhythm import FEWEST, HORIZON

Often = Rhythm.Often


@dataclass(frozen=True)
class Said:
    """What hosts say of a rhythm: what, how often, from when on which clock, how long, where."""

    name: str
    kind: str
    tempo: str
    starts_on: date
    starts_at: time
    zone: str
    minutes: int
    place: str
    link: str

    @property
    def timing(self) -> tuple[object, ...]:
        """What of it decides when it is."""
        return (self.tempo, self.starts_on, self.starts_at, self.zone, self.minutes)

    @property
    def rule(self) -> str:
        """How often, as a rule."""
        return rules.rule_for(self.tempo, datetime.combine(self.starts_on, self.starts_at), None)


@dataclass(frozen=True)
class Suggestion:
    """A rhythm that congregations have found good to have; hosts may begin with it, or not."""

    key: str
    name: object
    why: object
    kind: str
    tempo: str
    starts_at: time
    minutes: int


SUGGESTIONS: Final = (
    Suggestion(
        "support",
        gettext_lazy("Peer-support call"),
        gettext_lazy("An hour each month in which whoever wants brings what they carry."),
        Rhythm.Kind.RELATIONAL,
        Often.MONTHLY,
        time(20),
        60,
    ),
    Suggestion(
        "gathering",
        gettext_lazy("Gathering"),
        gettext_lazy("Twice a year, all of us in one place: new crews begin there."),
        Rhythm.Kind.RELATIONAL,
        Often.HALFYEARLY,
        time(10),
        360,
    ),
    Suggestion(
        "hosts",
        gettext_lazy("Hosts’ call"),
        gettext_lazy(
            "Once a month the hosts look at who needs what, and share what there is to do."
        ),
        Rhythm.Kind.PLANNING,
        Often.MONTHLY,
        time(19),
        60,
    ),
)


def suggested(running: Sequence[Rhythm]) -> list[Suggestion]:
    """Return what is suggested to hosts: what no rhythm that runs has the name of."""
    names = {rhythm.name.casefold() for rhythm in running}
    return [one for one in SUGGESTIONS if str(one.name).casefold() not in names]


def begin(said: Said, *, by: Member, now: datetime, pk: uuid.UUID) -> Rhythm:
    """Begin a rhythm of the congregation: its dates are laid out from then on. Hosts may."""
    with transaction.atomic():
        _check(by, now=now)
        # Of two hosts who begin the same, the second finds it.
        Congregation.objects.select_for_update(no_key=True).get(pk=by.congregation_id)
        known = Rhythm.objects.filter(pk=pk, congregation=by.congregation_id).first()
        if known is not None:
            return known
        _check_name(said.name, by.congregation_id)
        rhythm = Rhythm(pk=pk, congregation_id=by.congregation_id, changed_at=now)
        _write(rhythm, said, rule=said.rule)
        rhythm.save(force_insert=True)
        planned = horizon.coming(rhythm, None, now=now)
        if not planned:
            raise ValidationError({"date": _("Choose a day that is still to come.")})
        Meeting.lay([Meeting.of_rhythm(rhythm, None, n, one) for n, one in planned], now=now)
        Event.record("rhythm.begin", rhythm, by=by, now=now)
    return rhythm


def change(
    rhythm: Rhythm, said: Said, *, since: Meeting | None, by: Member, now: datetime
) -> Rhythm:
    """Change a rhythm from one of its dates on, or all that is to come; hosts may. What was stays.

    From a date on it goes on as another one, which is returned. Whoever said that they'd come to a date that
    is touched is told once; on another day they are asked anew.
    """
    with transaction.atomic():
        _check(by, now=now)
        rhythm = Rhythm.objects.select_for_update(no_key=True).get(pk=rhythm.pk)
        if rhythm.ended_on is not None:
            raise ValidationError(_("It has come to its end: begin another one."))
        _check_name(said.name, rhythm.congregation_id, but=rhythm.pk)
        ahead = _ahead(rhythm, since, now=now)
        was = _said(rhythm, ahead)
        if said == was:
            return rhythm
        told = _told(ahead, but=by)
        goes_on = _goes_on(rhythm, since) if since else rhythm
        is_timed = said.timing != was.timing
        if not is_timed:
            # It stays in step: a new one from this date on, the same one from where it began.
            begins = rhythm.starts_on if goes_on is rhythm else said.starts_on
            said = replace(said, starts_on=begins)
        _write(goes_on, said, rule=said.rule if is_timed else rhythm.rule)
        goes_on.save()
        if is_timed:
            _put(goes_on, ahead, now=now)
        else:
            Meeting.objects.filter(pk__in=[meeting.pk for meeting in ahead]).update(rhythm=goes_on)
        is_elsewhere = (said.place, said.link) != (was.place, was.link)
        if is_elsewhere:
            _place(ahead, was, said, now=now)
        goes_on.touched(now=now)
        Event.record("rhythm.change", goes_on, by=by, now=now)
        if is_timed or is_elsewhere:
            Notice.tell(
                "rhythms.ours_changed", told, goes_on, now=now, occasion=str(goes_on.sequence)
            )
    return goes_on


def end(rhythm: Rhythm, *, by: Member, now: datetime) -> None:
    """End a rhythm; hosts may. What it had planned is off, and whoever said they'd come is told once."""
    with transaction.atomic():
        _check(by, now=now)
        rhythm = Rhythm.objects.select_for_update(no_key=True).get(pk=rhythm.pk)
        if rhythm.ended_on is not None:
            return
        rhythm.ended_on = now.astimezone(ZoneInfo(rhythm.zone)).date()
        rhythm.save(update_fields=["ended_on"])
        ahead = _ahead(rhythm, None, now=now)
        told = _told(ahead, but=by)
        _drop(ahead, now=now)
        rhythm.touched(now=now)
        Event.record("rhythm.end", rhythm, by=by, now=now)
        Notice.tell("rhythms.ours_changed", told, rhythm, now=now, occasion="end")


def said_of(rhythm: Rhythm, since: Meeting | None, *, now: datetime) -> Said:
    """Return what a rhythm is now, from one of its dates on or from the next one: what a form begins with."""
    return _said(rhythm, _ahead(rhythm, since, now=now))


# ---- how it is done


def _check(by: Member, *, now: datetime) -> None:
    if not by.hosts(now=now):
        raise PermissionDenied


def _check_name(name: str, congregation: uuid.UUID, but: uuid.UUID | None = None) -> None:
    running = Rhythm.objects.filter(
        congregation=congregation, crew__isnull=True, ended_on__isnull=True
    )
    others = (one for one in running if one.pk != but)
    if any(one.name.casefold() == name.casefold() for one in others):
        raise ValidationError({"name": _("There is one of that name already.")})


def _write(rhythm: Rhythm, said: Said, *, rule: str) -> None:
    rhythm.name, rhythm.kind, rhythm.tempo, rhythm.rule = said.name, said.kind, said.tempo, rule
    rhythm.starts_on, rhythm.starts_at, rhythm.zone = said.starts_on, said.starts_at, said.zone
    rhythm.minutes, rhythm.place, rhythm.link = said.minutes, said.place, said.link


def _ahead(rhythm: Rhythm, since: Meeting | None, *, now: datetime) -> list[Meeting]:
    """Return the dates that are laid out and to come, from one of them on."""
    rows = Meeting.objects.filter(rhythm=rhythm, starts_at__gt=now).select_related("plan")
    if since is not None:
        rows = rows.filter(planned_for__gte=since.planned_for or since.starts_at)
    return list(rows.order_by("planned_for", "number"))


def _said(rhythm: Rhythm, ahead: Sequence[Meeting]) -> Said:
    planned = ahead[0].planned_for if ahead else None
    on = planned.astimezone(ZoneInfo(rhythm.zone)).date() if planned else rhythm.starts_on
    return Said(
        name=rhythm.name,
        kind=rhythm.kind,
        tempo=rhythm.tempo,
        starts_on=on,
        starts_at=rhythm.starts_at,
        zone=rhythm.zone,
        minutes=rhythm.minutes,
        place=rhythm.place,
        link=rhythm.link,
    )


def _told(ahead: Sequence[Meeting], *, but: Member) -> list[Member]:
    """Return who said that they come to one of these dates, each once."""
    comings = (
        Coming.objects.filter(
            meeting__in=[one for one in ahead if one.state == Meeting.State.PLANNED],
            member__state__in=[Member.State.ACTIVE, Member.State.AWAY],
        )
        .exclude(answer=Coming.Answer.CANT)
        .exclude(member=but)
        .select_related("member__user", "member__congregation")
    )
    return list({coming.member_id: coming.member for coming in comings}.values())


def _goes_on(rhythm: Rhythm, since: Meeting) -> Rhythm:
    """Return the rhythm as which one goes on from a date: itself, where that is its first one."""
    planned = since.planned_for or since.starts_at
    if not Meeting.objects.filter(rhythm=rhythm, planned_for__lt=planned).exists():
        return rhythm
    on = planned.astimezone(ZoneInfo(rhythm.zone)).date()
    rhythm.ended_on = on - timedelta(days=1)
    rhythm.save(update_fields=["ended_on"])
    return Rhythm(congregation_id=rhythm.congregation_id, follows=rhythm)


def _put(rhythm: Rhythm, ahead: Sequence[Meeting], *, now: datetime) -> None:
    """Put what is laid out where the rhythm has it now, in order; lay out or drop the difference."""
    until = (now + HORIZON).date()
    planned = rhythm.ahead(rhythm.starts_on, after=now, until=until, least=FEWEST)
    if not planned or planned[0].local.date() != rhythm.starts_on:
        raise ValidationError({"date": _("Choose a day that is still to come.")})
    kept, elsewhere = ahead[: len(planned)], []
    for meeting, one in zip(kept, planned, strict=False):
        day = meeting.local_date
        meeting.rhythm, meeting.planned_for, meeting.zone = rhythm, one.starts, rhythm.zone
        meeting.starts_at, meeting.ends_at = one.starts, one.ends
        meeting.sequence, meeting.changed_at = meeting.sequence + 1, now
        if meeting.local_date != day:
            elsewhere.append(meeting)
    fields = ["rhythm", "planned_for", "zone", "starts_at", "ends_at", "sequence", "changed_at"]
    Meeting.objects.bulk_update(kept, fields)
    Coming.objects.filter(meeting__in=elsewhere).delete()
    _drop(ahead[len(planned) :], now=now)
    number = max((meeting.number for meeting in ahead), default=0)
    fresh = enumerate(planned[len(ahead) :], number + 1)
    Meeting.lay([Meeting.of_rhythm(rhythm, None, n, one) for n, one in fresh], now=now)


def _drop(those: Sequence[Meeting], *, now: datetime) -> None:
    """Call off the dates about which anyone has said something; the others were never more than plans."""
    answered = set(Coming.objects.filter(meeting__in=those).values_list("meeting_id", flat=True))
    Meeting.objects.filter(pk__in=answered, state=Meeting.State.PLANNED).update(
        state=Meeting.State.CANCELLED, sequence=F("sequence") + 1, changed_at=now
    )
    Meeting.objects.filter(pk__in=[one.pk for one in those if one.pk not in answered]).delete()


def _place(ahead: Sequence[Meeting], was: Said, said: Said, *, now: datetime) -> None:
    """Write where it is now on each date that was where the rhythm was."""
    moved = []
    for meeting in ahead:
        plan = getattr(meeting, "plan", None) or meeting.plan_of()
        if (plan.place, plan.link) == (was.place, was.link):
            # Sealed words are saved with their row.
            plan.place, plan.link = said.place, said.link
            plan.save(update_fields=["place", "link"])
            moved.append(meeting.pk)
    Meeting.objects.filter(pk__in=moved).update(sequence=F("sequence") + 1, changed_at=now)
