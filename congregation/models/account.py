"""Accounts on this server."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation import handles
from congregation.models.base import Row
from congregation.words import same_address, same_handle


class UserManager(BaseUserManager["User"]):
    """Ways to an account."""

    def create_user(
        self, email: str, password: str | None = None, *, proven: bool = False, **fields: Any
    ) -> "User":
        """Make an account; an address is one whatever its case or Unicode form.

        An address that is not proven yet is proven by the first code that is sent to it and comes back.
        """
        from allauth.account.models import EmailAddress

        user = self.model(email=email, **fields)
        user.set_password(password)
        with transaction.atomic():
            user.save(using=self._db)
            if user.email:
                EmailAddress.objects.create(
                    user=user, email=user.email.lower(), primary=True, verified=proven
                )
        return user

    def create_nameless(
        self, password: str | None = None, *, handle: str = "", pk: uuid.UUID | None = None
    ) -> "User":
        """Make an account without an address; it signs in with a name of words, the given one if it is free."""
        for _try in range(20):
            user = self.model(
                pk=pk or uuid.uuid4(), email=None, handle=handle or handles.make(), is_active=True
            )
            user.set_password(password)
            try:
                with transaction.atomic():
                    user.save(using=self._db, force_insert=True)
            except IntegrityError:
                if pk and self.filter(pk=pk).exists():
                    raise
                handle = ""
            else:
                return user
        raise ValidationError(gettext("No name was free. Please try again."))

    def expect(self, email: str, *, now: datetime) -> "User":
        """Return the account of an address; make one that nobody has proven yet where there is none."""
        from allauth.account.models import EmailAddress

        key = same_address(email)
        proven = EmailAddress.objects.filter(email=key, verified=True).values("user_id")
        known = self.filter(Q(pk__in=proven) | Q(email_key=key)).order_by("expected_at").first()
        if known:
            return known
        try:
            with transaction.atomic():
                return self.create_user(email.strip(), expected_at=now)
        except IntegrityError:
            # Another tab was first.
            return self.get(email_key=key)

    def forget_unproven(self, *, before: datetime) -> int:
        """Delete the accounts whose address nobody has proven since then; return how many."""
        from congregation.models.people import Member

        nobody = self.filter(expected_at__lt=before, last_login__isnull=True).exclude(
            Exists(Member.objects.filter(user=OuterRef("pk")))
        )
        return nobody.delete()[1].get(User._meta.label, 0)

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make the operator's account."""
        return self.create_user(
            email, password, proven=True, is_staff=True, is_superuser=True, **fields
        )

    def operator(self, email: str, *, now: datetime) -> "User":
        """Let the account of an address run this server, made where there is none; only a command may."""
        user = self.expect(email, now=now)
        user.prove()
        user.is_staff, user.expected_at = True, None
        user.save(update_fields=["is_staff", "expected_at"])
        return user

    def no_operator(self, email: str) -> int:
        """Let an account run this server no more; return how many there were."""
        return self.filter(email_key=same_address(email), is_staff=True).update(
            is_staff=False, is_superuser=False
        )

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email_key=same_address(username or ""))


class User(AbstractBaseUser, PermissionsMixin, Row):
    """A person's account on this server; what they are to a congregation is a Member."""

    class Theme(models.TextChoices):
        DEVICE = "device", _("As the device")
        LIGHT = "light", _("Linen, light")
        DARK = "dark", _("Candlelight, dark")

    class Font(models.TextChoices):
        USUAL = "usual", _("Usual")
        LEGIBLE = "legible", _("Easier to tell apart")

    class Motion(models.TextChoices):
        DEVICE = "device", _("As the device")
        LESS = "less", _("Less")

    class Invites(models.TextChoices):
        NAMES = "names", _("With names, places and links")
        KINDS = "kinds", _("Only “Crew”, “A talk”, “Gathering”")
        BUSY = "busy", _("Only “Busy”")
        NONE = "none", _("None")

    email = models.EmailField(_("e-mail"), null=True, blank=True)
    email_key = models.CharField(max_length=254, unique=True, null=True, editable=False)
    # What someone without an address signs in with; an address that is given later joins it.
    handle = models.CharField(max_length=60, null=True, blank=True, editable=False)
    handle_key = models.CharField(max_length=60, unique=True, null=True, editable=False)
    zone = models.CharField(_("time zone"), max_length=64, blank=True)
    # Whether the person has said which zone to show times in, so that nobody asks again.
    zone_said = models.BooleanField(default=False)
    # Each of these is empty until the person chooses: then the browser says.
    language = models.CharField(_("language"), max_length=15, blank=True)
    # What the browser asked for last, for mail to who has chosen none.
    browser_language = models.CharField(max_length=15, blank=True, editable=False)
    theme = models.CharField(max_length=6, choices=Theme, blank=True)
    font = models.CharField(max_length=7, choices=Font, blank=True)
    motion = models.CharField(max_length=6, choices=Motion, blank=True)
    # What the calendar invitations in mail show; empty until the person chooses: names.
    invites = models.CharField(max_length=5, choices=Invites, blank=True)
    # On the person's own clock: between these no mail comes that can wait, unless both are empty.
    quiet_from = models.TimeField(null=True, blank=True, default=time(22))
    quiet_until = models.TimeField(null=True, blank=True, default=time(7))
    # When digests come: at this hour, weekly ones on this day, from 0, a Monday.
    digest_at = models.TimeField(default=time(8))
    digest_on = models.PositiveSmallIntegerField(default=0)
    # Since when it is closed; until it is erased one can still take that back.
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    # When someone came to the door with this address; such an account goes if nobody proves it.
    expected_at = models.DateTimeField(null=True, blank=True, editable=False)

    # Until when the pages of this account look whether there is news of a way back.
    way_back_until = models.DateTimeField(null=True, blank=True, editable=False)

    USERNAME_FIELD = "email_key"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]

    objects: ClassVar[UserManager] = UserManager()

    def __str__(self) -> str:
        return self.email or self.handle or str(self.pk)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = self.email or None
        self.email_key = same_address(self.email) if self.email else None
        self.handle = self.handle or None
        self.handle_key = same_handle(self.handle) if self.handle else None
        fields = kwargs.get("update_fields")
        if fields is not None and "email" in fields:
            kwargs["update_fields"] = {*fields, "email_key"}
        super().save(*args, **kwargs)

    def has_address(self, email: str) -> bool:
        """Whether an address is this account's: the one it signs in with, or another that it has proven."""
        from allauth.account.models import EmailAddress

        key = same_address(email)
        proven = EmailAddress.objects.filter(user_id=self.pk, verified=True)
        return key == self.email_key or key in map(
            same_address, proven.values_list("email", flat=True)
        )

    def prove(self, *, password: str | None = None) -> None:
        """Vouch for the address, and set a password where one is given; only the operator's commands may."""
        from allauth.account.models import EmailAddress

        EmailAddress.objects.filter(user_id=self.pk, primary=True).update(verified=True)
        if password:
            self.set_password(password)
            self.save(update_fields=["password"])

    @property
    def known_language(self) -> str:
        """The language that was chosen, as long as there is one of that name."""
        return self.language if self.language in dict(settings.LANGUAGES) else ""

    @property
    def written_language(self) -> str:
        """The language to write to them in: the chosen one, else what their browser asked for last."""
        known = dict(settings.LANGUAGES)
        said = self.browser_language if self.browser_language in known else ""
        return self.known_language or said

    def browse_in(self, language: str) -> None:
        """Remember what language the browser asks for, for mail that is written without it."""
        if language != (self.browser_language or settings.LANGUAGE_CODE):
            self.browser_language = language
            User.objects.filter(pk=self.pk).update(browser_language=language)

    def be_mailed(
        self,
        *,
        quiet_from: time | None,
        quiet_until: time | None,
        digest_at: time,
        digest_on: int,
        now: datetime,
    ) -> None:
        """Choose quiet hours, and when digests come; in every congregation one is in."""
        from congregation.models.outbox import Notice

        self.quiet_from, self.quiet_until = quiet_from, quiet_until
        self.digest_at, self.digest_on = digest_at, digest_on
        with transaction.atomic():
            self.save(update_fields=["quiet_from", "quiet_until", "digest_at", "digest_on"])
            for member in self.memberships.select_related("congregation"):
                member.user = self
                Notice.objects.plan_anew(member, now=now)

    @contextmanager
    def as_reader(self) -> Iterator[None]:
        """Write in this person's language and zone; what they have not chosen stays as it is."""
        zone = self.zone or timezone.get_current_timezone()
        with (
            translation.override(self.known_language or translation.get_language()),
            timezone.override(zone),
        ):
            yield

    def read_in(self, zone: str) -> None:
        """Read times in a zone from now on; empty means in that of each congregation."""
        self.zone, self.zone_said = zone, True
        self.save(update_fields=["zone", "zone_said"])

    def prefer(self, **wishes: str) -> None:
        """Choose language, theme, font, motion or invitations; it holds on every device one signs in on."""
        known = {"language", "theme", "font", "motion", "invites"}
        if strange := set(wishes) - known:
            raise TypeError(f"Nothing to prefer: {', '.join(sorted(strange))}")
        for name, wish in wishes.items():
            setattr(self, name, wish)
        self.save(update_fields=list(wishes))

    def close(self, *, now: datetime) -> bool:
        """Close the account for good once its days of grace are over; tell whether it was open.

        Only `hall.closing` calls this, which leaves the congregations first.
        """
        closed = User.objects.filter(pk=self.pk, closed_at__isnull=True).update(closed_at=now)
        self.refresh_from_db(fields=["closed_at"])
        return bool(closed)

    def reopen(self) -> bool:
        """Take the closing back; tell whether it was closed."""
        opened = User.objects.filter(pk=self.pk, closed_at__isnull=False).update(closed_at=None)
        self.closed_at = None
        return bool(opened)
