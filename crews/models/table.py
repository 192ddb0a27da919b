"""A table that forms: the people an idea's caller asks, and what each says in private."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import ClassVar, Final, Self

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, When
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.models import Event, Member, Notice, Tenanted, TenantedQuerySet
from crews.models.idea import Idea

ASKED_FOR: Final = timedelta(days=7)
OPEN_AGAIN_FOR: Final = timedelta(days=7)


class OwnQuerySet[M: models.Model](TenantedQuerySet[M]):
    """Rows that only the person who said it may see."""

    def visible_to(self, member: Member) -> Self:
        return super().visible_to(member).filter(member=member)


class TableQuerySet(TenantedQuerySet["Table"]):
    """Forming tables."""

    def visible_to(self, member: Member) -> Self:
        """Return the ones one is asked to, whose people know of each other."""
        asked = Place.objects.filter(table=OuterRef("pk"), member=member)
        return super().visible_to(member).filter(Exists(asked))

    def due(self, now: datetime) -> Self:
        """Return those that wait in vain: their time is over, or someone of them has left."""
        gone = Place.objects.filter(table=OuterRef("pk"), member__state=Member.State.LEFT)
        return self.filter(Q(closes_at__lte=now) | Exists(gone), state=Table.State.ASKING)


class Table(Tenanted):
    """The people who might become the crew of an idea, asked whether they would, with these people."""

    class State(models.TextChoices):
        ASKING = "asking", _("Asking")
        WHOLE = "whole", _("Whole")
        CLOSED = "closed", _("Closed")

    idea = models.ForeignKey(Idea, on_delete=models.CASCADE, related_name="tables")
    state = models.CharField(max_length=8, choices=State, default=State.ASKING)
    asked_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[TableQuerySet] = TableQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["idea"], condition=Q(state="asking"), name="table_one_asking"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["state", "closes_at"])]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return self.idea.get_absolute_url()

    @classmethod
    def ask(cls, idea: Idea, people: Collection[Member], *, by: Member, now: datetime) -> "Table":
        """Ask some of those who would join to a table; only the caller may, and says yes by it."""
        if by.pk != idea.caller_id:
            raise PermissionDenied
        wanted = {person.pk for person in people} - {by.pk}
        with transaction.atomic():
            idea.hold()
            if idea.state == Idea.State.FORMING:
                table = cls.objects.filter(idea=idea, state=Table.State.ASKING).first()
                if table and set(table.places.values_list("member_id", flat=True)) == wanted | {
                    by.pk
                }:
                    return table
            idea.check_open(now=now)
            asked = list(idea.may_be_asked().filter(pk__in=wanted))
            if len(asked) != len(wanted):
                raise ValidationError(
                    gettext("Someone has changed their answer. Please look again.")
                )
            if len(asked) < idea.least_asked:
                raise ValidationError(
                    gettext("A crew needs at least %(least)s people, you among them.")
                    % {"least": idea.least_asked + 1}
                )
            if len(asked) > idea.most_asked:
                raise ValidationError(
                    gettext("At most %(most)s people fit round a table, you among them.")
                    % {"most": idea.most_asked + 1}
                )
            table = cls.objects.create(
                congregation_id=idea.congregation_id,
                idea=idea,
                asked_at=now,
                closes_at=min(now + ASKED_FOR, idea.first_at),
            )
            Place.objects.bulk_create(
                Place(congregation_id=idea.congregation_id, table=table, member=person)
                for person in [by, *asked]
            )
            TableAnswer.objects.create(
                congregation_id=idea.congregation_id,
                table=table,
                member=by,
                is_yes=True,
                said_at=now,
            )
            idea.become(Idea.State.FORMING)
            Event.record("idea.ask", idea, by=by, now=now)
            Notice.tell("crews.table", asked, table, now=now)
        return table

    def people(self) -> "QuerySet[Member]":
        """Return who is asked, the caller first; for verbs."""
        return Member.objects.filter(pk__in=self.places.values("member_id")).order_by(
            Case(When(pk=self.idea.caller_id, then=0), default=1), "name_key"
        )

    def answer(self, is_yes: bool, *, by: Member, now: datetime) -> bool:
        """Say in private whether one would, with these people; tell whether all have now said yes.

        Anyone asked may, and may change it while the table waits. Nobody is told who said what.
        """
        with transaction.atomic():
            # Held, so that of two last yeses one sees the other; the idea always before its table.
            self.idea.hold()
            self.refresh_from_db(fields=["state"])
            places = Place.objects.filter(table=self)
            if not places.filter(member=by).exists():
                raise PermissionDenied
            said = TableAnswer.objects.filter(table=self, member=by).first()
            if self.state == Table.State.WHOLE and said is not None and said.is_yes == is_yes:
                return False
            if self.state != Table.State.ASKING or self.closes_at <= now:
                raise ValidationError(gettext("This table isn’t asked any more."))
            TableAnswer.objects.update_or_create(
                table=self,
                member=by,
                defaults={
                    "congregation_id": self.congregation_id,
                    "is_yes": is_yes,
                    "said_at": now,
                },
            )
            yes = TableAnswer.objects.filter(table=self, is_yes=True, member=OuterRef("member"))
            waits_for = places.filter(~Exists(yes) | Q(member__state=Member.State.LEFT))
            return not waits_for.exists()

    def fill(self) -> bool:
        """Note that all have said yes; tell whether this was the one call that did."""
        filled = Table.objects.filter(pk=self.pk, state=Table.State.ASKING).update(
            state=Table.State.WHOLE
        )
        self.refresh_from_db(fields=["state"])
        return bool(filled)

    def close(self, *, now: datetime) -> bool:
        """Let a table that didn't come together go, telling all its people the same words.

        The idea opens again for at least a week, unless its first meeting comes before.
        """
        with transaction.atomic():
            idea = self.idea
            idea.hold()
            closed = Table.objects.filter(pk=self.pk, state=Table.State.ASKING).update(
                state=Table.State.CLOSED, closed_at=now
            )
            self.refresh_from_db(fields=["state", "closed_at"])
            if not closed:
                return False
            if idea.state == Idea.State.FORMING:
                again = max(idea.open_until, now + OPEN_AGAIN_FOR)
                idea.open_until = min(again, idea.first_at)
                idea.become(Idea.State.OPEN, "open_until")
            Notice.tell("crews.table_closed", self.people(), self, now=now)
        return True


class PlaceQuerySet(TenantedQuerySet["Place"]):
    """Who is asked to a forming table; who said what is each one's own."""

    def visible_to(self, member: Member) -> Self:
        """Return the places of the tables that one is asked to oneself."""
        asked = Place.objects.filter(member=member).values("table_id")
        return super().visible_to(member).filter(table__in=asked)


class Place(Tenanted):
    """One person's place at a forming table."""

    table = models.ForeignKey(Table, on_delete=models.CASCADE, related_name="places")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")

    objects: ClassVar[PlaceQuerySet] = PlaceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["table", "member"], name="place_once")
        ]

    def __str__(self) -> str:
        return str(self.pk)


class TableAnswer(Tenanted):
    """One person's private yes or not-this-time to a forming table; seen by nobody else, ever."""

    table = models.ForeignKey(Table, on_delete=models.CASCADE, related_name="answers")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    is_yes = models.BooleanField()
    said_at = models.DateTimeField()

    objects: ClassVar[OwnQuerySet["TableAnswer"]] = OwnQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["table", "member"], name="table_answer_once")
        ]

    def __str__(self) -> str:
        return str(self.pk)
