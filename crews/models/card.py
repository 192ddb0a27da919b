"""Looking for a crew: what a person shows in the pool, and when they are free."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, ClassVar, Final, Self

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.models import Member, Tenanted, TenantedQuerySet
from congregation.sealed import SealedTextField
from crews import rules, week


class CrewKind(models.TextChoices):
    """What a crew is for."""

    SUPPORT = "support", _("Support pod")
    LIVELIHOOD = "livelihood", _("Livelihood pod")
    COOP = "coop", _("Co-op")
    HOUSE = "house", _("Shared house")
    AFFINITY = "affinity", _("Affinity group")
    OTHER = "other", _("Something else")


class Tempo(models.TextChoices):
    """How often a crew meets."""

    WEEKLY = "weekly", _("Weekly")
    FORTNIGHTLY = "fortnightly", _("Every other week")
    MONTHLY = "monthly", _("Monthly")


class CardQuerySet(TenantedQuerySet["Card"]):
    """Cards of the pool."""

    def visible_to(self, member: Member) -> Self:
        """Return one's own, and those in the pool to those who are in it themselves."""
        inside = Card.objects.filter(member=member, state=Card.State.LOOKING)
        return (
            super()
            .visible_to(member)
            .filter(Q(member=member) | (Q(state=Card.State.LOOKING) & Exists(inside)))
            .filter(member__state__in=[Member.State.ACTIVE, Member.State.AWAY])
        )

    def looking(self) -> Self:
        """Return those of people who are looking."""
        return self.filter(state=Card.State.LOOKING)


class Card(Tenanted):
    """What a person shows to those who are looking for a crew, as they are."""

    class State(models.TextChoices):
        LOOKING = "looking", _("Looking")
        NOT_NOW = "not_now", _("Not now")
        HAPPY = "happy", _("Happy without")

    class Where(models.TextChoices):
        EITHER = "either", _("In person or online")
        PLACE = "place", _("In person")
        ONLINE = "online", _("Online")

    member = models.OneToOneField(Member, on_delete=models.CASCADE, related_name="card")
    state = models.CharField(max_length=10, choices=State, default=State.NOT_NOW)
    livelihood = SealedTextField(_("work I do for money"), max_length=300)
    meaning = SealedTextField(_("work that is most meaningful to me"), max_length=300)
    offers = SealedTextField(_("I can offer"), max_length=300)
    asks = SealedTextField(_("I could use"), max_length=300)
    # A line of words divided by commas; compared folded.
    topics = SealedTextField(_("topics"), max_length=300)
    kinds = models.JSONField(default=list, blank=True)
    tempos = models.JSONField(default=list, blank=True)
    where = models.CharField(max_length=8, choices=Where, default=Where.EITHER)

    objects: ClassVar[CardQuerySet] = CardQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes: ClassVar = [models.Index(fields=["congregation", "state"])]

    def __str__(self) -> str:
        return str(self.member_id)

    @classmethod
    def of(cls, member: Member) -> "Card":
        """Return a member's own card; a blank one, not saved, for someone who has written none."""
        blank = cls(congregation_id=member.congregation_id, member=member)
        return cls.objects.filter(member=member).first() or blank

    @property
    def is_looking(self) -> bool:
        """Whether this person is in the pool."""
        return self.state == self.State.LOOKING

    @property
    def is_written(self) -> bool:
        """Whether there is something for the others to read."""
        return bool(self.meaning)

    @property
    def topic_words(self) -> list[str]:
        """The topics, one by one, as they were written."""
        return [word.strip() for word in self.topics.split(",") if word.strip()]

    @property
    def kind_words(self) -> list[str]:
        """The kinds of crew that this person would like."""
        return [str(kind.label) for kind in CrewKind if kind in self.kinds]

    @property
    def tempo_words(self) -> list[str]:
        """The tempos that would suit this person."""
        return [str(tempo.label) for tempo in Tempo if tempo in self.tempos]

    def look(self, state: str, *, by: Member) -> None:
        """Say whether one looks for a crew; only oneself may.

        Nobody is told and no event is recorded, so that there is no history of who was looking.
        """
        with transaction.atomic():
            self._keep(by=by)
            if state == self.State.LOOKING and not self.is_written:
                raise ValidationError(
                    gettext("Write a few words on your card first: it is what the others read.")
                )
            self.state = self.State(state)
            self.save(update_fields=["state"])

    def write(self, words: Mapping[str, Any], *, by: Member) -> None:
        """Write parts of one's card; only oneself may, and it is recorded nowhere else."""
        strange = set(words) - WRITTEN
        if strange:
            raise ValidationError(gettext("A card has no place for that."))
        with transaction.atomic():
            self._keep(by=by)
            for name, value in words.items():
                setattr(self, name, value)
            self.save(update_fields=list(words))

    def free(self, times: Iterable[rules.Free], *, by: Member) -> None:
        """Say when one is free each week, on one's own clock; only oneself may.

        Times that touch or overlap become one; what was said before is replaced.
        """
        with transaction.atomic():
            self._keep(by=by)
            # Two saves at once wait for each other here.
            Card.objects.select_for_update().get(pk=self.pk)
            FreeTime.objects.filter(member=by).delete()
            FreeTime.objects.bulk_create(
                FreeTime(
                    congregation_id=self.congregation_id,
                    member=by,
                    weekday=time.weekday,
                    begins=time.begins,
                    ends=time.ends,
                )
                for time in week.joined(times)
            )

    def _keep(self, *, by: Member) -> None:
        """Make sure that this card is its owner's and has a row."""
        if by.pk != self.member_id:
            raise PermissionDenied
        if self._state.adding:
            made, _is_new = Card.objects.get_or_create(
                member=by, defaults={"congregation_id": self.congregation_id}
            )
            self.pk, self._state.adding, self._state.db = made.pk, False, made._state.db
            for field in ("state", *WRITTEN):
                setattr(self, field, getattr(made, field))


WRITTEN: Final = frozenset(
    {"livelihood", "meaning", "offers", "asks", "topics", "kinds", "tempos", "where"}
)


class FreeTimeQuerySet(TenantedQuerySet["FreeTime"]):
    """When people are free each week."""

    def visible_to(self, member: Member) -> Self:
        """Return one's own, those of people in the pool to those who are in it, and those of people
        with whom one has a hello: they look for a time, whether or not they still look for a crew.
        """
        from crews.models.interest import Hello

        inside = Card.objects.filter(member=member, state=Card.State.LOOKING)
        theirs = Card.objects.filter(member=OuterRef("member"), state=Card.State.LOOKING)
        greeted = Hello.objects.open().filter(
            Q(first=member, second=OuterRef("member")) | Q(second=member, first=OuterRef("member"))
        )
        return (
            super()
            .visible_to(member)
            .filter(Q(member=member) | (Exists(theirs) & Exists(inside)) | Exists(greeted))
        )

    def by_member(self) -> dict[uuid.UUID, list[rules.Free]]:
        """Return each person's times, by the id of the member."""
        weeks: dict[uuid.UUID, list[rules.Free]] = {}
        for member, *time in self.values_list("member_id", "weekday", "begins", "ends"):
            weeks.setdefault(member, []).append(rules.Free(*time))
        return weeks


class FreeTime(Tenanted):
    """A stretch of each week in which a person is free, on their own clock."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="free_times")
    weekday = models.PositiveSmallIntegerField()
    begins = models.PositiveSmallIntegerField()
    ends = models.PositiveSmallIntegerField()

    objects: ClassVar[FreeTimeQuerySet] = FreeTimeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="free_time_within_a_day",
                condition=Q(weekday__lte=6, ends__lte=1440, begins__lt=F("ends")),
            ),
            models.UniqueConstraint(
                fields=["member", "weekday", "begins"], name="free_time_begins_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.weekday} {self.begins}-{self.ends}"


def week_of(member: Member, free: Iterable[rules.Free], on: date) -> tuple[rules.Stretch, ...]:
    """Return a member's free times as stretches of a UTC week, by their clock on a date."""
    return tuple(rules.to_utc_week(free, member.zone, on))
