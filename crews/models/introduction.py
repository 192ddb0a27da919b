"""An introduction: a host brings someone together with a crew, or with someone else."""

import uuid
from datetime import datetime, timedelta
from typing import ClassVar, Final, Self

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.models import Event, Member, Notice, Tenanted, TenantedQuerySet
from crews.models.apart import NotWith
from crews.models.crew import Crew
from crews.models.interest import Hello
from crews.models.request import Request
from crews.models.table import OwnQuerySet
from crews.rules import pair

OFFERED_FOR: Final = timedelta(days=14)
HERE: Final = (Member.State.ACTIVE, Member.State.AWAY)


class IntroductionQuerySet(TenantedQuerySet["Introduction"]):
    """Introductions."""

    def visible_to(self, member: Member) -> Self:
        """Return those one is asked or wished for oneself, and all of them to hosts."""
        rows = super().visible_to(member)
        return rows if member.is_host else rows.filter(Q(member=member) | Q(other=member))

    def asked(self, member: Member, *, now: datetime) -> Self:
        """Return those that wait for a member's own word."""
        said = IntroductionAnswer.objects.filter(member=member).values("introduction_id")
        apart = NotWith.objects.of(member)
        return (
            self.filter(Q(member=member) | Q(other=member))
            .exclude(other__isnull=False, member__in=apart)
            .exclude(other__in=apart)
            .filter(state=Introduction.State.OFFERED, closes_at__gt=now)
            .exclude(pk__in=said)
        )

    def wished(self) -> Self:
        """Return the wishes that no host has taken up yet."""
        return self.filter(state=Introduction.State.WISHED)

    def lately(self, now: datetime) -> Self:
        """Return those offered in the last two weeks, whatever was said to them."""
        return self.filter(closes_at__gt=now)

    def due(self, now: datetime) -> Self:
        """Return the offered ones whose time is over."""
        return self.filter(state=Introduction.State.OFFERED, closes_at__lte=now)


class Introduction(Tenanted):
    """What a host offers someone: to be introduced to a crew with an open seat, or to someone else.

    Hosts see that it was offered, and never what was said to it.
    """

    class State(models.TextChoices):
        WISHED = "wished", _("Wished for")
        OFFERED = "offered", _("Offered")
        MADE = "made", _("Made")
        CLOSED = "closed", _("Closed")

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="introductions")
    crew = models.ForeignKey(
        Crew, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    other = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    offered_by = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    state = models.CharField(max_length=7, choices=State, default=State.OFFERED)
    wished_at = models.DateTimeField(null=True, blank=True)
    offered_at = models.DateTimeField(null=True, blank=True)
    closes_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[IntroductionQuerySet] = IntroductionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["member"], condition=Q(state="wished"), name="introduction_one_wish"
            ),
            models.UniqueConstraint(
                fields=["member", "crew"],
                condition=Q(state="offered"),
                name="introduction_once_to_a_crew",
            ),
            models.UniqueConstraint(
                fields=["member", "other"],
                condition=Q(state="offered"),
                name="introduction_once_to_each_other",
            ),
            models.CheckConstraint(
                name="introduction_to_a_crew_or_someone",
                condition=Q(state="wished", crew__isnull=True, other__isnull=True)
                | (~Q(state="wished") & Q(crew__isnull=False, other__isnull=True))
                | (~Q(state="wished") & Q(crew__isnull=True, other__isnull=False)),
            ),
            models.CheckConstraint(
                name="introduction_of_two",
                condition=Q(other__isnull=True) | ~Q(member=F("other")),
            ),
            models.CheckConstraint(
                name="introduction_offered_until",
                condition=Q(state="wished") | Q(closes_at__isnull=False),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["congregation", "state"]),
            models.Index(fields=["state", "closes_at"]),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return reverse("introduction", kwargs={"slug": self.congregation.slug, "pk": self.pk})

    @classmethod
    def wish(cls, *, by: Member, now: datetime) -> None:
        """Wish to be introduced to a crew or someone; hosts are told. Wished twice is once."""
        if by.state not in HERE:
            raise PermissionDenied
        try:
            with transaction.atomic():
                wish = cls.objects.create(
                    congregation_id=by.congregation_id,
                    member=by,
                    state=cls.State.WISHED,
                    wished_at=now,
                )
                hosts = Member.objects.filter(congregation=by.congregation_id).hosts(now)
                Notice.tell("crews.introduction_wished", hosts.exclude(pk=by.pk), wish, now=now)
        except IntegrityError:
            return  # wished already

    @classmethod
    def take_back(cls, *, by: Member) -> None:
        """Take one's own wish back."""
        cls.objects.wished().filter(member=by).delete()

    @classmethod
    def offer(
        cls,
        member: Member,
        *,
        crew: Crew | None = None,
        other: Member | None = None,
        by: Member,
        now: datetime,
        pk: uuid.UUID | None = None,
    ) -> "Introduction":
        """Offer someone an introduction to a crew with an open seat, or to someone else; only hosts may."""
        if not by.is_host or member.state not in HERE:
            raise PermissionDenied
        with transaction.atomic():
            # Of two hosts at the same moment, the second finds the first one's.
            Member.objects.select_for_update(no_key=True).get(pk=member.pk)
            theirs = cls.objects.filter(member=member)
            same = Q(state=cls.State.OFFERED, crew=crew, other=other)
            made = theirs.filter(Q(pk=pk) | same).first()
            if made is not None:
                return made
            if (crew is None) == (other is None):
                raise ValidationError(gettext("Choose a crew, or someone."))
            if crew is not None and (
                crew.is_partnership
                or crew.has_ended
                or crew.congregation_id != member.congregation_id
            ):
                raise PermissionDenied
            # Whether they sit there already is not for hosts to learn.
            if crew is not None and crew.seats_open < 1:
                raise ValidationError({"crew": gettext("Choose a crew with an open seat.")})
            if other is not None and (
                other.pk == member.pk
                or other.state not in HERE
                or other.congregation_id != member.congregation_id
            ):
                raise ValidationError({"other": gettext("Choose someone else who is here.")})
            introduction = cls(
                congregation_id=member.congregation_id,
                member=member,
                crew=crew,
                other=other,
                offered_by=by,
                offered_at=now,
                closes_at=now + OFFERED_FOR,
            )
            if pk:
                introduction.pk = pk
            introduction.save(force_insert=True)
            asked = [member, other] if other else [member]
            theirs.wished().delete()
            # Who would rather not be with the other isn't bothered; the other hears what silence says.
            apart = NotWith.objects.filter(member__in=asked, other__in=asked)
            bothered = set(apart.values_list("member_id", flat=True))
            to = [person for person in asked if person.pk not in bothered]
            Notice.tell("crews.introduction", to, introduction, now=now)
        return introduction

    def answer(self, is_yes: bool, *, by: Member, now: datetime) -> None:
        """Say in private whether one would like that; each who is asked may.

        With everyone's yes two people get a hello, and a crew is asked whether there is a seat.
        """
        with transaction.atomic():
            held = Introduction.objects.select_for_update(no_key=True).get(pk=self.pk)
            self.state = held.state
            asked = {self.member_id, self.other_id} - {None}
            if by.pk not in asked:
                raise PermissionDenied
            said = IntroductionAnswer.objects.filter(introduction=self, member=by).first()
            if self.state != Introduction.State.OFFERED or (
                self.closes_at and self.closes_at <= now
            ):
                if said is not None and said.is_yes == is_yes:
                    return
                raise ValidationError(gettext("This isn’t offered any more."))
            IntroductionAnswer.objects.update_or_create(
                introduction=self,
                member=by,
                defaults={
                    "congregation_id": self.congregation_id,
                    "is_yes": is_yes,
                    "said_at": now,
                },
            )
            yes = IntroductionAnswer.objects.filter(introduction=self, is_yes=True)
            if asked <= set(yes.values_list("member_id", flat=True)):
                self._make(now=now)

    def _make(self, *, now: datetime) -> None:
        Introduction.objects.filter(pk=self.pk).update(state=Introduction.State.MADE)
        self.state = Introduction.State.MADE
        if self.crew is not None:
            Request.ask(self.crew, by=self.member, now=now)
        elif self.other is not None and self.other.state in HERE:
            if Hello.objects.between(self.member, self.other.pk).open().exists():
                return
            first, second = pair(self.member_id, self.other.pk)
            hello = Hello.objects.create(
                congregation_id=self.congregation_id,
                first_id=first,
                second_id=second,
                made_at=now,
            )
            Event.record("hello.make", hello, by=None, now=now, circle=hello.pk)
            Notice.tell("crews.hello", [self.member, self.other], hello, now=now)

    def close(self) -> bool:
        """Let one whose time is over go; nobody is told. Tell whether this was the one call that did."""
        closed = Introduction.objects.filter(pk=self.pk, state=Introduction.State.OFFERED).update(
            state=Introduction.State.CLOSED
        )
        return bool(closed)


class IntroductionAnswer(Tenanted):
    """What someone says to an introduction; a no is seen by nobody else, ever."""

    introduction = models.ForeignKey(Introduction, on_delete=models.CASCADE, related_name="answers")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    is_yes = models.BooleanField()
    said_at = models.DateTimeField()

    objects: ClassVar[OwnQuerySet["IntroductionAnswer"]] = OwnQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["introduction", "member"], name="introduction_answer_once"
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)
