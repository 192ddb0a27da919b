"""When people of a circle could meet each week: each one's own answer, which nobody else sees."""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import F, Q

from congregation.models import Member, Tenanted
from crews.models.crew import Crew, Seat
from crews.models.idea import Answer, Idea
from crews.models.table import OwnQuerySet
from crews.rules import Free


class CommonTime(Tenanted):
    """A time of the week at which one person could meet a crew, or the people of an idea.

    What is shown of it is only at which times all of them could.
    """

    crew = models.ForeignKey(
        Crew, null=True, blank=True, on_delete=models.CASCADE, related_name="common_times"
    )
    idea = models.ForeignKey(
        Idea, null=True, blank=True, on_delete=models.CASCADE, related_name="common_times"
    )
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    # On the member's own clock, in minutes since midnight.
    weekday = models.PositiveSmallIntegerField()
    begins = models.PositiveSmallIntegerField()
    ends = models.PositiveSmallIntegerField()
    if_need_be = models.BooleanField(default=False)

    objects: ClassVar[OwnQuerySet["CommonTime"]] = OwnQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="common_time_of_one_circle",
                condition=Q(crew__isnull=False, idea__isnull=True)
                | Q(crew__isnull=True, idea__isnull=False),
            ),
            models.CheckConstraint(
                name="common_time_within_a_day",
                condition=Q(weekday__lte=6, begins__lt=F("ends"), ends__lte=24 * 60),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["crew", "member"]),
            models.Index(fields=["idea", "member"]),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @classmethod
    def say(
        cls,
        circle: Crew | Idea,
        free: Iterable[Free],
        if_need_be: Iterable[Free],
        *,
        by: Member,
        now: datetime,
    ) -> None:
        """Say when one could meet this circle, and when if need be; said anew, it takes the earlier's place.

        Those at a crew's table may, and those who would join an idea. Known to nobody, so no event.
        """
        if by not in people(circle):
            raise PermissionDenied
        of = _of(circle)
        with transaction.atomic():
            Member.objects.select_for_update(no_key=True).get(pk=by.pk)
            cls.objects.filter(member=by, **of).delete()
            cls.objects.bulk_create(
                cls(
                    congregation_id=circle.congregation_id,
                    member=by,
                    weekday=time.weekday,
                    begins=time.begins,
                    ends=time.ends,
                    if_need_be=need,
                    **of,
                )
                for need, times in ((False, free), (True, if_need_be))
                for time in times
            )


def _of(circle: Crew | Idea) -> dict[str, Crew | Idea]:
    return {"crew" if isinstance(circle, Crew) else "idea": circle}


def people(circle: Crew | Idea) -> list[Member]:
    """Return who would meet: those at a crew's table, or the caller and all who would join. For verbs."""
    if isinstance(circle, Crew):
        seats = Seat.objects.at_table().filter(crew=circle)
        found = Member.objects.filter(state=Member.State.ACTIVE, pk__in=seats.values("member_id"))
    else:
        joins = Answer.objects.filter(idea=circle, choice=Answer.Choice.JOIN)
        found = Member.objects.present().filter(
            Q(pk__in=joins.values("member_id")) | Q(pk=circle.caller_id)
        )
    return list(found.select_related("user", "congregation").order_by("name_key"))


def said(circle: Crew | Idea) -> dict[Member, tuple[list[Free], list[Free]]]:
    """Return for each who has said it when they could, and when if need be. For verbs and their figures."""
    here = {person.pk: person for person in people(circle)}
    found: dict[Member, tuple[list[Free], list[Free]]] = {}
    for row in CommonTime.objects.filter(member__in=here, **_of(circle)):
        times = found.setdefault(here[row.member_id], ([], []))
        times[row.if_need_be].append(Free(row.weekday, row.begins, row.ends))
    return found
