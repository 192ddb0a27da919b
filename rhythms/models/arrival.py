"""Who comes to an evening, and what they answer to its two questions."""

from datetime import datetime, timedelta
from typing import ClassVar, Final, Self

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.models import Event, Member, Notice, Tenanted, TenantedQuerySet, User
from congregation.sealed import SealedTextField
from crews.models import Card, Crewless
from rhythms.models.evening_link import EveningLink

# How long somebody whom no host has let in is expected.
WAITS: Final = timedelta(days=7)


class ArrivalQuerySet(TenantedQuerySet["Arrival"]):
    """Who came to evenings."""

    def visible_to(self, member: Member) -> Self:
        """Return one's own; to those who were there who else was; to hosts all."""
        rows = super().visible_to(member)
        if member.is_host:
            return rows
        there = Arrival.objects.filter(
            evening=OuterRef("evening"), member=member, state=Arrival.State.HERE
        )
        return rows.filter(Q(member=member) | (Q(state=Arrival.State.HERE) & Exists(there)))

    def of_account(self, user: User) -> Self:
        """Return an account's own, also while it is only expected: what it waits for."""
        return self.filter(member__user=user).select_related(
            "congregation", "member__congregation", "evening__congregation", "evening__meeting"
        )

    def let_go(self, *, now: datetime) -> int:
        """Stop expecting those to whom no host has said yes for a week; return how many."""
        late = self.filter(state=Arrival.State.EXPECTED, at__lte=now - WAITS)
        return sum(arrival.turn_away(by=None, now=now) for arrival in late.order_by("pk"))


class Arrival(Tenanted):
    """That someone sat down at the table of an evening: nothing but who, when, and the hosts' yes."""

    class State(models.TextChoices):
        EXPECTED = "expected", _("Waits for a host’s yes")
        HERE = "here", _("There")
        DECLINED = "declined", _("Not this time")

    evening = models.ForeignKey(
        "rhythms.Evening", on_delete=models.CASCADE, related_name="arrivals"
    )
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=8, choices=State)
    # Whether this is how they came into the congregation, on one of the evening's places.
    is_new = models.BooleanField(default=True)
    at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects: ClassVar[ArrivalQuerySet] = ArrivalQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["evening", "member"], name="arrival_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["state", "at"])]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return self.evening.get_absolute_url()

    def come_in(self, *, by: Member, now: datetime) -> bool:
        """Make a member of someone who is expected; `Evening.let_in` says who may. Return whether it did."""
        turned = Arrival.objects.filter(pk=self.pk, state=self.State.EXPECTED).update(
            state=self.State.HERE, settled_at=now, settled_by=by
        )
        if not turned:
            return False
        was = self.member
        if not was.is_present and was.user is not None:
            member = Member.join(
                self.congregation,
                was.user,
                name=was.name,
                pronouns=was.pronouns,
                place=was.place,
                line=was.line,
                now=now,
            )
            Crewless.begin(member, now=now)
            Event.record("member.join", member, by=member, now=now)
            Notice.tell("rhythms.let_in", [member], self, now=now)
        return True

    def decline(self, *, by: Member, now: datetime) -> None:
        """Say not this time to someone who is expected; a host may. Their answers are deleted."""
        self.evening.check_host(by=by, now=now)
        if not self.turn_away(by=by, now=now):
            self.refresh_from_db()
            if self.state == self.State.HERE:
                raise ValidationError(
                    gettext("%(name)s has come in already.") % {"name": self.member.name}
                )

    def turn_away(self, *, by: Member | None, now: datetime) -> bool:
        """Expect someone no longer and give their places back; return whether they were expected."""
        with transaction.atomic():
            EveningLink.objects.select_for_update().get(evening=self.evening_id)
            turned = Arrival.objects.filter(pk=self.pk, state=self.State.EXPECTED).update(
                state=self.State.DECLINED, settled_at=now, settled_by=by
            )
            if not turned:
                return False
            self.state = self.State.DECLINED
            ArrivalWords.objects.filter(arrival=self).delete()
            if self.is_new:
                EveningLink.objects.filter(evening=self.evening_id, places_taken__gt=0).update(
                    places_taken=F("places_taken") - 1
                )
            self.member.expect_no_more(now=now)
            Event.record("arrival.decline", self, by=by, now=now, circle=self.pk)
        return True


class ArrivalWordsQuerySet(TenantedQuerySet["ArrivalWords"]):
    """What people answered to the two questions of an evening."""

    def visible_to(self, member: Member) -> Self:
        """Return one's own, and all of them to hosts."""
        rows = super().visible_to(member)
        return rows if member.is_host else rows.filter(arrival__member=member)


class ArrivalWords(Tenanted):
    """What someone answered to the two questions of an evening: for the hosts and oneself."""

    arrival = models.OneToOneField(Arrival, on_delete=models.CASCADE, related_name="words")
    first = SealedTextField(max_length=300)
    second = SealedTextField(max_length=300)

    objects: ClassVar[ArrivalWordsQuerySet] = ArrivalWordsQuerySet.as_manager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return str(self.pk)

    def carry(self, *, by: Member) -> None:
        """Put one's first answer on one's card, where nothing is written yet; only oneself may.

        As all that is written on a card, it is recorded nowhere else.
        """
        if by.pk != self.arrival.member_id:
            raise PermissionDenied
        with transaction.atomic():
            card = Card.of(by)
            if card.meaning == self.first:
                return
            if card.is_written:
                raise ValidationError(gettext("Your card has words of its own already."))
            card.write({"meaning": self.first}, by=by)
