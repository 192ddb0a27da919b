"""Turns to facilitate: how a crew takes them, who would rather not, who swaps; and counting them."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, ClassVar, Self
from zoneinfo import ZoneInfo

from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import Count, Exists, Max, OuterRef, Q, Subquery
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.models import Event, Member, Notice, Tenanted, TenantedQuerySet
from crews.models import Crew, CrewOnlyQuerySet, Seat
from rhythms import whose_turn
from rhythms.models.log import Led
from rhythms.models.plan import Plan
from rhythms.models.rhythm import StepOut

if TYPE_CHECKING:
    from rhythms.models.meeting import Meeting


class Turns(Tenanted):
    """How a crew takes turns to facilitate: one at a time, or two together."""

    crew = models.OneToOneField(Crew, on_delete=models.CASCADE, related_name="turns")
    in_pairs = models.BooleanField(default=False)

    objects: ClassVar[CrewOnlyQuerySet["Turns"]] = CrewOnlyQuerySet.as_manager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return str(self.pk)

    @classmethod
    def go(cls, crew: Crew, *, in_pairs: bool, by: Member, now: datetime) -> None:
        """Lead two together from now on, or one at a time; anyone at the table may."""
        with transaction.atomic():
            _check_table(crew, by=by)
            if in_pairs and crew.is_partnership:
                raise ValidationError(gettext("You are two: you lead by turns."))
            how, is_new = cls.objects.select_for_update().get_or_create(
                crew=crew, defaults={"congregation_id": crew.congregation_id, "in_pairs": in_pairs}
            )
            if how.in_pairs == in_pairs and not (is_new and in_pairs):
                return
            how.in_pairs = in_pairs
            how.save(update_fields=["in_pairs"])
            verb = "turns.in_pairs" if in_pairs else "turns.one_by_one"
            Event.record(verb, crew, by=by, now=now, circle=crew.pk)
            settle(crew, now=now)


class NotLeading(Tenanted):
    """That someone would rather not lead in a crew: their own choice, and nobody asks why."""

    crew = models.ForeignKey(Crew, on_delete=models.CASCADE, related_name="not_leading")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")

    objects: ClassVar[CrewOnlyQuerySet["NotLeading"]] = CrewOnlyQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["crew", "member"], name="not_leading_once")
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @classmethod
    def choose(cls, crew: Crew, leads: bool, *, by: Member, now: datetime) -> None:
        """Take turns in a crew, or no longer; each for themselves, at the table."""
        with transaction.atomic():
            _check_table(crew, by=by)
            mine = cls.objects.filter(crew=crew, member=by)
            if leads:
                changed = bool(mine.delete()[0])
            else:
                _row, changed = cls.objects.get_or_create(
                    crew=crew, member=by, defaults={"congregation_id": crew.congregation_id}
                )
            if changed:
                verb = "turns.lead" if leads else "turns.lead_not"
                Event.record(verb, crew, by=by, now=now, circle=crew.pk)
                settle(crew, now=now)


def _check_table(crew: Crew, *, by: Member) -> None:
    if not Seat.objects.at_table().filter(crew=crew, member=by).exists():
        raise PermissionDenied


# ---- who takes turns, and counting them


@dataclass(frozen=True, slots=True)
class Rota:
    """Who takes turns in a crew, in the order of seats, and what there is to go by."""

    here: list[uuid.UUID]
    takers: list[uuid.UUID]
    led: dict[uuid.UUID, whose_turn.Led]
    joined: dict[uuid.UUID, date]
    # Those who could be at a meeting of this crew before now.
    been: set[uuid.UUID]
    together: int

    def next(
        self, away: Collection[uuid.UUID], caller: uuid.UUID | None, n: int = 1
    ) -> list[uuid.UUID]:
        """Return who leads next, so many together, without those who are away for it."""
        new = whose_turn.newcomers(self.takers, self.been)
        return whose_turn.next_turns(
            self.takers, self.led, {*away, *new}, caller, self.joined, together=n
        )

    def pass_by(self, meeting: "Meeting", leads: list[uuid.UUID], away: set[uuid.UUID]) -> None:
        """Go on to after a meeting that is led by these."""
        for person in leads:
            times = self.led[person].times if person in self.led else 0
            self.led[person] = whose_turn.Led(times + 1, meeting.local_date)
        self.been.update(person for person in self.takers if person not in away)


def rota(crew: Crew, *, now: datetime) -> Rota:
    """Return who takes turns in a crew as things stand, in one query."""
    meetings = apps.get_model("rhythms", "Meeting").objects
    before = (
        meetings.filter(crew=crew, starts_at__lte=now)
        .exclude(state="cancelled")
        .order_by("-starts_at")
        .values("starts_at")[:1]
    )
    led = Led.objects.filter(crew=OuterRef("crew"), member=OuterRef("member")).order_by()
    of_each = led.values("member").annotate(times=Count("pk"), last_on=Max("on"))
    rows = list(
        Seat.objects.filter(crew=crew, member__state=Member.State.ACTIVE)
        .at_table()
        .annotate(
            leads_not=Exists(
                NotLeading.objects.filter(crew=OuterRef("crew"), member=OuterRef("member"))
            ),
            in_pairs=Exists(Turns.objects.filter(crew=OuterRef("crew"), in_pairs=True)),
            last_met=Subquery(before, output_field=models.DateTimeField()),
            times=Subquery(of_each.values("times")),
            last_on=Subquery(of_each.values("last_on")),
        )
        .order_by("number")
        .values_list(
            "member_id", "taken_at", "leads_not", "in_pairs", "last_met", "times", "last_on"
        )
    )
    zone = ZoneInfo(crew.congregation.zone)
    return Rota(
        here=[member for member, *_rest in rows],
        takers=[member for member, _at, leads_not, *_rest in rows if not leads_not],
        led={member: whose_turn.Led(n, on) for member, *_rest, n, on in rows if n},
        joined={member: at.astimezone(zone).date() for member, at, *_rest in rows},
        been={member for member, at, _not, _pairs, last, *_rest in rows if last and at <= last},
        together=2 if rows and rows[0][3] else 1,
    )


def settle(crew: Crew, *, now: datetime) -> None:
    """Count whose turn each meeting to come is; a turn that people gave, took or swapped stays as it is."""
    found = rota(crew, now=now)
    ahead = (
        apps.get_model("rhythms", "Meeting")
        .objects.filter(crew=crew, state="planned", commitment__state="running")
        .select_related("plan", "commitment")
        .prefetch_related("comings")
        .order_by("starts_at", "number")
    )
    outs = StepOut.objects.of_crew(crew)
    changed = []
    for meeting in ahead:
        plan: Plan = getattr(meeting, "plan", None) or meeting.plan_of()
        # Who stepped out of a rhythm leads none of its meetings.
        commitment = meeting.commitment
        away = meeting.cant() | (outs[commitment.rhythm_id] if commitment else set())
        caller = commitment.proposed_by_id if commitment else None
        if meeting.starts_at > now and _count(plan, found, away, caller):
            changed.append(plan)
        found.pass_by(meeting, plan.leads, away)
    if changed:
        fields = ["facilitator", "turn", "second", "second_turn"]
        Plan.objects.bulk_update(changed, fields)


def _count(plan: Plan, found: Rota, away: set[uuid.UUID], caller: uuid.UUID | None) -> bool:
    """Count anew who leads one meeting; return whether that is someone else, or for another reason."""
    before = (plan.facilitator_id, plan.turn, plan.second_id, plan.second_turn)
    counted = Plan.Turn.COUNTED
    held = [
        (person, turn)
        for person, turn in ((before[0], before[1]), (before[2], before[3]))
        if person is not None
        and turn != counted
        and person not in away
        and (person in found.takers or (turn == Plan.Turn.TAKEN and person in found.here))
    ]
    given: list[tuple[uuid.UUID | None, str]] = [*held[: found.together]]
    taken = {person for person, _turn in held}
    more = found.next({*away, *taken}, caller, n=found.together - len(given))
    given += [*((person, counted) for person in more), (None, counted), (None, counted)]
    (plan.facilitator_id, plan.turn), (plan.second_id, plan.second_turn) = given[:2]
    return before != (plan.facilitator_id, plan.turn, plan.second_id, plan.second_turn)


# ---- two who swap


class SwapQuerySet(TenantedQuerySet["Swap"]):
    """Swaps that were offered."""

    def visible_to(self, member: Member) -> Self:
        """Return those that a member offered or is asked."""
        return super().visible_to(member).filter(Q(asker=member) | Q(asked=member))

    def open(self, now: datetime) -> Self:
        """Return those that can be accepted still: both meetings are ahead, and led as they were."""
        return self.filter(
            Q(plan__facilitator=models.F("asker")) | Q(plan__second=models.F("asker")),
            Q(other__facilitator=models.F("asked")) | Q(other__second=models.F("asked")),
            state=Swap.State.OPEN,
            plan__meeting__state="planned",
            other__meeting__state="planned",
            plan__meeting__starts_at__gt=now,
            other__meeting__starts_at__gt=now,
        )


class Swap(Tenanted):
    """One person's offer to another to lead each other's meeting."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        DONE = "done", _("Swapped")
        NOT_NOW = "not_now", _("Not this time")
        BACK = "back", _("Taken back")

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="swaps_offered")
    other = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="swaps_asked")
    asker = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    asked = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=7, choices=State, default=State.OPEN)
    asked_at = models.DateTimeField()

    objects: ClassVar[SwapQuerySet] = SwapQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["plan", "asker"], condition=Q(state="open"), name="swap_one_offer_each"
            ),
            models.CheckConstraint(
                name="swap_of_two_by_two",
                condition=~Q(plan=models.F("other")) & ~Q(asker=models.F("asked")),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["asked", "state"])]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        crew = self.plan.meeting.crew
        return f"{crew.get_absolute_url()}#turn" if crew else self.plan.get_absolute_url()

    @property
    def is_done(self) -> bool:
        """Whether the two have swapped."""
        return self.state == Swap.State.DONE

    @classmethod
    def ask(cls, plan: Plan, other: Plan, asked: Member, *, by: Member, now: datetime) -> "Swap":
        """Offer one's turn for another's; who has it may. Another offer for the same turn ends the first."""
        if not plan.led_by(by) or not plan.meeting.is_of(by):
            raise PermissionDenied
        is_ahead = all(
            each.meeting.state == "planned" and each.meeting.starts_at > now
            for each in (plan, other)
        )
        same = plan.meeting.crew_id is not None and plan.meeting.crew_id == other.meeting.crew_id
        if not (is_ahead and same and other.led_by(asked)) or plan.led_by(asked):
            raise ValidationError(gettext("That turn has changed meanwhile; look again."))
        if other.led_by(by) or asked.pk in plan.meeting.cant() or by.pk in other.meeting.cant():
            raise ValidationError(
                gettext("These two turns can’t be swapped: one of you can’t come.")
            )
        with transaction.atomic():
            mine = cls.objects.filter(plan=plan, asker=by, state=cls.State.OPEN)
            if same_offer := mine.filter(other=other, asked=asked).first():
                return same_offer
            mine.update(state=cls.State.BACK)
            try:
                with transaction.atomic():
                    swap = cls.objects.create(
                        congregation_id=plan.congregation_id,
                        plan=plan,
                        other=other,
                        asker=by,
                        asked=asked,
                        asked_at=now,
                    )
            except IntegrityError as error:
                raise ValidationError(gettext("You have just offered this turn.")) from error
            plan.meeting._record("turn.offer", by=by, now=now)
            Notice.tell("rhythms.swap_asked", [asked], swap, now=now)
        return swap

    def answer(self, yes: bool, *, by: Member, now: datetime) -> None:
        """Swap, or not this time; only the one who is asked may. The same answer twice is once."""
        if by.pk != self.asked_id:
            raise PermissionDenied
        with transaction.atomic():
            to = Swap.State.DONE if yes else Swap.State.NOT_NOW
            mine = Swap.objects.filter(pk=self.pk)
            still = mine.open(now) if yes else mine.filter(state=Swap.State.OPEN)
            if (
                not Swap.objects.filter(pk__in=list(still.values_list("pk", flat=True)))
                .filter(state=Swap.State.OPEN)
                .update(state=to)
            ):
                self.refresh_from_db(fields=["state"])
                if self.state == to:
                    return
                raise ValidationError(gettext("This offer is no longer open."))
            self.state = to
            if yes:
                self._swap()
                self.plan.meeting._record("turn.swap", by=by, now=now)
                assert self.plan.meeting.crew is not None
                settle(self.plan.meeting.crew, now=now)
            Notice.tell("rhythms.swap_answered", [self.asker], self, now=now)

    def take_back(self, *, by: Member, now: datetime) -> None:
        """Take an offer back; who made it may. Taking it back twice is once."""
        if by.pk != self.asker_id:
            raise PermissionDenied
        Swap.objects.filter(pk=self.pk, state=Swap.State.OPEN).update(state=Swap.State.BACK)
        self.refresh_from_db(fields=["state"])

    def _swap(self) -> None:
        """Let each lead the other's meeting; of two swaps of the same turn at once, one is refused."""
        gives = [
            (self.plan_id, self.asker_id, self.asked_id),
            (self.other_id, self.asked_id, self.asker_id),
        ]
        for plan, before, after in sorted(gives):
            swapped = 0
            for slot, turn in (("facilitator", "turn"), ("second", "second_turn")):
                if not swapped:
                    swapped = Plan.objects.filter(**{"pk": plan, slot: before}).update(
                        **{slot: after, turn: Plan.Turn.SWAPPED}
                    )
            if not swapped:
                raise ValidationError(gettext("That turn has changed meanwhile; look again."))
