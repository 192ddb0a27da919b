"""Look-backs: written alone, revealed to all at once."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Self
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.models import Event, Member, Notice, Tenanted, TenantedQuerySet
from congregation.sealed import SealedTextField
from crews.models import Crew, Seat
from rhythms.models.meeting import Meeting
from rhythms.models.rhythm import Commitment, StepOut

OPEN_FOR = timedelta(days=7)
# A meeting about which nobody has said anything is over for the look-back three hours after its end.
UNSAID = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Answers:
    """What one person writes at a look-back; every text may stay empty."""

    celebrate: str = ""
    worked: str = ""
    less: str = ""
    change: str = ""
    would_carry: bool = False
    helped: str = ""
    way: str = ""
    word: str = ""


class LookBackQuerySet(TenantedQuerySet["LookBack"]):
    """Look-backs of crews."""

    def visible_to(self, member: Member) -> Self:
        """Return those of one's crews, and the ones in which one ended: these opened to them too."""
        ended = Decision.objects.filter(
            lookback=OuterRef("pk"),
            member=member,
            way=Decision.Way.END,
            # Whoever left the congregation and came back left what was opened before.
            member__joined_at__lte=OuterRef("revealed_at"),
        )
        return (
            super()
            .visible_to(member)
            .filter(
                Q(crew__in=Seat.objects.crews_of(member))
                | Q(Exists(ended), revealed_at__isnull=False)
            )
        )

    def open(self) -> Self:
        """Return those that have not been revealed yet."""
        return self.filter(revealed_at__isnull=True)

    def due(self, now: datetime) -> Self:
        """Return those that are to be revealed: at their deadline, or once everyone has written.

        Those who are away are not waited for, but when all are, it stays open to the deadline.
        """
        out = StepOut.objects.members_of(OuterRef(OuterRef("commitment__rhythm")))
        awaited = (
            Seat.objects.filter(
                crew=OuterRef("crew"),
                taken_at__lte=OuterRef("opened_at"),
                member__state=Member.State.ACTIVE,
            )
            .at_table()
            .exclude(member__in=out)
        )
        written = Decision.objects.filter(
            lookback=OuterRef(OuterRef("pk")),
            member=OuterRef("member"),
            written_at__isnull=False,
        )
        return self.open().filter(
            Q(closes_at__lte=now) | (Exists(awaited) & ~Exists(awaited.exclude(Exists(written))))
        )

    def closing(self, now: datetime, *, within: timedelta) -> Self:
        """Return the open ones whose deadline comes within a span."""
        return self.open().filter(closes_at__gt=now, closes_at__lte=now + within)

    def waiting_for(self, member: Member) -> Self:
        """Return the open ones in which a member is asked and has not written yet."""
        out = StepOut.objects.members_of(OuterRef(OuterRef("commitment__rhythm")))
        seat = (
            Seat.objects.filter(
                crew=OuterRef("crew"), member=member, taken_at__lte=OuterRef("opened_at")
            )
            .at_table()
            .exclude(member__in=out)
        )
        written = Decision.objects.filter(
            lookback=OuterRef("pk"), member=member, written_at__isnull=False
        )
        return (
            TenantedQuerySet.visible_to(self, member).open().filter(Exists(seat), ~Exists(written))
        )


class LookBack(Tenanted):
    """The retrospective that a commitment ends in."""

    crew = models.ForeignKey(Crew, on_delete=models.CASCADE, related_name="lookbacks")
    commitment = models.OneToOneField(Commitment, on_delete=models.CASCADE, related_name="lookback")
    opened_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    revealed_at = models.DateTimeField(null=True, blank=True)
    # The one change that is tried, and who carries it; it opens the next look-back.
    change = SealedTextField(_("the one change we try"), max_length=300)
    carrier = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects: ClassVar[LookBackQuerySet] = LookBackQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["revealed_at", "closes_at"]),
            models.Index(fields=["crew", "revealed_at"]),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return reverse("lookback", kwargs={"slug": self.congregation.slug, "pk": self.pk})

    @classmethod
    def open(cls, commitment: Commitment, *, now: datetime) -> "LookBack | None":
        """Open the look-back of a commitment whose last meeting is over; None if it was open already.

        It closes a week later, at the hour at which the crew meets on its own clock.
        """
        with transaction.atomic():
            opens = Commitment.objects.filter(
                pk=commitment.pk, state=Commitment.State.RUNNING
            ).update(state=Commitment.State.LOOKING_BACK)
            if not opens:
                return None
            commitment.state = Commitment.State.LOOKING_BACK
            last = Meeting.objects.filter(commitment=commitment).order_by("-starts_at").first()
            lookback = cls.objects.create(
                congregation_id=commitment.congregation_id,
                crew=commitment.crew,
                commitment=commitment,
                opened_at=now,
                closes_at=_week_after(last, now) if last else now + OPEN_FOR,
            )
            Event.record("lookback.open", lookback, by=None, now=now, circle=lookback.crew_id)
            people = [seat.member for seat in lookback.asked()]
            Notice.tell("rhythms.lookback_opened", people, lookback, now=now)
        return lookback

    @property
    def is_revealed(self) -> bool:
        """Whether all of them can read it; until then what is written lies face down."""
        return self.revealed_at is not None

    def asked(self) -> QuerySet[Seat]:
        """Return the seats of those who are asked, by number: who was at the table when it opened.

        Someone who joined later has nothing to look back on, nor has who stepped out of the rhythm; a
        kept seat rests; those away may write.
        """
        return (
            Seat.objects.filter(
                crew=self.crew_id,
                taken_at__lte=self.opened_at,
                member__state__in=[Member.State.ACTIVE, Member.State.AWAY],
            )
            .at_table()
            .exclude(member__in=StepOut.objects.members_of(self.commitment.rhythm_id))
            .select_related("member__user", "member__congregation", "crew__congregation")
            .order_by("number")
        )

    def asks(self, member: Member) -> bool:
        """Tell whether a member is asked."""
        return self.asked().filter(member=member).exists()

    def decision_of(self, member: Member) -> "Decision | None":
        """Return a member's own way on, as far as they have said it, for them alone."""
        return Decision.objects.filter(lookback=self, member=member).first()

    def has_from(self, member: Member) -> bool:
        """Tell a member whether their own answer lies on the table."""
        decision = self.decision_of(member)
        return decision is not None and decision.written_at is not None

    def readers(self) -> int:
        """Return how many people can read it once it is open: the crew, and who ended in it."""
        seated = Seat.objects.taken().filter(crew=self.crew_id)
        ended = Decision.objects.filter(lookback=self, way=Decision.Way.END)
        return (
            Member.objects.present()
            .filter(Q(pk__in=seated.values("member_id")) | Q(pk__in=ended.values("member_id")))
            .count()
        )

    def answers_of(self, member: Member) -> Answers:
        """Return what a member has written so far, for them alone."""
        reflection = Reflection.objects.filter(lookback=self, member=member).first() or Reflection()
        decision = self.decision_of(member) or Decision()
        return Answers(
            celebrate=reflection.celebrate,
            worked=reflection.worked,
            less=reflection.less,
            change=reflection.change,
            helped=reflection.helped,
            would_carry=decision.would_carry,
            way=decision.way,
            word=decision.word,
        )

    def draft(self, answers: Answers, *, by: Member, now: datetime) -> "Decision":
        """Keep what someone is writing. What lies on the table already stays there, with these words.

        No event: that someone writes, and when, is known to nobody.
        """
        with transaction.atomic():
            if not self._holds_for(by=by):
                raise ValidationError(self._came_late())
            return self._keep(answers, by=by, now=now)

    def write(self, answers: Answers, *, by: Member, now: datetime) -> "Decision":
        """Lay one's own answer on the table, face down. Sending it twice is once.

        Whoever calls this goes on to reveal it if it was the last: `rhythms.renewing.write` does both.
        """
        with transaction.atomic():
            if not self._holds_for(by=by):
                decision = Decision.objects.get(lookback=self, member=by)
                if decision.written_at is None:
                    raise ValidationError(self._came_late())
                return decision
            if answers.way not in Decision.Way.values:
                raise ValidationError({"way": Decision.NO_WAY})
            decision = self._keep(answers, by=by, now=now)
            if decision.written_at is None:
                decision.written_at = now
                decision.save(update_fields=["written_at"])
            return decision

    def _holds_for(self, *, by: Member) -> bool:
        """Hold the row while someone writes, and tell whether it can still be written.

        Of two who write last at the same moment, one sees the other; so does the reveal.
        """
        held = LookBack.objects.select_for_update(no_key=True).get(pk=self.pk)
        self.revealed_at = held.revealed_at
        if not self.is_revealed:
            if not self.asks(by):
                raise PermissionDenied
        elif not Decision.objects.filter(lookback=self, member=by).exists():
            raise PermissionDenied
        return not self.is_revealed

    def _came_late(self) -> str:
        return gettext("It had opened before this reached us, so nobody else has read it.")

    def _keep(self, answers: Answers, *, by: Member, now: datetime) -> "Decision":
        """Save both halves of an answer: what loses its name, and one's own way on."""
        reflection = Reflection.objects.filter(lookback=self, member=by).first() or Reflection(
            congregation_id=self.congregation_id, lookback=self, member=by
        )
        reflection.celebrate = answers.celebrate
        reflection.worked = answers.worked
        reflection.less = answers.less
        reflection.change = answers.change
        reflection.helped = answers.helped
        reflection.save()
        decision = self.decision_of(by) or Decision(
            congregation_id=self.congregation_id, lookback=self, member=by
        )
        if answers.way or decision.written_at is None:
            # What lies on the table keeps its way, even where a page sends none.
            decision.way = answers.way
        decision.word = answers.word
        decision.would_carry = answers.would_carry
        decision.saved_at = now
        decision.save()
        return decision

    def choose_change(self, change: str, carrier: Member, *, by: Member, now: datetime) -> None:
        """Choose the one change that the crew tries, and who carries it; anyone at the table may.

        It can be chosen anew until the next look-back opens with it.
        """
        change = change.strip()
        with transaction.atomic():
            at_table = Seat.objects.at_table().filter(crew=self.crew_id)
            if not at_table.filter(member=by).exists():
                raise PermissionDenied
            held = LookBack.objects.select_for_update(no_key=True).get(pk=self.pk)
            if not held.is_revealed:
                raise ValidationError(gettext("First it opens to all of you."))
            later = LookBack.objects.filter(crew=self.crew_id, opened_at__gt=self.opened_at)
            if later.exists():
                raise ValidationError(gettext("Your next look-back has begun with it."))
            if not change:
                raise ValidationError({"own": gettext("Choose one change, or write your own.")})
            if not at_table.filter(member=carrier).exists():
                raise ValidationError(
                    {"carrier": gettext("Someone who is at the table carries it.")}
                )
            if (held.change, held.carrier_id) != (change, carrier.pk):
                held.change, held.carrier = change, carrier
                held.save(update_fields=["change", "carrier"])
                Event.record("lookback.change", self, by=by, now=now, circle=self.crew_id)
        self.change, self.carrier = change, carrier


def _week_after(last: Meeting, now: datetime) -> datetime:
    """Return when a look-back closes: a week on at the hour of the meeting, by the clock it is on."""
    place = ZoneInfo(last.zone)
    wall = last.starts_at.astimezone(place).replace(tzinfo=None)
    while True:
        wall += OPEN_FOR
        closes: datetime = wall.replace(tzinfo=place).astimezone(UTC)
        # Opened late, it still leaves everyone most of a week.
        if closes >= now + OPEN_FOR - timedelta(days=1):
            return closes


class ReflectionQuerySet(TenantedQuerySet["Reflection"]):
    """What people wrote."""

    def visible_to(self, member: Member) -> Self:
        """Return one's own before the reveal, and everyone's, nameless, after it."""
        opened = LookBack.objects.visible_to(member).filter(revealed_at__isnull=False)
        return (
            super()
            .visible_to(member)
            .filter(
                Q(member=member, lookback__revealed_at__isnull=True)
                | Q(lookback__in=opened.values("pk"))
            )
        )

    def shuffled(self, part: str) -> list[str]:
        """Return what was said of one part, in an order of its own: no two parts can be matched up."""
        said = [(row.pk, str(getattr(row, part)).strip()) for row in self]
        order = sorted(
            (hashlib.sha256(f"{part} {pk}".encode()).digest(), words) for pk, words in said if words
        )
        return [words for _place, words in order]


class Reflection(Tenanted):
    """What one person wrote; the reveal takes the name off for good."""

    class Helped(models.TextChoices):
        YES = "yes", _("Yes")
        SOME = "some", _("A bit")
        NO = "no", _("No")

    lookback = models.ForeignKey(LookBack, on_delete=models.CASCADE, related_name="reflections")
    member = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    celebrate = SealedTextField(_("What do we celebrate?"), max_length=1000)
    worked = SealedTextField(_("What worked?"), max_length=1000)
    less = SealedTextField(_("What didn’t?"), max_length=1000)
    change = SealedTextField(_("One thing to change"), max_length=300)
    helped = models.CharField(max_length=4, choices=Helped, blank=True)

    objects: ClassVar[ReflectionQuerySet] = ReflectionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["lookback", "member"], name="reflection_once")
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @classmethod
    def take_names_off(cls, lookback: LookBack, written_by: Iterable[Member]) -> None:
        """Leave only what these people wrote, without their names.

        Made anew under new ids in a new order, so that not even the order of the rows tells whose is
        whose. What others had begun is deleted unread.
        """
        rows = list(cls.objects.filter(lookback=lookback))
        keepers = {person.pk for person in written_by}
        nameless = [
            cls(
                congregation_id=lookback.congregation_id,
                lookback=lookback,
                celebrate=row.celebrate,
                worked=row.worked,
                less=row.less,
                change=row.change,
                helped=row.helped,
            )
            for row in rows
            if row.member_id in keepers
        ]
        cls.objects.filter(lookback=lookback).delete()
        cls.objects.bulk_create(sorted(nameless, key=lambda row: row.pk))


class DecisionQuerySet(TenantedQuerySet["Decision"]):
    """What people decided for themselves."""

    def visible_to(self, member: Member) -> Self:
        """Return one's own, and everyone's once all are revealed."""
        opened = LookBack.objects.visible_to(member).filter(revealed_at__isnull=False)
        return (
            super()
            .visible_to(member)
            .filter(Q(member=member) | Q(lookback__in=opened.values("pk")))
        )

    def goes_on(self) -> Self:
        """Return those of people who stay at the table."""
        return self.filter(way__in=[Decision.Way.CONTINUE, Decision.Way.CHANGE])


class Decision(Tenanted):
    """One person's own way on: continue, change, rest, or end. Once revealed, no way is silence."""

    class Way(models.TextChoices):
        CONTINUE = "go", _("Continue")
        CHANGE = "change", _("Change")
        REST = "rest", _("Rest")
        END = "end", _("End")

    lookback = models.ForeignKey(LookBack, on_delete=models.CASCADE, related_name="decisions")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    way = models.CharField(max_length=6, choices=Way, blank=True)
    word = SealedTextField(_("a word with it"), max_length=300)
    would_carry = models.BooleanField(default=False)
    saved_at = models.DateTimeField()
    # Null while it is a draft that saves itself.
    written_at = models.DateTimeField(null=True, blank=True)

    NO_WAY = _(
        "Say how you go on: continue, change, rest or end. All else may stay empty; that is an answer too."
    )

    objects: ClassVar[DecisionQuerySet] = DecisionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["lookback", "member"], name="decision_once")
        ]

    def __str__(self) -> str:
        return str(self.pk)
