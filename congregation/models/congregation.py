"""The tenancy root."""

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.models.base import Row

if TYPE_CHECKING:
    from congregation.models.people import Member


class CongregationManager(models.Manager["Congregation"]):
    """Ways to a congregation."""


class Congregation(Row):
    """People of one region who support each other in crews."""

    class Stage(models.TextChoices):
        """How far it is open: one crew first, or all of it. It goes one way only."""

        ONE_CREW = "one_crew", _("One crew")
        WHOLE = "whole", _("A congregation")

    name = models.CharField(_("name"), max_length=80)
    slug = models.SlugField(max_length=50, unique=True)
    word = models.CharField(
        _("what you call yourselves"), max_length=40, default="congregation", blank=True
    )
    region = models.CharField(_("region"), max_length=80, blank=True)
    purpose = models.CharField(_("purpose"), max_length=300, blank=True)
    zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    is_demo = models.BooleanField(default=False)
    founded_at = models.DateTimeField()
    stage = models.CharField(max_length=8, choices=Stage, default=Stage.WHOLE)
    grown_at = models.DateTimeField(null=True, blank=True)
    seats_max = models.PositiveSmallIntegerField(
        default=8, validators=[MinValueValidator(3), MaxValueValidator(12)]
    )
    seats_min = models.PositiveSmallIntegerField(default=3)
    split_threshold = models.PositiveSmallIntegerField(default=100)
    warning_threshold = models.PositiveSmallIntegerField(default=150)
    ceiling = models.PositiveSmallIntegerField(default=200)
    # After how many months without a letter hosts are reminded of one; 0 for never.
    letter_every = models.PositiveSmallIntegerField(default=1)
    # Expected, active and away members: raised by a conditional UPDATE, so that the ceiling holds.
    places_taken = models.PositiveSmallIntegerField(default=0)

    objects: ClassVar[CongregationManager] = CongregationManager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="congregation_grows_once",
                condition=Q(stage="one_crew", grown_at__isnull=True) | Q(stage="whole"),
            ),
            models.CheckConstraint(
                name="congregation_crew_sizes",
                condition=Q(seats_max__gte=3, seats_max__lte=12, seats_min__gte=2)
                & Q(seats_min__lte=F("seats_max")),
            ),
            models.CheckConstraint(
                name="congregation_thresholds",
                condition=Q(split_threshold__gte=60, split_threshold__lte=200)
                & Q(warning_threshold__lte=F("ceiling"), ceiling__lte=200),
            ),
            models.CheckConstraint(
                name="congregation_never_past_ceiling",
                condition=Q(places_taken__lte=F("ceiling")),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def any_here(cls) -> bool:
        """Whether a congregation has been founded on this server."""
        return cls.objects.exists()

    @property
    def is_one_crew(self) -> bool:
        """Whether it is one crew so far: no pool, no ideas, no further crews."""
        return self.stage == self.Stage.ONE_CREW

    def grow(self, *, name: str = "", by: "Member", now: datetime) -> None:
        """Open the rooms of a whole congregation, under a name of its own; a host may, once and for good.

        Everyone else here is told. The crew stays what it is.
        """
        from congregation.models.event import Event
        from congregation.models.outbox import Notice
        from congregation.models.people import Member

        if by.congregation_id != self.pk or not by.hosts(now=now):
            raise PermissionDenied
        with transaction.atomic():
            grows = Congregation.objects.filter(pk=self.pk, stage=self.Stage.ONE_CREW).update(
                stage=self.Stage.WHOLE, grown_at=now, name=name or self.name
            )
            self.refresh_from_db()
            if grows:
                Event.record("congregation.grow", by, by=by, now=now)
                others = Member.objects.filter(congregation=self).present().exclude(pk=by.pk)
                Notice.tell("congregation.grown", others, by, now=now)

    def write_every(self, months: int, *, by: "Member", now: datetime) -> None:
        """Choose after how many months without a letter hosts are reminded of one; a host may."""
        from congregation.models.event import Event

        if by.congregation_id != self.pk or not by.hosts(now=now):
            raise PermissionDenied
        with transaction.atomic():
            changed = Congregation.objects.filter(pk=self.pk).exclude(letter_every=months)
            if changed.update(letter_every=months):
                self.letter_every = months
                Event.record("congregation.write_every", by, by=by, now=now)

    @property
    def is_full(self) -> bool:
        """Whether nobody more is admitted."""
        return self.places_taken >= self.ceiling

    @property
    def asks_again(self) -> bool:
        """Whether each admission needs a second yes, since so many are here."""
        return self.places_taken >= self.warning_threshold

    def check_again(self, *, again: bool) -> None:
        """Refuse an admission past the warning that wasn't said again, knowing how many are here (`again`)."""
        if self.asks_again and not again:
            raise ValidationError(
                gettext(
                    "We are %(number)s by now. Please say again that there should be more of us."
                )
                % {"number": self.places_taken}
            )

    def take_place(self) -> int:
        """Take one more place and return how many are taken; never past the ceiling."""
        taken = Congregation.objects.filter(pk=self.pk, places_taken__lt=F("ceiling")).update(
            places_taken=F("places_taken") + 1
        )
        self.refresh_from_db(fields=["places_taken", "ceiling"])
        if not taken:
            raise ValidationError(
                gettext(
                    "We are %(number)s here, as many as can know each other. There is room again once we have become two."
                )
                % {"number": self.ceiling}
            )
        return self.places_taken

    def give_place_back(self) -> None:
        """Free the place of someone who left."""
        Congregation.objects.filter(pk=self.pk, places_taken__gt=0).update(
            places_taken=F("places_taken") - 1
        )
