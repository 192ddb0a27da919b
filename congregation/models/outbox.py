"""What people are told: a Notice in the app, and the Mail that carries it."""

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Self

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import F, Q, Value

from congregation.models.base import Row, Tenanted, TenantedQuerySet
from congregation.models.choice import DIGESTED, Digest, NoticeChoice, Often, next_digest
from congregation.models.people import Member
from congregation.sealed import SealedTextField

if TYPE_CHECKING:
    from congregation.notices import Kind


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

    def waiting_for_digest(self) -> Self:
        """Return those that the next digest of their person takes."""
        return self.filter(digest_at__isnull=False, digest__isnull=True)

    def plan_anew(self, member: Member, *, now: datetime) -> None:
        """Let what waits for a member's next digest follow what they have chosen since."""
        from congregation.notices import kind_of

        with transaction.atomic():
            for row in self.waiting_for_digest().filter(recipient=member):
                often = NoticeChoice.objects.of([member], kind_of(row.kind))[member.pk]
                # What would be mailed at once from now on was told a while ago: the next digest takes it.
                wait = Often.DAILY if often == Often.AT_ONCE else often
                row.digest_at = None if wait == Often.OFF else next_digest(member, wait, now=now)
                row.save(update_fields=["digest_at"])

    def mail(
        self, kind: "Kind", *, before: Mapping[uuid.UUID, datetime | None], now: datetime
    ) -> None:
        """Put what people were just told into the outbox or into their next digest, as they choose.

        `before` has, by what it is about, when it would be too late to read of it.
        """
        rows = list(self.select_related("recipient__user", "recipient__congregation"))
        often = NoticeChoice.objects.of([row.recipient for row in rows], kind)
        mails, later = [], []
        for row in rows:
            member = row.recipient
            wish = often[member.pk]
            if wish == Often.AT_ONCE:
                latest = before.get(row.about)
                due_at = kind.held(member, before=latest, now=now)
                mails.append(Mail(notice=row, kind=kind.name, made_at=now, due_at=due_at))
            elif wish in DIGESTED:
                row.digest_at = next_digest(member, wish, now=now)
                later.append(row)
        Mail.objects.bulk_create(mails)
        if later:
            Notice.objects.bulk_update(later, ["digest_at"])


class Notice(Tenanted):
    """What one person is told of one occasion, exactly once."""

    recipient = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=60)
    about = models.UUIDField()
    occasion = models.CharField(max_length=60, blank=True)
    made_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, blank=True)
    # When the digest is due that takes it, and the digest that has; neither for what is mailed by itself.
    digest_at = models.DateTimeField(null=True, blank=True)
    digest = models.ForeignKey(
        Digest, null=True, blank=True, on_delete=models.SET_NULL, related_name="notices"
    )

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
            models.Index(
                fields=["digest_at"],
                condition=Q(digest_at__isnull=False, digest__isnull=True),
                name="notice_waits_for_digest",
            ),
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
        before: datetime | None = None,
    ) -> None:
        """Tell each person once of an occasion, in the app and, as they choose, by mail or in a digest.

        `kind` is "app.name" and names a template; it may be called again without telling anyone twice.
        `before` is when it would be too late to read of it, where that isn't what the kind itself says.
        """
        from congregation.notices import kind_of

        this, people = kind_of(kind), list(to)
        if before is None and this.too_late:
            before = this.too_late(about)
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
            if this.also:
                this.also(kind, about, occasion, before, now)
            if this.by_mail and fresh:
                # Another process may have been first with some of them: only rows that are ours are mailed.
                ours = cls.objects.filter(
                    pk__in=[notice.pk for notice in fresh], recipient__user__email__isnull=False
                )
                ours.mail(this, before={about.pk: before}, now=now)


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
        due = self.due(now).order_by("due_at").select_for_update(skip_locked=True)
        with transaction.atomic():
            taken = list(due.values_list("pk", flat=True)[:most])
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
    digest = models.OneToOneField(
        Digest, null=True, blank=True, on_delete=models.CASCADE, related_name="mail"
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
        cls,
        kind: str,
        to: str,
        *,
        subject: str,
        text: str,
        html: str,
        now: datetime,
        calendars: Sequence[tuple[str, str]] = (),
    ) -> "Mail":
        """Put a letter to an address into the outbox, sealed; it is wiped once it has been handed over.

        `calendars` are what it does in a calendar: each a method of iTIP, and a calendar file.
        """
        said = {"subject": subject, "text": text, "html": html, "calendars": list(calendars)}
        content = json.dumps(said)
        return cls.objects.create(kind=kind, to=to, content=content, made_at=now, due_at=now)

    @classmethod
    def send_again(cls, kind: str, *, now: datetime) -> int:
        """Put the uncertain mails of a kind back among the due; return how many. Only an operator may.

        What carried its own words, such as a code, was wiped and stays where it is.
        """
        ours = Q(notice__isnull=False) | Q(digest__isnull=False)
        again = cls.objects.filter(ours, state=cls.State.UNCERTAIN, kind=kind)
        return again.update(
            state=cls.State.DUE, due_at=now, claimed_at=None, attempts=0, fault="", sent_at=None
        )

    @classmethod
    def leave(cls, kind: str) -> int:
        """Leave the uncertain mails of a kind as they are; return how many. Only an operator may."""
        left = cls.objects.filter(state=cls.State.UNCERTAIN, kind=kind)
        return left.update(state=cls.State.DROPPED)
