"""Meetings: when they are, that they were held, and what may be done with them."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import ClassVar, Self
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.models import Event, Member, Notice, Tenanted, TenantedQuerySet
from crews.models import Crew, Hello, Seat
from rhythms import phrases
from rhythms.models import missing, noting, turns
from rhythms.models.log import Coming, Log, Presence
from rhythms.models.pause import Pause, pause_of
from rhythms.models.plan import Plan
from rhythms.models.rhythm import Commitment, Rhythm, StepOut, at_table
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
        out = StepOut.objects.filter(member=member).values("rhythm_id")
        return (
            self.unlogged(now)
            .exclude(commitment__rhythm__in=out)
            .filter(crew__in=mine, ends_at__gt=now - timedelta(days=7))
            .order_by("-ends_at")
        )

    def lay_out(
        self, commitment: Commitment, planned: Iterable[Occurrence], *, now: datetime
    ) -> None:
        """Make the meetings of a commitment, each with its plan; those in a pause are called off."""
        rhythm = commitment.rhythm
        pauses = list(Pause.objects.filter(rhythm=rhythm))
        Meeting.lay(
            [
                Meeting.of_rhythm(
                    rhythm,
                    commitment,
                    number,
                    occurrence,
                    pause_of(pauses, occurrence.local.date()),
                )
                for number, occurrence in enumerate(planned, 1)
            ],
            now=now,
        )

    def settle_turns(self, crew: Crew, *, now: datetime) -> None:
        """Count whose turn each meeting to come is; a turn that people gave or took stays as it is."""
        turns.settle(crew, now=now)


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
    # When its rhythm has it; `starts_at` is elsewhere once it was moved by itself. Null where it stands alone.
    planned_for = models.DateTimeField(null=True, blank=True)
    # The pause that called it off, so that it comes back when that is lifted.
    pause = models.ForeignKey(
        Pause, null=True, blank=True, on_delete=models.SET_NULL, related_name="meetings"
    )
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

    @classmethod
    def of_rhythm(
        cls,
        rhythm: Rhythm,
        commitment: Commitment | None,
        number: int,
        occurrence: Occurrence,
        pause: Pause | None = None,
    ) -> "Meeting":
        """Return a meeting of a rhythm, not yet saved; called off where a pause has it."""
        return cls(
            congregation_id=rhythm.congregation_id,
            crew_id=rhythm.crew_id,
            rhythm=rhythm,
            commitment=commitment,
            number=number,
            planned_for=occurrence.starts,
            starts_at=occurrence.starts,
            ends_at=occurrence.ends,
            zone=rhythm.zone,
            state=cls.State.CANCELLED if pause else cls.State.PLANNED,
            pause=pause,
        )

    @classmethod
    def lay(
        cls,
        meetings: list["Meeting"],
        *,
        now: datetime,
        turns: Mapping[uuid.UUID, uuid.UUID | None] | None = None,
    ) -> None:
        """Save meetings that are new, each with a plan where its rhythm has it; `turns` are whose they are."""
        for meeting in meetings:
            meeting.changed_at = now
        cls.objects.bulk_create(meetings)
        Plan.objects.bulk_create(
            Plan(
                congregation_id=meeting.congregation_id,
                meeting=meeting,
                place=meeting.rhythm.place if meeting.rhythm else "",
                link=meeting.rhythm.link if meeting.rhythm else "",
                facilitator_id=(turns or {}).get(meeting.pk),
            )
            for meeting in meetings
        )

    @property
    def is_moved(self) -> bool:
        """Whether it was moved by itself, away from where its rhythm has it."""
        return self.planned_for is not None and self.planned_for != self.starts_at

    @property
    def which(self) -> str:
        """Which one of its commitment it is: "the fifth of six"; nothing for one that stands alone."""
        if self.commitment is None:
            return ""
        return phrases.which_of(self.number, self.commitment.times)

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

    @property
    def _kept_rhythm(self) -> uuid.UUID | None:
        """The rhythm that people are in or have stepped out of; what was before a change is a row of its own."""
        return self.commitment.rhythm_id if self.commitment else self.rhythm_id

    def people(self) -> list[Member]:
        """Return whose meeting it is: who at the crew's table is in its rhythm, or the two of a hello."""
        if self.crew:
            return at_table(self.crew, self._kept_rhythm)
        if self.hello:
            both = [self.hello.first, self.hello.second]
            return [person for person in both if person.is_present]
        return []

    def expected(self) -> list[Member]:
        """Return who is told of it: whose it is; of everyone's, who said that they come."""
        if not self.is_open:
            return self.people()
        comings = (
            self.comings.exclude(answer=Coming.Answer.CANT)
            .filter(member__state__in=[Member.State.ACTIVE, Member.State.AWAY])
            .select_related("member__user", "member__congregation")
            .order_by("member__name_key", "member_id")
        )
        return [coming.member for coming in comings]

    def is_of(self, member: Member) -> bool:
        """Tell whether someone sits at the table that meets here; everyone's is of everyone."""
        if self.crew_id:
            seats = Seat.objects.at_table().filter(crew=self.crew_id, member=member)
            return seats.exclude(member__in=StepOut.objects.members_of(self._kept_rhythm)).exists()
        if self.is_open and self.rhythm_id:
            return member.congregation_id == self.congregation_id and member.is_present
        return bool(self.hello and member.pk in {self.hello.first_id, self.hello.second_id})

    def cant(self) -> set[uuid.UUID]:
        """Return the ids of those who have said that they can't come."""
        return {
            coming.member_id for coming in self.comings.all() if coming.answer == Coming.Answer.CANT
        }

    def _check(self, *, by: Member) -> None:
        if not self.is_of(by):
            raise PermissionDenied

    def may_change(self, member: Member, *, now: datetime) -> bool:
        """Tell whether someone may move it or call it off: whose it is; hosts, where it is everyone's."""
        if self.is_open:
            return self.rhythm is not None and self.rhythm.may_change(member, now=now)
        return self.is_of(member)

    def _check_change(self, *, by: Member, now: datetime) -> None:
        if not self.may_change(by, now=now):
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
            if answer == Coming.Answer.CANT and self.crew and self.starts_at > now:
                plan = Plan.objects.filter(meeting=self).first()
                if plan and plan.led_by(by):
                    self._pass_on(plan, by=by, now=now)
        return coming

    def _pass_on(self, plan: "Plan", *, by: Member, now: datetime) -> None:
        """Let the turn of someone who can't come go to the next one who can."""
        assert self.crew is not None
        before = set(plan.leads)
        Meeting.objects.settle_turns(self.crew, now=now)
        plan.refresh_from_db(fields=["facilitator", "turn", "second", "second_turn"])
        if to := set(plan.leads) - before - {by.pk}:
            Notice.tell(
                "rhythms.turn",
                [person for person in self.people() if person.pk in to],
                plan,
                now=now,
                occasion=f"passed {now:%Y-%m-%dT%H:%M:%S}",
            )

    def log(
        self,
        *,
        here: Iterable[Member],
        by: Member,
        now: datetime,
        mood: str = "",
        note: str = "",
        is_first: bool = False,
        seen: int | None = None,
        people: list[Member] | None = None,
    ) -> None:
        """Say *we met*: who was there, how it was for oneself, one line. Anyone at the table may.

        Saying it again corrects it, until the look-back is revealed, and stays in the history; the same
        again changes nothing. `is_first` corrects nothing. `seen` is how often something had been said
        when the page was opened (`times_said`): what was said since isn't written over. `people` are those at the table, where they are known
        already. The turn moves on.
        """
        with transaction.atomic():
            people = self.people() if people is None else people
            noting.check(self, people, by=by, now=now)
            came = {person.pk for person in here} & {person.pk for person in people}
            if not came:
                raise ValidationError(gettext("If nobody was there, say that you didn’t meet."))
            line = note.strip()[:300]
            if noting.note(self, people, came, by=by, now=now, mood=mood, line=line):
                return
            if is_first:
                noting.check_open(self)
                self.refresh_from_db(fields=["state", "came", "seated"])
                return
            noting.correct(self, people, came, by=by, now=now, mood=mood, line=line, seen=seen)

    def not_held(self, *, by: Member, now: datetime, is_first: bool = False) -> None:
        """Say that it did not take place: a rest, nothing more. Anyone at the table may.

        The others get a kind word, the first time. `is_first` corrects nothing.
        """
        with transaction.atomic():
            people = self.people()
            noting.check(self, people, by=by, now=now)
            noting.check_open(self)
            if is_first and self._is_said():
                return
            if noting.not_held(self, people, by=by, now=now):
                missing.tell(self, [person for person in people if person.pk != by.pk], now=now)

    def _is_said(self) -> bool:
        """Whether something has been said of it, by what the database holds now."""
        self.refresh_from_db(fields=["state", "came", "seated"])
        return self.state != self.State.PLANNED

    def say_mood(self, word: str, *, by: Member, now: datetime) -> None:
        """Say how it was for oneself, also later; who was there may, until the look-back is revealed."""
        with transaction.atomic():
            noting.check(self, [], by=by, now=now)
            noting.check_open(self)
            if not Presence.objects.filter(meeting=self, member=by).exists():
                raise ValidationError(gettext("How it was, those can say who were there."))
            if noting.say_mood(self, word, by=by):
                self._record("meeting.mood", by=by, now=now)

    @property
    def times_said(self) -> int:
        """How often something was said of it: nought while nobody has, one more with each correction."""
        return noting.times_said(self)

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
            self._check_change(by=by, now=now)
            catches_up = self.may_catch_up(now=now)
            if not catches_up:
                self._check_ahead(now=now)
            plan = self.plan_of()
            place, link = place.strip()[:200], link.strip()[:500]
            agenda = "\n".join(line.strip() for line in agenda.strip().splitlines())[:2000]
            is_moved = starts_at != self.starts_at
            # Who reads of it too late would go there at the old time, or miss the new one.
            sooner = min(starts_at, self.starts_at)
            is_elsewhere = (place, link) != (plan.place, plan.link)
            if (is_moved or catches_up) and starts_at <= now:
                raise ValidationError({"date": gettext("Choose a moment that is still to come.")})
            if starts_at > now + timedelta(days=370):
                raise ValidationError({"date": gettext("Choose a day within a year from now.")})
            if not (is_moved or is_elsewhere or agenda != plan.agenda):
                return
            # Before the answers to another day are taken back.
            told = self.expected()
            plan.place, plan.link, plan.agenda = place, link, agenda
            plan.save(update_fields=["place", "link", "agenda"])
            if catches_up:
                # What was said of the day on which they didn't meet goes with that day.
                self.state, self.came, self.seated = self.State.PLANNED, None, None
                self.save(update_fields=["state", "came", "seated"])
                noting.clear(self)
            if is_moved:
                self._shift(starts_at, now=now)
            if is_moved or is_elsewhere:
                self._changed(now=now)
            self._record("meeting.move" if is_moved else "meeting.plan", by=by, now=now)
            is_soon = self.starts_at <= now + timedelta(days=1)
            if is_moved or (is_elsewhere and is_soon):
                others = [person for person in told if person.pk != by.pk]
                Notice.tell(
                    "rhythms.meeting_moved",
                    others,
                    plan,
                    now=now,
                    occasion=str(self.sequence),
                    before=sooner,
                )

    def may_catch_up(self, *, now: datetime) -> bool:
        """Tell whether it didn't take place and can be met on another day instead, while the cycle runs."""
        return (
            self.crew_id is not None
            and self.ends_at <= now
            and self.state in {self.State.PLANNED, self.State.NOT_HELD}
            and self.commitment_id is not None
            and Commitment.objects.filter(
                pk=self.commitment_id, state=Commitment.State.RUNNING
            ).exists()
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
        if self.commitment and self.crew:
            self.commitment.crew = self.crew
            self.commitment.settle_span()
            Meeting.objects.settle_turns(self.crew, now=now)

    def call_off(self, *, by: Member, now: datetime) -> None:
        """Leave this one out, ahead of time. Anyone whose meeting it is may; the others are told."""
        with transaction.atomic():
            self._check_change(by=by, now=now)
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
            self._check_change(by=by, now=now)
            if self.state == self.State.PLANNED:
                return
            if self.state != self.State.CANCELLED or self.starts_at <= now:
                raise ValidationError(gettext("This meeting has begun already."))
            if self.hello and self.hello.closed_at:
                raise ValidationError(gettext("This hello is closed."))
            changed = Meeting.objects.filter(pk=self.pk, state=self.State.CANCELLED).update(
                state=self.State.PLANNED, pause=None
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
            [person for person in self.expected() if person.pk != by.pk],
            self.plan_of(),
            now=now,
            occasion=str(self.sequence),
        )

    def moods_said(self, log: "Log | None" = None) -> list[tuple[str, int]]:
        """Return how it was for people, as words with counts; nothing before three have said."""
        return noting.moods_shown(self, log or Log.objects.filter(meeting=self).first())
