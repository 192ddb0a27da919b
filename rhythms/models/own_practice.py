"""A crew's own version of a practice, and the copy of it that the congregation may see."""

import uuid
from datetime import datetime
from typing import ClassVar, Final, Self

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.models import Event, Member, Notice, Tenanted, TenantedQuerySet
from congregation.sealed import SealedTextField
from crews.models import Crew
from crews.models.crew import CrewOnlyQuerySet
from rhythms.models.rhythm import at_table
from rhythms.practices import own
from rhythms.practices.own import Own
from rhythms.practices.shape import Practice

MOST_OF_A_CREW: Final = 30


class CrewPracticeQuerySet(CrewOnlyQuerySet["CrewPractice"]):
    """Crews' own versions of practices."""

    def in_use(self) -> Self:
        """Return those that weren't laid aside, the newest first."""
        return self.filter(laid_aside_at__isnull=True).order_by("-made_at", "pk")


class CrewPractice(Tenanted):
    """A practice as one crew does it: its own title, steps, minutes and prompts, for its eyes alone."""

    crew = models.ForeignKey(Crew, on_delete=models.CASCADE, related_name="practices")
    words = SealedTextField(_("the practice"), max_length=10_000)
    # Raised with each change, so that nobody overwrites what they haven't read.
    version = models.PositiveSmallIntegerField(default=1)
    made_by = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    laid_aside_at = models.DateTimeField(null=True, blank=True)
    taken_from = models.ForeignKey(
        "rhythms.SharedPractice",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="taken",
    )

    objects: ClassVar[CrewPracticeQuerySet] = CrewPracticeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["crew", "taken_from"],
                condition=Q(taken_from__isnull=False),
                name="crew_practice_taken_over_once",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["crew", "laid_aside_at"])]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return reverse("our-practice", kwargs={"slug": self.crew.congregation.slug, "pk": self.pk})

    @property
    def own(self) -> Own:
        """What the crew wrote."""
        return own.load(self.words)

    @property
    def guide(self) -> Practice:
        """The practice that comes of it."""
        return own.guide(self.own)

    @classmethod
    def write(
        cls,
        crew: Crew,
        said: Own,
        *,
        by: Member,
        now: datetime,
        pk: uuid.UUID | None = None,
        taken_from: "SharedPractice | None" = None,
    ) -> "CrewPractice":
        """Make a practice one's crew's own; anyone at its table may. With `pk` it is made once."""
        _check(crew, by=by)
        with transaction.atomic():
            # Held, so that sent twice it is made once, and that there are never too many.
            Crew.objects.select_for_update(no_key=True).get(pk=crew.pk)
            again = Q(pk=pk) if taken_from is None else Q(taken_from=taken_from)
            made = cls.objects.filter(again, crew=crew).first()
            if made:
                return made
            if cls.objects.filter(crew=crew).count() >= MOST_OF_A_CREW:
                raise ValidationError(
                    gettext("You have %(n)s of your own already. Change one of them.")
                    % {"n": MOST_OF_A_CREW}
                )
            row = cls(
                pk=pk or uuid.uuid4(),
                congregation_id=crew.congregation_id,
                crew=crew,
                words=own.dump(said),
                made_by=by,
                made_at=now,
                changed_at=now,
                taken_from=taken_from,
            )
            row.save(force_insert=True)
            Event.record("practice.write", row, by=by, now=now, circle=crew.pk)
        return row

    def change(self, said: Own, *, read: int, by: Member, now: datetime) -> None:
        """Write it anew; anyone at the crew's table may, who has read it as it is (`read`)."""
        _check(self.crew, by=by)
        with transaction.atomic():
            held = CrewPractice.objects.select_for_update(no_key=True).get(pk=self.pk)
            words = own.dump(said)
            if held.words == words:
                return
            if held.version != read:
                raise ValidationError(
                    gettext("Someone else has changed it meanwhile. Look at theirs first.")
                )
            held.words, held.version, held.changed_at = words, read + 1, now
            held.save(update_fields=["words", "version", "changed_at"])
            Event.record("practice.change", self, by=by, now=now, circle=self.crew_id)
        self.refresh_from_db(fields=["words", "version", "changed_at"])

    def lay_aside(self, is_aside: bool, *, by: Member, now: datetime) -> None:
        """Lay it aside, or take it up again; anyone at the crew's table may."""
        _check(self.crew, by=by)
        with transaction.atomic():
            changed = CrewPractice.objects.filter(
                pk=self.pk, laid_aside_at__isnull=is_aside
            ).update(laid_aside_at=now if is_aside else None)
            self.refresh_from_db(fields=["laid_aside_at"])
            if changed:
                verb = "practice.lay_aside" if is_aside else "practice.take_up"
                Event.record(verb, self, by=by, now=now, circle=self.crew_id)

    def share(self, *, by: Member, now: datetime) -> "SharedPractice":
        """Give a copy to the whole congregation; anyone at the crew's table may, and the others are told.

        Shared again, the copy becomes what the practice is by now.
        """
        _check(self.crew, by=by)
        with transaction.atomic():
            held = CrewPractice.objects.select_for_update(no_key=True).get(pk=self.pk)
            shared = SharedPractice.objects.filter(source=self).first()
            if shared and shared.version == held.version:
                return shared
            shared = shared or SharedPractice(congregation_id=self.congregation_id, source=self)
            # That two are partners is theirs to tell: what they share comes from nobody.
            shared.crew = None if self.crew.is_partnership else self.crew
            shared.words, shared.version, shared.shared_at = held.words, held.version, now
            shared.save()
            Event.record("practice.share", self, by=by, now=now, circle=self.crew_id)
            others = [person for person in at_table(self.crew) if person.pk != by.pk]
            Notice.tell(
                "rhythms.practice_shared", others, self, now=now, occasion=str(held.version)
            )
        return shared


class SharedPractice(Tenanted):
    """A copy of a crew's own practice that everyone in the congregation may see, and take over."""

    source = models.OneToOneField(
        CrewPractice, null=True, blank=True, on_delete=models.SET_NULL, related_name="shared"
    )
    crew = models.ForeignKey(
        Crew, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    words = SealedTextField(_("the practice"), max_length=10_000)
    version = models.PositiveSmallIntegerField()
    shared_at = models.DateTimeField()

    objects: ClassVar[TenantedQuerySet["SharedPractice"]] = TenantedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes: ClassVar = [models.Index(fields=["congregation", "shared_at"])]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        slug = self.congregation.slug
        return reverse("shared-practice", kwargs={"slug": slug, "pk": self.pk})

    @property
    def guide(self) -> Practice:
        """The practice that comes of it."""
        return own.opened(self.words)

    def take_back(self, *, by: Member, now: datetime) -> None:
        """Take it back; anyone at the table of the crew that shared it may. What others took over stays theirs."""
        if self.source is None:
            raise PermissionDenied
        _check(self.source.crew, by=by)
        with transaction.atomic():
            gone, _each = SharedPractice.objects.filter(pk=self.pk).delete()
            if gone:
                circle = self.source.crew_id
                Event.record("practice.take_back", self.source, by=by, now=now, circle=circle)

    def take_over(self, crew: Crew, *, by: Member, now: datetime) -> CrewPractice:
        """Make a copy one's own crew's; anyone at its table may. Taken over twice it is one."""
        return CrewPractice.write(crew, own.load(self.words), by=by, now=now, taken_from=self)


def _check(crew: Crew, *, by: Member) -> None:
    """Refuse whoever isn't at the table of a crew that goes on."""
    if not crew.seats.at_table().filter(member=by).exists():
        raise PermissionDenied
    if crew.has_ended:
        raise ValidationError(gettext("This crew has ended."))
