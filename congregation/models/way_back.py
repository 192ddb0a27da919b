"""A way back: how hosts let someone in again who has lost their way in."""

import uuid
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation import keys
from congregation.models.account import User
from congregation.models.base import Tenanted, TenantedQuerySet
from congregation.models.event import Event
from congregation.models.outbox import Notice
from congregation.models.people import Member
from congregation.sealed import SealedTextField
from congregation.tokens import hashed, new_token

IN_PERSON = timedelta(minutes=15)
BY_TWO = timedelta(hours=24)
# For how long after it was used an older session may say that it wasn't them.
REMEMBERED = timedelta(days=14)


class WayBackQuerySet(TenantedQuerySet["WayBack"]):
    """Ways back of congregations."""

    def visible_to(self, member: Member) -> Self:
        """Return all of them to a host, and to anyone else those that were opened for them."""
        rows = super().visible_to(member)
        return rows if member.is_host else rows.filter(member=member)

    def by_token(self, token: str) -> Self:
        """Return the one whose link this is; a bearer's only way in."""
        return self.filter(token_hash=hashed(token)).select_related(
            "congregation", "member__congregation", "member__user", "opened_by", "second_by"
        )

    def of_account(self, user: User) -> Self:
        """Return those that lead into an account, for who is signed in to it."""
        return self.filter(member__user=user).select_related(
            "congregation", "member__user", "opened_by", "second_by"
        )

    def unused(self) -> Self:
        """Return those that were neither used nor stopped nor taken back."""
        return self.filter(used_at__isnull=True, stopped_at__isnull=True, closed_at__isnull=True)

    def open(self, now: datetime) -> Self:
        """Return those that still wait: for the second yes, or for their person."""
        return self.unused().filter(expires_at__gt=now)

    def news(self, now: datetime) -> Self:
        """Return those that an account's older sessions are told of."""
        used = Q(used_at__gt=now - REMEMBERED, stopped_at__isnull=True)
        waiting = Q(used_at__isnull=True, stopped_at__isnull=True, closed_at__isnull=True)
        return self.filter((waiting & Q(expires_at__gt=now)) | used).order_by("-opened_at")

    def forget_keys(self, *, now: datetime) -> int:
        """Wipe the former keys of accounts once nobody can say any more that it wasn't them."""
        old = self.filter(used_at__lte=now - REMEMBERED).exclude(before="")
        rows = list(old.only("pk"))
        for row in rows:
            row.before = ""
            row.save(update_fields=["before"])
        return len(rows)


class WayBack(Tenanted):
    """A way back into an account for who has lost it, opened by a host beside them or by two hosts."""

    class State(models.TextChoices):
        ASKED = "asked", _("Waits for a second host")
        OPEN = "open", _("Open")
        USED = "used", _("Used")
        STOPPED = "stopped", _("Stopped")
        CLOSED = "closed", _("Taken back")
        EXPIRED = "expired", _("Run out")

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="ways_back")
    opened_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    opened_at = models.DateTimeField()
    is_in_person = models.BooleanField()
    second_by = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    second_at = models.DateTimeField(null=True, blank=True)
    # Once one was stopped, two hosts decide, and nobody stops them.
    is_final = models.BooleanField(default=False)
    token_hash = models.CharField(max_length=64, unique=True, null=True, editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    # The keys that the account had before.
    before = SealedTextField()

    objects: ClassVar[WayBackQuerySet] = WayBackQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["member"],
                condition=Q(used_at__isnull=True, stopped_at__isnull=True, closed_at__isnull=True),
                name="way_back_one_at_once",
            ),
            models.CheckConstraint(
                name="way_back_not_ones_own",
                condition=(Q(opened_by__isnull=True) | ~Q(opened_by=F("member")))
                & (Q(second_by__isnull=True) | ~Q(second_by=F("member"))),
            ),
            models.CheckConstraint(
                name="way_back_by_two_or_in_person",
                condition=Q(second_by__isnull=True)
                | Q(opened_by__isnull=True)
                | (Q(is_in_person=False) & ~Q(second_by=F("opened_by"))),
            ),
            models.CheckConstraint(
                name="way_back_link_needs_both",
                condition=Q(token_hash__isnull=True)
                | Q(is_in_person=True)
                | Q(second_at__isnull=False),
            ),
            models.CheckConstraint(
                name="way_back_used_by_link",
                condition=Q(used_at__isnull=True) | Q(token_hash__isnull=False),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["congregation", "opened_at"])]

    def __str__(self) -> str:
        return f"{self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("way-back", kwargs={"slug": self.congregation.slug, "pk": self.pk})

    # ---- how it stands

    def state(self, *, now: datetime) -> "WayBack.State":
        """Return how it stands at a moment."""
        if self.stopped_at:
            return self.State.STOPPED
        if self.used_at:
            return self.State.USED
        if self.closed_at:
            return self.State.CLOSED
        if self.expires_at <= now:
            return self.State.EXPIRED
        return self.State.OPEN if self.token_hash else self.State.ASKED

    @property
    def hands_over(self) -> uuid.UUID | None:
        """Which host shows the link: the one who sits beside the person, or the second of two."""
        return self.opened_by_id if self.is_in_person else self.second_by_id

    def leads_in(self, *, now: datetime) -> bool:
        """Whether its link lets its person in at this moment."""
        hosts = [self.opened_by] if self.is_in_person else [self.opened_by, self.second_by]
        return (
            self.state(now=now) == self.State.OPEN
            and self._is_possible(now=now)
            and all(host is not None and host.hosts(now=now) for host in hosts)
        )

    def _is_possible(self, *, now: datetime) -> bool:
        """Whether hosts can let this person in at all; why not is nobody's business."""
        user = self.member.user
        if user is None or not user.is_active or user.is_staff or user.is_superuser:
            return False
        if not Member.objects.present().filter(pk=self.member_id).exists():
            return False
        elsewhere = Member.objects.filter(user=user).exclude(congregation=self.congregation_id)
        return not (keys.has_second_factor(user) or elsewhere.hosts(now).exists())

    @classmethod
    def seconds(cls, member: Member, *, by: Member, now: datetime) -> list[Member]:
        """Return the hosts who could say the second yes to what this one opens."""
        hosts = Member.objects.filter(congregation=by.congregation_id).hosts(now)
        return list(hosts.exclude(pk__in=[by.pk, member.pk]))

    # ---- verbs

    @classmethod
    def begin(
        cls,
        member: Member,
        *,
        in_person: bool,
        by: Member,
        now: datetime,
        pk: uuid.UUID | None = None,
    ) -> "tuple[WayBack, str]":
        """Open a way back for someone who sits beside one, or ask a second host to; a host may, but not their own.

        Return it with the token of its link, which there is at once only in person. With `pk` it is made once.
        A host's account, and one whose way back was stopped before, takes two.
        """
        if not by.hosts(now=now) or by.congregation_id != member.congregation_id:
            raise PermissionDenied
        if by.pk == member.pk:
            raise PermissionDenied
        with transaction.atomic():
            # This row is the lock: of two hosts at once, the second finds the first one's.
            member = Member.objects.select_for_update(no_key=True, of=("self",)).get(pk=member.pk)
            if pk and (made := cls.objects.filter(pk=pk).first()):
                if made.opened_by_id != by.pk:
                    raise PermissionDenied
                return made, ""
            row = cls(
                pk=pk or uuid.uuid4(),
                congregation_id=member.congregation_id,
                member=member,
                opened_by=by,
                opened_at=now,
                is_in_person=in_person,
                expires_at=now + (IN_PERSON if in_person else BY_TWO),
            )
            if not row._is_possible(now=now):
                raise ValidationError(gettext("This way isn’t open for this person."))
            row.is_final = cls._was_stopped(member)
            takes_two = row.is_final or member.hosts(now=now)
            if in_person and takes_two:
                raise ValidationError(gettext("For this person it takes two hosts."))
            if not in_person and not cls.seconds(member, by=by, now=now):
                raise ValidationError(
                    gettext("Nobody else hosts who could say the second yes. Ask someone to host.")
                )
            mine = cls.objects.filter(member=member).unused()
            if mine.open(now).exists():
                raise ValidationError(
                    gettext("A way back is open for %(name)s already.") % {"name": member.name}
                )
            mine.update(closed_at=now)
            token = row._new_token() if in_person else ""
            row.save(force_insert=True)
            row._happened("begin", by=by, now=now)
            if token:
                row._announce(now=now)
            else:
                Notice.tell("congregation.way_back_asked", row._other_hosts(now=now), row, now=now)
            return row, token

    def say_yes(self, *, by: Member, now: datetime) -> str:
        """Say the second yes; another host may. Return the token of the link, which this host hands over."""
        if not by.hosts(now=now) or by.pk in {self.member_id, self.opened_by_id}:
            raise PermissionDenied
        with transaction.atomic():
            mine = WayBack.objects.filter(pk=self.pk, is_in_person=False, second_at__isnull=True)
            token = self._new_token()
            if not mine.open(now).update(
                second_by=by, second_at=now, token_hash=self.token_hash, expires_at=now + BY_TWO
            ):
                self.refresh_from_db()
                if self.second_by_id == by.pk:
                    return ""
                raise ValidationError(gettext("This way back isn’t open any more."))
            self.refresh_from_db()
            self._happened("second", by=by, now=now)
            self._announce(now=now)
            return token

    def new_link(self, *, by: Member, now: datetime) -> str:
        """Make its link anew, for no longer than the one before, which it ends; who hands it over may."""
        if by.pk != self.hands_over or not by.hosts(now=now):
            raise PermissionDenied
        with transaction.atomic():
            token = self._new_token()
            mine = WayBack.objects.filter(pk=self.pk, token_hash__isnull=False).open(now)
            if not mine.update(token_hash=self.token_hash):
                raise ValidationError(gettext("This way back isn’t open any more."))
            self._happened("new_link", by=by, now=now)
            return token

    def close(self, *, by: Member, now: datetime) -> None:
        """Take it back while nobody has used it; a host may, but for their own."""
        if not by.hosts(now=now) or by.pk == self.member_id:
            raise PermissionDenied
        with transaction.atomic():
            if WayBack.objects.filter(pk=self.pk).unused().update(closed_at=now):
                self.closed_at = now
                self._happened("close", by=by, now=now)
            else:
                self.refresh_from_db()
                if self.used_at:
                    raise ValidationError(gettext("It has been used already."))

    def use(
        self,
        *,
        password: str | None = None,
        credential: tuple[str, Any] | None = None,
        now: datetime,
    ) -> User:
        """Let its bearer in with new keys, a password or a passkey as (name, credential), once.

        What the account had is kept for a while, should someone say that it wasn't them; older sessions stay.
        """
        if not (password or credential):
            raise ValidationError(gettext("Choose a password or a passkey."))
        with transaction.atomic():
            mine = WayBack.objects.filter(pk=self.pk, token_hash=self.token_hash).open(now)
            possible = self.leads_in(now=now)
            user = self.member.user
            if not possible or user is None or not mine.update(used_at=now):
                raise ValidationError(gettext("This way back isn’t open any more."))
            self.used_at = now
            user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
            self.before = keys.replace(user, password, credential)
            self.save(update_fields=["before"])
            if self.is_final:
                keys.end_sessions(user)
            else:
                keys.keep_sessions(user, str(self.pk))
            user.way_back_until = now + REMEMBERED
            user.save(update_fields=["way_back_until"])
            self._happened("use", by=self.member, now=now)
            Notice.tell("congregation.way_back_used", [self.member], self, now=now)
            Notice.tell(
                "congregation.way_back_done",
                self._other_hosts(now=now, all_of_them=True),
                self,
                now=now,
            )
            return user

    def stop(self, *, user: User, is_older: bool, now: datetime) -> None:
        """Say from a session of the account that this wasn't them. Stopping twice is once.

        Unused, it opens nothing any more. Used, whoever came in by it is put out, and the account has the keys
        again that it had; only a session from before may do that. Then it takes two hosts, whom nobody stops.
        """
        if self.member.user_id != user.pk or self.is_final:
            raise PermissionDenied
        with transaction.atomic():
            mine = WayBack.objects.filter(pk=self.pk, stopped_at__isnull=True)
            if mine.unused().update(stopped_at=now):
                self.stopped_at = now
            else:
                self.refresh_from_db()
                if self.stopped_at or self.closed_at or not self.used_at:
                    return
                if not is_older or self.used_at <= now - REMEMBERED:
                    raise PermissionDenied
                if not mine.update(stopped_at=now):
                    return
                self.stopped_at = now
                user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
                keys.put_back(user, self.before)
                self.before = ""
                self.save(update_fields=["before"])
                keys.end_sessions(user, but=str(self.pk))
            self._happened("stop", by=self.member, now=now)
            Notice.tell(
                "congregation.way_back_stopped",
                self._other_hosts(now=now, all_of_them=True),
                self,
                now=now,
            )

    # ---- what the verbs are made of

    def _new_token(self) -> str:
        token, self.token_hash = new_token()
        return token

    @classmethod
    def _was_stopped(cls, member: Member) -> bool:
        """Whether the last one that came to anything, in whichever congregation, was stopped."""
        last = (
            cls.objects.filter(member__user=member.user_id)
            .filter(Q(stopped_at__isnull=False) | Q(used_at__isnull=False))
            .order_by("-opened_at")
            .first()
        )
        return last is not None and last.stopped_at is not None

    def _happened(self, what: str, *, by: Member, now: datetime) -> None:
        Event.record(f"way_back.{what}", self, by=by, now=now, circle=self.pk)

    def _announce(self, *, now: datetime) -> None:
        """Tell its person, and have each page of their sessions say it."""
        User.objects.filter(memberships=self.member).update(way_back_until=self.expires_at)
        Notice.tell("congregation.way_back_open", [self.member], self, now=now)

    def _other_hosts(self, *, now: datetime, all_of_them: bool = False) -> list[Member]:
        hosts = Member.objects.filter(congregation=self.congregation_id).hosts(now)
        asked = set() if all_of_them else {self.opened_by_id}
        return [host for host in hosts if host.pk not in {self.member_id, *asked}]
