"""A seed: an idea that a crew which works well sends out, with someone who visits what comes of it."""

from datetime import datetime
from typing import ClassVar, Final, Self

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext

from congregation.models import Event, Member, Notice, Tenanted, TenantedQuerySet
from crews.models.crew import Crew, Seat
from crews.models.idea import Idea

MOST_SEEDS: Final = 3


class SeedQuerySet(TenantedQuerySet["Seed"]):
    """Seeds of crews."""

    def visible_to(self, member: Member) -> Self:
        """Return those of one's own crews: where one sits already, or what came of a seed."""
        mine = Seat.objects.crews_of(member)
        return super().visible_to(member).filter(Q(crew__in=mine) | Q(idea__crew__in=mine))


class Seed(Tenanted):
    """One of up to three ideas that a crew seeds, and who of it visits the crew that comes of it."""

    crew = models.ForeignKey(Crew, on_delete=models.CASCADE, related_name="seeds")
    number = models.PositiveSmallIntegerField()
    idea = models.OneToOneField(Idea, on_delete=models.CASCADE, related_name="seed")
    visitor = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    planted_at = models.DateTimeField()
    visited_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[SeedQuerySet] = SeedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["crew", "number"], name="seed_numbered"),
            models.CheckConstraint(
                name="seed_three_at_most",
                condition=Q(number__gte=1, number__lte=MOST_SEEDS),
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return self.idea.get_absolute_url()

    @classmethod
    def plant(cls, crew: Crew, idea: Idea, *, by: Member, now: datetime) -> "Seed":
        """Call one's own open idea a seed of one's crew, which is in rhythm; three at most."""
        with transaction.atomic():
            held = Crew.objects.select_for_update(no_key=True).get(pk=crew.pk)
            at_table = Seat.objects.at_table().filter(crew=held)
            if idea.caller_id != by.pk or not at_table.filter(member=by).exists():
                raise PermissionDenied
            made = cls.objects.filter(idea=idea).first()
            if made is not None:
                return made
            if held.state != Crew.State.ACTIVE or held.is_partnership:
                raise ValidationError(gettext("A crew that is in rhythm can seed others."))
            if not idea.is_open(now=now):
                raise ValidationError(gettext("This idea isn’t open any more."))
            # An idea that came to nothing gives its place to another.
            cls.objects.filter(crew=held, idea__state=Idea.State.CLOSED).delete()
            taken = set(cls.objects.filter(crew=held).values_list("number", flat=True))
            number = next((n for n in range(1, MOST_SEEDS + 1) if n not in taken), None)
            if number is None:
                raise ValidationError(gettext("A crew seeds three others at most."))
            seed = cls.objects.create(
                congregation_id=crew.congregation_id,
                crew=held,
                number=number,
                idea=idea,
                planted_at=now,
            )
            Event.record("seed.plant", seed, by=by, now=now, circle=crew.pk)
            others = at_table.exclude(member=by).values("member_id")
            Notice.tell("crews.seed", Member.objects.filter(pk__in=others), seed, now=now)
        return seed

    def visit(self, *, by: Member, now: datetime) -> None:
        """Say that one visits what comes of it; anyone at the seeding crew's table who won't sit there may."""
        at_table = Seat.objects.at_table().filter(crew=self.crew_id, member=by)
        if not at_table.exists() or self.idea.caller_id == by.pk:
            raise PermissionDenied
        with transaction.atomic():
            taken = Seed.objects.filter(pk=self.pk, visitor__isnull=True).update(visitor=by)
            self.refresh_from_db(fields=["visitor"])
            if not taken and self.visitor_id != by.pk:
                raise ValidationError(gettext("Someone else of you visits already."))
            if taken:
                Event.record("seed.visit", self, by=by, now=now, circle=self.crew_id)

    def has_visited(self, *, by: Member, now: datetime) -> None:
        """Note that the visit has been; its visitor may, once a crew has come of it."""
        if by.pk != self.visitor_id:
            raise PermissionDenied
        if self.idea.crew_id is None:
            raise ValidationError(gettext("No crew has come of it yet."))
        Seed.objects.filter(pk=self.pk, visited_at__isnull=True).update(visited_at=now)
        self.refresh_from_db(fields=["visited_at"])
