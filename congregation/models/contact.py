"""How members may be reached."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from congregation.models.base import Tenanted, TenantedQuerySet
from congregation.models.event import Event
from congregation.models.people import Member
from congregation.sealed import SealedTextField


class ContactQuerySet(TenantedQuerySet["Contact"]):
    """Ways to reach people."""

    def visible_to(self, member: Member, *, mates: "QuerySet[Any, Any] | None" = None) -> Self:
        """Return what each person shows to this one.

        `mates` is a subquery of the ids of those who sit in a crew with the member.
        """
        shown = Q(member=member) | Q(shown_to=Contact.Circle.CONGREGATION)
        if mates is not None:
            shown |= Q(shown_to=Contact.Circle.CREWS, member__in=mates)
        here = super().visible_to(member).exclude(member__state=Member.State.LEFT)
        return here.filter(shown)


class Contact(Tenanted):
    """One way to reach a member, shown to whom they choose."""

    class Kind(models.TextChoices):
        PHONE = "phone", _("Phone")
        SIGNAL = "signal", _("Signal")
        EMAIL = "email", _("E-mail")
        OTHER = "other", _("Another way")

    class Circle(models.TextChoices):
        NOBODY = "nobody", _("Nobody, unless I give it in a hello")
        CREWS = "crews", _("The people of my crews")
        CONGREGATION = "congregation", _("Everyone here")

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="contacts")
    kind = models.CharField(max_length=10, choices=Kind)
    value = SealedTextField(_("number or name"))
    shown_to = models.CharField(max_length=14, choices=Circle, default=Circle.NOBODY)

    objects: ClassVar[ContactQuerySet] = ContactQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["member", "kind"], name="contact_one_of_a_kind")
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    @classmethod
    def give(
        cls, member: Member, kind: str, value: str, shown_to: str, *, by: Member, now: datetime
    ) -> None:
        """Set one way to be reached and who sees it, or take it away by leaving it empty; only oneself may."""
        if by.pk != member.pk:
            raise PermissionDenied
        with transaction.atomic():
            known = cls.objects.select_for_update().filter(member=member, kind=kind).first()
            if not value:
                if known:
                    known.delete()
                    Event.record("contact.take_away", member, by=by, now=now, circle=member.pk)
                return
            if known and (known.value, known.shown_to) == (value, shown_to):
                return
            row = known or cls(congregation_id=member.congregation_id, member=member, kind=kind)
            row.value, row.shown_to = value, shown_to
            row.save()
            Event.record("contact.give", member, by=by, now=now, circle=member.pk)
