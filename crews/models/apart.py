"""Whom someone would rather not be with, and whom they leave out of suggestions: known to nobody else.

docs/decisions/0050-not-with.md says what each of these changes, and for whom.
"""

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import ClassVar, Final, Self

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from congregation.models import Member, Tenanted, TenantedQuerySet
from crews.models.crew import Seat

NOT_NOW: Final = timedelta(days=91)
"""For how long "not now" leaves someone out of suggestions."""


class NotWithQuerySet(TenantedQuerySet["NotWith"]):
    """Who would rather not be with whom."""

    def visible_to(self, member: Member) -> Self:
        """Return one's own choices; nobody sees another's, ever."""
        return super().visible_to(member).filter(member=member)

    def of(self, member: Member) -> "QuerySet[NotWith, object]":
        """Return the ids of those whom a member would rather not be with, as a subquery."""
        return self.filter(member=member).values("other_id")

    def between(self, one: str, other: str) -> Exists:
        """Tell for each row whether either of the two in these of its columns chose not to be with the
        other. For what the app brings together by itself, never for a page.
        """
        first, second = OuterRef(one), OuterRef(other)
        return Exists(
            self.filter(Q(member=first, other=second) | Q(member=second, other=first)).order_by()
        )

    def pairs(self, people: Collection[uuid.UUID]) -> set[frozenset[uuid.UUID]]:
        """Return the pairs among these people of whom either chose not to be with the other.

        For whatever puts people together (seasons, home groups, repairs), never for a page: nothing that
        is shown may say that a pair is kept apart, nor why two are not together.
        """
        rows = self.filter(member__in=people, other__in=people)
        return {frozenset(pair) for pair in rows.values_list("member_id", "other_id")}


class NotWith(Tenanted):
    """That one would rather not be with someone: honoured everywhere, visible nowhere.

    It appends no event, and what the other one and everyone else is shown stays as it was.
    """

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField()

    objects: ClassVar[NotWithQuerySet] = NotWithQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["member", "other"], name="not_with_once"),
            models.CheckConstraint(name="not_with_another", condition=~Q(member=F("other"))),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @classmethod
    def choose(cls, other: Member, *, by: Member, now: datetime) -> None:
        """Choose not to be with someone of one's congregation. One's wish to talk with them goes, and one's
        yes to being introduced to them.

        What is there already stays: a crew that both sit in, a table, a hello; each has its own way out.
        """
        from crews.models.interest import Interest
        from crews.models.introduction import IntroductionAnswer

        _check(other, by=by)
        with transaction.atomic():
            cls.objects.get_or_create(
                member=by,
                other=other,
                defaults={"congregation_id": by.congregation_id, "since": now},
            )
            Interest.objects.filter(wisher=by, other=other).update(is_taken_back=True)
            of_us = Q(introduction__member=other) | Q(introduction__other=other)
            IntroductionAnswer.objects.filter(of_us, member=by).update(is_yes=False)

    @classmethod
    def take_back(cls, other: Member, *, by: Member) -> None:
        """Take it back; nobody learns that it was there."""
        cls.objects.filter(member=by, other=other).delete()


class LeftOutQuerySet(TenantedQuerySet["LeftOut"]):
    """Who is left out of whose suggestions."""

    def visible_to(self, member: Member) -> Self:
        """Return one's own choices; nobody sees another's, ever."""
        return super().visible_to(member).filter(member=member)

    def in_force(self, now: datetime) -> Self:
        """Return those whose time is not over."""
        return self.filter(Q(until__isnull=True) | Q(until__gt=now))

    def let_go(self, *, now: datetime) -> int:
        """Delete those whose time is over; return how many."""
        return self.filter(until__lte=now).delete()[0]


class LeftOut(Tenanted):
    """That someone is left out of one's suggestions, for some months or because one knows them well.

    Without a person it stands for all those with whom one sits or has sat in a crew. It changes nothing
    but one's own suggestions.
    """

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    # After that day they may be suggested again; empty for good.
    until = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[LeftOutQuerySet] = LeftOutQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["member", "other"], name="left_out_once"),
            models.UniqueConstraint(
                fields=["member"], condition=Q(other__isnull=True), name="left_out_mates_once"
            ),
            models.CheckConstraint(
                name="left_out_another", condition=Q(other__isnull=True) | ~Q(member=F("other"))
            ),
            models.CheckConstraint(
                name="left_out_mates_for_good",
                condition=Q(other__isnull=False) | Q(until__isnull=True),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["until"])]

    def __str__(self) -> str:
        return str(self.pk)

    @classmethod
    def not_now(cls, other: Member, *, by: Member, now: datetime) -> None:
        """Leave someone out of one's suggestions for some months; who is left out for good stays so."""
        _check(other, by=by)
        row, is_new = cls.objects.get_or_create(
            member=by,
            other=other,
            defaults={"congregation_id": by.congregation_id, "until": now + NOT_NOW},
        )
        if not is_new and row.until:
            cls.objects.filter(pk=row.pk, until__isnull=False).update(until=now + NOT_NOW)

    @classmethod
    def for_good(cls, other: Member, *, by: Member) -> None:
        """Leave someone whom one knows well out of one's suggestions."""
        _check(other, by=by)
        cls.objects.update_or_create(
            member=by,
            other=other,
            defaults={"until": None},
            create_defaults={"congregation_id": by.congregation_id},
        )

    @classmethod
    def mates(cls, is_on: bool, *, by: Member) -> None:
        """Say whether those with whom one sits or has sat in a crew are left out of one's suggestions."""
        if is_on:
            cls.objects.get_or_create(
                member=by, other=None, defaults={"congregation_id": by.congregation_id}
            )
        else:
            cls.objects.filter(member=by, other=None).delete()

    @classmethod
    def take_back(cls, other: Member, *, by: Member) -> None:
        """Let someone be suggested again."""
        cls.objects.filter(member=by, other=other).delete()


def sat_with(member: Member) -> set[uuid.UUID]:
    """Return the ids of those who sit or sat at a table at the same time as a member, for the member alone.

    Who came to a crew after one had left is none of them: that isn't for one to know.
    """
    mine = Seat.objects.filter(member=member, crew=OuterRef("crew")).filter(
        Q(left_at__isnull=True) | Q(left_at__gt=OuterRef("taken_at"))
    )
    together = mine.filter(Q(taken_at__lt=OuterRef("left_at")))
    still = mine.all()
    seats = Seat.objects.filter(congregation=member.congregation_id).exclude(member=member)
    seats = seats.filter((Q(left_at__isnull=True) & Exists(still)) | Exists(together))
    return set(seats.values_list("member_id", flat=True))


def _check(other: Member, *, by: Member) -> None:
    if other.pk == by.pk or other.congregation_id != by.congregation_id:
        raise PermissionDenied
