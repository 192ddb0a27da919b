"""What recurs, and the commitments that give it an end."""

from datetime import UTC, date, datetime, timedelta
from typing import ClassVar, Self
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.models import Event, Member, Notice, Tenanted, TenantedQuerySet
from congregation.sealed import SealedTextField
from crews.models import Crew, CrewOnlyQuerySet, Seat, Tempo
from rhythms import phrases, rules


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

    crew = models.ForeignKey(
        Crew, null=True, blank=True, on_delete=models.CASCADE, related_name="rhythms"
    )
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.RELATIONAL)
    tempo = models.CharField(max_length=12, choices=Tempo, default=Tempo.WEEKLY)
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
    ended_on = models.DateField(null=True, blank=True)

    objects: ClassVar[RhythmQuerySet] = RhythmQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes: ClassVar = [models.Index(fields=["congregation", "crew"])]

    def __str__(self) -> str:
        return str(self.pk)

    def begins(self, on: date) -> datetime:
        """Return the instant at which a meeting on that day begins."""
        wall = datetime.combine(on, self.starts_at)
        return wall.replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC)

    def meetings_from(
        self, starts_on: date, times: int, *, now: datetime
    ) -> list[rules.Occurrence]:
        """Return when it would meet that often from a day on; what is past by now moves on a beat."""
        first = datetime.combine(starts_on, self.starts_at)
        # A monthly rhythm comes round within six weeks, wherever one looks from.
        horizon = max(starts_on, now.date()) + timedelta(days=45)
        ahead = rules.expand(first, self.zone, self.rule, self.minutes, until=horizon)
        coming = next(meeting for meeting in ahead if meeting.starts > now)
        first = datetime.combine(coming.local.date(), self.starts_at)
        return rules.expand(first, self.zone, self.rule, self.minutes, limit=times)


def at_table(crew: Crew) -> list[Member]:
    """Return who sits at a crew's table now, by seat; those away for a while don't count."""
    seats = (
        Seat.objects.filter(crew=crew, member__state=Member.State.ACTIVE)
        .at_table()
        .select_related("member__user", "member__congregation")
        .order_by("number")
    )
    return [seat.member for seat in seats]


class CommitmentQuerySet(CrewOnlyQuerySet["Commitment"]):
    """Commitments of crews."""

    def current(self) -> Self:
        """Return those that are proposed, run, or are being looked back on: one for each crew."""
        return self.filter(
            state__in=[
                Commitment.State.PROPOSED,
                Commitment.State.RUNNING,
                Commitment.State.LOOKING_BACK,
            ]
        )

    def ready(self) -> Self:
        """Return the proposed ones to which everyone at the table has said yes."""
        said = CommitmentYes.objects.filter(
            commitment=OuterRef(OuterRef("pk")), member=OuterRef("member")
        )
        silent = (
            Seat.objects.filter(crew=OuterRef("crew"), member__state=Member.State.ACTIVE)
            .at_table()
            .exclude(Exists(said))
        )
        return self.filter(~Exists(silent), state=Commitment.State.PROPOSED)


class Commitment(Tenanted):
    """A crew's rhythm for a limited time, to which each person says yes themselves."""

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
        validators=[MinValueValidator(2), MaxValueValidator(26)]
    )
    state = models.CharField(max_length=12, choices=State, default=State.PROPOSED)
    proposed_at = models.DateTimeField()
    proposed_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    begins_on = models.DateField()
    ends_on = models.DateField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[CommitmentQuerySet] = CommitmentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["crew", "number"], name="commitment_numbered"),
            models.UniqueConstraint(
                fields=["crew"],
                condition=Q(state__in=["proposed", "running", "looking_back"]),
                name="commitment_one_at_once",
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
        """How often and how many times: "Every Thursday, six times"."""
        rhythm = self.rhythm
        return phrases.commitment(rhythm.rule, self.begins_on, rhythm.starts_at, self.times)

    def awaited(self) -> list[Member]:
        """Return who at the table has not said yes yet."""
        said = set(self.yeses.values_list("member_id", flat=True))
        return [person for person in at_table(self.crew) if person.pk not in said]

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
                Event.record("commitment.yes", self, by=by, now=now, circle=self.crew_id)
            self.begin(now=now)

    def begin(self, *, now: datetime) -> bool:
        """Begin once everyone at the table has said yes: its meetings, turns, and the crew's tempo.

        Returns whether this call began it; a proposal that still waits for someone stays one.
        """
        with transaction.atomic():
            people = at_table(self.crew)
            if self.awaited() or len(people) < self.crew.least:
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

    def lay_out(self, *, now: datetime) -> None:
        """Make the meetings of a commitment that runs, and the turns; the crew comes alive."""
        planned = self.rhythm.meetings_from(self.begins_on, self.times, now=now)
        self.begins_on, self.ends_on = planned[0].local.date(), planned[-1].local.date()
        self.save(update_fields=["begins_on", "ends_on"])
        self.meetings.lay_out(self, planned, now=now)
        changes = {
            "state": Crew.State.ACTIVE,
            "rests_since": None,
            "tempo": self.rhythm.tempo,
            "cycle_ends_on": self.ends_on,
        }
        Crew.objects.filter(pk=self.crew_id).exclude(state=Crew.State.ENDED).update(**changes)
        self.crew.refresh_from_db(fields=list(changes))
        self.meetings.settle_turns(self.crew, now=now)

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
