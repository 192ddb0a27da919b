"""A table that a season proposes: the people, and what each says to it in private."""

from datetime import date, datetime
from typing import ClassVar, Self

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.models import Member, Tenanted, TenantedQuerySet
from crews import rules
from crews.models.card import Card, CrewKind, Tempo
from crews.models.crew import Crew
from crews.models.idea import Idea
from crews.models.season import Season
from crews.models.table import OwnQuerySet


class ProposalQuerySet(TenantedQuerySet["Proposal"]):
    """Tables that seasons propose."""

    def visible_to(self, member: Member) -> Self:
        """Return those that one is asked to, whose people know of each other."""
        asked = Proposed.objects.filter(proposal=OuterRef("pk"), member=member)
        return super().visible_to(member).filter(Exists(asked))

    def asking(self) -> Self:
        """Return those that can be answered."""
        return self.filter(state=Proposal.State.ASKING)


class Proposal(Tenanted):
    """Some people whom a season proposes to each other as a crew, at a time that all of them have.

    It becomes a crew of those who say yes, if they are enough; who said what is told to nobody.
    """

    class State(models.TextChoices):
        ASKING = "asking", _("Asking")
        BEGUN = "begun", _("A crew")
        CLOSED = "closed", _("Closed")

    season = models.ForeignKey(Season, on_delete=models.CASCADE, related_name="proposals")
    round = models.PositiveSmallIntegerField()
    number = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=6, choices=State, default=State.ASKING)
    # The stretch of a UTC week that all have in common, and where and how often that would be.
    begins = models.PositiveSmallIntegerField()
    ends = models.PositiveSmallIntegerField()
    where = models.CharField(max_length=8, choices=Card.Where)
    tempo = models.CharField(max_length=12, choices=Tempo)
    kind = models.CharField(max_length=12, choices=CrewKind, default=CrewKind.OTHER)
    # An idea of the season that most of them would join.
    idea = models.ForeignKey(
        Idea, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    asked_at = models.DateTimeField()
    answers_until = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    crew = models.OneToOneField(
        Crew, null=True, blank=True, on_delete=models.SET_NULL, related_name="proposal"
    )

    objects: ClassVar[ProposalQuerySet] = ProposalQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["season", "round", "number"], name="proposal_numbered"),
            models.CheckConstraint(
                name="proposal_at_a_time",
                condition=Q(begins__lt=F("ends"), ends__lte=2 * rules.WEEK),
            ),
            models.CheckConstraint(
                name="proposal_begun_has_crew", condition=Q(state="begun") | Q(crew__isnull=True)
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["state", "answers_until"])]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return self.season.get_absolute_url()

    def is_asking(self, *, now: datetime) -> bool:
        """Whether it can be answered."""
        return self.state == Proposal.State.ASKING and self.answers_until > now

    def people(self) -> "QuerySet[Member]":
        """Return who is asked and still here; for verbs."""
        asked = Proposed.objects.filter(proposal=self).values("member_id")
        return Member.objects.present().filter(pk__in=asked).order_by("name_key")

    def willing(self) -> "QuerySet[Member]":
        """Return those of them who have said yes; for verbs."""
        yes = ProposalAnswer.objects.filter(proposal=self, is_yes=True).values("member_id")
        return self.people().filter(pk__in=yes)

    def times(self, zone: str, on: date) -> "list[rules.Free]":
        """Return the time that all have in common, on a clock."""
        whole = [(self.begins, min(self.ends, rules.WEEK))]
        if self.ends > rules.WEEK:
            whole.append((0, self.ends - rules.WEEK))
        return rules.to_local_week(whole, zone, on)

    def answer(self, is_yes: bool, *, by: Member, now: datetime) -> bool:
        """Say in private whether one would, with these people or those of them who say yes.

        Anyone asked may, and may change it until the time is over. Tells whether all have said yes.
        """
        with transaction.atomic():
            self.hold()
            if not Proposed.objects.filter(proposal=self, member=by).exists():
                raise PermissionDenied
            said = ProposalAnswer.objects.filter(proposal=self, member=by).first()
            if said is not None and said.is_yes == is_yes:
                return False
            if not self.is_asking(now=now):
                raise ValidationError(gettext("This table isn’t asked any more."))
            ProposalAnswer.objects.update_or_create(
                proposal=self,
                member=by,
                defaults={
                    "congregation_id": self.congregation_id,
                    "is_yes": is_yes,
                    "said_at": now,
                },
            )
            return not self.people().exclude(pk__in=self.willing()).exists()

    def hold(self) -> None:
        """Hold the row until the end of the transaction, and read how it stands."""
        held = Proposal.objects.select_for_update(no_key=True).get(pk=self.pk)
        self.state, self.crew_id = held.state, held.crew_id

    def settle(self, crew: Crew | None, *, now: datetime) -> None:
        """Note what came of it, inside a verb that holds it."""
        self.crew, self.settled_at = crew, now
        self.state = Proposal.State.BEGUN if crew else Proposal.State.CLOSED
        self.save(update_fields=["crew", "settled_at", "state"])


class ProposedQuerySet(TenantedQuerySet["Proposed"]):
    """Who is asked to proposed tables; who said what is each one's own."""

    def visible_to(self, member: Member) -> Self:
        """Return those of the tables that one is asked to oneself."""
        asked = Proposed.objects.filter(member=member).values("proposal_id")
        return super().visible_to(member).filter(proposal__in=asked)


class Proposed(Tenanted):
    """One person at a proposed table; nobody is at two in one round."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="proposed")
    season = models.ForeignKey(Season, on_delete=models.CASCADE, related_name="+")
    round = models.PositiveSmallIntegerField()
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")

    objects: ClassVar[ProposedQuerySet] = ProposedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["season", "round", "member"], name="proposed_once_a_round"
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)


class ProposalAnswer(Tenanted):
    """One person's private yes or not-this-time to a proposed table; seen by nobody else, ever."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="answers")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    is_yes = models.BooleanField()
    said_at = models.DateTimeField()

    objects: ClassVar[OwnQuerySet["ProposalAnswer"]] = OwnQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["proposal", "member"], name="proposal_answer_once")
        ]

    def __str__(self) -> str:
        return str(self.pk)
