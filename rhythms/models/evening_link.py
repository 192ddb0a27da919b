"""The link that lies on the table of an evening: who may use it, and how long."""

from datetime import datetime, timedelta
from typing import ClassVar, Final, Self

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext

from congregation.models import Event, Member, Tenanted, TenantedQuerySet
from congregation.sealed import SealedTextField
from congregation.tokens import new_token

# It works from so long before the evening until so long after it.
OPENS_BEFORE: Final = timedelta(hours=3)
CLOSES_AFTER: Final = timedelta(hours=6)
MOST_PLACES: Final = 60


class HostsQuerySet[M: models.Model](TenantedQuerySet[M]):
    """Rows that hosts alone may see."""

    def visible_to(self, member: Member) -> Self:
        rows = super().visible_to(member)
        return rows if member.is_host else rows.none()


class EveningLink(Tenanted):
    """The link of an evening, a host's invitation for those at the table: who may use it, and how long."""

    class Fault(models.TextChoices):
        """Why a link lets nobody sit down."""

        GONE = "gone"
        CLOSED = "closed"
        EARLY = "early"
        LATE = "late"
        FULL = "full"

    evening = models.OneToOneField("rhythms.Evening", on_delete=models.CASCADE, related_name="link")
    # Kept sealed, since it is printed; found by its hash.
    token = SealedTextField(max_length=64)
    token_hash = models.CharField(max_length=64, unique=True, null=True, editable=False)
    places = models.PositiveSmallIntegerField(default=30)
    places_taken = models.PositiveSmallIntegerField(default=0)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[HostsQuerySet["EveningLink"]] = HostsQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="evening_link_never_past_its_places",
                condition=Q(places_taken__lte=F("places"), places__gte=1, places__lte=MOST_PLACES),
            ),
            models.CheckConstraint(
                name="evening_link_closed_opens_nothing",
                condition=Q(closed_at__isnull=True) | Q(token_hash__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def opens_at(self) -> datetime:
        """From when on it works."""
        return self.evening.meeting.starts_at - OPENS_BEFORE

    @property
    def closes_at(self) -> datetime:
        """Until when it works."""
        return self.evening.meeting.ends_at + CLOSES_AFTER

    def fault(
        self, key: str, *, now: datetime, takes_place: bool = True
    ) -> "EveningLink.Fault | None":
        """Return why a link with this hash lets nobody sit down at this moment, or None."""
        if self.closed_at or self.evening.is_called_off:
            return self.Fault.CLOSED
        if self.token_hash != key:
            return self.Fault.GONE
        if now < self.opens_at:
            return self.Fault.EARLY
        if now > self.closes_at:
            return self.Fault.LATE
        if takes_place and (self.places_taken >= self.places or self.evening.congregation.is_full):
            return self.Fault.FULL
        return None

    @staticmethod
    def sentence(fault: "EveningLink.Fault") -> str:
        """Return what is said to the person whom a link doesn't let sit down."""
        Fault = EveningLink.Fault
        return {
            Fault.GONE: gettext("This link was replaced by a newer one, or is mistyped."),
            Fault.CLOSED: gettext("The hosts have closed this link."),
            Fault.EARLY: gettext("The table isn’t laid yet."),
            Fault.LATE: gettext("This evening is over."),
            Fault.FULL: gettext("Every place is taken at the moment."),
        }[fault]

    def put_new_token(self) -> None:
        """Make a new token, which is not saved yet."""
        self.token, self.token_hash = new_token(24)
        self.closed_at = None

    def renew(self, *, by: Member, now: datetime) -> None:
        """Make a new link, and end the one before, wherever it was photographed; a host may."""
        self.evening.check_host(by=by, now=now)
        if self.evening.is_called_off:
            raise ValidationError(gettext("This evening was called off."))
        with transaction.atomic():
            EveningLink.objects.select_for_update().get(pk=self.pk)
            self.put_new_token()
            self.save(update_fields=["token", "token_hash", "closed_at"])
            Event.record("evening.renew_link", self.evening, by=by, now=now)

    def close(self, *, by: Member, now: datetime) -> None:
        """Let the link open nothing any more, until there is a new one; a host may."""
        self.evening.check_host(by=by, now=now)
        with transaction.atomic():
            closes = EveningLink.objects.filter(pk=self.pk, closed_at__isnull=True).update(
                closed_at=now, token_hash=None, token=""
            )
            if closes:
                Event.record("evening.close_link", self.evening, by=by, now=now)
        self.refresh_from_db()
