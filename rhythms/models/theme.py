"""What belongs together in a look-back, and how much it weighs."""

from typing import ClassVar, Final, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from congregation.models import Member, Tenanted, TenantedQuerySet
from congregation.sealed import SealedTextField
from rhythms import prompts
from rhythms.models.lookback import LookBack

DOTS: Final = 3


class ThemeQuerySet(TenantedQuerySet["Theme"]):
    """Themes of look-backs."""

    def visible_to(self, member: Member) -> Self:
        """Return those of the look-backs that have opened to oneself."""
        opened = LookBack.objects.visible_to(member).filter(revealed_at__isnull=False)
        return super().visible_to(member).filter(lookback__in=opened.values("pk"))


class Theme(Tenanted):
    """Slips of one part that say one thing, under a name; a slip that stands alone has a theme without."""

    lookback = models.ForeignKey(LookBack, on_delete=models.CASCADE, related_name="themes")
    part = models.CharField(max_length=10, choices=prompts.PARTS)
    name = SealedTextField(_("name"), max_length=120)
    # How many dots it was given; null until all of them show at once.
    weight = models.PositiveSmallIntegerField(null=True, blank=True)

    objects: ClassVar[ThemeQuerySet] = ThemeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes: ClassVar = [models.Index(fields=["lookback", "part"])]

    def __str__(self) -> str:
        return str(self.pk)


class WeighingQuerySet(TenantedQuerySet["Weighing"]):
    """Dots that lie face down."""

    def visible_to(self, member: Member) -> Self:
        """Return one's own. Nobody else ever sees them: only their sums show."""
        return super().visible_to(member).filter(member=member)


class Weighing(Tenanted):
    """One person's three dots, face down; deleted once the weights show."""

    lookback = models.ForeignKey(LookBack, on_delete=models.CASCADE, related_name="weighings")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    first = models.ForeignKey(
        Theme, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    second = models.ForeignKey(
        Theme, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    third = models.ForeignKey(
        Theme, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )

    objects: ClassVar[WeighingQuerySet] = WeighingQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["lookback", "member"], name="weighing_once"),
            models.CheckConstraint(
                name="weighing_from_the_first_on",
                condition=(Q(second__isnull=True) | Q(first__isnull=False))
                & (Q(third__isnull=True) | Q(second__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def dots(self) -> dict[object, int]:
        """How many dots lie on which theme, by its key."""
        on = [pk for pk in (self.first_id, self.second_id, self.third_id) if pk]
        return {pk: on.count(pk) for pk in on}
