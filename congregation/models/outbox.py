"""What people are told: a Notice in the app, and the Mail that carries it."""

import json
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q, Value

from congregation.models.base import Row, Tenanted, TenantedQuerySet
from congregation.models.people import Member
from congregation.sealed import SealedTextField


class NoticeQuerySet(TenantedQuerySet["Notice"]):
    """Notices of people."""

    def visible_to(self, member: Member) -> Self:
        return super().visible_to(member).filter(recipient=member)

    def unseen(self) -> Self:
        """Return those that were not opened yet."""
        return self.filter(seen_at__isnull=True)

    def see(self, *, now: datetime) -> int:
        """Mark all of these as seen, from a query that came through the door; return how many were new."""
        return self.unseen().update(seen_at=now)


class Notice(Tenanted):
    """What one person is told of one occasion, exactly once."""

    recipient = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=60)
    about = models.UUIDField()
    occasion = models.CharField(max_length=60, blank=True)
    made_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[NoticeQuerySet] = NoticeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["recipient", "kind", "about", "occasion"], name="notice_once_per_occasion"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["recipient", "seen_at", "made_at"]),
            models.Index(fields=["about"]),
        ]

    def __str__(self) -> str:
        return self.kind

    def see(self, *, by: Member, now: datetime) -> None:
        """Mark as seen; only the one it was told to may. Seen once, it stays seen since then."""
        if by.pk != self.recipient_id:
            raise PermissionDenied
        Notice.objects.filter(pk=self.pk, seen_at__isnull=True).update(seen_at=now)

    @classmethod
    def tell(
        cls,
        kind: str,
        to: Iterable[Member],
        about: Tenanted,
        *,
        now: datetime,
        occasion: str = "",
    ) -> None:
        """Tell each person once of an occasion, in the app and, as they choose, by mail.

        `kind` is "app.name" and names a template; it may be called again without telling anyone twice.
        """
        from congregation.notices import kind_of

        people, by_mail, may_stop = list(to), kind_of(kind).by_mail, kind_of(kind).may_stop
        told = set(
            cls.objects.filter(
                recipient__in=people, kind=kind, about=about.pk, occasion=occasion
            ).values_list("recipient_id", flat=True)
        )
        fresh = [
            cls(
                congregation_id=about.congregation_id,
                recipient=person,
                kind=kind,
                about=about.pk,
                occasion=occasion,
                made_at=now,
            )
            for person in people
            if person.pk not in told
        ]
        with transaction.atomic():
            cls.objects.bulk_create(fresh, ignore_conflicts=True)
            if not by_mail:
                return
            # Another process may have been first with some of them: only rows that are ours carry a mail.
            stopped = NoticeChoice.objects.filter(
                member=OuterRef("recipient"), kind=kind, by_mail=False
            )
            ours = cls.objects.filter(
                pk__in=[notice.pk for notice in fresh], recipient__user__email__isnull=False
            )
            if may_stop:
                ours = ours.exclude(Exists(stopped))
            Mail.objects.bulk_create(
                Mail(notice=notice, kind=kind, made_at=now, due_at=now) for notice in ours
            )


class NoticeChoiceQuerySet(TenantedQuerySet["NoticeChoice"]):
    """What people want to be mailed."""

    def visible_to(self, member: Member) -> Self:
        return super().visible_to(member).filter(member=member)


class NoticeChoice(Tenanted):
    """Whether a member wants mail of one kind; without a row, they do."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="notice_choices")
    kind = models.CharField(max_length=60)
    by_mail = models.BooleanField(default=True)

    objects: ClassVar[NoticeChoiceQuerySet] = NoticeChoiceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["member", "kind"], name="notice_choice_once")
        ]

    def __str__(self) -> str:
        return self.kind

    @classmethod
    def choose(cls, member: Member, kind: str, by_mail: bool, *, by: Member) -> None:
        """Choose whether to be mailed of one kind; only oneself may, or who holds one's stop link."""
        if by.pk != member.pk:
            raise PermissionDenied
        cls.objects.update_or_create(
            member=member,
            kind=kind,
            defaults={"congregation_id": member.congregation_id, "by_mail": by_mail},
        )


class MailQuerySet(models.QuerySet["Mail"]):
    """The outbox. No page shows it; the operator sees kind and state."""

    def waiting(self) -> Self:
        """Return what is to be handed over still, for the first time or again."""
        return self.filter(
            Q(state=Mail.State.DUE) | Q(state=Mail.State.FAILED, attempts__lt=Mail.TRIES)
        )

    def due(self, now: datetime) -> Self:
        """Return what is to be handed over by now and no worker has taken.

        One that was taken for longer than anybody takes one was so before the clock was set back.
        """
        free = (
            Q(taken_until__isnull=True)
            | Q(taken_until__lte=now)
            | Q(taken_until__gt=now + Mail.INTERRUPTED)
        )
        return self.waiting().filter(free, due_at__lte=now)

    def take(self, *, until: datetime, now: datetime, most: int) -> list[uuid.UUID]:
        """Take what has been due longest, up to a moment in which no other worker may; return the ids.

        Taken is not tried: what a worker that died had taken goes with the next one.
        """
        due = self.due(now).order_by("due_at")
        if not due.exists():
            return []
        with transaction.atomic():
            free = due.select_for_update(skip_locked=True)
            taken = list(free.values_list("pk", flat=True)[:most])
            Mail.objects.filter(pk__in=taken).update(taken_until=until)
        return taken

    def set_right(self, *, now: datetime) -> None:
        """Let nothing wait for a moment that lies ahead only because the clock was set back since."""
        ahead = now + Mail.INTERRUPTED
        tried = self.filter(state__in=[Mail.State.SENDING, Mail.State.FAILED])
        tried.filter(claimed_at__gt=ahead).update(claimed_at=now, due_at=now)
        made = self.filter(state=Mail.State.DUE, made_at__gt=ahead)
        made.update(due_at=F("due_at") - (F("made_at") - Value(now)), made_at=now)


class Mail(Row):
    """One e-mail: sealed until it is handed over, and then wiped."""

    class State(models.TextChoices):
        DUE = "due"
        SENDING = "sending"
        SENT = "sent"
        UNCERTAIN = "uncertain"
        FAILED = "failed"
        DROPPED = "dropped"

    # How often a mail is tried before it stays failed.
    TRIES = 8
    # After so long a worker that has begun with one is taken for dead.
    INTERRUPTED = timedelta(minutes=10)

    notice = models.OneToOneField(
        Notice, null=True, blank=True, on_delete=models.CASCADE, related_name="mail"
    )
    kind = models.CharField(max_length=60)
    to = models.EmailField(blank=True)
    content = SealedTextField()
    state = models.CharField(max_length=10, choices=State, default=State.DUE)
    attempts = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    # Which moment a worker has it until, before it begins with it; and when one began.
    taken_until = models.DateTimeField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    fault = models.CharField(max_length=80, blank=True)

    objects: ClassVar[MailQuerySet] = MailQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["state", "due_at"]),
            models.Index(fields=["claimed_at"]),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="mail_sent_has_time",
                condition=Q(state="sent", sent_at__isnull=False) | ~Q(state="sent"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.state})"

    @classmethod
    def post(
        cls, kind: str, to: str, *, subject: str, text: str, html: str, now: datetime
    ) -> "Mail":
        """Put a letter to an address into the outbox, sealed; it is wiped once it has been handed over."""
        content = json.dumps({"subject": subject, "text": text, "html": html})
        return cls.objects.create(kind=kind, to=to, content=content, made_at=now, due_at=now)

    @classmethod
    def send_again(cls, kind: str, *, now: datetime) -> int:
        """Put the uncertain mails of a kind back among the due; return how many. Only an operator may.

        What carried its own words, such as a code, was wiped and stays where it is.
        """
        again = cls.objects.filter(state=cls.State.UNCERTAIN, kind=kind, notice__isnull=False)
        return again.update(
            state=cls.State.DUE, due_at=now, claimed_at=None, attempts=0, fault="", sent_at=None
        )

    @classmethod
    def leave(cls, kind: str) -> int:
        """Leave the uncertain mails of a kind as they are; return how many. Only an operator may."""
        left = cls.objects.filter(state=cls.State.UNCERTAIN, kind=kind)
        return left.update(state=cls.State.DROPPED)
