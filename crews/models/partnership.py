"""A partnership: two people, by the yes of both, and nobody else's business."""

import uuid
from datetime import datetime, timedelta
from typing import ClassVar, Final, Self

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.models import Event, Member, Notice, Tenanted, TenantedQuerySet
from congregation.sealed import SealedTextField
from crews.models.apart import NotWith
from crews.models.crew import Crew, Seat
from crews.models.interest import Hello
from crews.models.table import OwnQuerySet
from crews.rules import pair

ASKED_FOR: Final = timedelta(days=14)
ASK_ANEW_AFTER: Final = timedelta(weeks=4)
HERE: Final = (Member.State.ACTIVE, Member.State.AWAY)


class PartnershipAskQuerySet(TenantedQuerySet["PartnershipAsk"]):
    """Wishes for partnerships."""

    def visible_to(self, member: Member) -> Self:
        """Return those of which one is one of the two.

        What is asked by someone whom one would rather not be with isn't there; they hear what silence says.
        """
        rows = super().visible_to(member).filter(Q(first=member) | Q(second=member))
        return rows.exclude(asker__in=NotWith.objects.of(member))

    def open(self) -> Self:
        """Return those that wait for an answer."""
        return self.filter(state=PartnershipAsk.State.OPEN)

    def between(self, member: Member, other: Member) -> Self:
        """Return those of two people, whoever of them asked."""
        first, second = pair(member.pk, other.pk)
        return self.filter(first=first, second=second)

    def due(self, now: datetime) -> Self:
        """Return the open ones whose time is over, or of which one of the two has left."""
        gone = Q(first__state=Member.State.LEFT) | Q(second__state=Member.State.LEFT)
        return self.open().filter(Q(closes_at__lte=now) | gone)


class PartnershipAsk(Tenanted):
    """One person's wish for a partnership with another, known to these two alone."""

    class State(models.TextChoices):
        OPEN = "open", _("Asked")
        BEGUN = "begun", _("Begun")
        NOT_NOW = "not_now", _("Not now")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    first = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    asker = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    word = SealedTextField(_("a few words"), max_length=500)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    asked_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    crew = models.OneToOneField(
        Crew, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )

    objects: ClassVar[PartnershipAskQuerySet] = PartnershipAskQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="partnership_ask_of_two", condition=Q(first__lt=F("second"))
            ),
            models.CheckConstraint(
                name="partnership_ask_by_one_of_them",
                condition=Q(asker=F("first")) | Q(asker=F("second")),
            ),
            models.CheckConstraint(
                name="partnership_begun_has_crew",
                condition=Q(state="begun", crew__isnull=False)
                | (~Q(state="begun") & Q(crew__isnull=True)),
            ),
            models.UniqueConstraint(
                fields=["first", "second"],
                condition=Q(state="open"),
                name="partnership_ask_one_open",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["second", "state"]),
            models.Index(fields=["state", "closes_at"]),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return reverse("partnership-ask", kwargs={"slug": self.congregation.slug, "pk": self.pk})

    def other(self, member: Member) -> Member:
        """Return the other of the two."""
        return self.second if self.first_id == member.pk else self.first

    @classmethod
    def may_ask(cls, member: Member, other: Member) -> bool:
        """Tell whether these two know each other: they share a crew, or both wished to talk.

        Two who are partners already have nothing to ask.
        """
        if member.pk == other.pk or member.congregation_id != other.congregation_id:
            return False
        if other.state not in HERE or _partners(member, other):
            return False
        talked = Hello.objects.between(member, other).filter(
            Q(closed_at__isnull=True) | Q(picked_at__isnull=False)
        )
        return (
            talked.exists()
            or Member.objects.filter(pk=other.pk, pk__in=Seat.objects.mates_of(member)).exists()
        )

    @classmethod
    def ask(
        cls,
        other: Member,
        *,
        word: str = "",
        by: Member,
        now: datetime,
        pk: uuid.UUID | None = None,
    ) -> "PartnershipAsk":
        """Ask someone one knows for a partnership. Where they have asked oneself, that is a yes."""
        if by.state not in HERE or not cls.may_ask(by, other):
            raise PermissionDenied
        with transaction.atomic():
            _hold(by, other)
            both = cls.objects.between(by, other)
            made = both.filter(Q(pk=pk) | Q(state=PartnershipAsk.State.OPEN)).first()
            if made is not None:
                if made.asker_id != by.pk and made.state == PartnershipAsk.State.OPEN:
                    made.answer(True, by=by, now=now)
                return made
            if _partners(by, other):
                raise ValidationError(gettext("You are partners already."))
            lately = both.filter(
                asker=by,
                state=PartnershipAsk.State.NOT_NOW,
                settled_at__gt=now - ASK_ANEW_AFTER,
            )
            if lately.exists():
                raise ValidationError(gettext("You asked a little while ago. Give it a few weeks."))
            first, second = pair(by.pk, other.pk)
            ask = cls(
                congregation_id=by.congregation_id,
                first_id=first,
                second_id=second,
                asker=by,
                word=word.strip(),
                asked_at=now,
                closes_at=now + ASKED_FOR,
            )
            if pk:
                ask.pk = pk
            ask.clean_fields(exclude=["congregation", "first", "second", "asker", "crew"])
            ask.save(force_insert=True)
            Event.record("partnership.ask", ask, by=by, now=now, circle=ask.pk)
            if not NotWith.objects.of(other).filter(other=by).exists():
                Notice.tell("crews.partnership_asked", [other], ask, now=now)
        return ask

    def answer(self, is_yes: bool, *, by: Member, now: datetime) -> None:
        """Say in private whether one would; only the one who is asked may. A yes begins it.

        A no is told as silence is, and when silence is; until then it can be changed.
        """
        if by.pk not in {self.first_id, self.second_id} or by.pk == self.asker_id:
            raise PermissionDenied
        with transaction.atomic():
            _hold(self.first, self.second)
            self._read()
            said = PartnershipAnswer.objects.filter(ask=self).first()
            if self.state != PartnershipAsk.State.OPEN:
                if said is not None and said.is_yes == is_yes:
                    return
                raise ValidationError(gettext("This is settled already."))
            if self.asker.state not in HERE:
                raise ValidationError(gettext("They aren’t here any more."))
            PartnershipAnswer.objects.update_or_create(
                ask=self,
                defaults={
                    "congregation_id": self.congregation_id,
                    "member": by,
                    "is_yes": is_yes,
                    "said_at": now,
                },
            )
            if is_yes:
                self._begin(now=now)

    def withdraw(self, *, by: Member, now: datetime) -> None:
        """Take one's own wish back; the other one is told nothing more of it."""
        if by.pk != self.asker_id:
            raise PermissionDenied
        with transaction.atomic():
            _hold(self.first, self.second)
            self._read()
            if self.state == PartnershipAsk.State.BEGUN:
                raise ValidationError(gettext("You are partners already."))
            if self.state == PartnershipAsk.State.OPEN:
                self._become(PartnershipAsk.State.WITHDRAWN, now=now)

    def settle(self, *, now: datetime) -> bool:
        """Let one whose time is over go; its asker is told "not now", whatever was said or not said."""
        with transaction.atomic():
            _hold(self.first, self.second)
            self._read()
            if self.state != PartnershipAsk.State.OPEN:
                return False
            self._become(PartnershipAsk.State.NOT_NOW, now=now)
            if self.asker.state in HERE:
                Notice.tell("crews.partnership_not_now", [self.asker], self, now=now)
        return True

    def _begin(self, *, now: datetime) -> None:
        """Lay the table of the two."""
        both = [self.first, self.second]
        # By who asked: the order tells nothing that both don't know.
        names = {"one": self.asker.first_name, "other": self.other(self.asker).first_name}
        self.crew = Crew.objects.create(
            congregation_id=self.congregation_id,
            name=(gettext("%(one)s and %(other)s") % names)[:60],
            is_partnership=True,
            seats_max=2,
            founded_at=now,
        )
        for person in both:
            self.crew.seat(person, by=None, now=now)
        self._become(PartnershipAsk.State.BEGUN, now=now)
        Event.record("crew.found", self.crew, by=None, now=now, circle=self.crew.pk)
        Notice.tell("crews.partnership_begun", both, self, now=now)

    def _read(self) -> None:
        self.refresh_from_db(fields=["state", "settled_at", "crew"])

    def _become(self, state: "PartnershipAsk.State", *, now: datetime) -> None:
        self.state, self.settled_at = state, now
        self.save(update_fields=["state", "settled_at", "crew"])


def _hold(one: Member, other: Member) -> None:
    """Hold both people's rows in one order, so that two who ask each other don't make two of it."""
    ids = pair(one.pk, other.pk)
    list(Member.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))


def _partners(member: Member, other: Member) -> bool:
    """Tell whether these two have a partnership that hasn't ended."""
    of_both = Seat.objects.crews_of(member)
    return (
        Seat.objects.taken()
        .filter(member=other, crew__in=of_both, crew__is_partnership=True)
        .exclude(crew__state=Crew.State.ENDED)
        .exists()
    )


class PartnershipAnswer(Tenanted):
    """What the one who is asked for a partnership says; a no is seen by nobody else, ever."""

    ask = models.OneToOneField(PartnershipAsk, on_delete=models.CASCADE, related_name="answered")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    is_yes = models.BooleanField()
    said_at = models.DateTimeField()

    objects: ClassVar[OwnQuerySet["PartnershipAnswer"]] = OwnQuerySet.as_manager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return str(self.pk)
