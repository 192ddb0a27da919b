"""Days on which a rhythm pauses: holidays, summer."""

from collections.abc import Iterable
from datetime import date
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q

from congregation.models import Member, Tenanted, TenantedQuerySet
from crews.models import Seat
from rhythms.models.rhythm import Rhythm


class PauseQuerySet(TenantedQuerySet["Pause"]):
    """Pauses of rhythms."""

    def visible_to(self, member: Member) -> Self:
        """Return those of the congregation's rhythms, and of one's own crews'."""
        return (
            super()
            .visible_to(member)
            .filter(
                Q(rhythm__crew__isnull=True) | Q(rhythm__crew__in=Seat.objects.crews_of(member))
            )
        )


class Pause(Tenanted):
    """A span of days, or one day, on which a rhythm rests. What falls into it counts as one of the times.

    Its meetings are called off with it, and come back when it is lifted.
    """

    rhythm = models.ForeignKey(Rhythm, on_delete=models.CASCADE, related_name="pauses")
    first_on = models.DateField()
    last_on = models.DateField()
    made_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField()

    objects: ClassVar[PauseQuerySet] = PauseQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rhythm", "first_on", "last_on"], name="pause_once"),
            models.CheckConstraint(
                name="pause_ends_after_it_begins", condition=Q(last_on__gte=F("first_on"))
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_one_day(self) -> bool:
        """Whether it is a single day."""
        return self.first_on == self.last_on

    def covers(self, day: date) -> bool:
        """Tell whether a day lies in it."""
        return self.first_on <= day <= self.last_on


def pause_of(pauses: Iterable[Pause], day: date) -> Pause | None:
    """Return the pause that a day lies in, if there is one."""
    return next((pause for pause in pauses if pause.covers(day)), None)
