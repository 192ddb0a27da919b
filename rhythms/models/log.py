"""What only those whose meeting it is know of it: who comes, who came, what they keep of it."""

import uuid
from typing import ClassVar, Self

from django.db import models
from django.db.models import Count, Max, Q
from django.utils.translation import gettext_lazy as _

from congregation.models import Member, Tenanted, TenantedQuerySet
from congregation.sealed import SealedTextField
from crews.models import Crew, OwnQuerySet, Seat
from rhythms import whose_turn


class CrewMeetingQuerySet[M: models.Model](TenantedQuerySet[M]):
    """Rows about a meeting that only those whose meeting it is may see; hosts may not."""

    def visible_to(self, member: Member) -> Self:
        return (
            super()
            .visible_to(member)
            .filter(
                Q(meeting__crew__in=Seat.objects.crews_of(member))
                | Q(meeting__hello__first=member)
                | Q(meeting__hello__second=member)
                | Q(meeting__crew__isnull=True, meeting__hello__isnull=True)
            )
        )


class Coming(Tenanted):
    """Whether a person comes, with a word and what they bring."""

    class Answer(models.TextChoices):
        COMING = "coming", _("Coming")
        LATE = "late", _("Late")
        CANT = "cant", _("Can’t")

    meeting = models.ForeignKey("rhythms.Meeting", on_delete=models.CASCADE, related_name="comings")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    answer = models.CharField(max_length=6, choices=Answer)
    word = SealedTextField(_("a word"), max_length=200)
    brings = SealedTextField(_("I bring"), max_length=200)
    answered_at = models.DateTimeField()

    objects: ClassVar[CrewMeetingQuerySet["Coming"]] = CrewMeetingQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["meeting", "member"], name="coming_once")
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Log(Tenanted):
    """*We met*: what only the crew knows of a meeting that was held."""

    meeting = models.OneToOneField(
        "rhythms.Meeting", on_delete=models.CASCADE, related_name="record"
    )
    note = SealedTextField(_("one line to remember"), max_length=300)
    logged_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    logged_at = models.DateTimeField()
    # How it was, as words with counts, once whose word was whose is forgotten: {"warm": 3}.
    moods = SealedTextField(max_length=100)

    objects: ClassVar[CrewMeetingQuerySet["Log"]] = CrewMeetingQuerySet.as_manager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return str(self.pk)


class Presence(Tenanted):
    """That someone was there; wiped at the look-back, when only the count remains."""

    meeting = models.ForeignKey(
        "rhythms.Meeting", on_delete=models.CASCADE, related_name="presences"
    )
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")

    objects: ClassVar[CrewMeetingQuerySet["Presence"]] = CrewMeetingQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["meeting", "member"], name="presence_once")
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Correction(Tenanted):
    """That something else was said of a meeting later: who did and what changed, until the look-back.

    Then whose it was and the names are wiped, and the counts remain.
    """

    meeting = models.ForeignKey(
        "rhythms.Meeting", on_delete=models.CASCADE, related_name="corrections"
    )
    by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    was_held = models.BooleanField()
    is_held = models.BooleanField()
    came_before = models.PositiveSmallIntegerField(default=0)
    came_after = models.PositiveSmallIntegerField(default=0)
    # Whether the line to remember was written anew; what it said before is kept nowhere.
    is_line = models.BooleanField(default=False)
    # Who was there after all, and who wasn't: {"in": [ids], "out": [ids]}.
    who = SealedTextField(max_length=1500)

    objects: ClassVar[CrewMeetingQuerySet["Correction"]] = CrewMeetingQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes: ClassVar = [models.Index(fields=["meeting", "at"])]

    def __str__(self) -> str:
        return str(self.pk)


class LedQuerySet(CrewMeetingQuerySet["Led"]):
    """Who has facilitated."""

    def so_far(self, crew: Crew) -> dict[uuid.UUID, whose_turn.Led]:
        """Return how often each has facilitated a crew, and when last."""
        rows = (
            self.filter(crew=crew)
            .values("member_id")
            .annotate(times=Count("pk"), last_on=Max("on"))
            .values_list("member_id", "times", "last_on")
        )
        return {person: whose_turn.Led(times, last_on) for person, times, last_on in rows}


class Led(Tenanted):
    """That someone facilitated a meeting, so that the turn goes round."""

    crew = models.ForeignKey(Crew, on_delete=models.CASCADE, related_name="leads")
    meeting = models.ForeignKey("rhythms.Meeting", on_delete=models.CASCADE, related_name="leads")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    on = models.DateField()

    objects: ClassVar[LedQuerySet] = LedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["meeting", "member"], name="led_once")
        ]
        indexes: ClassVar = [models.Index(fields=["crew", "member", "on"])]

    def __str__(self) -> str:
        return str(self.pk)


class Mood(Tenanted):
    """How a meeting was for one person; known to nobody else before it shows with at least two others."""

    class Word(models.TextChoices):
        LIVELY = "lively", _("Lively")
        WARM = "warm", _("Warm")
        FLAT = "flat", _("Flat")
        TENSE = "tense", _("Tense")

    meeting = models.ForeignKey("rhythms.Meeting", on_delete=models.CASCADE, related_name="moods")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    word = models.CharField(max_length=6, choices=Word)
    # It is among the counts that the crew sees, and so can't be changed any more.
    is_shown = models.BooleanField(default=False)

    objects: ClassVar[OwnQuerySet["Mood"]] = OwnQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["meeting", "member"], name="mood_once")
        ]

    def __str__(self) -> str:
        return str(self.pk)
