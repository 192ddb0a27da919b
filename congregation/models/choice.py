"""What people want to be mailed, how often, and the digests that gather the rest."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Self
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from congregation import rules
from congregation.models.base import Tenanted, TenantedQuerySet
from congregation.models.people import Member

if TYPE_CHECKING:
    from congregation.notices import Kind


class Often(models.TextChoices):
    """How often someone is mailed of a kind of notice. In the app they find it in any case."""

    AT_ONCE = "at_once", _("At once")
    DAILY = "daily", _("Once a day")
    WEEKLY = "weekly", _("Once a week")
    OFF = "off", _("No mail")


DIGESTED = frozenset({Often.DAILY, Often.WEEKLY})


def next_digest(member: Member, often: str, *, now: datetime) -> datetime:
    """Return when the digest is due that takes what a member is told now."""
    user = member.user
    assert user is not None
    weekday = user.digest_on if often == Often.WEEKLY else None
    return rules.next_digest(now, member.zone, user.digest_at, weekday)


class NoticeChoiceQuerySet(TenantedQuerySet["NoticeChoice"]):
    """How often people want to be mailed of what."""

    def visible_to(self, member: Member) -> Self:
        return super().visible_to(member).filter(member=member)

    def of(self, people: Collection[Member], kind: "Kind") -> dict[UUID, str]:
        """Return how often each person is mailed of a kind, by their id, in one query.

        What they said of the kind holds, else of its group, else what is usual there.
        """
        if not kind.may_stop:
            return {person.pk: Often.AT_ONCE.value for person in people}
        said = {
            (row.member_id, row.kind): row.often
            for row in self.filter(member__in=people, kind__in=[kind.name, kind.group.name])
        }
        return {
            person.pk: said.get((person.pk, kind.name))
            or said.get((person.pk, kind.group.name), kind.group.usual)
            for person in people
        }


class NoticeChoice(Tenanted):
    """How often a member is mailed of one kind or group of kinds; without a row, as is usual there."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="notice_choices")
    # The name of a kind ("app.name") or of a group of kinds ("news").
    kind = models.CharField(max_length=60)
    often = models.CharField(max_length=8, choices=Often)

    objects: ClassVar[NoticeChoiceQuerySet] = NoticeChoiceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["member", "kind"], name="notice_choice_once")
        ]

    def __str__(self) -> str:
        return self.kind

    @classmethod
    def choose(cls, member: Member, kind: str, often: str | None, *, by: Member) -> None:
        """Choose how often to be mailed of a kind or a group; None: as is usual, or as the group says.

        Only oneself may, or who holds one's stop link.
        """
        if by.pk != member.pk:
            raise PermissionDenied
        if often is None:
            cls.objects.filter(member=member, kind=kind).delete()
            return
        cls.objects.update_or_create(
            member=member,
            kind=kind,
            defaults={"congregation_id": member.congregation_id, "often": Often(often)},
        )

    @classmethod
    def choose_all(
        cls, member: Member, wishes: Mapping[str, str | None], *, by: Member, now: datetime
    ) -> None:
        """Choose for many kinds and groups at once; what waits for a digest follows. Only oneself may."""
        from congregation.models.outbox import Notice

        with transaction.atomic():
            said = dict(cls.objects.filter(member=member).values_list("kind", "often"))
            for kind, often in wishes.items():
                if said.get(kind) != often:
                    cls.choose(member, kind, often, by=by)
            Notice.objects.plan_anew(member, now=now)

    @classmethod
    def stop_digests(cls, member: Member, *, by: Member) -> None:
        """Stop the mail of all that digests gather; only oneself may, or who holds one's stop link."""
        from congregation.notices import all_kinds, groups

        with transaction.atomic():
            said = dict(cls.objects.filter(member=member).values_list("kind", "often"))
            usual = {group.name: said.get(group.name, group.usual) for group in groups()}
            for name, often in usual.items():
                if often in DIGESTED:
                    cls.choose(member, name, Often.OFF, by=by)
            for kind in all_kinds():
                if said.get(kind.name) in DIGESTED:
                    cls.choose(member, kind.name, Often.OFF, by=by)


class DigestQuerySet(TenantedQuerySet["Digest"]):
    """Digests of people."""

    def visible_to(self, member: Member) -> Self:
        return super().visible_to(member).filter(member=member)


class Digest(Tenanted):
    """What one person was told and is mailed together, at most once a day."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="digests")
    # The day it was in the member's zone.
    on = models.DateField()
    made_at = models.DateTimeField()

    objects: ClassVar[DigestQuerySet] = DigestQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["member", "on"], name="digest_once_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.on}"
