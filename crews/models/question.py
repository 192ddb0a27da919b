"""A question to a table: something that takes the private yes of everyone who sits there."""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar, Final, Self

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.models import Event, Member, Notice, Tenanted, TenantedQuerySet
from congregation.sealed import SealedTextField
from crews.models.crew import Crew, Seat
from crews.models.table import OwnQuerySet

ASKED_AGAIN_AFTER: Final = timedelta(days=7)
ASKED_FOR: Final = timedelta(days=14)
# So long nobody who was asked can ask again whether to part with the same person.
REST_AFTER_PARTING: Final = timedelta(weeks=13)
# So many have to say yes, whoever else is away.
LEAST: Final = 2


class QuestionQuerySet(TenantedQuerySet["Question"]):
    """Questions to tables."""

    def visible_to(self, member: Member) -> Self:
        """Return those that one is asked oneself: at one's own tables, and never one about oneself.

        What has come to nothing is seen by nobody, nor who was parted with.
        """
        mine = Seat.objects.at_table().filter(member=member).values("crew_id")
        return (
            super()
            .visible_to(member)
            .filter(Q(crew__in=mine) | Q(other__in=mine, kind=Question.Kind.SEATING))
            .exclude(about=member)
            .filter(
                Q(state=Question.State.OPEN)
                | (Q(state=Question.State.AGREED) & ~Q(kind=Question.Kind.PART))
            )
        )

    def open(self) -> Self:
        """Return those that can be answered."""
        return self.filter(state=Question.State.OPEN)

    def wipe(self, *, now: datetime) -> int:
        """Delete what was asked long ago and left nothing behind; return how many."""
        over = self.exclude(state=Question.State.OPEN).filter(
            settled_at__lte=now - REST_AFTER_PARTING
        )
        return over.delete()[0]


class Question(Tenanted):
    """What a table is asked, each in private: to end, to part, to share, to sit anew.

    Who asked is one of the yeses, and told to nobody.
    """

    class Kind(models.TextChoices):
        END = "end", _("Ending")
        PART = "part", _("Parting with one of us")
        LESSON = "lesson", _("Sharing a lesson")
        MEET = "meet", _("Mixing two crews")
        SEATING = "seating", _("Sitting anew")

    class State(models.TextChoices):
        OPEN = "open", _("Asked")
        AGREED = "agreed", _("Agreed")
        CLOSED = "closed", _("Closed")

    kind = models.CharField(max_length=8, choices=Kind)
    crew = models.ForeignKey(Crew, on_delete=models.CASCADE, related_name="questions")
    # The crew to mix with, and whom it is about.
    other = models.ForeignKey(
        Crew, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    about = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    state = models.CharField(max_length=6, choices=State, default=State.OPEN)
    asked_at = models.DateTimeField()
    asked_again_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    # What a new table would be called, where one becomes two.
    name = SealedTextField(_("name"), max_length=60)

    objects: ClassVar[QuestionQuerySet] = QuestionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["crew", "kind"],
                condition=Q(state="open") & ~Q(kind="part"),
                name="question_one_open",
            ),
            models.UniqueConstraint(
                fields=["crew", "about"],
                condition=Q(state="open", kind="part"),
                name="question_one_open_about",
            ),
            models.CheckConstraint(
                name="question_about_someone_to_part",
                condition=Q(kind="part", about__isnull=False)
                | (~Q(kind="part") & Q(about__isnull=True)),
            ),
            models.CheckConstraint(
                name="question_other_crew_to_mix",
                condition=Q(other__isnull=True) | Q(kind__in=["meet", "seating"]),
            ),
            models.CheckConstraint(
                name="question_meets_another_crew",
                condition=~Q(kind="meet") | Q(other__isnull=False),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["state", "asked_at"])]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return f"{self.crew.get_absolute_url()}#questions"

    @property
    def closes_at(self) -> datetime:
        """When it comes to nothing, unless everyone has said yes before."""
        return self.asked_at + ASKED_FOR

    @classmethod
    def ask(
        cls,
        kind: "Question.Kind",
        crew: Crew,
        *,
        other: Crew | None = None,
        about: Member | None = None,
        name: str = "",
        tables: Mapping[uuid.UUID, int] | None = None,
        by: Member | None,
        now: datetime,
        pk: uuid.UUID | None = None,
    ) -> "Question":
        """Ask a table, with one's own yes; anyone at it may. `by=None` passes on what another crew asks.

        `tables` says for each person at which of two tables they would sit. Each kind has its own rules,
        which its caller checks before (`crews.asking`).
        """
        with transaction.atomic():
            held = Crew.objects.select_for_update(no_key=True).get(pk=crew.pk)
            if by is not None and not Seat.objects.at_table().filter(crew=held, member=by).exists():
                raise PermissionDenied
            there = cls.objects.filter(crew=held, kind=kind, about=about)
            made = there.filter(Q(pk=pk) | Q(state=Question.State.OPEN)).first()
            if made is not None:
                return made
            question = cls(
                congregation_id=crew.congregation_id,
                kind=kind,
                crew=crew,
                other=other,
                about=about,
                name=name,
                asked_at=now,
            )
            if pk:
                question.pk = pk
            question.clean_fields(exclude=["congregation", "crew", "other", "about"])
            question.save(force_insert=True)
            Placing.objects.bulk_create(
                Placing(
                    congregation_id=crew.congregation_id,
                    question=question,
                    member_id=person,
                    table=table,
                )
                for person, table in (tables or {}).items()
            )
            if by is not None:
                question._say(True, by=by, now=now)
            # Whether to part with someone leaves no trace in any log.
            if kind != Question.Kind.PART:
                Event.record("question.ask", question, by=None, now=now, circle=crew.pk)
            Notice.tell("crews.question", question.silent(), question, now=now)
        return question

    def asked(self) -> "QuerySet[Member]":
        """Return everyone whose yes it takes now: at the table, not away, and not whom it is about."""
        crews = [self.crew_id, self.other_id if self.kind == Question.Kind.SEATING else None]
        seats = Seat.objects.at_table().filter(crew__in=[pk for pk in crews if pk])
        people = Member.objects.filter(state=Member.State.ACTIVE, pk__in=seats.values("member_id"))
        if self.about_id is not None:
            people = people.exclude(pk=self.about_id)
        return people.order_by("name_key")

    def silent(self) -> "QuerySet[Member]":
        """Return those of them who have said nothing yet. For verbs."""
        said = QuestionAnswer.objects.filter(question=self).values("member_id")
        return self.asked().exclude(pk__in=said)

    def say(self, is_yes: bool, *, by: Member, now: datetime) -> bool:
        """Say in private yes or no, and change it while it is open; tell whether all have now said yes.

        Anyone who is asked may. A no changes nothing that anyone else could see.
        """
        with transaction.atomic():
            self.hold()
            here = Seat.objects.at_table().filter(member=by)
            crews = [self.crew_id, self.other_id if self.kind == Question.Kind.SEATING else None]
            if by.pk == self.about_id or not here.filter(crew__in=crews).exists():
                raise PermissionDenied
            said = QuestionAnswer.objects.filter(question=self, member=by).first()
            if self.state != Question.State.OPEN:
                if said is not None and said.is_yes == is_yes:
                    return False
                raise ValidationError(gettext("This isn’t asked any more."))
            self._say(is_yes, by=by, now=now)
            return self.is_whole()

    def _say(self, is_yes: bool, *, by: Member, now: datetime) -> None:
        QuestionAnswer.objects.update_or_create(
            question=self,
            member=by,
            defaults={
                "congregation_id": self.congregation_id,
                "is_yes": is_yes,
                "said_at": now,
            },
        )

    def is_whole(self) -> bool:
        """Tell whether everyone whose yes it takes has said yes."""
        yes = QuestionAnswer.objects.filter(question=self, is_yes=True).values("member_id")
        asked = self.asked()
        if not asked.exists() or asked.exclude(pk__in=yes).exists():
            return False
        least = LEAST if self.about_id else min(LEAST, self.crew.people().count())
        return asked.count() >= least

    def agree(self, *, now: datetime) -> bool:
        """Note that it is agreed; tell whether this was the one call that did. Inside a verb."""
        agreed = (
            Question.objects.filter(pk=self.pk)
            .open()
            .update(state=Question.State.AGREED, settled_at=now)
        )
        self.refresh_from_db(fields=["state", "settled_at"])
        if agreed:
            QuestionAnswer.objects.filter(question=self).delete()
        return bool(agreed)

    def ask_again(self, *, now: datetime) -> bool:
        """Ask those who have said nothing once more; tell whether this was the one call that did."""
        with transaction.atomic():
            again = (
                Question.objects.filter(pk=self.pk, asked_again_at__isnull=True)
                .open()
                .update(asked_again_at=now)
            )
            if again:
                Notice.tell("crews.question", self.silent(), self, now=now, occasion="again")
        return bool(again)

    def close(self, *, now: datetime) -> bool:
        """Let one that didn't find everyone's yes go, with its answers and every notice of it."""
        with transaction.atomic():
            closed = (
                Question.objects.filter(pk=self.pk)
                .open()
                .update(state=Question.State.CLOSED, settled_at=now)
            )
            self.refresh_from_db(fields=["state", "settled_at"])
            if closed:
                QuestionAnswer.objects.filter(question=self).delete()
                Notice.objects.filter(kind="crews.question", about=self.pk).delete()
        return bool(closed)

    def hold(self) -> None:
        """Hold the row until the end of the transaction, and read how it stands."""
        held = Question.objects.select_for_update(no_key=True).get(pk=self.pk)
        self.state, self.settled_at = held.state, held.settled_at


class QuestionAnswer(Tenanted):
    """One person's private yes or no to a question; seen by nobody else, and gone once it is settled."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="answers")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    is_yes = models.BooleanField()
    said_at = models.DateTimeField()

    objects: ClassVar[OwnQuerySet["QuestionAnswer"]] = OwnQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["question", "member"], name="question_answer_once")
        ]

    def __str__(self) -> str:
        return str(self.pk)


class PlacingQuerySet(TenantedQuerySet["Placing"]):
    """Who would sit where."""

    def visible_to(self, member: Member) -> Self:
        """Return those of the questions that one is asked."""
        return (
            super()
            .visible_to(member)
            .filter(question__in=Question.objects.visible_to(member).values("pk"))
        )


class Placing(Tenanted):
    """At which of two tables one person would sit."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="placings")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    table = models.PositiveSmallIntegerField()

    objects: ClassVar[PlacingQuerySet] = PlacingQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["question", "member"], name="placing_once"),
            models.CheckConstraint(name="placing_at_one_of_two", condition=Q(table__in=[1, 2])),
        ]

    def __str__(self) -> str:
        return str(self.pk)
