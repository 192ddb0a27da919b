"""The hosts' letter: the one thing that all are asked to read."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, ClassVar, Self

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.models.base import Tenanted, TenantedQuerySet
from congregation.models.congregation import Congregation
from congregation.models.event import Event
from congregation.models.people import Member


class LetterQuerySet(TenantedQuerySet["Letter"]):
    """Letters of congregations."""

    def visible_to(self, member: Member) -> Self:
        """Return those that went to everyone, and to a host the draft as well."""
        rows = super().visible_to(member)
        return rows if member.is_host else rows.sent()

    def sent(self) -> Self:
        """Return those that went to everyone."""
        return self.filter(sent_at__isnull=False)

    def draft(self) -> Self:
        """Return the one that is being written."""
        return self.filter(sent_at__isnull=True)


class Letter(Tenanted):
    """What the hosts write to all of a congregation, with what is new in it; a draft until it is sent, once."""

    class Of(models.TextChoices):
        """What it tells besides the hosts' own words."""

        CREWS = "crews", _("New crews")
        ROOM = "room", _("Open seats")
        IDEAS = "ideas", _("Crew ideas")
        DATES = "dates", _("Dates")
        LESSONS = "lessons", _("Lessons")

    title = models.CharField(_("what it is called"), max_length=80)
    words = models.TextField(_("your words"), max_length=10_000)
    # What it tells besides, by name; and once it is sent, the ids of what there was to tell.
    of = models.JSONField(default=list, blank=True)
    found = models.JSONField(default=dict, blank=True)
    # Raised with each saving, so that of two hosts who write at once neither is overwritten unseen.
    version = models.PositiveIntegerField(default=0)
    written_by = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    written_at = models.DateTimeField()
    sent_by = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    sent_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[LetterQuerySet] = LetterQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["congregation"], condition=Q(sent_at__isnull=True), name="letter_one_draft"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["congregation", "sent_at"])]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("letter", kwargs={"slug": self.congregation.slug, "pk": self.pk})

    @property
    def is_draft(self) -> bool:
        """Whether it is still being written; then only hosts see it."""
        return self.sent_at is None

    @classmethod
    def write(
        cls,
        *,
        title: str,
        words: str,
        of: Collection[str],
        version: int,
        by: Member,
        now: datetime,
    ) -> "Letter":
        """Save the draft, of which there is one; a host may.

        Refused where another host has saved since one read it (`version`), so that nothing is lost.
        """
        if not by.hosts(now=now):
            raise PermissionDenied
        said = {"title": title, "words": words, "of": [one.value for one in cls.Of if one in of]}
        with transaction.atomic():
            # Two who begin at the same moment meet here.
            Congregation.objects.select_for_update(no_key=True).get(pk=by.congregation_id)
            draft = cls.objects.draft().filter(congregation=by.congregation_id).first()
            if draft is None and version:
                raise ValidationError(gettext("This letter was sent meanwhile."))
            draft = draft or cls(congregation=by.congregation)
            if all(getattr(draft, name) == value for name, value in said.items()):
                return draft
            if draft.version != version:
                raise ValidationError(
                    gettext(
                        "Another host has saved the draft meanwhile. Their words stand below; take over what you need, and save again."
                    )
                )
            for name, value in said.items():
                setattr(draft, name, value)
            draft.version, draft.written_by, draft.written_at = version + 1, by, now
            draft.save()
        return draft

    def send(self, *, found: dict[str, Any], version: int, by: Member, now: datetime) -> bool:
        """Let it go to everyone, once and for good; a host may. Tell whether this was the one call that did.

        Only `hall.letters` calls this, which finds what there is to tell, and tells everyone.
        """
        if by.congregation_id != self.congregation_id or not by.hosts(now=now):
            raise PermissionDenied
        with transaction.atomic():
            draft = Letter.objects.draft().filter(pk=self.pk)
            went = draft.filter(version=version).update(
                sent_at=now, sent_by=by, found=found, version=F("version") + 1
            )
            if not went and draft.exists():
                raise ValidationError(
                    gettext(
                        "The draft was changed since you read it. Read it once more, then send it."
                    )
                )
            self.refresh_from_db()
            if went:
                Event.record("letter.send", self, by=by, now=now)
        return bool(went)
