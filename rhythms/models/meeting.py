"""Meetings: when they are, that they were held, and what may be done with them."""

import uuid
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import ClassVar, Self
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import Count, F, Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.models import Event, Member, Notice, Tenanted, TenantedQuerySet
from crews.models import Crew, Hello, Seat
from rhythms import phrases, rules
from rhythms.models.log import Coming, Led, Log, Mood, Presence
from rhythms.models.plan import Plan
from rhythms.models.rhythm import Commitment, Rhythm, at_table
from rhythms.rules import Occurrence


class MeetingQuerySet(TenantedQuerySet["Meeting"]):
    """Meetings of crews, pairs and the congregation."""

    def visible_to(self, member: Member) -> Self:
        """Return those of one's crews and hellos, the congregation's own, and to hosts every crew's.

        Hosts see that a crew met and how many came; a partnership's meetings are its two's alone.
        """
        mine = (
            Q(crew__isnull=True, hello__isnull=True)
            | Q(crew__in=Seat.objects.crews_of(member))
            | Q(hello__first=member)
            | Q(hello__second=member)
        )
        if member.is_host:
            mine |= Q(crew__isnull=False, crew__is_partnership=False)
        return super().visible_to(member).filter(mine)

    def of(self, member: Member) -> Self:
        """Return the meetings that are a member's own: of their crews, hellos and congregation."""
        return (
            super()
            .visible_to(member)
            .filter(
                Q(crew__isnull=True, hello__isnull=True)
                | Q(crew__in=Seat.objects.crews_of(member))
                | Q(hello__first=member)
                | Q(hello__second=member)
            )
        )

    def unlogged(self, now: datetime) -> Self:
        """Return the meetings of crews that are over and about which nobody has said anything."""
        return self.filter(crew__isnull=False, state=Meeting.State.PLANNED, ends_at__lte=now)

    def unlogged_by(self, member: Member, *, now: datetime) -> Self:
        """Return those that a member could say *we met* of: over for less than a week, newest first."""
        mine = Seat.objects.at_table().filter(member=member).values("crew_id")
        return (
            self.unlogged(now)
            .filter(crew__in=mine, ends_at__gt=now - timedelta(days=7))
            .order_by("-ends_at")
        )

    def lay_out(self, commitment: Commitment, planned: list[Occurrence], *, now: datetime) -> None:
        """Make the meetings of a commitment, each with its plan."""
        rhythm = commitment.rhythm
        meetings = [
            Meeting(
                congregation_id=commitment.congregation_id,
                crew_id=commitment.crew_id,
                rhythm=rhythm,
                commitment=commitment,
                number=number,
                starts_at=occurrence.starts,
                ends_at=occurrence.ends,
                zone=rhythm.zone,
                changed_at=now,
            )
            for number, occurrence in enumerate(planned, 1)
        ]
        Meeting.objects.bulk_create(meetings)
        Plan.objects.bulk_create(
            Plan(
                congregation_id=commitment.congregation_id,
                meeting=meeting,
                place=rhythm.place,
                link=rhythm.link,
            )
            for meeting in meetings
        )

    def settle_turns(self, crew: Crew, *, now: datetime) -> None:
        """Count whose turn each meeting to come is; a turn that people gave or took stays as it is."""
        seated = [person.pk for person in at_table(crew)]
        led = Led.objects.so_far(crew)
        ahead = (
            Meeting.objects.filter(
                crew=crew,
                state=Meeting.State.PLANNED,
                commitment__state=Commitment.State.RUNNING,
            )
            .select_related("plan", "commitment")
            .prefetch_related("comings")
            .order_by("starts_at", "number")
        )
        for meeting in ahead:
            plan = getattr(meeting, "plan", None) or meeting.plan_of()
            away = meeting.cant()
            turn: uuid.UUID | None = plan.facilitator_id
            holds = turn in seated and turn not in away and plan.turn != Plan.Turn.COUNTED
            if meeting.starts_at > now and not holds:
                caller = meeting.commitment.proposed_by_id if meeting.commitment else None
                turn = rules.next_turn(seated, led, away, caller)
                if turn != plan.facilitator_id or plan.turn != Plan.Turn.COUNTED:
                    plan.facilitator_id, plan.turn = turn, Plan.Turn.COUNTED
                    plan.save(update_fields=["facilitator", "turn"])
            if turn is not None:
                times = led[turn].times if turn in led else 0
                led[turn] = rules.Led(times + 1, meeting.local_date)


class Meeting(Tenanted):
    """One occurrence of a rhythm, or of a hello: when it is, that it was held, how many came."""

    class State(models.TextChoices):
        PLANNED = "planned", _("Planned")
        HELD = "held", _("Held")
        NOT_HELD = "not_held", _("Not held")
        CANCELLED = "cancelled", _("Cancelled")

    crew = models.ForeignKey(
        Crew, null=True, blank=True, on_delete=models.CASCADE, related_name="meetings"
    )
    hello = models.OneToOneField(
        Hello, null=True, blank=True, on_delete=models.CASCADE, related_name="meeting"
    )
    rhythm = models.ForeignKey(
        Rhythm, null=True, blank=True, on_delete=models.CASCADE, related_name="meetings"
    )
    commitment = models.ForeignKey(
        Commitment, null=True, blank=True, on_delete=models.CASCADE, related_name="meetings"
    )
    # Which of the commitment's meetings this is, from one.
    number = models.PositiveSmallIntegerField(default=1)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    zone = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    came = models.PositiveSmallIntegerField(null=True, blank=True)
    seated = models.PositiveSmallIntegerField(null=True, blank=True)
    # Raised when what calendars show of it changes, and when that was.
    sequence = models.PositiveSmallIntegerField(default=0)
    changed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[MeetingQuerySet] = MeetingQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["commitment", "number"], name="meeting_numbered"),
            models.CheckConstraint(
                name="meeting_ends_after_it_starts", condition=Q(ends_at__gt=models.F("starts_at"))
            ),
            models.CheckConstraint(
                name="meeting_of_a_crew_or_a_pair",
                condition=Q(crew__isnull=True) | Q(hello__isnull=True),
            ),
            models.CheckConstraint(
                name="meeting_held_has_count", condition=~Q(state="held") | Q(came__isnull=False)
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["crew", "starts_at"]),
            models.Index(fields=["state", "starts_at"]),
            models.Index(fields=["state", "ends_at"]),
            models.Index(fields=["congregation", "starts_at"]),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def local_date(self) -> date:
        """The day it is on, where it is held."""
        return self.starts_at.astimezone(ZoneInfo(self.zone)).date()

    def get_absolute_url(self) -> str:
        return reverse("meeting", kwargs={"slug": self.congregation.slug, "pk": self.pk})

    @property
    def which(self) -> str:
        """Which one of its commitment it is: "the fifth of six"; nothing for one that stands alone."""
        return phrases.which_of(self.number, self.commitment.times) if self.commitment else ""

    @property
    def is_open(self) -> bool:
        """Whether it is the congregation's own, for everyone."""
        return self.crew_id is None and self.hello_id is None

    def name_for(self, member: Member) -> str:
        """Return what a meeting is called to one of its people: the crew, or "Noor and you"."""
        if self.crew:
            return self.crew.name
        if self.hello:
            return gettext("%(name)s and you") % {"name": self.hello.other(member).first_name}
        if hasattr(self, "evening"):
            return self.evening.name
        return self.rhythm.name if self.rhythm else gettext("Gathering")

    def people(self) -> list[Member]:
        """Return whose meeting it is: those at the crew's table, or the two of a hello."""
        if self.crew:
            return at_table(self.crew)
        if self.hello:
            both = [self.hello.first, self.hello.second]
            return [person for person in both if person.is_present]
        return []

    def is_of(self, member: Member) -> bool:
        """Tell whether someone sits at the table that meets here."""
        if self.crew_id:
            seats = Seat.objects.at_table().filter(crew=self.crew_id, member=member)
            return seats.exists()
        return bool(self.hello and member.pk in {self.hello.first_id, self.hello.second_id})

    def cant(self) -> set[uuid.UUID]:
        """Return the ids of those who have said that they can't come."""
        return {
            coming.member_id for coming in self.comings.all() if coming.answer == Coming.Answer.CANT
        }

    def _check(self, *, by: Member) -> None:
        if not self.is_of(by):
            raise PermissionDenied

    def _check_ahead(self, *, now: datetime) -> None:
        """Refuse to change what has begun, or doesn't take place."""
        if self.state == self.State.CANCELLED:
            raise ValidationError(gettext("This meeting was called off."))
        if self.state != self.State.PLANNED or self.starts_at <= now:
            raise ValidationError(gettext("This meeting has begun already."))

    def _record(self, verb: str, *, by: Member | None, now: datetime) -> None:
        Event.record(verb, self, by=by, now=now, circle=self.crew_id or self.hello_id)

    def plan_of(self) -> "Plan":
        """Return its plan, made now if nobody had anything to plan yet."""
        plan, _made = Plan.objects.get_or_create(
            meeting=self, defaults={"congregation_id": self.congregation_id}
        )
        plan.meeting = self
        return plan

    def come(
        self,
        *,
        answer: str,
        by: Member,
        now: datetime,
        word: str | None = None,
        brings: str | None = None,
    ) -> "Coming":
        """Say whether one comes; changeable until it ends. Those whose meeting it is may.

        `word` and `brings` stay as they are where they aren't given. A facilitator who can't come
        lets the turn pass on.
        """
        with transaction.atomic():
            self._check(by=by)
            if self.state != self.State.PLANNED or self.ends_at <= now:
                raise ValidationError(gettext("This meeting is over, or was called off."))
            if answer not in Coming.Answer.values:
                raise ValidationError(gettext("Coming, late, or can’t?"))
            coming, is_new = Coming.objects.select_for_update().get_or_create(
                meeting=self,
                member=by,
                defaults={
                    "congregation_id": self.congregation_id,
                    "answer": answer,
                    "answered_at": now,
                },
            )
            said = (coming.answer, coming.word, coming.brings)
            says = (
                answer,
                coming.word if word is None else word.strip()[:200],
                coming.brings if brings is None else brings.strip()[:200],
            )
            if is_new or said != says:
                is_other = is_new or coming.answer != answer
                coming.answer, coming.word, coming.brings = says
                coming.answered_at = now
                coming.save()
                if is_other:
                    self._record("meeting.come", by=by, now=now)
            plan = Plan.objects.filter(meeting=self, facilitator=by).first()
            if answer == Coming.Answer.CANT and plan and self.crew and self.starts_at > now:
                self._pass_on(plan, by=by, now=now)
        return coming

    def _pass_on(self, plan: "Plan", *, by: Member, now: datetime) -> None:
        """Let the turn of someone who can't come go to the next one who can."""
        assert self.crew is not None
        Meeting.objects.settle_turns(self.crew, now=now)
        plan.refresh_from_db(fields=["facilitator", "turn"])
        if plan.facilitator_id not in {None, by.pk}:
            Notice.tell(
                "rhythms.turn",
                [person for person in self.people() if person.pk == plan.facilitator_id],
                plan,
                now=now,
                occasion=f"passed {now:%Y-%m-%dT%H:%M:%S}",
            )

    def _locked_against_corrections(self) -> bool:
        """Whether the look-back has opened what people wrote: the record is then a count."""
        return bool(
            self.commitment_id
            and Commitment.objects.filter(
                pk=self.commitment_id,
                lookbacks__kind__in=["end", "quarter"],
                lookbacks__revealed_at__isnull=False,
                lookbacks__opened_at__gte=self.starts_at,
            ).exists()
        )

    def _check_past(self, *, by: Member, now: datetime) -> None:
        self._check(by=by)
        if not self.crew_id:
            raise ValidationError(gettext("Only crews keep a record of their meetings."))
        if self.starts_at > now:
            raise ValidationError(gettext("This meeting has not begun yet."))
        if self.state == self.State.CANCELLED:
            raise ValidationError(gettext("This meeting was called off."))
        if self._locked_against_corrections():
            raise ValidationError(
                gettext("The look-back is open to all: what is written of this meeting stays.")
            )

    def log(
        self,
        *,
        here: Iterable[Member],
        by: Member,
        now: datetime,
        mood: str = "",
        note: str = "",
    ) -> None:
        """Say *we met*: who was there, how it was for oneself, one line. Anyone at the table may.

        Saying it again corrects it, until the look-back is revealed; the same again changes nothing.
        The turn to facilitate moves on.
        """
        assert self.crew_id is None or self.crew is not None
        with transaction.atomic():
            self._check_past(by=by, now=now)
            seated = self.people()
            came = {person.pk for person in here} & {person.pk for person in seated}
            if not came:
                raise ValidationError(gettext("If nobody was there, say that you didn’t meet."))
            counts = {
                "state": self.State.HELD,
                "came": len(came),
                "seated": max(len(seated), self.seated or 0),
            }
            # Takes hold of the row, so that two who say it at once don't mix what they say.
            Meeting.objects.filter(pk=self.pk).update(**counts)
            was = set(self.presences.values_list("member_id", flat=True))
            self.presences.exclude(member__in=came).delete()
            Presence.objects.bulk_create(
                Presence(congregation_id=self.congregation_id, meeting=self, member_id=person)
                for person in came - was
            )
            log, is_new = Log.objects.get_or_create(
                meeting=self,
                defaults={
                    "congregation_id": self.congregation_id,
                    "logged_by": by,
                    "logged_at": now,
                },
            )
            note = note.strip()[:300]
            is_other = is_new or was != came or log.note != note or self.state != self.State.HELD
            if log.note != note:
                log.note = note
                log.save(update_fields=["note"])
            if mood in Mood.Word.values:
                Mood.objects.update_or_create(
                    meeting=self,
                    member=by,
                    defaults={"congregation_id": self.congregation_id, "word": mood},
                )
            self._count_lead(came)
            self.refresh_from_db(fields=list(counts))
            if is_other:
                self._record("meeting.log", by=by, now=now)
            if self.crew:
                Meeting.objects.settle_turns(self.crew, now=now)

    def _count_lead(self, came: set[uuid.UUID]) -> None:
        """Write down that whoever had the turn and was there has facilitated."""
        lead = self.plan_of().facilitator_id
        if lead is None or lead not in came or self.crew is None:
            Led.objects.filter(meeting=self).delete()
            return
        Led.objects.update_or_create(
            meeting=self,
            defaults={
                "congregation_id": self.congregation_id,
                "crew": self.crew,
                "member_id": lead,
                "on": self.local_date,
            },
        )

    def not_held(self, *, by: Member, now: datetime) -> None:
        """Say that it did not take place: a rest, nothing more. Anyone at the table may."""
        with transaction.atomic():
            self._check_past(by=by, now=now)
            counts = {"state": self.State.NOT_HELD, "came": 0, "seated": len(self.people())}
            changed = (
                Meeting.objects.filter(pk=self.pk)
                .exclude(state=self.State.NOT_HELD)
                .update(**counts)
            )
            if not changed:
                self.refresh_from_db(fields=list(counts))
                return
            Presence.objects.filter(meeting=self).delete()
            Led.objects.filter(meeting=self).delete()
            self.refresh_from_db(fields=list(counts))
            self._record("meeting.not_held", by=by, now=now)
            if self.crew:
                Meeting.objects.settle_turns(self.crew, now=now)

    def move(self, *, starts_at: datetime, by: Member, now: datetime) -> None:
        """Move it to another moment. Anyone whose meeting it is may; everyone else is told."""
        plan = self.plan_of()
        self.replan(
            starts_at=starts_at,
            place=plan.place,
            link=plan.link,
            agenda=plan.agenda,
            by=by,
            now=now,
        )

    def replan(
        self,
        *,
        starts_at: datetime,
        place: str,
        link: str,
        agenda: str,
        by: Member,
        now: datetime,
    ) -> None:
        """Say anew when and where it is and what is done. Anyone whose meeting it is may.

        Another day asks everyone anew whether they come; another hour keeps what they said. All
        others are told of another time, and of another place once they have been reminded.
        """
        with transaction.atomic():
            self._check(by=by)
            self._check_ahead(now=now)
            plan = self.plan_of()
            place, link = place.strip()[:200], link.strip()[:500]
            agenda = "\n".join(line.strip() for line in agenda.strip().splitlines())[:2000]
            is_moved = starts_at != self.starts_at
            # Who reads of it too late would go there at the old time, or miss the new one.
            sooner = min(starts_at, self.starts_at)
            is_elsewhere = (place, link) != (plan.place, plan.link)
            if is_moved and starts_at <= now:
                raise ValidationError({"date": gettext("Choose a moment that is still to come.")})
            if starts_at > now + timedelta(days=370):
                raise ValidationError({"date": gettext("Choose a day within a year from now.")})
            if not (is_moved or is_elsewhere or agenda != plan.agenda):
                return
            plan.place, plan.link, plan.agenda = place, link, agenda
            plan.save(update_fields=["place", "link", "agenda"])
            if is_moved:
                self._shift(starts_at, now=now)
            if is_moved or is_elsewhere:
                self._changed(now=now)
            self._record("meeting.move" if is_moved else "meeting.plan", by=by, now=now)
            is_soon = self.starts_at <= now + timedelta(days=1)
            if is_moved or (is_elsewhere and is_soon):
                others = [person for person in self.people() if person.pk != by.pk]
                Notice.tell(
                    "rhythms.meeting_moved",
                    others,
                    plan,
                    now=now,
                    occasion=str(self.sequence),
                    before=sooner,
                )

    def _changed(self, *, now: datetime) -> None:
        """Tell calendars that what they show is old."""
        Meeting.objects.filter(pk=self.pk).update(sequence=F("sequence") + 1, changed_at=now)
        self.refresh_from_db(fields=["sequence", "changed_at"])

    def _shift(self, starts_at: datetime, *, now: datetime) -> None:
        """Put it at another moment, as long as before, and the end of the cycle with it."""
        day = self.local_date
        lasts = self.ends_at - self.starts_at
        self.starts_at, self.ends_at = starts_at, starts_at + lasts
        self.save(update_fields=["starts_at", "ends_at"])
        if self.local_date != day:
            Coming.objects.filter(meeting=self).delete()
        if self.commitment_id and self.commitment and self.crew_id and self.crew:
            last = max(
                meeting.local_date for meeting in Meeting.objects.filter(commitment=self.commitment)
            )
            first = min(self.commitment.begins_on, self.local_date)
            Commitment.objects.filter(pk=self.commitment_id).update(begins_on=first, ends_on=last)
            Crew.objects.filter(pk=self.crew_id, state=Crew.State.ACTIVE).update(cycle_ends_on=last)
            Meeting.objects.settle_turns(self.crew, now=now)

    def call_off(self, *, by: Member, now: datetime) -> None:
        """Leave this one out, ahead of time. Anyone whose meeting it is may; the others are told."""
        with transaction.atomic():
            self._check(by=by)
            if self.state == self.State.CANCELLED:
                return
            self._check_ahead(now=now)
            changed = Meeting.objects.filter(pk=self.pk, state=self.State.PLANNED).update(
                state=self.State.CANCELLED
            )
            if not changed:
                return
            self.state = self.State.CANCELLED
            self._changed(now=now)
            self._after_calling_off("meeting.call_off", by=by, now=now)

    def put_back(self, *, by: Member, now: datetime) -> None:
        """Meet after all. Anyone whose meeting it is may; the others are told."""
        with transaction.atomic():
            self._check(by=by)
            if self.state == self.State.PLANNED:
                return
            if self.state != self.State.CANCELLED or self.starts_at <= now:
                raise ValidationError(gettext("This meeting has begun already."))
            if self.hello and self.hello.closed_at:
                raise ValidationError(gettext("This hello is closed."))
            changed = Meeting.objects.filter(pk=self.pk, state=self.State.CANCELLED).update(
                state=self.State.PLANNED
            )
            if not changed:
                return
            self.state = self.State.PLANNED
            self._changed(now=now)
            self._after_calling_off("meeting.put_back", by=by, now=now)

    def _after_calling_off(self, verb: str, *, by: Member, now: datetime) -> None:
        self._record(verb, by=by, now=now)
        if self.crew:
            Meeting.objects.settle_turns(self.crew, now=now)
        Notice.tell(
            "rhythms.meeting_moved",
            [person for person in self.people() if person.pk != by.pk],
            self.plan_of(),
            now=now,
            occasion=str(self.sequence),
        )

    def moods_said(self) -> list[tuple[str, int]]:
        """Return how it was for people, as words with counts; nothing before three have said."""
        said = dict(
            Mood.objects.filter(meeting=self)
            .values_list("word")
            .annotate(n=Count("pk"))
            .values_list("word", "n")
        )
        if sum(said.values()) < 3:
            return []
        return [(str(word.label), said[word]) for word in Mood.Word if word in said]
