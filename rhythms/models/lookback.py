"""Look-backs: written alone, revealed to all at once."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
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
from rhythms import prompts
from rhythms.models.meeting import Meeting
from rhythms.models.rhythm import Commitment, StepOut

OPEN_FOR = timedelta(days=7)
# A meeting about which nobody has said anything is over for the look-back three hours after its end.
UNSAID = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Answers:
    """What one person writes at a look-back: words by prompt, how each change went, and their way on."""

    said: Mapping[str, str] = field(default_factory=dict)
    helped: Mapping[uuid.UUID, str] = field(default_factory=dict)
    would_carry: bool = False
    # With this of one person, all names come off.
    without_names: bool = False
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

    def to_weigh(self, member: Member) -> Self:
        """Return those that are being weighed, in which a member may lay dots and hasn't yet."""
        seat = Seat.objects.filter(
            crew=OuterRef("crew"), member=member, taken_at__lte=OuterRef("weighing_at")
        ).at_table()
        weighing = self.filter(weighing_at__isnull=False, weighed_at__isnull=True)
        return weighing.filter(Exists(seat)).exclude(weighings__member=member)


class LookBack(Tenanted):
    """The retrospective that a commitment ends in, and that a long one has in its middle."""

    class Kind(models.TextChoices):
        END = "end", _("At the end of a cycle")
        MIDDLE = "middle", _("In the middle of a cycle")
        QUARTER = "quarter", _("Each quarter")

    crew = models.ForeignKey(Crew, on_delete=models.CASCADE, related_name="lookbacks")
    commitment = models.ForeignKey(Commitment, on_delete=models.CASCADE, related_name="lookbacks")
    kind = models.CharField(max_length=7, choices=Kind, default=Kind.END)
    # Of a commitment's middles and quarters, which one.
    round = models.PositiveSmallIntegerField(default=0)
    # As the crew had chosen when it opened.
    asks_by = models.CharField(max_length=8, choices=prompts.NAMES, default=prompts.USUAL)
    with_names = models.BooleanField(default=False)
    opened_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    revealed_at = models.DateTimeField(null=True, blank=True)
    # What is grouped is then weighed, and the weights show once all have weighed or at the deadline.
    weighing_at = models.DateTimeField(null=True, blank=True)
    weighs_until = models.DateTimeField(null=True, blank=True)
    weighed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[LookBackQuerySet] = LookBackQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["commitment"],
                condition=Q(revealed_at__isnull=True),
                name="lookback_one_open",
            ),
            models.UniqueConstraint(
                fields=["commitment", "kind", "round"], name="lookback_once_each"
            ),
            models.CheckConstraint(
                name="lookback_weighed_once_open",
                condition=Q(weighing_at__isnull=True, weighs_until__isnull=True)
                | Q(
                    revealed_at__isnull=False,
                    weighing_at__isnull=False,
                    weighs_until__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="lookback_weighs_before_weighed",
                condition=Q(weighed_at__isnull=True) | Q(weighing_at__isnull=False),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["revealed_at", "closes_at"]),
            models.Index(fields=["crew", "revealed_at"]),
            models.Index(fields=["weighed_at", "weighs_until"]),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return reverse("lookback", kwargs={"slug": self.congregation.slug, "pk": self.pk})

    @classmethod
    def open(
        cls, commitment: Commitment, *, kind: "Kind" = Kind.END, round: int = 0, now: datetime
    ) -> "LookBack | None":
        """Open a look-back of a commitment; None if it was open already. For `rhythms.opening`.

        It asks as its crew chose until now, and closes a week later, at the hour at which the crew
        meets on its own clock. At the end the commitment is being looked back on; else it runs on.
        """
        with transaction.atomic():
            after = (
                commitment.State.LOOKING_BACK if kind == cls.Kind.END else commitment.State.RUNNING
            )
            # Holds the commitment's row: of two that would open it, the second finds it open.
            opens = Commitment.objects.filter(
                pk=commitment.pk, state=Commitment.State.RUNNING
            ).update(state=after)
            there = cls.objects.filter(commitment=commitment)
            if not opens or there.filter(kind=kind, round=round).exists():
                return None
            commitment.state = after
            over = Meeting.objects.filter(commitment=commitment, starts_at__lte=now)
            last = over.order_by("-starts_at").first()
            manner = getattr(commitment.crew, "manner", None)
            lookback = cls.objects.create(
                congregation_id=commitment.congregation_id,
                crew=commitment.crew,
                commitment=commitment,
                kind=kind,
                round=round,
                asks_by=manner.asks_by if manner else prompts.USUAL,
                with_names=bool(manner and manner.names_hold(now=now)),
                opened_at=now,
                closes_at=_week_after(last, now) if last else now + OPEN_FOR,
            )
            Event.record("lookback.open", lookback, by=None, now=now, circle=lookback.crew_id)
            people = [seat.member for seat in lookback.asked()]
            Notice.tell("rhythms.lookback_opened", people, lookback, now=now)
        return lookback

    @property
    def asks_way(self) -> bool:
        """Whether it asks each person how they go on: in the middle of a cycle it doesn't."""
        return self.kind != self.Kind.MIDDLE

    @property
    def parts(self) -> list[prompts.Prompt]:
        """What it asks; in the middle of a cycle only what is celebrated and what to change."""
        return prompts.of(self.asks_by, is_light=not self.asks_way)

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
        decision = self.decision_of(member) or Decision()
        helped = self.helped.filter(member=member).values_list("change_id", "answer")
        return Answers(
            said={slip.part: slip.words for slip in self.slips.filter(member=member)},
            helped=dict(helped),
            would_carry=decision.would_carry,
            without_names=decision.without_names,
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
            if self.asks_way and answers.way not in Decision.Way.values:
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
        before = {slip.part: slip for slip in self.slips.filter(member=by)}
        for part in [prompt.key for prompt in self.parts]:
            words = answers.said.get(part, "").strip()
            slip = before.pop(part, None)
            if slip is None and words:
                self.slips.create(
                    congregation_id=self.congregation_id,
                    crew_id=self.crew_id,
                    member=by,
                    part=part,
                    words=words,
                )
            elif slip is not None and not words:
                slip.delete()
            elif slip is not None and slip.words != words:
                slip.words = words
                slip.save(update_fields=["words"])
        self.helped.filter(member=by).delete()
        self.helped.bulk_create(
            self.helped.model(
                congregation_id=self.congregation_id,
                lookback=self,
                change_id=change,
                member=by,
                answer=answer,
            )
            for change, answer in answers.helped.items()
            if answer
        )
        decision = self.decision_of(by) or Decision(
            congregation_id=self.congregation_id, lookback=self, member=by
        )
        if answers.way or decision.written_at is None:
            # What lies on the table keeps its way, even where a page sends none.
            decision.way = answers.way if self.asks_way else ""
        decision.word = answers.word
        decision.would_carry = answers.would_carry
        decision.without_names = answers.without_names and self.with_names
        decision.saved_at = now
        decision.save()
        return decision


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
    # Would have all names come off; forgotten at the reveal.
    without_names = models.BooleanField(default=False)
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
