"""Whom one can turn to when something is too much."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Final, NamedTuple, Self

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from congregation.models.base import Tenanted, TenantedQuerySet
from congregation.models.congregation import Congregation
from congregation.models.event import Event
from congregation.models.people import Member

MOST_NUMBERS: Final = 6


class Line(NamedTuple):
    """What it is for, the number or address, and when somebody is there."""

    name: str
    way: str
    when: str


class HelpNumberQuerySet(TenantedQuerySet["HelpNumber"]):
    """Where there is help; everyone of a congregation sees its own."""

    def visible_to(self, member: Member) -> Self:
        """Return those of one's congregation, in the order that its hosts gave them."""
        return super().visible_to(member).order_by("number")


class HelpNumber(Tenanted):
    """Someone outside whom people here can turn to: hosts set them, everyone sees them."""

    number = models.PositiveSmallIntegerField()
    name = models.CharField(_("what for"), max_length=60)
    way = models.CharField(_("number or address"), max_length=120)
    when = models.CharField(_("when"), max_length=80, blank=True)

    objects: ClassVar[HelpNumberQuerySet] = HelpNumberQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["congregation", "number"], name="help_number_one_in_each_place"
            ),
            models.CheckConstraint(
                name="help_number_says_something", condition=~Q(name="") & ~Q(way="")
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def phone(self) -> str:
        """What a phone can dial, where the way is a number and nothing else; else nothing."""
        plain = "".join(sign for sign in self.way if sign not in " -()/.")
        digits = plain.removeprefix("+")
        return plain if digits.isascii() and digits.isdecimal() and len(digits) >= 3 else ""

    @classmethod
    def put(cls, lines: Sequence[Line], *, by: Member, now: datetime) -> None:
        """Put these in place of what was there, in this order; a host may."""
        if not by.hosts(now=now):
            raise PermissionDenied
        with transaction.atomic():
            # Held, so that of two hosts who save at once one list stands whole.
            Congregation.objects.select_for_update(no_key=True).get(pk=by.congregation_id)
            rows = cls.objects.filter(congregation=by.congregation_id)
            was = [Line(*row) for row in rows.order_by("number").values_list("name", "way", "when")]
            if was == list(lines):
                return
            rows.delete()
            cls.objects.bulk_create(
                cls(congregation_id=by.congregation_id, number=number, **line._asdict())
                for number, line in enumerate(lines[:MOST_NUMBERS], 1)
            )
            Event.record("help_numbers.put", by, by=by, now=now)
