"""A member's picture."""

import hashlib
from datetime import datetime
from typing import ClassVar, Self

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models.functions import Length
from django.db.models.lookups import GreaterThan, LessThanOrEqual

from congregation.likeness import MOST_KEPT
from congregation.models.base import Tenanted, TenantedQuerySet
from congregation.models.event import Event
from congregation.models.people import Member


class PortraitQuerySet(TenantedQuerySet["Portrait"]):
    """The pictures of people."""

    def visible_to(self, member: Member) -> Self:
        """Return the pictures of those whom a member sees."""
        return super().visible_to(member).filter(member__in=Member.objects.visible_to(member))


class Portrait(Tenanted):
    """What a member looks like, a small square picture that everyone in the congregation may see.

    Its key stands with the member, so that a list of people needs neither a join nor another query, and is
    part of its address, so that a changed picture is another address.
    """

    member = models.OneToOneField(Member, on_delete=models.CASCADE, related_name="+")
    image = models.BinaryField()

    objects: ClassVar[PortraitQuerySet] = PortraitQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="portrait_is_there", condition=GreaterThan(Length("image"), 0)
            ),
            models.CheckConstraint(
                name="portrait_is_small", condition=LessThanOrEqual(Length("image"), MOST_KEPT)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member_id}"

    @classmethod
    def show(cls, member: Member, image: bytes, *, by: Member, now: datetime) -> None:
        """Show a picture of oneself, instead of any before; only oneself may, while one is here.

        `image` is what `congregation.likeness` made.
        """
        if by.pk != member.pk:
            raise PermissionDenied
        # Bound to the member: in two congregations, the same picture has two keys.
        key = hashlib.sha256(member.pk.bytes + image).hexdigest()[:16]
        with transaction.atomic():
            # The member's row is held, so that of two pictures sent at once the later one stays, whole.
            held = Member.objects.select_for_update().present().filter(pk=member.pk).first()
            if held is None:
                raise PermissionDenied
            member.portrait_key = key
            if held.portrait_key == key:
                return
            cls.objects.update_or_create(
                member=member,
                defaults={"congregation_id": member.congregation_id, "image": image},
            )
            member.save(update_fields=["portrait_key"])
            Event.record("portrait.show", member, by=by, now=now, circle=member.pk)

    @classmethod
    def take_away(cls, member: Member, *, by: Member, now: datetime) -> None:
        """Take one's picture away, so that the initials stand there again; only oneself may."""
        if by.pk != member.pk:
            raise PermissionDenied
        with transaction.atomic():
            if cls.erase(member):
                Event.record("portrait.take_away", member, by=by, now=now, circle=member.pk)

    @classmethod
    def erase(cls, member: Member) -> bool:
        """Delete someone's picture and say whether there was one; for leaving and erasing, in their transaction."""
        with transaction.atomic():
            held = Member.objects.select_for_update().filter(pk=member.pk).first()
            gone, _rows = cls.objects.filter(member=member).delete()
            member.portrait_key = ""
            if held and held.portrait_key:
                member.save(update_fields=["portrait_key"])
            return bool(gone)
