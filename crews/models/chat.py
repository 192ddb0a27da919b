"""A crew's own chat, which is told in a few words what happens: one way, and nothing private."""

import re
import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any, ClassVar, Final, Self
from urllib.parse import urlsplit

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation import calling
from congregation.models import Event, Mail, Member, Notice, Tenanted, TenantedQuerySet
from congregation.sealed import SealedTextField
from crews.models.crew import Crew, CrewOnlyQuerySet

TELEGRAM_TOKEN: Final = re.compile(r"\d{5,20}:[\w-]{20,100}")
TELEGRAM_ROOM: Final = re.compile(r"-?\d{1,20}|@\w{4,40}")


class ChatQuerySet(CrewOnlyQuerySet["Chat"]):
    """Chats of crews."""

    def up(self) -> Self:
        """Return those that are told something."""
        return self.filter(removed_at__isnull=True)


class Chat(Tenanted):
    """The chat that a crew has connected, and what it is told; only the crew knows of it."""

    class Kind(models.TextChoices):
        MATRIX = "matrix", "Matrix"
        SLACK = "slack", "Slack"
        MATTERMOST = "mattermost", "Mattermost"
        DISCORD = "discord", "Discord"
        TELEGRAM = "telegram", "Telegram"

    class Of(models.TextChoices):
        """What it may be told of; each is a field of its own."""

        SOON = "soon", _("A meeting is near")
        MOVED = "moved", _("A meeting is moved or called off")
        BEGUN = "begun", _("A commitment begins")
        LOOKBACK = "lookback", _("A look-back opens, and opens to all of us")

    # Where these always are; the others can be anywhere.
    HOSTS: ClassVar[dict[str, frozenset[str]]] = {
        Kind.SLACK: frozenset({"hooks.slack.com", "hooks.slack-gov.com"}),
        Kind.DISCORD: frozenset(
            {"discord.com", "discordapp.com", "ptb.discord.com", "canary.discord.com"}
        ),
        Kind.TELEGRAM: frozenset({"api.telegram.org"}),
    }

    crew = models.ForeignKey(Crew, on_delete=models.CASCADE, related_name="chats")
    kind = models.CharField(max_length=10, choices=Kind)
    # Whoever knows this can write there: it is shown to nobody again.
    url = SealedTextField(_("address"), max_length=500)
    # Of Telegram, which chat of the bot's.
    room = SealedTextField(_("chat"), max_length=60)
    soon = models.BooleanField(default=True)
    moved = models.BooleanField(default=True)
    begun = models.BooleanField(default=True)
    lookback = models.BooleanField(default=True)
    set_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    set_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects: ClassVar[ChatQuerySet] = ChatQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["crew"], condition=Q(removed_at__isnull=True), name="chat_one_of_a_crew"
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return reverse("crew-chat", kwargs={"slug": self.congregation.slug, "pk": self.crew_id})

    @property
    def masked(self) -> str:
        """Where it is, as far as that gives nothing away."""
        return f"{urlsplit(self.url).hostname or ''}/••••"

    @property
    def told_of(self) -> list[str]:
        """What it is told of, by name."""
        return [of.value for of in self.Of if getattr(self, of.value)]

    @classmethod
    def connect(
        cls,
        crew: Crew,
        *,
        kind: str,
        url: str,
        room: str,
        of: Collection[str],
        by: Member,
        now: datetime,
    ) -> "Chat":
        """Connect a crew's chat, or say anew what it is told; anyone who sits in the crew may.

        Without a `url` the one that is known stays. The others are told who did it; saying the same is nothing.
        """
        with transaction.atomic():
            held = Crew.objects.select_for_update(no_key=True).get(pk=crew.pk)
            if not held.sits(by):
                raise PermissionDenied
            if held.has_ended:
                raise ValidationError(gettext("This crew has ended."))
            known = cls.objects.up().filter(crew=crew).first()
            if known and not url and known.kind == kind:
                url, room = known.url, room or known.room
            url, room = check(kind, url.strip(), room.strip())
            wanted = {one.value: one.value in of for one in cls.Of}
            says = (kind, url, room, *wanted.values())
            if known:
                said = (known.kind, known.url, known.room, *(getattr(known, one) for one in wanted))
                if said == says:
                    return known
            chat = known or cls(congregation_id=crew.congregation_id, crew=crew)
            chat.kind, chat.url, chat.room, chat.set_by, chat.set_at = kind, url, room, by, now
            for name, is_on in wanted.items():
                setattr(chat, name, is_on)
            chat.save()
            Event.record("chat.connect", chat, by=by, now=now, circle=crew.pk)
            chat._tell_others(by=by, now=now)
        return chat

    def remove(self, *, by: Member, now: datetime) -> None:
        """Take a chat off, and forget its address; anyone who sits in the crew may. The others are told."""
        with transaction.atomic():
            held = Crew.objects.select_for_update(no_key=True).get(pk=self.crew_id)
            if not held.sits(by):
                raise PermissionDenied
            gone = Chat.objects.up().filter(pk=self.pk)
            if gone.update(removed_at=now, removed_by=by, url="", room=""):
                ChatPost.objects.waiting().filter(chat=self).update(state=Mail.State.DROPPED)
                Event.record("chat.remove", self, by=by, now=now, circle=self.crew_id)
                self._tell_others(by=by, now=now)
            self.refresh_from_db()

    def _tell_others(self, *, by: Member, now: datetime) -> None:
        others = self.crew.people().exclude(pk=by.pk)
        Notice.tell("crews.chat", others, self, now=now, occasion=f"{now:%Y-%m-%dT%H:%M:%S}")

    def try_out(self, *, by: Member, now: datetime) -> None:
        """Have a word said in the chat, to see whether it arrives; anyone who sits in the crew may.

        While one is on its way there is no second.
        """
        if not self.crew.sits(by):
            raise PermissionDenied
        if self.removed_at is None:
            mine = ChatPost.objects.waiting().filter(chat=self, kind=ChatPost.TEST)
            if not mine.exists():
                ChatPost.objects.create(
                    congregation_id=self.congregation_id,
                    chat=self,
                    kind=ChatPost.TEST,
                    about=self.pk,
                    occasion=f"{now:%Y-%m-%dT%H:%M:%S}",
                    made_at=now,
                    due_at=now,
                )

    def content(self, words: str) -> dict[str, Any]:
        """Return what its kind of chat takes, with words in which nothing calls anybody by itself."""
        if self.kind == self.Kind.SLACK:
            for sign, safe in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
                words = words.replace(sign, safe)
            return {"text": words, "unfurl_links": False}
        if self.kind == self.Kind.DISCORD:
            # Flag 4: no preview, for which their server would open the link.
            return {"content": words[:1900], "allowed_mentions": {"parse": []}, "flags": 4}
        if self.kind == self.Kind.TELEGRAM:
            return {
                "chat_id": self.room,
                "text": words,
                "link_preview_options": {"is_disabled": True},
            }
        # @channel would wake everyone: a sign without width keeps it from being a call.
        return {"text": words.replace("@", "@\u200b")}


def check(kind: str, url: str, room: str) -> tuple[str, str]:
    """Return the whole address and the room of a chat; raise ValidationError for what can't be one."""
    if kind not in Chat.Kind.values:
        raise ValidationError({"kind": gettext("Choose what kind of chat it is.")})
    if kind == Chat.Kind.TELEGRAM:
        if TELEGRAM_TOKEN.fullmatch(url):
            url = f"https://api.telegram.org/bot{url}/sendMessage"
        token = url.removeprefix("https://api.telegram.org/bot").removesuffix("/sendMessage")
        if not TELEGRAM_TOKEN.fullmatch(token):
            raise ValidationError(
                {"url": gettext("This needs the bot’s token, such as 123456:ABC-DEF…")}
            )
        if not TELEGRAM_ROOM.fullmatch(room):
            raise ValidationError(
                {"room": gettext("This needs the number of the chat, or its @name.")}
            )
        return url, room
    try:
        host, _port, path = calling.parts_of(url)
    except calling.Refused as error:
        raise ValidationError(
            {"url": gettext("This needs the whole address, which begins with https://.")}
        ) from error
    hosts = Chat.HOSTS.get(kind)
    if (hosts and host not in hosts) or len(path) < 2 or not _may_be_public(host):
        raise ValidationError(
            {"url": gettext("That isn’t an address that such a chat gives out. Copy it once more.")}
        )
    return url, ""


def _may_be_public(host: str) -> bool:
    """Refuse at once what is plainly not out there; what a name leads to is looked at when it is called."""
    try:
        return calling.is_public(host)
    except ValueError:
        return "." in host and not host.endswith((".local", ".internal", ".localhost", ".lan"))


class ChatPostQuerySet(TenantedQuerySet["ChatPost"]):
    """The outbox of what chats are told."""

    def visible_to(self, member: Member) -> Self:
        """Return those of the chats of one's crews."""
        chats = Chat.objects.visible_to(member)
        return super().visible_to(member).filter(chat__in=chats.values("pk"))

    def waiting(self) -> Self:
        """Return what is to be handed over still, for the first time or again."""
        return self.filter(
            Q(state=Mail.State.DUE) | Q(state=Mail.State.FAILED, attempts__lt=ChatPost.TRIES)
        )

    def due(self, now: datetime) -> Self:
        """Return what is to be handed over by now."""
        return self.waiting().filter(due_at__lte=now, chat__removed_at__isnull=True)


class ChatPost(Tenanted):
    """A few words for a crew's chat, once for each occasion; it goes the way that a mail goes."""

    TRIES = 6
    TEST = "crews.chat_test"

    chat = models.ForeignKey(Chat, on_delete=models.CASCADE, related_name="posts")
    kind = models.CharField(max_length=60)
    about = models.UUIDField()
    occasion = models.CharField(max_length=60, blank=True)
    state = models.CharField(max_length=10, choices=Mail.State, default=Mail.State.DUE)
    attempts = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    fault = models.CharField(max_length=80, blank=True)

    objects: ClassVar[ChatPostQuerySet] = ChatPostQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["chat", "kind", "about", "occasion"], name="chat_post_once_per_occasion"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["state", "due_at"])]

    def __str__(self) -> str:
        return f"{self.kind} ({self.state})"

    @classmethod
    def put(
        cls,
        crew: uuid.UUID | None,
        of: str,
        kind: str,
        about: uuid.UUID,
        occasion: str,
        *,
        due_at: datetime,
        now: datetime,
    ) -> None:
        """Put a word to a crew's chat into its outbox, once per occasion, where it has one that is told of this."""
        chats = Chat.objects.up().filter(crew=crew, **{of: True}) if crew else Chat.objects.none()
        cls.objects.bulk_create(
            [
                cls(
                    congregation_id=chat.congregation_id,
                    chat=chat,
                    kind=kind,
                    about=about,
                    occasion=occasion,
                    made_at=now,
                    due_at=due_at,
                )
                for chat in chats
            ],
            ignore_conflicts=True,
        )
