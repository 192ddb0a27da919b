"""I'd like to talk: one person's wish, and the hello that two wishes become."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Final, Self

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.models import Contact, Event, Member, Notice, Tenanted, TenantedQuerySet
from congregation.sealed import SealedTextField
from crews.models.apart import NotWith
from crews.models.card import Card

MOST_WISHES: Final = 12
WISH_KEPT: Final = timedelta(days=7)
MOST_TIMES: Final = 3
TIMES_WITHIN: Final = timedelta(days=90)


class InterestQuerySet(TenantedQuerySet["Interest"]):
    """Wishes to talk."""

    def visible_to(self, member: Member) -> Self:
        """Return one's own wishes; nobody sees another's, ever."""
        return super().visible_to(member).filter(wisher=member)

    def kept(self, now: datetime) -> Self:
        """Return those whose week is not over and that were not taken back."""
        return self.filter(until__gt=now, is_taken_back=False)


class Interest(Tenanted):
    """One person's wish to talk with another, known to nobody else until it is mutual.

    It appends no event, changes no count or order, and is kept a week. One that is taken back no
    longer counts, but keeps its place until its week is over: with twelve places, wishing and
    taking back can't be used to ask everyone round.
    """

    wisher = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="wishes")
    other = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveSmallIntegerField()
    until = models.DateTimeField()
    is_taken_back = models.BooleanField(default=False)

    objects: ClassVar[InterestQuerySet] = InterestQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["wisher", "other"], name="interest_once"),
            models.UniqueConstraint(fields=["wisher", "number"], name="interest_numbered"),
            models.CheckConstraint(
                name="interest_twelve_at_most",
                condition=Q(number__gte=1, number__lte=MOST_WISHES),
            ),
            models.CheckConstraint(name="interest_in_another", condition=~Q(wisher=F("other"))),
        ]
        indexes: ClassVar = [models.Index(fields=["until"])]

    def __str__(self) -> str:
        return str(self.pk)

    @classmethod
    def note(cls, card: Card, *, by: Member, now: datetime) -> None:
        """Note that one would like to talk with the person of a card; only within the pool.

        Nothing here looks at what the other one wishes: whether it is mutual is for the next sweep
        to find (`crews.matching`), so that neither the answer nor the time it takes can tell.
        """
        mine = Card.of(by)
        if card.congregation_id != by.congregation_id or card.member_id == by.pk:
            raise PermissionDenied
        if not (mine.is_looking and card.is_looking):
            raise PermissionDenied
        cls.keep(card.member_id, by=by, now=now)

    @classmethod
    def keep(cls, other: uuid.UUID, *, by: Member, now: datetime) -> None:
        """Keep a wish for its week. Whoever calls this knows by what the two may know of each other:
        the pool, or a gathering at which both were (`rhythms.again`).
        """
        with transaction.atomic():
            if Hello.objects.between(by, other).open().exists():
                return
            if NotWith.objects.filter(member=by, other=other).exists():
                raise ValidationError(
                    gettext("You chose not to be with this person. Take that back first.")
                )
            cls.objects.filter(wisher=by, until__lte=now).delete()
            for _attempt in range(MOST_WISHES + 1):
                again = cls.objects.filter(wisher=by, other=other)
                if again.update(is_taken_back=False):
                    return
                places = dict(cls.objects.filter(wisher=by).values_list("number", "until"))
                free = next((n for n in range(1, MOST_WISHES + 1) if n not in places), None)
                if free is None:
                    raise ValidationError(_full(min(places.values())))
                try:
                    with transaction.atomic():
                        cls.objects.create(
                            congregation_id=by.congregation_id,
                            wisher=by,
                            other_id=other,
                            number=free,
                            until=now + WISH_KEPT,
                        )
                        return
                except IntegrityError:
                    continue  # the same person's other tab took this place

    @classmethod
    def take_back(cls, other: uuid.UUID, *, by: Member) -> None:
        """Take one's wish back; nobody learns that it was there."""
        cls.objects.filter(wisher=by, other=other).update(is_taken_back=True)


def _full(next_free: datetime) -> str:
    return gettext(
        "Twelve people are noted, which is the most at a time. Each keeps its place for a week, "
        "even when you take it back; the next is free on %(day)s."
    ) % {"day": date_format(localtime(next_free), "D j M")}


class HelloQuerySet(TenantedQuerySet["Hello"]):
    """Hellos of pairs."""

    def visible_to(self, member: Member) -> Self:
        return super().visible_to(member).filter(Q(first=member) | Q(second=member))

    def open(self) -> Self:
        """Return those that are not closed."""
        return self.filter(closed_at__isnull=True)

    def between(self, member: Member, other: object) -> Self:
        """Return those of a member and another one, given by id."""
        return self.filter(Q(first=member, second=other) | Q(second=member, first=other))

    def waiting_for(self, member: Member, *, now: datetime) -> Self:
        """Return those in which it is this member's turn: they have said nothing yet, or the other
        one has offered times since they did, and no time is picked.
        """
        mine = Greeting.objects.filter(hello=OuterRef("pk"), member=member)
        offered = OfferedTime.objects.filter(hello=OuterRef("pk"), starts_at__gt=now).exclude(
            member=member
        )
        theirs = Greeting.objects.filter(hello=OuterRef("hello")).exclude(member=member)
        answered = mine.filter(~Exists(theirs.filter(said_at__gt=OuterRef("said_at"))))
        return (
            self.visible_to(member)
            .open()
            .filter(picked_at__isnull=True)
            .filter(~Exists(mine) | (Exists(offered) & ~Exists(answered)))
            .select_related("congregation", "first", "second")
        )


class Hello(Tenanted):
    """What follows a mutual wish: each may say something, and one time is picked."""

    first = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    made_at = models.DateTimeField()
    # The time that was picked; it becomes a meeting of the two.
    picked_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[HelloQuerySet] = HelloQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="hello_of_two", condition=Q(first__lt=F("second"))),
            models.UniqueConstraint(
                fields=["first", "second"],
                condition=Q(closed_at__isnull=True),
                name="hello_one_open_per_pair",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["second", "closed_at"])]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return reverse("hello", kwargs={"slug": self.congregation.slug, "pk": self.pk})

    def other(self, member: Member) -> Member:
        """Return the other of the two."""
        return self.second if self.first_id == member.pk else self.first

    @property
    def is_open(self) -> bool:
        """Whether something can still be said here."""
        return self.closed_at is None

    def say(
        self,
        note: str,
        contacts: Iterable[Contact] = (),
        times: Iterable[datetime] = (),
        *,
        by: Member,
        now: datetime,
    ) -> "Greeting":
        """Say hello, or change what one said: a note, one's own contact, up to three times; each
        of the two may. The other one is told at first, and whenever times are new.
        """
        offered = sorted(set(times))
        with transaction.atomic():
            greeting, is_first = self.greet(note, contacts, by=by, now=now)
            if self._offer(offered, by=by, now=now) or is_first:
                occasion = "-".join(f"{int(time.timestamp()) // 60}" for time in offered)
                Notice.tell("crews.hello_said", [self.other(by)], self, now=now, occasion=occasion)
        return greeting

    def greet(
        self, note: str, contacts: Iterable[Contact] = (), *, by: Member, now: datetime
    ) -> "tuple[Greeting, bool]":
        """Write one's side down without telling anyone; return it, and whether it is the first."""
        given = list(contacts)
        if any(contact.member_id != by.pk for contact in given):
            raise PermissionDenied
        contact = "\n".join(f"{c.kind}: {' '.join(c.value.split())}" for c in given)
        with transaction.atomic():
            self._hold(by=by)
            greeting = Greeting.objects.filter(hello=self, member=by).first()
            if greeting is None:
                greeting = Greeting.objects.create(
                    congregation_id=self.congregation_id,
                    hello=self,
                    member=by,
                    note=note,
                    contact=contact,
                    said_at=now,
                )
                Event.record("hello.say", self, by=by, now=now, circle=self.pk)
                return greeting, True
            if (greeting.note, greeting.contact) != (note, contact):
                greeting.note, greeting.contact, greeting.said_at = note, contact, now
                greeting.save(update_fields=["note", "contact", "said_at"])
                Event.record("hello.say", self, by=by, now=now, circle=self.pk)
        return greeting, False

    def _offer(self, times: Sequence[datetime], *, by: Member, now: datetime) -> bool:
        """Put these times in the place of those that one offered; return whether some are new."""
        if len(times) > MOST_TIMES:
            raise ValidationError(gettext("Offer three times at most."))
        if any(not now < time <= now + TIMES_WITHIN for time in times):
            raise ValidationError(gettext("Offer times within the next three months."))
        mine = OfferedTime.objects.filter(hello=self, member=by)
        before = list(mine.order_by("starts_at").values_list("starts_at", flat=True))
        if before == list(times):
            return False
        mine.delete()
        OfferedTime.objects.bulk_create(
            OfferedTime(
                congregation_id=self.congregation_id,
                hello=self,
                member=by,
                number=number,
                starts_at=time,
            )
            for number, time in enumerate(times, 1)
        )
        Greeting.objects.filter(hello=self, member=by).update(said_at=now)
        Event.record("hello.offer", self, by=by, now=now, circle=self.pk)
        return not set(times) <= set(before)

    def close(self, *, by: Member, now: datetime) -> bool:
        """Close it quietly, without a reason and without a notice; each of the two may.

        Returns whether it was open. Whether they noted each other again is theirs to say.
        """
        self._between(by=by)
        with transaction.atomic():
            closed = Hello.objects.filter(pk=self.pk, closed_at__isnull=True).update(closed_at=now)
            if closed:
                OfferedTime.objects.filter(hello=self).delete()
                Event.record("hello.close", self, by=by, now=now, circle=self.pk)
        self.refresh_from_db(fields=["closed_at"])
        return bool(closed)

    def _between(self, *, by: Member) -> None:
        if by.pk not in (self.first_id, self.second_id):
            raise PermissionDenied

    def _hold(self, *, by: Member) -> None:
        """Lock this row, so that what the two say at the same moment comes one after the other."""
        self._between(by=by)
        if not Hello.objects.select_for_update().open().filter(pk=self.pk).exists():
            raise ValidationError(gettext("This hello is closed."), code="closed")


class GreetingQuerySet(TenantedQuerySet["Greeting"]):
    """What each of a pair said."""

    def visible_to(self, member: Member) -> Self:
        return super().visible_to(member).filter(Q(hello__first=member) | Q(hello__second=member))


class Greeting(Tenanted):
    """One side of a hello: a note, and the contact that this person chose to give."""

    hello = models.ForeignKey(Hello, on_delete=models.CASCADE, related_name="greetings")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    note = SealedTextField(_("a few words"), max_length=1000)
    # "kind: value", one on each line, as it was when it was given.
    contact = SealedTextField()
    said_at = models.DateTimeField()

    objects: ClassVar[GreetingQuerySet] = GreetingQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["hello", "member"], name="greeting_once_each")
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def kinds_given(self) -> list[str]:
        """The kinds of contact that were given."""
        return [line.partition(": ")[0] for line in self.contact.splitlines()]

    @property
    def ways(self) -> list[tuple[str, str]]:
        """The contact that was given, as (label, value)."""
        lines = [line.partition(": ") for line in self.contact.splitlines()]
        return [(str(Contact.Kind(kind).label), value) for kind, _colon, value in lines]


class OfferedTimeQuerySet(TenantedQuerySet["OfferedTime"]):
    """Times offered in hellos."""

    def visible_to(self, member: Member) -> Self:
        return super().visible_to(member).filter(Q(hello__first=member) | Q(hello__second=member))


class OfferedTime(Tenanted):
    """A time that one of a pair offered the other, at most three at once."""

    hello = models.ForeignKey(Hello, on_delete=models.CASCADE, related_name="times")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveSmallIntegerField()
    starts_at = models.DateTimeField()

    objects: ClassVar[OfferedTimeQuerySet] = OfferedTimeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["hello", "member", "number"], name="offered_time_numbered"
            ),
            models.CheckConstraint(
                name="offered_time_three_at_most", condition=Q(number__gte=1, number__lte=3)
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
