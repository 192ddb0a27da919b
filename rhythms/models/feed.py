"""The address at which a calendar asks for one person's meetings by itself."""

from datetime import datetime
from typing import ClassVar, Final, Self

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import Case, F, Q, Value, When
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from congregation.models import Event, Member, Tenanted, TenantedQuerySet
from congregation.tokens import hashed, new_token
from crews.models import Seat

# So often in an hour a feed is written anew; that nothing has changed can be asked more often.
MOST_AN_HOUR: Final = 60


class FeedQuerySet(TenantedQuerySet["Feed"]):
    """Feeds of people."""

    def visible_to(self, member: Member) -> Self:
        """Return one's own; nobody else knows that there are any."""
        return super().visible_to(member).filter(member=member)

    def alive(self) -> Self:
        """Return those whose person is here, and still has the seat that it is of."""
        return self.filter(
            Q(seat__isnull=True) | Q(seat__left_at__isnull=True),
            member__state__in=[Member.State.ACTIVE, Member.State.AWAY],
        )

    def by_token(self, token: str) -> Self:
        """Return the one whose address this is; a calendar's only way in."""
        return (
            self.alive()
            .filter(token_hash=hashed(token))
            .select_related("member__user", "congregation", "seat__crew")
        )


class Feed(Tenanted):
    """An address at which one person's calendar finds their meetings; whoever has it reads what it shows.

    It is shown once, when it is made. It dies with leaving the congregation, and a crew's with the seat.
    """

    class Of(models.TextChoices):
        MINE = "mine", _("All that is mine here")
        CREW = "crew", _("One crew")
        ALL = "all", _("What is everyone’s")

    class Shows(models.TextChoices):
        NAMES = "names", _("Names, places and links")
        KINDS = "kinds", _("Only “Crew”, “A talk”, “Gathering”")
        BUSY = "busy", _("Only “Busy”")

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="feeds")
    of = models.CharField(max_length=4, choices=Of, default=Of.MINE)
    # Of a crew's, the seat that it is of: who comes back later has another one.
    seat = models.ForeignKey(
        Seat, null=True, blank=True, on_delete=models.CASCADE, related_name="feeds"
    )
    shows = models.CharField(max_length=5, choices=Shows, default=Shows.NAMES)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    made_at = models.DateTimeField()
    # How often it was written in which hour, so that nobody keeps the server busy with it.
    written = models.PositiveSmallIntegerField(default=0)
    written_in = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[FeedQuerySet] = FeedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="feed_of_a_crew_has_a_seat",
                condition=Q(of="crew", seat__isnull=False) | (~Q(of="crew") & Q(seat__isnull=True)),
            ),
            models.UniqueConstraint(
                fields=["member", "of"], condition=Q(seat__isnull=True), name="feed_one_of_each"
            ),
            models.UniqueConstraint(
                fields=["seat"], condition=Q(seat__isnull=False), name="feed_one_for_a_seat"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return reverse("own-feed", kwargs={"slug": self.congregation.slug, "pk": self.pk})

    @classmethod
    def make(
        cls, *, of: str, shows: str, by: Member, now: datetime, seat: Seat | None = None
    ) -> "tuple[Feed, str]":
        """Make an address for oneself, and return it with its token; anyone may, of a crew who sits in it.

        One that was there already gets a new token: the one before opens nothing any more.
        """
        if (of == cls.Of.CREW) != (seat is not None):
            raise PermissionDenied
        if seat is not None and (seat.member_id != by.pk or seat.left_at is not None):
            raise PermissionDenied
        with transaction.atomic():
            # Held, so that of two that make the same one the second finds the first one's.
            Member.objects.select_for_update(no_key=True).get(pk=by.pk)
            feed = cls.objects.alive().filter(member=by, of=of, seat=seat).first()
            if feed is None:
                feed = cls(congregation=by.congregation, member=by, of=of, seat=seat)
            token, feed.token_hash = new_token(24)
            feed.shows, feed.made_at = shows, now
            feed.save()
            Event.record("feed.make", feed, by=by, now=now, circle=feed.pk)
        feed.congregation = by.congregation
        return feed, token

    def renew(self, *, by: Member, now: datetime) -> str:
        """Give it another address, and end the one before; only its person may. Return the new token."""
        self._check(by=by)
        with transaction.atomic():
            token, self.token_hash = new_token(24)
            self.made_at = now
            self.save(update_fields=["token_hash", "made_at"])
            Event.record("feed.renew", self, by=by, now=now, circle=self.pk)
        return token

    def show(self, shows: str, *, by: Member, now: datetime) -> None:
        """Choose what is to be read at the address; only its person may."""
        self._check(by=by)
        with transaction.atomic():
            if Feed.objects.filter(pk=self.pk).exclude(shows=shows).update(shows=shows):
                self.shows = shows
                Event.record("feed.show", self, by=by, now=now, circle=self.pk)

    def end(self, *, by: Member, now: datetime) -> None:
        """Let the address open nothing any more; only its person may."""
        self._check(by=by)
        with transaction.atomic():
            if Feed.objects.filter(pk=self.pk).delete()[0]:
                Event.record("feed.end", self, by=by, now=now, circle=self.pk)

    def may_be_written(self, *, now: datetime) -> bool:
        """Count one more writing; tell whether there were few enough in this hour."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        same = Q(written_in=hour)
        return bool(
            Feed.objects.filter(pk=self.pk)
            .exclude(same & Q(written__gte=MOST_AN_HOUR))
            .update(
                written=Case(When(same, then=F("written") + 1), default=Value(1)), written_in=hour
            )
        )

    def _check(self, *, by: Member) -> None:
        if by.pk != self.member_id:
            raise PermissionDenied
