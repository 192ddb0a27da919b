"""What recurs, and the commitments that give it an end."""

import uuid
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar, Final, Self
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.models import Event, Member, Notice, Tenanted, TenantedQuerySet
from congregation.sealed import SealedTextField
from crews.models import Crew, CrewKind, CrewOnlyQuerySet, Seat, Tempo
from rhythms import phrases, rules

MOST_TIMES: Final = 60
# So far ahead the meetings of a rhythm without an end are laid out, and at least so many.
HORIZON: Final = timedelta(weeks=10)
FEWEST: Final = 3
# Rule 7: these may meet without an end, with a look-back each quarter.
OPEN_KINDS: Final = frozenset(
    {CrewKind.SUPPORT, CrewKind.LIVELIHOOD, CrewKind.COOP, CrewKind.HOUSE}
)


class RhythmQuerySet(TenantedQuerySet["Rhythm"]):
    """Rhythms of crews and of the congregation."""

    def visible_to(self, member: Member) -> Self:
        """Return the congregation's, and those of one's own crews."""
        return (
            super()
            .visible_to(member)
            .filter(Q(crew__isnull=True) | Q(crew__in=Seat.objects.crews_of(member)))
        )


class Rhythm(Tenanted):
    """Something that recurs, on the wall clock of its zone."""

    class Kind(models.TextChoices):
        RELATIONAL = "relational", _("Relational")
        PLANNING = "planning", _("Planning")
        WORKING = "working", _("Working")
        LEARNING = "learning", _("Learning")

    class Often(models.TextChoices):
        DAILY = "daily", _("Daily")
        WEEKLY = "weekly", _("Weekly")
        FORTNIGHTLY = "fortnightly", _("Every other week")
        MONTHLY = "monthly", _("Monthly")
        QUARTERLY = "quarterly", _("Every three months")
        HALFYEARLY = "halfyearly", _("Twice a year")
        YEARLY = "yearly", _("Yearly")

    crew = models.ForeignKey(
        Crew, null=True, blank=True, on_delete=models.CASCADE, related_name="rhythms"
    )
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.RELATIONAL)
    tempo = models.CharField(max_length=12, choices=Often, default=Often.WEEKLY)
    # An RFC 5545 rule without its end; a commitment says how many times.
    rule = models.CharField(max_length=200)
    starts_on = models.DateField()
    starts_at = models.TimeField()
    zone = models.CharField(max_length=64)
    minutes = models.PositiveSmallIntegerField(
        default=90, validators=[MinValueValidator(15), MaxValueValidator(480)]
    )
    name = SealedTextField(_("name"), max_length=60)
    place = SealedTextField(_("place"), max_length=200)
    link = SealedTextField(_("link"), max_length=500)
    # The last day of one that was changed from some day on, or that isn't kept up any more.
    ended_on = models.DateField(null=True, blank=True)
    # The one that it went on from when it was changed.
    follows = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="followed_by"
    )
    # Raised when what calendars show of it changes, and when that was.
    sequence = models.PositiveSmallIntegerField(default=0)
    changed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[RhythmQuerySet] = RhythmQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes: ClassVar = [models.Index(fields=["congregation", "crew"])]

    def __str__(self) -> str:
        return str(self.pk)

    def begins(self, on: date) -> datetime:
        """Return the instant at which a meeting on that day begins."""
        wall = datetime.combine(on, self.starts_at)
        return wall.replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC)

    @property
    def title(self) -> str:
        """What it is called: its name, or what its kind is for."""
        if self.name:
            return str(self.name)
        titles: dict[str, str] = {
            self.Kind.PLANNING: gettext("Planning"),
            self.Kind.WORKING: gettext("Working"),
            self.Kind.LEARNING: gettext("Learning"),
        }
        return titles.get(self.kind, gettext("Time together"))

    @property
    def words(self) -> str:
        """How often it comes round: "Every Thursday"."""
        return phrases.tempo(self.rule, self.starts_on, self.starts_at)

    def ahead(
        self, starts_on: date, *, after: datetime, until: date, least: int = 0
    ) -> list[rules.Occurrence]:
        """Return its occurrences after an instant, in step with a day it is on: up to a day, and
        further on until there are `least`.
        """
        first = datetime.combine(starts_on, self.starts_at)
        wide = max(until, starts_on, after.date())
        if least:
            wide = max(wide, starts_on, after.date()) + timedelta(days=370 * least)
        found = rules.expand(first, self.zone, self.rule, self.minutes, until=wide)
        coming = [one for one in found if one.starts > after]
        return [one for n, one in enumerate(coming) if n < least or one.local.date() <= until]

    def meetings_from(
        self, starts_on: date, times: int | None, *, now: datetime, until: date | None = None
    ) -> list[rules.Occurrence]:
        """Return when it would meet from a day on: that many times, or up to a day, or else as far
        as the horizon. What is past by now moves on a beat.
        """
        if times is None and until is not None:
            return self.ahead(starts_on, after=now, until=until)
        if times is None:
            horizon = max(starts_on, now.date()) + HORIZON
            return self.ahead(starts_on, after=now, until=horizon, least=FEWEST)
        coming = self.ahead(starts_on, after=now, until=starts_on, least=1)[0]
        first = datetime.combine(coming.local.date(), self.starts_at)
        return rules.expand(first, self.zone, self.rule, self.minutes, limit=times)

    def people(self) -> list[Member]:
        """Return whose rhythm it is: those at its crew's table who haven't stepped out of it, by seat.

        The congregation's own has none of its own people: it is everyone's.
        """
        return at_table(self.crew, self.pk) if self.crew else []

    def may_change(self, member: Member, *, now: datetime) -> bool:
        """Tell whether someone may change it: who is in it, or a host where it is the congregation's."""
        if self.crew is None:
            return member.congregation_id == self.congregation_id and member.hosts(now=now)
        return member in self.people()

    def touched(self, *, now: datetime) -> None:
        """Tell calendars that what they show of it is old."""
        Rhythm.objects.filter(pk=self.pk).update(sequence=F("sequence") + 1, changed_at=now)
        self.refresh_from_db(fields=["sequence", "changed_at"])


class StepOutQuerySet(TenantedQuerySet["StepOut"]):
    """Who is not in a rhythm of their crew."""

    def visible_to(self, member: Member) -> Self:
        return super().visible_to(member).filter(rhythm__crew__in=Seat.objects.crews_of(member))

    def of_crew(self, crew: Crew) -> dict[uuid.UUID, set[uuid.UUID]]:
        """Return the ids of who stepped out of each of a crew's rhythms; nobody of one that isn't named."""
        outs: dict[uuid.UUID, set[uuid.UUID]] = defaultdict(set)
        for rhythm, member in self.filter(rhythm__crew=crew).values_list("rhythm_id", "member_id"):
            outs[rhythm].add(member)
        return outs

    def members_of(self, rhythm: Any) -> "QuerySet[StepOut, object]":
        """Return the ids of those who stepped out of a rhythm, as a subquery; takes an id or OuterRef."""
        return self.filter(rhythm=rhythm).values("member_id")


class StepOut(Tenanted):
    """That someone at a crew's table is not in one of its rhythms; one tap brings them back.

    Whoever has none of these is in every rhythm of their crew, so that someone who joins is too.
    """

    rhythm = models.ForeignKey(Rhythm, on_delete=models.CASCADE, related_name="step_outs")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    stepped_at = models.DateTimeField()

    objects: ClassVar[StepOutQuerySet] = StepOutQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rhythm", "member"], name="step_out_once")
        ]

    def __str__(self) -> str:
        return str(self.pk)


def at_table(crew: Crew, rhythm: uuid.UUID | None = None) -> list[Member]:
    """Return who sits at a crew's table now, by seat; those away for a while don't count.

    With the id of a rhythm, only those who haven't stepped out of it.
    """
    seats = (
        Seat.objects.filter(crew=crew, member__state=Member.State.ACTIVE)
        .at_table()
        .select_related("member__user", "member__congregation")
        .order_by("number")
    )
    if rhythm is not None:
        seats = seats.exclude(member__in=StepOut.objects.members_of(rhythm))
    return [seat.member for seat in seats]


def settle_cycle(crew: Crew) -> None:
    """Write on a crew how often it meets and until when: by its main commitment that isn't over.

    Where none runs it keeps what it had, and shows as looking back or between two cycles.
    """
    main = (
        Commitment.objects.filter(crew=crew)
        .filter(state__in=[Commitment.State.RUNNING, Commitment.State.LOOKING_BACK])
        .main_first()
        .select_related("rhythm")
        .first()
    )
    if main is None:
        return
    tempo = main.rhythm.tempo if main.rhythm.tempo in Tempo.values else ""
    Crew.objects.filter(pk=crew.pk).exclude(state=Crew.State.ENDED).update(
        tempo=tempo, cycle_ends_on=main.ends_on
    )
    crew.refresh_from_db(fields=["tempo", "cycle_ends_on"])


class CommitmentQuerySet(CrewOnlyQuerySet["Commitment"]):
    """Commitments of crews."""

    def current(self) -> Self:
        """Return those that are proposed, run, or are being looked back on: one for each rhythm."""
        return self.filter(
            state__in=[
                Commitment.State.PROPOSED,
                Commitment.State.RUNNING,
                Commitment.State.LOOKING_BACK,
            ]
        )

    def main_first(self) -> Self:
        """Return them with the main one of a crew first: the oldest relational one, or the oldest."""
        relational = Case(
            When(rhythm__kind=Rhythm.Kind.RELATIONAL, then=Value(0)), default=Value(1)
        )
        return self.order_by(relational, "number")

    def ready(self) -> Self:
        """Return the proposed ones to which everyone at the table has said yes."""
        said = CommitmentYes.objects.filter(
            commitment=OuterRef(OuterRef("pk")), member=OuterRef("member")
        )
        silent = (
            Seat.objects.filter(crew=OuterRef("crew"), member__state=Member.State.ACTIVE)
            .at_table()
            .exclude(Exists(said))
            .exclude(member__in=StepOut.objects.members_of(OuterRef(OuterRef("rhythm"))))
        )
        return self.filter(~Exists(silent), state=Commitment.State.PROPOSED)


class Commitment(Tenanted):
    """A crew's rhythm for a limited time, to which each person says yes themselves.

    It is for a number of times (`times`), until a date (`until`; then `times` counts how many fit), or
    without an end (`is_open_ended`: `times`, `until` and `ends_on` are null), for kinds of crews that may.
    A crew may have several at once, each of another rhythm.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        RUNNING = "running", _("Running")
        LOOKING_BACK = "looking_back", _("Looking back")
        ENDED = "ended", _("Ended")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    crew = models.ForeignKey(Crew, on_delete=models.CASCADE, related_name="commitments")
    rhythm = models.ForeignKey(Rhythm, on_delete=models.CASCADE, related_name="commitments")
    number = models.PositiveSmallIntegerField(default=1)
    times = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(2), MaxValueValidator(MOST_TIMES)],
    )
    until = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.PROPOSED)
    proposed_at = models.DateTimeField()
    proposed_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    begins_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    # The one that it renews, after its look-back.
    follows = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="followed_by"
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[CommitmentQuerySet] = CommitmentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["crew", "number"], name="commitment_numbered"),
            models.UniqueConstraint(
                fields=["rhythm"],
                condition=Q(state__in=["proposed", "running", "looking_back"]),
                name="commitment_one_at_once_of_a_rhythm",
            ),
            models.CheckConstraint(
                name="commitment_has_an_end_or_none",
                condition=Q(times__isnull=False, ends_on__isnull=False)
                | Q(times__isnull=True, ends_on__isnull=True, until__isnull=True),
            ),
            models.CheckConstraint(
                name="commitment_ends_after_it_begins",
                condition=Q(ends_on__gte=F("begins_on")),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["state", "ends_on"])]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return reverse("crew", kwargs={"slug": self.crew.congregation.slug, "pk": self.crew_id})

    @property
    def words(self) -> str:
        """How often and how many times, or until when: "Every Thursday, six times"."""
        rhythm = self.rhythm
        return phrases.commitment(
            rhythm.rule, rhythm.starts_on, rhythm.starts_at, self.times, until=self.until
        )

    @property
    def page(self) -> str:
        """The address of its own page; the crew's room is where one says yes to it."""
        slug = self.crew.congregation.slug
        return reverse("commitment", kwargs={"slug": slug, "pk": self.pk})

    @property
    def is_open_ended(self) -> bool:
        """Whether it goes on without an end, with a look-back each quarter."""
        return self.times is None

    def people(self) -> list[Member]:
        """Return who is in it: those at the table who haven't stepped out of its rhythm, by seat."""
        return at_table(self.crew, self.rhythm_id)

    def awaited(self) -> list[Member]:
        """Return who at the table has not said yes yet; who stepped out of the rhythm isn't waited for."""
        said = set(self.yeses.values_list("member_id", flat=True))
        return [person for person in self.people() if person.pk not in said]

    def say_yes(self, *, by: Member, now: datetime) -> None:
        """Say one's own yes, openly; the last one begins it. Anyone at the crew's table may."""
        with transaction.atomic():
            if by not in at_table(self.crew):
                raise PermissionDenied
            # Holds the row, so that of two last yeses one sees the other.
            is_open = Commitment.objects.filter(pk=self.pk, state=self.State.PROPOSED).update(
                state=self.State.PROPOSED
            )
            if not is_open:
                self.refresh_from_db(fields=["state"])
                if self.yeses.filter(member=by).exists():
                    return
                raise ValidationError(gettext("This proposal is no longer open."))
            _yes, is_new = CommitmentYes.objects.get_or_create(
                commitment=self,
                member=by,
                defaults={"congregation_id": self.congregation_id, "said_at": now},
            )
            if is_new:
                StepOut.objects.filter(rhythm=self.rhythm_id, member=by).delete()
                Event.record("commitment.yes", self, by=by, now=now, circle=self.crew_id)
            self.begin(now=now)

    def begin(self, *, now: datetime) -> bool:
        """Begin once everyone at the table has said yes: its meetings, turns, and the crew's tempo.

        Returns whether this call began it; a proposal that still waits for someone stays one.
        """
        with transaction.atomic():
            people = self.people()
            if self.awaited() or len(people) < self.crew.least:
                return False
            if self.until and not self._planned(now=now):
                # Its last day has passed before everyone had said yes.
                Commitment.objects.filter(pk=self.pk, state=self.State.PROPOSED).update(
                    state=self.State.WITHDRAWN, ended_at=now
                )
                self.refresh_from_db(fields=["state"])
                return False
            won = Commitment.objects.filter(pk=self.pk, state=self.State.PROPOSED).update(
                state=self.State.RUNNING
            )
            if not won:
                return False
            self.state = self.State.RUNNING
            self.lay_out(now=now)
            Event.record("commitment.begin", self, by=None, now=now, circle=self.crew_id)
            Notice.tell("rhythms.commitment_begun", people, self, now=now)
        return True

    def _planned(self, *, now: datetime) -> list[rules.Occurrence]:
        times = None if self.until else self.times
        return self.rhythm.meetings_from(self.begins_on, times, now=now, until=self.until)

    def lay_out(self, *, now: datetime) -> None:
        """Make the meetings of a commitment that runs, and the turns; the crew comes alive.

        One without an end gets those as far as the horizon; `rhythms.horizon` goes on from there.
        """
        planned = self._planned(now=now)
        self.begins_on = planned[0].local.date()
        if not self.is_open_ended:
            self.times, self.ends_on = len(planned), planned[-1].local.date()
        self.save(update_fields=["begins_on", "ends_on", "times"])
        self.meetings.lay_out(self, planned, now=now)
        changes = {"state": Crew.State.ACTIVE, "rests_since": None}
        Crew.objects.filter(pk=self.crew_id).exclude(state=Crew.State.ENDED).update(**changes)
        self.crew.refresh_from_db(fields=list(changes))
        settle_cycle(self.crew)
        self.meetings.settle_turns(self.crew, now=now)

    def settle_span(self) -> None:
        """Write down anew when it begins and ends, from its meetings; the crew's cycle with it."""
        zones = self.meetings.values_list("starts_at", "zone")
        days = [starts_at.astimezone(ZoneInfo(zone)).date() for starts_at, zone in zones]
        if not days:
            return
        self.begins_on = min(self.begins_on, *days)
        if not self.is_open_ended:
            self.ends_on = max(days)
        if self.until:
            self.times = len(days)
        self.save(update_fields=["begins_on", "ends_on", "times"])
        settle_cycle(self.crew)

    def end(self, *, now: datetime) -> bool:
        """Come to an end by itself, before its time: too few are in it. What it had planned is off.

        The crew rests where it has no other rhythm. Returns whether this call ended it.
        """
        with transaction.atomic():
            ends = (
                Commitment.objects.filter(pk=self.pk)
                .current()
                .update(state=self.State.ENDED, ended_at=now)
            )
            if not ends:
                return False
            self.state = self.State.ENDED
            self.meetings.filter(state="planned", starts_at__gt=now).update(
                state="cancelled", sequence=F("sequence") + 1, changed_at=now
            )
            Event.record("commitment.end", self, by=None, now=now, circle=self.crew_id)
            others = Commitment.objects.filter(crew=self.crew_id).current()
            if others.exists():
                settle_cycle(self.crew)
            else:
                self.crew.rest(by=None, now=now)
        return True

    def may_withdraw(self, member: Member, people: list[Member]) -> bool:
        """Tell whether someone may take it back: its proposer, or anyone once nobody here proposed it."""
        if self.proposed_by_id == member.pk:
            return True
        return member in people and self.proposed_by_id not in {person.pk for person in people}

    def withdraw(self, *, by: Member, now: datetime) -> None:
        """Take a proposal back; its proposer may, and anyone at the table where they have left it."""
        with transaction.atomic():
            if not self.may_withdraw(by, at_table(self.crew)):
                raise PermissionDenied
            taken_back = Commitment.objects.filter(pk=self.pk, state=self.State.PROPOSED).update(
                state=self.State.WITHDRAWN, ended_at=now
            )
            if not taken_back:
                self.refresh_from_db(fields=["state"])
                if self.state == self.State.WITHDRAWN:
                    return
                raise ValidationError(gettext("It has begun: it can’t be taken back any more."))
            self.state = self.State.WITHDRAWN
            Event.record("commitment.withdraw", self, by=by, now=now, circle=self.crew_id)


class CommitmentYesQuerySet(TenantedQuerySet["CommitmentYes"]):
    """Yeses to commitments, said openly in the crew."""

    def visible_to(self, member: Member) -> Self:
        return super().visible_to(member).filter(commitment__crew__in=Seat.objects.crews_of(member))


class CommitmentYes(Tenanted):
    """One person's yes to a commitment."""

    commitment = models.ForeignKey(Commitment, on_delete=models.CASCADE, related_name="yeses")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    said_at = models.DateTimeField()

    objects: ClassVar[CommitmentYesQuerySet] = CommitmentYesQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["commitment", "member"], name="commitment_yes_once")
        ]

    def __str__(self) -> str:
        return str(self.pk)
