"""The log: what happened, without what was said."""

import uuid
from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q, QuerySet

from congregation.models.base import Tenanted, TenantedQuerySet
from congregation.models.people import Member


class EventQuerySet(TenantedQuerySet["Event"]):
    """What happened in congregations."""

    def visible_to(
        self, member: Member, *, circles: "QuerySet[models.Model] | None" = None
    ) -> Self:
        """Return what the whole congregation may know, and what happened in the circles given.

        `circles` is a subquery of ids (of crews, say) that the caller's app knows to be the member's own.
        """
        mine = Q(circle__isnull=True)
        if circles is not None:
            mine |= Q(circle__in=circles)
        return super().visible_to(member).filter(mine)


class Event(Tenanted):
    """One thing that someone did: who, what, when and to which row, never in whose words."""

    actor = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    verb = models.CharField(max_length=60)
    subject = models.UUIDField()
    # The crew or pair that alone may know of it; null means the whole congregation.
    circle = models.UUIDField(null=True, blank=True)
    at = models.DateTimeField()

    objects: ClassVar[EventQuerySet] = EventQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["congregation", "circle", "at"]),
            models.Index(fields=["subject"]),
        ]

    def __str__(self) -> str:
        return self.verb

    @classmethod
    def record(
        cls,
        verb: str,
        subject: Tenanted,
        *,
        by: Member | None,
        now: datetime,
        circle: uuid.UUID | None = None,
    ) -> "Event":
        """Append to the log, inside the transaction of the verb that did it."""
        return cls.objects.create(
            congregation_id=subject.congregation_id,
            actor=by,
            verb=verb,
            subject=subject.pk,
            circle=circle,
            at=now,
        )
