"""Crew ideas, the answers to them, and the private yes that founds or joins a crew."""

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar, Final, Self
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Greatest
from django.urls import reverse
from django.utils.dates import WEEKDAYS
from django.utils.functional import cached_property
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from congregation.models import Event, Member, Notice, Tenanted, TenantedQuerySet
from crews import rules
from crews.dates import dates, nth
from crews.models.apart import NotWith
from crews.models.card import CrewKind, FreeTime, Tempo
from crews.models.crew import Crew
from crews.models.season import Season

OPEN_FOR: Final = timedelta(weeks=4)
LATELY: Final = timedelta(weeks=4)
# From so many on, what all of them share tells nobody when one of them is free.
LEAST_FOR_TIMES: Final = 3


class IdeaQuerySet(TenantedQuerySet["Idea"]):
    """Crew ideas."""

    def open(self, now: datetime) -> Self:
        """Return those that can be answered."""
        return self.filter(state=Idea.State.OPEN, open_until__gt=now)

    def ready(self, now: datetime) -> Self:
        """Return those open ones that enough would join, counting only whom their callers may ask."""
        joining = (
            Answer.objects.filter(
                idea=OuterRef("pk"),
                choice=Answer.Choice.JOIN,
                member__state__in=[Member.State.ACTIVE, Member.State.AWAY],
            )
            .exclude(member=OuterRef("caller"))
            .exclude(
                Exists(
                    NotWith.objects.filter(
                        member=OuterRef("idea__caller"), other=OuterRef("member")
                    )
                )
            )
            .order_by()
            .values("idea")
            .annotate(many=Count("pk"))
            .values("many")
        )
        least = Greatest(F("congregation__seats_min") - 1, Value(2))
        enough = self.open(now).annotate(joining=Subquery(joining), least=least)
        return enough.filter(joining__gte=F("least"))


class Idea(Tenanted):
    """An invitation to form a crew: intention, tempo, cycle, time, place."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        FORMING = "forming", _("A table is forming")
        BEGUN = "begun", _("Begun")
        CLOSED = "closed", _("Closed")

    caller = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="ideas")
    name = models.CharField(_("name"), max_length=60)
    intention = models.TextField(_("intention"), max_length=600)
    kind = models.CharField(_("kind"), max_length=12, choices=CrewKind, default=CrewKind.SUPPORT)
    tempo = models.CharField(_("tempo"), max_length=12, choices=Tempo, default=Tempo.WEEKLY)
    times = models.PositiveSmallIntegerField(
        _("how many times"),
        default=6,
        validators=[MinValueValidator(2), MaxValueValidator(26)],
    )
    minutes = models.PositiveSmallIntegerField(
        _("minutes"), default=90, validators=[MinValueValidator(15), MaxValueValidator(480)]
    )
    # The first meeting, on the wall clock of `zone`.
    begins_on = models.DateField(_("first meeting"))
    begins_at = models.TimeField(_("time"))
    zone = models.CharField(max_length=64)
    place = models.CharField(_("place"), max_length=120, blank=True)
    is_online = models.BooleanField(_("online"), default=False)
    format = models.CharField(_("what we do together"), max_length=200, blank=True)
    holds = models.CharField(_("what we hold"), max_length=200, blank=True)
    ritual = models.CharField(_("ritual"), max_length=200, blank=True)
    spoils = models.CharField(_("what would spoil it"), max_length=200, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    floated_at = models.DateTimeField()
    open_until = models.DateTimeField()
    crew = models.OneToOneField(
        Crew, null=True, blank=True, on_delete=models.SET_NULL, related_name="idea"
    )
    # The season in which it was floated.
    season = models.ForeignKey(
        Season, null=True, blank=True, on_delete=models.SET_NULL, related_name="ideas"
    )

    objects: ClassVar[IdeaQuerySet] = IdeaQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="idea_begun_has_crew", condition=Q(state="begun") | Q(crew__isnull=True)
            ),
            models.CheckConstraint(
                name="idea_a_few_times", condition=Q(times__gte=2, times__lte=26)
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["congregation", "state", "floated_at"]),
            models.Index(fields=["state", "open_until"]),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("idea", kwargs={"slug": self.congregation.slug, "pk": self.pk})

    @cached_property
    def dates(self) -> list[date]:
        """The dates of its meetings, where they are held."""
        return dates(self.begins_on, self.tempo, self.times)

    @property
    def last_on(self) -> date:
        """The date of the last meeting, where it is held."""
        return self.dates[-1]

    @property
    def first_at(self) -> datetime:
        """The instant at which the first meeting begins."""
        return self._instant(self.begins_on)

    @property
    def first_ends_at(self) -> datetime:
        """The instant at which the first meeting ends."""
        return self.first_at + timedelta(minutes=self.minutes)

    @property
    def ends_at(self) -> time:
        """When a meeting ends on the wall clock of its zone."""
        return self.first_ends_at.astimezone(ZoneInfo(self.zone)).time()

    @property
    def clock_changes(self) -> bool:
        """Whether the clocks change between its first and its last meeting."""
        offsets = {
            datetime.combine(on, self.begins_at, ZoneInfo(self.zone)).utcoffset()
            for on in self.dates
        }
        return len(offsets) > 1

    @property
    def often(self) -> str:
        """How often it would meet, in words: "Every other Sunday"."""
        day = {"weekday": WEEKDAYS[self.begins_on.weekday()]}
        if self.tempo == Tempo.WEEKLY:
            return gettext("Every %(weekday)s") % day
        if self.tempo == Tempo.FORTNIGHTLY:
            return gettext("Every other %(weekday)s") % day
        return {
            1: gettext("Every first %(weekday)s of the month"),
            2: gettext("Every second %(weekday)s of the month"),
            3: gettext("Every third %(weekday)s of the month"),
            4: gettext("Every fourth %(weekday)s of the month"),
            -1: gettext("Every last %(weekday)s of the month"),
        }[nth(self.begins_on)] % day

    @property
    def where(self) -> str:
        """Where it would meet, in words."""
        if not self.is_online:
            return self.place
        return f"{self.place} · {pgettext('place', 'online')}" if self.place else gettext("Online")

    @property
    def most_asked(self) -> int:
        """How many others fit round the table."""
        return self.congregation.seats_max - 1

    @property
    def least_asked(self) -> int:
        """How many others a crew needs."""
        return max(self.congregation.seats_min - 1, 2)

    def is_open(self, *, now: datetime) -> bool:
        """Tell whether it can be answered."""
        return self.state == Idea.State.OPEN and self.open_until > now

    @classmethod
    def float(
        cls,
        *,
        answer_by: date | None = None,
        by: Member,
        now: datetime,
        pk: uuid.UUID | None = None,
        **what: Any,
    ) -> "Idea":
        """Float a crew idea for four weeks, or up to and with `answer_by`, and until its first meeting at most.

        Times are the caller's.
        """
        with transaction.atomic():
            # Sent twice at the same moment, the second waits here and finds the first one's.
            Member.objects.select_for_update(no_key=True).get(pk=by.pk)
            made = cls.objects.filter(pk=pk).first() if pk else None
            if made is not None:
                if made.caller_id != by.pk:
                    raise PermissionDenied
                return made
            idea = cls(
                congregation_id=by.congregation_id,
                caller=by,
                zone=by.zone,
                floated_at=now,
                open_until=now + OPEN_FOR,
                season=Season.objects.saying(now).filter(congregation=by.congregation_id).first(),
                **what,
            )
            if pk:
                idea.pk = pk
            idea.clean_fields(exclude=["congregation", "caller", "crew"])
            if idea.first_at <= now:
                raise ValidationError(
                    {"begins_on": gettext("That moment has passed; choose one to come.")}
                )
            if idea.begins_on > now.date() + timedelta(days=366):
                raise ValidationError({"begins_on": gettext("Choose a day within a year.")})
            if answer_by is not None:
                # To the end of that day on its caller's clock.
                midnight = datetime.combine(
                    answer_by + timedelta(days=1), time(), ZoneInfo(idea.zone)
                )
                if not now < midnight.astimezone(UTC) <= now + timedelta(weeks=12):
                    raise ValidationError(
                        {"answer_by": gettext("Choose a day within the next twelve weeks.")}
                    )
                idea.open_until = midnight.astimezone(UTC)
            idea.open_until = min(idea.open_until, idea.first_at)
            idea.save(force_insert=True)
            Event.record("idea.float", idea, by=by, now=now)
        return idea

    def answer(self, choice: str, *, word: str = "", by: Member, now: datetime) -> "Answer":
        """Say openly that one would join, or another time; again while it is open, to change it.

        Whoever floated it would join; they may add a word.
        """
        with transaction.atomic():
            self.hold()
            if by.pk == self.caller_id:
                choice = Answer.Choice.JOIN
            answer = Answer.objects.filter(idea=self, member=by).first() or Answer(
                congregation_id=self.congregation_id, idea=self, member=by
            )
            said = (choice, word.strip())
            if (answer.choice, answer.word) == said:
                return answer
            self.check_open(now=now)
            answer.choice, answer.word = said
            answer.answered_at = now
            answer.clean_fields(exclude=["congregation", "idea", "member"])
            answer.save()
            Event.record("idea.answer", self, by=by, now=now)
        return answer

    def would_join(self) -> "QuerySet[Member]":
        """Return who would join, besides the caller, in the order in which they said so."""
        joining = Answer.objects.filter(idea=self, choice=Answer.Choice.JOIN)
        return (
            Member.objects.present()
            .filter(pk__in=joining.values("member_id"))
            .exclude(pk=self.caller_id)
            .order_by("name_key")
        )

    def may_be_asked(self) -> "QuerySet[Member]":
        """Return whom the caller may ask to a table: who would join, but for those with whom they would
        rather not be. For the caller alone.
        """
        return self.would_join().exclude(pk__in=NotWith.objects.of(self.caller))

    def asked(self) -> "QuerySet[Idea, Any]":
        """Return the ids of those who are asked to the table that forms. For verbs."""
        return (
            Idea.objects.filter(pk=self.pk, tables__state="asking")
            .order_by()
            .values_list("tables__places__member_id", flat=True)
        )

    def close(self, *, by: Member | None, now: datetime) -> None:
        """Withdraw the idea; only its caller may, and the sweep does when its time is over (`by=None`)."""
        if by is not None and by.pk != self.caller_id:
            raise PermissionDenied
        with transaction.atomic():
            self.hold()
            if self.state == Idea.State.BEGUN:
                raise ValidationError(gettext("This crew has begun."))
            if self.state == Idea.State.CLOSED:
                return
            told = {self.caller_id} | (set(self.asked()) if by is not None else set())
            self.become(Idea.State.CLOSED)
            for table in self.tables.filter(state="asking"):
                table.close(now=now)
            Event.record("idea.close", self, by=by, now=now)
            others = self.would_join().exclude(pk__in=told)
            if by is not None:
                Notice.tell("crews.idea_closed", others, self, now=now)
            elif self.caller.state != Member.State.LEFT:
                Notice.tell("crews.idea_over", [self.caller, *others], self, now=now)

    def meet_at(self, begins_on: date, begins_at: time, *, by: Member, now: datetime) -> None:
        """Move the first meeting, and all after it, to another day and time; only its caller may.

        Those who would join read it, and may change their answer.
        """
        if by.pk != self.caller_id:
            raise PermissionDenied
        with transaction.atomic():
            self.hold()
            self.refresh_from_db(fields=["begins_on", "begins_at"])
            if (self.begins_on, self.begins_at) == (begins_on, begins_at):
                return
            self.check_open(now=now)
            self.begins_on, self.begins_at = begins_on, begins_at
            if self.first_at <= now:
                raise ValidationError(gettext("That moment has passed; choose one to come."))
            self.open_until = min(self.open_until, self.first_at)
            self.save(update_fields=["begins_on", "begins_at", "open_until"])
            self.__dict__.pop("dates", None)
            Event.record("idea.meet_at", self, by=by, now=now)
            occasion = f"{begins_on} {begins_at:%H:%M}"
            Notice.tell("crews.idea_moved", self.would_join(), self, now=now, occasion=occasion)

    def begin(self, crew: Crew) -> bool:
        """Tie the idea to the crew that came of it; tell whether it was still waiting for one."""
        self.hold()
        if self.state not in {Idea.State.OPEN, Idea.State.FORMING}:
            return False
        self.crew = crew
        self.become(Idea.State.BEGUN, "crew")
        return True

    def times_shared(self) -> "SharedTimes | None":
        """Return when everyone who would join is free; None while too few have said when they are.

        With a table forming, it counts those who are asked. Nobody's own times can be told from it.
        """
        people = Member.objects.present().filter(
            Q(pk__in=self.asked())
            if self.state == Idea.State.FORMING
            else Q(pk__in=self.would_join().values("pk")) | Q(pk=self.caller_id)
        )
        zones = {person.pk: person.zone for person in people.select_related("user", "congregation")}
        free: dict[uuid.UUID, list[rules.Free]] = {}
        for row in FreeTime.objects.filter(member__in=zones):
            free.setdefault(row.member_id, []).append(rules.Free(row.weekday, row.begins, row.ends))
        if len(free) < LEAST_FOR_TIMES:
            return None

        def shared(on: date) -> list[rules.Stretch]:
            return rules.shared_with_all(
                rules.to_utc_week(times, zones[person], on) for person, times in free.items()
            )

        fits = sum(self._lies_in(shared(on), on) for on in self.dates)
        return SharedTimes(len(zones), len(free), shared(self.begins_on), fits, len(self.dates))

    def _lies_in(self, stretches: "list[rules.Stretch]", on: date) -> bool:
        """Tell whether the meeting of a date lies in a stretch of a UTC week."""
        starts = self._instant(on)
        begins = starts.weekday() * rules.DAY + starts.hour * 60 + starts.minute
        whole = rules.slots_of_at_least(stretches, self.minutes)
        return any(
            begin <= place and place + self.minutes <= end
            for begin, end in whole
            for place in (begins, begins + rules.WEEK)
        )

    def _instant(self, on: date) -> datetime:
        return datetime.combine(on, self.begins_at, ZoneInfo(self.zone)).astimezone(UTC)

    def hold(self) -> None:
        """Hold the row until the end of the transaction, and read how it stands."""
        held = Idea.objects.select_for_update(no_key=True).get(pk=self.pk)
        self.state, self.open_until, self.crew_id = held.state, held.open_until, held.crew_id

    def become(self, state: "Idea.State", *also: str) -> None:
        """Write down how it stands now, inside a verb that holds it."""
        self.state = state
        self.save(update_fields=["state", *also])

    def check_open(self, *, now: datetime) -> None:
        """Raise ValidationError where it can't be answered now."""
        if self.state == Idea.State.FORMING:
            raise ValidationError(gettext("A table is forming. Until it has, answers rest."))
        if not self.is_open(now=now):
            raise ValidationError(gettext("This idea isn’t open any more."))


@dataclass(frozen=True, slots=True)
class SharedTimes:
    """When several people are free at once, as no more than that."""

    people: int
    said: int
    """How many of them have said when they are free."""
    week: "list[rules.Stretch]"
    """Free time of all of them, as a UTC week."""
    fits: int
    """On how many of the idea's dates its time lies in theirs."""
    dates: int

    def days(self, zone: str, on: date) -> list[bool]:
        """Return for Monday to Sunday on the reader's clock whether all have an hour."""
        return rules.days_shared(self.week, zone, on, rules.SLOT)


class AnswerQuerySet(TenantedQuerySet["Answer"]):
    """Answers to ideas; everyone in the congregation sees them."""

    def visible_to(self, member: Member) -> Self:
        """Return what those who are here have answered."""
        return (
            super()
            .visible_to(member)
            .filter(member__state__in=[Member.State.ACTIVE, Member.State.AWAY])
        )


class Answer(Tenanted):
    """What one person says to an idea: I'd join, or another time."""

    class Choice(models.TextChoices):
        JOIN = "join", _("I’d join")
        ANOTHER_TIME = "another", _("Another time")

    idea = models.ForeignKey(Idea, on_delete=models.CASCADE, related_name="answers")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    choice = models.CharField(max_length=8, choices=Choice)
    word = models.CharField(_("a word"), max_length=200, blank=True)
    answered_at = models.DateTimeField()

    objects: ClassVar[AnswerQuerySet] = AnswerQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["idea", "member"], name="answer_once")
        ]

    def __str__(self) -> str:
        return str(self.pk)
