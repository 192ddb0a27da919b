"""The changes that a crew tries, and how they went."""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar, Final, Self

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.models import Event, Member, Tenanted, TenantedQuerySet
from congregation.sealed import SealedTextField
from crews.models import Seat
from rhythms.models.lookback import LookBack

# One is enough; nobody tries more than three at once.
MOST_CHANGES: Final = 3


class ChangeQuerySet(TenantedQuerySet["Change"]):
    """Changes that crews try."""

    def visible_to(self, member: Member) -> Self:
        """Return those of the look-backs that have opened to oneself."""
        opened = LookBack.objects.visible_to(member).filter(revealed_at__isnull=False)
        return super().visible_to(member).filter(lookback__in=opened.values("pk"))


class Change(Tenanted):
    """One thing that a crew does otherwise from now on, and who carries it; it opens the next look-back."""

    lookback = models.ForeignKey(LookBack, on_delete=models.CASCADE, related_name="changes")
    number = models.PositiveSmallIntegerField()
    words = SealedTextField(_("what we change"), max_length=300)
    # Null once whoever carried it has left.
    carrier = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    chosen_at = models.DateTimeField()

    objects: ClassVar[ChangeQuerySet] = ChangeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["lookback", "number"], name="change_numbered"),
            models.CheckConstraint(
                name="change_few", condition=Q(number__gte=1, number__lte=MOST_CHANGES)
            ),
        ]
        ordering: ClassVar = ["number"]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return self.lookback.get_absolute_url()

    @classmethod
    def choose(
        cls, lookback: LookBack, words: str, carrier: Member, *, by: Member, now: datetime
    ) -> "Change":
        """Choose a change that the crew tries, and who carries it; anyone at the table may.

        The same words with another carrier hand it on. It can be done until the next look-back opens.
        """
        words = words.strip()
        with transaction.atomic():
            there = _hold(lookback, by=by)
            if not words:
                raise ValidationError({"own": gettext("Choose one change, or write your own.")})
            if not Seat.objects.at_table().filter(crew=lookback.crew_id, member=carrier).exists():
                raise ValidationError(
                    {"carrier": gettext("Someone who is at the table carries it.")}
                )
            change = next((one for one in there if one.words == words), None)
            if change is not None and change.carrier_id == carrier.pk:
                return change
            if change is None:
                taken = {one.number for one in there}
                free = [n for n in range(1, MOST_CHANGES + 1) if n not in taken]
                if not free:
                    raise ValidationError(
                        {"own": gettext("Three are plenty: drop one of them first.")}
                    )
                change = cls(
                    congregation_id=lookback.congregation_id,
                    lookback=lookback,
                    number=free[0],
                    words=words,
                    chosen_at=now,
                )
            change.carrier = carrier
            change.clean_fields(exclude=["congregation", "lookback", "carrier"])
            change.save()
            Event.record("lookback.change", lookback, by=by, now=now, circle=lookback.crew_id)
        return change

    def drop(self, *, by: Member, now: datetime) -> None:
        """Drop a change again; anyone at the table may, until the next look-back opens. Twice is once."""
        with transaction.atomic():
            _hold(self.lookback, by=by)
            if Change.objects.filter(pk=self.pk).delete()[0]:
                Event.record(
                    "lookback.drop", self.lookback, by=by, now=now, circle=self.lookback.crew_id
                )


def _hold(lookback: LookBack, *, by: Member) -> list[Change]:
    """Hold a look-back whose changes are chosen, and return those there are."""
    if not Seat.objects.at_table().filter(crew=lookback.crew_id, member=by).exists():
        raise PermissionDenied
    held = LookBack.objects.select_for_update(no_key=True).get(pk=lookback.pk)
    if not held.is_revealed:
        raise ValidationError(gettext("First it opens to all of you."))
    later = LookBack.objects.filter(crew=lookback.crew_id, opened_at__gt=lookback.opened_at)
    if later.exists():
        raise ValidationError(gettext("Your next look-back has begun with it."))
    return list(Change.objects.filter(lookback=lookback))


class HelpedQuerySet(TenantedQuerySet["Helped"]):
    """How changes went."""

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


class Helped(Tenanted):
    """How a change went, as one person says at the look-back that it opens; never with a name after."""

    class Answer(models.TextChoices):
        YES = "yes", _("Yes")
        SOME = "some", _("A bit")
        NO = "no", _("No")

    lookback = models.ForeignKey(LookBack, on_delete=models.CASCADE, related_name="helped")
    change = models.ForeignKey(Change, on_delete=models.CASCADE, related_name="helped")
    member = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    answer = models.CharField(max_length=4, choices=Answer)

    objects: ClassVar[HelpedQuerySet] = HelpedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["lookback", "change", "member"], name="helped_once_each"
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @classmethod
    def lay_open(cls, lookback: LookBack, written_by: Iterable[Member]) -> None:
        """Leave only what these people said, without their names, in rows made anew; inside the reveal."""
        keepers = {person.pk for person in written_by}
        fresh = [
            cls(
                congregation_id=lookback.congregation_id,
                lookback=lookback,
                change_id=row.change_id,
                answer=row.answer,
            )
            for row in cls.objects.filter(lookback=lookback)
            if row.member_id in keepers
        ]
        cls.objects.filter(lookback=lookback).delete()
        cls.objects.bulk_create(sorted(fresh, key=lambda row: row.pk))
