"""What a crew keeps at hand."""

import uuid
from datetime import datetime, timedelta
from typing import ClassVar, Final, Self
from urllib.parse import urlsplit

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import URLValidator
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.models import Event, Member, Tenanted
from congregation.sealed import SealedTextField
from crews.models.crew import Crew, CrewOnlyQuerySet

MOST_PINS: Final = 30
PUT_BACK_FOR: Final = timedelta(minutes=10)
# Addresses that open a chat in its app. Nothing else but the web is linked to.
APPS: Final = frozenset(
    {"matrix", "msteams", "sgnl", "slack", "tg", "threema", "whatsapp", "wire", "xmpp", "zulip"}
)


def check_link(url: str) -> None:
    """Raise ValidationError for an address that is neither a web page nor one of a known app."""
    scheme = url.partition(":")[0].lower()
    if any(sign.isspace() or not sign.isprintable() for sign in url):
        raise ValidationError(gettext("An address has no spaces."))
    if scheme in APPS and len(url) > len(scheme) + 1:
        return
    try:
        URLValidator(schemes=["http", "https"])(url)
        if urlsplit(url).username is not None:
            raise ValueError
    except (ValidationError, ValueError) as error:
        raise ValidationError(
            gettext("This needs the whole address of a page, such as https://example.org/list.")
        ) from error


class PinQuerySet(CrewOnlyQuerySet["Pin"]):
    """What crews keep at hand."""

    def up(self) -> Self:
        """Return those that hang there."""
        return self.filter(removed_at__isnull=True)

    def just_removed(self, by: Member, *, now: datetime) -> Self:
        """Return those that someone took down a moment ago and can put back."""
        return self.filter(removed_by=by, removed_at__gt=now - PUT_BACK_FOR)

    def wipe(self, *, now: datetime) -> int:
        """Delete what was taken down for good; return how many."""
        return self.filter(removed_at__lte=now - PUT_BACK_FOR).delete()[0]


class Pin(Tenanted):
    """A note or a link that a crew keeps at hand; the crew's own chat is one of them."""

    class Kind(models.TextChoices):
        NOTE = "note", _("Note")
        LINK = "link", _("Link")
        CHAT = "chat", _("Our chat")

    crew = models.ForeignKey(Crew, on_delete=models.CASCADE, related_name="pins")
    kind = models.CharField(max_length=4, choices=Kind)
    words = SealedTextField(_("words"), max_length=300)
    url = SealedTextField(_("link"), max_length=500)
    made_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects: ClassVar[PinQuerySet] = PinQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["crew"],
                condition=Q(kind="chat", removed_at__isnull=True),
                name="pin_one_chat",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["crew", "made_at"]),
            models.Index(fields=["removed_at"]),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def label(self) -> str:
        """What stands on the link: its words, or where it leads."""
        if self.words:
            return str(self.words)
        if self.kind == Pin.Kind.CHAT:
            return gettext("Our chat")
        host = urlsplit(self.url).hostname or ""
        return host.removeprefix("www.") or str(self.url)

    @classmethod
    def put(
        cls,
        crew: Crew,
        *,
        kind: str,
        words: str = "",
        url: str = "",
        by: Member,
        now: datetime,
        pk: uuid.UUID | None = None,
    ) -> "Pin":
        """Pin a note or a link for the crew; anyone who sits in it may. A new chat replaces the old."""
        words, url = words.strip(), url.strip()
        with transaction.atomic():
            held = Crew.objects.select_for_update(no_key=True).get(pk=crew.pk)
            if not held.sits(by):
                raise PermissionDenied
            made = cls.objects.filter(pk=pk).first() if pk else None
            if made is not None:
                if made.crew_id != crew.pk:
                    raise PermissionDenied
                return made
            if held.has_ended:
                raise ValidationError(gettext("This crew has ended."))
            if kind == Pin.Kind.NOTE:
                url = ""
                if not words:
                    raise ValidationError({"words": gettext("A note has a few words.")})
            else:
                try:
                    check_link(url)
                except ValidationError as error:
                    raise ValidationError({"url": error.messages}) from error
            up = cls.objects.filter(crew=crew).up()
            if kind == Pin.Kind.CHAT:
                up.filter(kind=kind).update(removed_at=now, removed_by=by)
            elif up.count() >= MOST_PINS:
                raise ValidationError(
                    gettext("The board is full. Take something down that nobody needs any more.")
                )
            pin = cls(
                congregation_id=crew.congregation_id,
                crew=crew,
                kind=kind,
                words=words,
                url=url,
                made_by=by,
                made_at=now,
            )
            if pk:
                pin.pk = pk
            pin.clean_fields(exclude=["congregation", "crew", "made_by", "removed_by"])
            pin.save(force_insert=True)
            Event.record("pin.put", pin, by=by, now=now, circle=crew.pk)
        return pin

    def remove(self, *, by: Member, now: datetime) -> None:
        """Take a pin down; anyone who sits in the crew may, and can put it back for a while."""
        if not self.crew.sits(by):
            raise PermissionDenied
        with transaction.atomic():
            removed = Pin.objects.filter(pk=self.pk).up().update(removed_at=now, removed_by=by)
            self.refresh_from_db(fields=["removed_at", "removed_by"])
            if removed:
                Event.record("pin.remove", self, by=by, now=now, circle=self.crew_id)

    def put_back(self, *, by: Member, now: datetime) -> None:
        """Put back what one took down oneself a moment ago."""
        with transaction.atomic():
            held = Crew.objects.select_for_update(no_key=True).get(pk=self.crew_id)
            if not held.sits(by):
                raise PermissionDenied
            if self.kind == Pin.Kind.CHAT:
                newer = Pin.objects.filter(crew=held, kind=self.kind).up().exclude(pk=self.pk)
                if newer.exists():
                    raise ValidationError(gettext("Another chat is pinned by now."))
            back = (
                Pin.objects.filter(pk=self.pk)
                .just_removed(by, now=now)
                .update(removed_at=None, removed_by=None)
            )
            self.refresh_from_db(fields=["removed_at", "removed_by"])
            if back:
                Event.record("pin.put", self, by=by, now=now, circle=self.crew_id)
            elif self.removed_at is not None:
                raise ValidationError(gettext("This was taken down too long ago."))
