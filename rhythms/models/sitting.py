"""A sitting: people who do a practice together, each with the same clock before them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar, Final, Self

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.models import Event, Member, Tenanted
from congregation.sealed import SealedTextField
from crews.models import OwnQuerySet
from rhythms.models.log import CrewMeetingQuerySet
from rhythms.models.meeting import Meeting
from rhythms.practices import catalogue, own
from rhythms.practices.shape import Practice, Stage, after_turn, left, stages

# One sits down from so long before a meeting until so long after it.
OPENS_BEFORE: Final = timedelta(hours=3)
CLOSES_AFTER: Final = timedelta(hours=6)
# Nobody has to end it: so long after its minutes are over it ends by itself.
ENDS_AFTER: Final = timedelta(hours=3)
A_MINUTE: Final = timedelta(minutes=1)
MOST_PEOPLE: Final = 200
MOST_TURNS: Final = 60


class SittingQuerySet(CrewMeetingQuerySet["Sitting"]):
    """Sittings at meetings; only those whose meeting it is see them."""

    def seen_by(self, member: Member) -> Self:
        """Return them with all that their page needs: `is_sitter`, and `has_said` their own yes."""
        mine = Sitter.objects.filter(sitting=OuterRef("pk"), member=member)
        return self.select_related(
            "meeting__congregation",
            "meeting__crew",
            "meeting__hello__first",
            "meeting__hello__second",
        ).annotate(is_sitter=Exists(mine), has_said=Exists(mine.filter(said_at__isnull=False)))

    def going_on(self) -> Self:
        """Return those that have not ended."""
        return self.filter(ended_at__isnull=True)

    def done(self) -> Self:
        """Return those that were begun and came to their end, which is all that stays of them."""
        return self.filter(state=Sitting.State.OVER).order_by("begun_at")

    def end_due(self, *, now: datetime) -> int:
        """End what nobody ended, and forget what was stopped or never begun; return how many of both."""
        ended = 0
        for row in self.going_on().filter(closes_at__lte=now).select_related("meeting"):
            ended += row._end(
                Sitting.State.OVER if row.begun_at else Sitting.State.STOPPED, now=now
            )
        old = self.filter(state=Sitting.State.STOPPED, ended_at__lte=now - ENDS_AFTER)
        return ended + old.delete()[0]


class Sitting(Tenanted):
    """People at a meeting who do a practice together: which step they are at, and until when.

    Nothing that is said or done in it is kept, nor who was there once it is over. Whoever moves it on
    changes this row by a conditional UPDATE on its version, so that two at the same moment move it once.
    """

    class State(models.TextChoices):
        ASKING = "asking", _("Not yet everyone")
        OPEN = "open", _("Going on")
        OVER = "over", _("Over")
        # Ended early, or never begun: the same to everyone, and forgotten within hours.
        STOPPED = "stopped", _("Ended early")

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="sittings")
    # The key of one that everybody finds here, or a crew's own as it was when they sat down.
    practice = models.CharField(max_length=40, blank=True)
    words = SealedTextField(_("the crew’s own version"), max_length=10_000)
    people = models.PositiveSmallIntegerField()
    turns = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=7, choices=State, default=State.OPEN)
    step = models.PositiveSmallIntegerField(default=0)
    # While it is paused, what remains is what lies between these two.
    ends_at = models.DateTimeField()
    paused_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True, blank=True)
    closes_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[SittingQuerySet] = SittingQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["meeting"],
                condition=Q(ended_at__isnull=True),
                name="sitting_one_at_a_time",
            ),
            models.CheckConstraint(
                name="sitting_ended_or_going_on",
                condition=Q(state__in=["asking", "open"], ended_at__isnull=True)
                | Q(state__in=["over", "stopped"], ended_at__isnull=False),
            ),
            models.CheckConstraint(
                name="sitting_of_someone", condition=Q(people__gte=1, turns__gte=1)
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["meeting", "state"]),
            models.Index(
                fields=["closes_at"], condition=Q(ended_at__isnull=True), name="sitting_due"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        slug = self.meeting.congregation.slug
        return reverse("sitting", kwargs={"slug": slug, "pk": self.pk})

    # ---- what it is

    @cached_property
    def guide(self) -> Practice:
        """The practice that is done."""
        return own.opened(self.words) if self.words else catalogue.BY_KEY[self.practice]

    @property
    def stages(self) -> list[Stage]:
        """All steps in the order in which they come up."""
        return stages(self.guide.parts, self.turns)

    @property
    def is_over(self) -> bool:
        """Whether it has ended, in whichever way."""
        return self.ended_at is not None

    def left(self, *, now: datetime) -> timedelta:
        """Return what remains of the step they are at."""
        return left(self.ends_at, self.paused_at, now)

    # ---- verbs

    @classmethod
    def open(
        cls,
        meeting: Meeting,
        guide: Practice,
        *,
        here: Iterable[Member],
        by: Member,
        now: datetime,
        people: int = 0,
        turns: int = 0,
        words: str = "",
    ) -> "Sitting":
        """Sit down to a practice at a meeting; anyone whose meeting it is may, at a gathering a host.

        Where one is going on already it is that one. An intimate practice asks each who is here first.
        """
        _check_may_open(meeting, guide, by=by, now=now)
        asked = {person.pk: person for person in [*here, by]}
        with transaction.atomic():
            # Held, so that of two who sit down at once the second finds the first one's.
            Meeting.objects.select_for_update(no_key=True).get(pk=meeting.pk)
            going_on = cls.objects.filter(meeting=meeting).going_on().first()
            if going_on:
                return going_on
            count = min(max(len(asked) if not meeting.is_open else people, 1), MOST_PEOPLE)
            rounds = min(max(turns or guide.turns_for(count), 1), MOST_TURNS)
            lasts = timedelta(minutes=guide.minutes(count, rounds))
            first = stages(guide.parts, rounds)[0]
            sitting = cls.objects.create(
                congregation_id=meeting.congregation_id,
                meeting=meeting,
                practice="" if words else guide.key,
                words=words,
                people=count,
                turns=rounds,
                state=cls.State.ASKING if guide.is_intimate else cls.State.OPEN,
                ends_at=now + timedelta(seconds=first.seconds),
                paused_at=now,
                opened_at=now,
                closes_at=now + lasts + ENDS_AFTER,
            )
            if guide.is_intimate:
                Sitter.objects.bulk_create(
                    Sitter(
                        congregation_id=meeting.congregation_id,
                        sitting=sitting,
                        member=person,
                        said_at=now if person.pk == by.pk else None,
                    )
                    for person in asked.values()
                )
                sitting._open_if_all(now=now)
            sitting._record("sitting.open", by=by, now=now)
        return sitting

    def say_yes(self, *, by: Member, now: datetime) -> None:
        """Say one's own yes; the last one opens it. Anyone whose meeting it is may, until it is open."""
        if not self.meeting.is_of(by):
            raise PermissionDenied
        with transaction.atomic():
            # Held, so that of two last yeses one sees the other.
            held = Sitting.objects.select_for_update(no_key=True).get(pk=self.pk)
            own_yes = Sitter.objects.filter(sitting=self, member=by).first()
            if held.state == self.State.OPEN and own_yes:
                return
            if held.state != self.State.ASKING:
                raise ValidationError(
                    gettext("They have begun, or are done. Sit with them next time.")
                )
            sitter = own_yes or Sitter(
                congregation_id=self.congregation_id, sitting=self, member=by
            )
            if sitter.said_at is None:
                sitter.said_at = now
                sitter.save()
            self._open_if_all(now=now)

    def _open_if_all(self, *, now: datetime) -> None:
        """Open it once each who is asked has said yes. Nothing that others could see changes before."""
        said = Sitter.objects.filter(sitting=self)
        if said.filter(said_at__isnull=True).exists():
            return
        people = said.count()
        self._change(
            Q(state=self.State.ASKING),
            state=self.State.OPEN,
            people=people,
            # Whoever sat down meanwhile has a turn too, where each has one.
            turns=people if self.turns == self.people else self.turns,
            ends_at=now + timedelta(seconds=self.stages[0].seconds),
            paused_at=now,
        )

    def check_may_move(self, *, by: Member, now: datetime) -> None:
        """Refuse whoever doesn't sit here: of an intimate one who said yes, at a gathering the hosts."""
        if self.meeting.is_open:
            may = by.congregation_id == self.congregation_id and by.hosts(now=now)
        elif self.guide.is_intimate:
            may = Sitter.objects.filter(sitting=self, member=by).exists()
            if not may:
                # Once it is over nobody sits in it; whoever was a moment too late does no wrong.
                self.refresh_from_db(fields=["state", "ended_at"])
                may = self.is_over and self.meeting.is_of(by)
        else:
            may = self.meeting.is_of(by)
        if not may:
            raise PermissionDenied

    def move(self, do: str, *, version: int, by: Member, now: datetime) -> bool:
        """Start, pause, go on, back, on to the next turn, or add a minute; whoever sits here may.

        `version` is the one that was seen: of two who do something at the same moment one does it, and
        the other sees what has become of it. Returns whether anything moved.
        """
        self.check_may_move(by=by, now=now)
        if self.state != self.State.OPEN or version != self.version:
            return False
        if do == "pass":
            to = after_turn(self.stages, self.step)
            return to is not None and self._go(to, now=now)
        if do == "next":
            return self._go(self.step + 1, now=now)
        if do == "back":
            return self._go(max(self.step - 1, 0), now=now, is_back=True)
        running = self.paused_at is None
        if do == "start" and not running:
            return self._at(
                ends_at=now + self.left(now=now), paused_at=None, begun_at=self.begun_at or now
            )
        if do == "pause" and running:
            return self._at(paused_at=now)
        if do == "more":
            return self._at(ends_at=max(self.ends_at, self.paused_at or now) + A_MINUTE)
        return False

    def _go(self, to: int, *, now: datetime, is_back: bool = False) -> bool:
        """Go to a step and give it its whole time; past the last one it is over."""
        laid = self.stages
        if to >= len(laid):
            return self._end(self.State.OVER, now=now, version=self.version)
        paused_at = now if is_back and self.paused_at else None
        return self._at(
            step=to,
            ends_at=now + timedelta(seconds=laid[to].seconds),
            paused_at=paused_at,
            begun_at=self.begun_at or (None if paused_at else now),
        )

    def _at(self, **values: Any) -> bool:
        return self._change(Q(state=self.State.OPEN, version=self.version), **values)

    def _change(self, still: Q, **values: Any) -> bool:
        """Change the row where it is still as it was seen; whoever comes second changes nothing."""
        won = Sitting.objects.filter(still, pk=self.pk).update(version=F("version") + 1, **values)
        self.refresh_from_db(fields=[*values, "version"])
        return bool(won)

    def stop(self, *, by: Member, now: datetime) -> None:
        """End it for all, at once and for no reason; whoever sits here may, or is asked to.

        Who it was is written down nowhere, and it looks like any other end.
        """
        if not (self.state == self.State.ASKING and self.meeting.is_of(by)):
            self.check_may_move(by=by, now=now)
        self._end(self.State.STOPPED, now=now)

    def _end(self, state: str, *, now: datetime, version: int | None = None) -> bool:
        """End it, and forget who was there."""
        with transaction.atomic():
            still = Q(ended_at__isnull=True)
            if version is not None:
                still &= Q(version=version)
            won = self._change(still, state=state, ended_at=now)
            if won:
                Sitter.objects.filter(sitting=self).delete()
                self._record("sitting.end", by=None, now=now)
            else:
                self.refresh_from_db(fields=["state", "ended_at"])
        return won

    def _record(self, verb: str, *, by: Member | None, now: datetime) -> None:
        circle = self.meeting.crew_id or self.meeting.hello_id
        Event.record(verb, self, by=by, now=now, circle=circle)


class Sitter(Tenanted):
    """One of those who sit down to an intimate practice, and their own yes. Forgotten once it is over."""

    sitting = models.ForeignKey(Sitting, on_delete=models.CASCADE, related_name="sitters")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    said_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[OwnQuerySet["Sitter"]] = OwnQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sitting", "member"], name="sitter_once")
        ]

    def __str__(self) -> str:
        return str(self.pk)


def is_time(meeting: Meeting, *, now: datetime) -> bool:
    """Whether one could sit down at a meeting now: it takes place, and is about to begin, on, or just over."""
    takes_place = meeting.state in {Meeting.State.PLANNED, Meeting.State.HELD}
    return takes_place and (
        meeting.starts_at - OPENS_BEFORE <= now <= meeting.ends_at + CLOSES_AFTER
    )


def _check_may_open(meeting: Meeting, guide: Practice, *, by: Member, now: datetime) -> None:
    may = by.hosts(now=now) if meeting.is_open else meeting.is_of(by)
    if by.congregation_id != meeting.congregation_id or not may:
        raise PermissionDenied
    if not is_time(meeting, now=now):
        raise ValidationError(
            gettext("You sit down when you meet: from three hours before until six hours after.")
        )
    if meeting.is_open and guide.is_intimate:
        raise ValidationError(
            gettext(
                "This one needs everyone’s own yes; it is for a crew or a pair, not for a crowd."
            )
        )
