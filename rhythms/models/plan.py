"""What a crew alone knows of a meeting to come: where, whose turn it is, what they'll do."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, NamedTuple

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.models import Event, Member, Notice, Tenanted
from congregation.sealed import SealedTextField
from rhythms import agenda, whose_turn
from rhythms.models.log import CrewMeetingQuerySet


class Step(NamedTuple):
    """One line of what is done at a meeting, and how long it takes."""

    words: str
    minutes: str

    @property
    def is_minutes(self) -> bool:
        """Whether what stands after the bar is a number of minutes, and nothing else."""
        return self.minutes.isdecimal()


class Plan(Tenanted):
    """What a crew alone knows of a meeting to come: where, who has the turn, what they'll do."""

    class Turn(models.TextChoices):
        COUNTED = "counted", _("by turns")
        HANDED = "handed", _("handed on")
        TAKEN = "taken", _("taken")
        SWAPPED = "swapped", _("swapped")

    meeting = models.OneToOneField("rhythms.Meeting", on_delete=models.CASCADE, related_name="plan")
    facilitator = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    # How the turn came to be theirs: counting again changes only what was counted.
    turn = models.CharField(max_length=7, choices=Turn, default=Turn.COUNTED)
    # Where a crew leads two together: the other one, and how it came to be theirs.
    second = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    second_turn = models.CharField(max_length=7, choices=Turn, default=Turn.COUNTED)
    place = SealedTextField(_("place"), max_length=200)
    link = SealedTextField(_("link"), max_length=500)
    # One line each: "Check-in | 10".
    agenda = SealedTextField(_("what we’ll do"), max_length=2000)

    objects: ClassVar[CrewMeetingQuerySet["Plan"]] = CrewMeetingQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="plan_led_by_two_people",
                condition=Q(second__isnull=True)
                | Q(facilitator__isnull=True)
                | ~Q(second=models.F("facilitator")),
            )
        ]
        indexes: ClassVar = [models.Index(fields=["facilitator"])]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return self.meeting.get_absolute_url()

    @property
    def steps(self) -> list[Step]:
        """What we'll do, line by line."""
        lines = (line.rpartition("|") for line in self.agenda.splitlines() if line.strip())
        return [
            Step(before.strip(), after.strip()) if bar else Step(after.strip(), "")
            for before, bar, after in lines
        ]

    @property
    def leads(self) -> list[uuid.UUID]:
        """The ids of those whose turn it is: one, two together, or nobody."""
        return [person for person in (self.facilitator_id, self.second_id) if person is not None]

    def led_by(self, member: Member) -> bool:
        """Tell whether it is someone's turn, alone or with another."""
        return member.pk in self.leads

    def lay(self, lines: Sequence[str], *, read: str, by: Member, now: datetime) -> None:
        """Say anew what is done; anyone whose meeting it is may, who has read it as it is (`read`)."""
        with transaction.atomic():
            self.meeting._check(by=by)
            self.meeting._check_ahead(now=now)
            held = Plan.objects.select_for_update(no_key=True).get(pk=self.pk)
            self.agenda, words = held.agenda, "\n".join(lines)
            if words == held.agenda:
                return
            if agenda.mark(held.agenda) != read:
                raise ValidationError(
                    gettext("It has been changed meanwhile. Here it is as it is now.")
                )
            if len(words) > agenda.MOST:
                raise ValidationError(gettext("That is more than fits into one meeting."))
            self.agenda = words
            self.save(update_fields=["agenda"])
            self.meeting._record("meeting.plan", by=by, now=now)

    def hand_on(self, *, by: Member, now: datetime) -> None:
        """Not this time: the turn goes to the next who can. Only who has it may."""
        meeting = self.meeting
        with transaction.atomic():
            if not self.led_by(by):
                if Event.objects.filter(verb="turn.hand_on", subject=meeting.pk, actor=by).exists():
                    return
                raise PermissionDenied
            meeting._check(by=by)
            meeting._check_ahead(now=now)
            assert meeting.crew is not None
            after = self._after(by=by, now=now)
            if after is None:
                raise ValidationError(
                    gettext("Nobody else comes to this meeting; move it, or call it off.")
                )
            self._give(after, self.Turn.HANDED, had=by.pk, now=now)
            meeting._record("turn.hand_on", by=by, now=now)

    def _after(self, *, by: Member, now: datetime) -> uuid.UUID | None:
        """Return who comes after someone who passes their turn on, or None where nobody can.

        From here on and round again, so that it doesn't fall back on those who passed it on before.
        """
        # Counting turns is made of plans: that module comes after this one.
        from rhythms.models import turns

        meeting = self.meeting
        assert meeting.crew is not None
        found = turns.rota(meeting.crew, now=now)
        order = whose_turn.order_of_turns(found.takers, found.led, (), None, found.joined)
        at = order.index(by.pk) + 1 if by.pk in order else 0
        cannot = {*meeting.cant(), *self.leads}
        return next((p for p in order[at:] + order[: max(at - 1, 0)] if p not in cannot), None)

    def take(self, *, by: Member, now: datetime) -> None:
        """Take this turn oneself; whoever had it comes the next time. Anyone at the table may."""
        meeting = self.meeting
        with transaction.atomic():
            meeting._check(by=by)
            if self.led_by(by):
                return
            meeting._check_ahead(now=now)
            if meeting.crew is None:
                raise ValidationError(gettext("Only crews take turns."))
            if by.pk in meeting.cant():
                raise ValidationError(gettext("You have said that you can’t come."))
            self._give(by.pk, self.Turn.TAKEN, had=self.facilitator_id, now=now)
            meeting._record("turn.take", by=by, now=now)

    def _give(self, to: uuid.UUID, how: str, *, had: uuid.UUID | None, now: datetime) -> None:
        """Give the turn that someone had to someone else and count the further ones; tell whom it concerns."""
        is_second = had is not None and had == self.second_id
        slot, turn = ("second", "second_turn") if is_second else ("facilitator", "turn")
        won = Plan.objects.filter(**{"pk": self.pk, slot: had}).update(**{slot: to, turn: how})
        if not won:
            raise ValidationError(gettext("Someone else has just taken it."))
        meeting = self.meeting
        assert meeting.crew is not None
        # Meetings are made of plans: the module that knows both comes after this one.
        from rhythms.models.meeting import Meeting

        Meeting.objects.settle_turns(meeting.crew, now=now)
        self.refresh_from_db(fields=["facilitator", "turn", "second", "second_turn"])
        told = to if how == self.Turn.HANDED else had
        Notice.tell(
            "rhythms.turn",
            [person for person in meeting.people() if person.pk == told],
            self,
            now=now,
            occasion=f"{how} {now:%Y-%m-%dT%H:%M:%S}",
        )
