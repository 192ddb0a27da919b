"""What is left of a crew that has ended: its people's last words, and the lessons it shares."""

from datetime import datetime
from typing import ClassVar, Self

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.models import Event, Member, Tenanted, TenantedQuerySet
from congregation.sealed import SealedTextField
from crews.models.crew import Crew, CrewOnlyQuerySet, Seat
from crews.models.question import Question


class ClosingWord(Tenanted):
    """One person's part of the page a crew closes with: what we made, and thanks."""

    crew = models.ForeignKey(Crew, on_delete=models.CASCADE, related_name="closing_words")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    made = SealedTextField(_("What did we make?"), max_length=1000)
    thanks = SealedTextField(_("Whom do you thank, and what for?"), max_length=1000)
    written_at = models.DateTimeField()

    objects: ClassVar[CrewOnlyQuerySet["ClosingWord"]] = CrewOnlyQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["crew", "member"], name="closing_word_once_each")
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @classmethod
    def write(cls, crew: Crew, *, made: str, thanks: str, by: Member, now: datetime) -> None:
        """Write one's own part, or change it; everyone who kept their seat to the end may."""
        made, thanks = made.strip(), thanks.strip()
        with transaction.atomic():
            held = Crew.objects.select_for_update(no_key=True).get(pk=crew.pk)
            if not held.sits(by):
                raise PermissionDenied
            if not held.has_ended:
                raise ValidationError(gettext("This crew hasn’t ended."))
            mine = cls.objects.filter(crew=crew, member=by)
            if not (made or thanks):
                mine.delete()
                return
            word = mine.first() or cls(congregation_id=crew.congregation_id, crew=crew, member=by)
            if (word.made, word.thanks) == (made, thanks):
                return
            word.made, word.thanks, word.written_at = made, thanks, now
            word.clean_fields(exclude=["congregation", "crew", "member"])
            word.save()
            Event.record("closing.write", word, by=by, now=now, circle=crew.pk)


class LessonQuerySet(TenantedQuerySet["Lesson"]):
    """Lessons of crews."""

    def visible_to(self, member: Member) -> Self:
        """Return what crews have shared, and what those at one's own tables would share."""
        return (
            super()
            .visible_to(member)
            .filter(Q(shared_at__isnull=False) | Q(crew__in=Seat.objects.crews_of(member)))
        )

    def shared(self) -> Self:
        """Return what crews have shared with the congregation."""
        return self.filter(shared_at__isnull=False)


class Lesson(Tenanted):
    """What a crew has learned and gives to the congregation, once everyone in it has said yes to the words."""

    crew = models.ForeignKey(Crew, on_delete=models.CASCADE, related_name="lessons")
    question = models.OneToOneField(
        Question, null=True, on_delete=models.SET_NULL, related_name="lesson"
    )
    words = SealedTextField(_("What have you learned that others could use?"), max_length=1000)
    written_at = models.DateTimeField()
    shared_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[LessonQuerySet] = LessonQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes: ClassVar = [models.Index(fields=["congregation", "shared_at"])]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return reverse("lessons", kwargs={"slug": self.congregation.slug})

    def share(self, *, now: datetime) -> None:
        """Give it to the congregation. Whoever calls this has everyone's yes."""
        with transaction.atomic():
            if Lesson.objects.filter(pk=self.pk, shared_at__isnull=True).update(shared_at=now):
                self.shared_at = now
                Event.record("lesson.share", self, by=None, now=now)

    def take_back(self, *, by: Member, now: datetime) -> None:
        """Take a lesson back; anyone who sits in its crew may, since it took everyone's yes."""
        if not self.crew.sits(by):
            raise PermissionDenied
        with transaction.atomic():
            if Lesson.objects.filter(pk=self.pk).delete()[0]:
                Event.record("lesson.take_back", self, by=by, now=now, circle=self.crew_id)
