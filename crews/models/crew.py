"""A crew and its seats."""

import uuid
from datetime import date, datetime
from itertools import count
from typing import ClassVar, Self

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.models import Congregation, Event, Member, Notice, Tenanted, TenantedQuerySet
from congregation.sealed import SealedTextField
from crews.models.card import CrewKind, Tempo


class CrewQuerySet(TenantedQuerySet["Crew"]):
    """Crews of congregations."""

    def visible_to(self, member: Member) -> Self:
        """Return every crew of the congregation, and partnerships only to their two."""
        mine = Seat.objects.filter(crew=OuterRef("pk"), member=member, left_at__isnull=True)
        return super().visible_to(member).filter(Q(is_partnership=False) | Exists(mine))

    def of(self, member: Member) -> Self:
        """Return the crews that this member sits in."""
        mine = Seat.objects.filter(crew=OuterRef("pk"), member=member, left_at__isnull=True)
        return super().visible_to(member).filter(Exists(mine))

    def the_one(self, congregation: Congregation) -> "Crew | None":
        """Return the living crew of a congregation that is one crew so far; for verbs."""
        if not congregation.is_one_crew:
            return None
        first = self.alive().filter(congregation=congregation, is_partnership=False)
        return first.order_by("founded_at").first()

    def alive(self) -> Self:
        """Return those that have not ended."""
        return self.exclude(state=Crew.State.ENDED)

    def with_room(self) -> Self:
        """Return the living ones where a seat is open."""
        return self.alive().filter(seats_taken__lt=F("seats_max"))


class Crew(Tenanted):
    """3-8 people (a partnership: two) with one purpose, round one table.

    This row is what the congregation may know of it; what only the crew may know lies in its agreement,
    pins, plans, logs and look-backs.
    """

    class State(models.TextChoices):
        FORMING = "forming", _("Forming")
        ACTIVE = "active", _("In rhythm")
        RESTING = "resting", _("Resting")
        ENDED = "ended", _("Ended")

    name = models.CharField(_("name"), max_length=60)
    purpose = models.CharField(_("purpose"), max_length=300, blank=True)
    kind = models.CharField(max_length=12, choices=CrewKind, default=CrewKind.SUPPORT)
    is_partnership = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=State, default=State.FORMING)
    seats_max = models.PositiveSmallIntegerField(default=8)
    # Seats taken and kept: raised by a conditional UPDATE, so that a crew is never overfull.
    seats_taken = models.PositiveSmallIntegerField(default=0)
    tempo = models.CharField(max_length=12, choices=Tempo, blank=True)
    cycle_ends_on = models.DateField(null=True, blank=True)
    founded_at = models.DateTimeField()
    rests_since = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[CrewQuerySet] = CrewQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="crew_never_overfull",
                condition=Q(seats_taken__lte=F("seats_max"), seats_max__lte=12),
            ),
            models.CheckConstraint(
                name="partnership_is_two", condition=Q(is_partnership=False) | Q(seats_max=2)
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["congregation", "state", "name"])]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("crew", kwargs={"slug": self.congregation.slug, "pk": self.pk})

    @property
    def seats_open(self) -> int:
        """How many more fit round this table."""
        return max(self.seats_max - self.seats_taken, 0)

    @property
    def least(self) -> int:
        """How many a table needs to meet: two for a partnership, else what the congregation says."""
        return 2 if self.is_partnership else self.congregation.seats_min

    @property
    def has_ended(self) -> bool:
        """Whether this crew is a memory."""
        return self.state == Crew.State.ENDED

    def people(self) -> "QuerySet[Member]":
        """Return those whose seats are taken or kept, by seat; for verbs."""
        return Member.objects.filter(seats__crew=self, seats__left_at__isnull=True).order_by(
            "seats__number"
        )

    def sits(self, member: Member) -> bool:
        """Tell whether someone has a seat here, even a kept one."""
        return Seat.objects.taken().filter(crew=self, member=member).exists()

    def seat(self, member: Member, *, by: Member | None, now: datetime) -> "Seat":
        """Give a member the lowest free seat, and return it; one who sits here keeps theirs.

        Whoever calls this has everyone's yes. However many join at the same moment, no table is
        overfull: the conditional UPDATE of this row decides, and the last ones are refused.
        """
        # Where the table is known to be full no lock is asked for, so that those who come too late
        # don't hold up those who are just sitting down.
        self._check_room(member)
        with transaction.atomic():
            # Held until the end, so that nobody is seated who leaves the congregation meanwhile.
            may_sit = (
                Member.objects.select_for_update(no_key=True)
                .filter(pk=member.pk, congregation=self.congregation_id)
                .exclude(state=Member.State.LEFT)
                .values_list("pk", flat=True)
            )
            if not list(may_sit):
                raise ValidationError(gettext("Only people of this congregation sit in its crews."))
            seat = Seat.objects.taken().filter(crew=self, member=member).first()
            if seat is not None:
                return seat
            found = (
                Crew.objects.filter(pk=self.pk, seats_taken__lt=F("seats_max"))
                .exclude(state=Crew.State.ENDED)
                .update(seats_taken=F("seats_taken") + 1)
            )
            if not found:
                self._check_room(member)
                raise ValidationError(gettext("This table is full."))
            taken = set(Seat.objects.taken().filter(crew=self).values_list("number", flat=True))
            self.seats_taken = len(taken) + 1
            seat = Seat.objects.create(
                congregation_id=self.congregation_id,
                crew=self,
                member=member,
                number=next(number for number in count(1) if number not in taken),
                taken_at=now,
            )
            if not self.is_partnership:
                # A partnership is nobody's business: that someone has one must not show in who has no crew.
                Crewless.objects.filter(member=member).delete()
            Event.record("seat.take", seat, by=by, now=now, circle=self.pk)
            return seat

    def _check_room(self, member: Member) -> None:
        """Raise ValidationError where a table has ended or is full, unless the member sits there."""
        self.refresh_from_db(fields=["seats_taken", "seats_max", "state"])
        if (self.has_ended or self.seats_taken >= self.seats_max) and not self.sits(member):
            raise ValidationError(
                gettext("This crew has ended.")
                if self.has_ended
                else gettext("This table is full.")
            )

    def leave(self, *, by: Member, now: datetime, farewell: str = "") -> None:
        """Free one's own seat; a table that is left too small rests, an empty one ends.

        The others are told, with a few words of one's own where there are any. An ended crew isn't told.
        """
        with transaction.atomic():
            seat = Seat.objects.taken().filter(crew=self, member=by).first()
            if seat is None:
                if Seat.objects.filter(crew=self, member=by).exists():
                    return  # left already
                raise PermissionDenied
            if seat._free(now=now, farewell=farewell.strip()):
                Event.record("seat.leave", seat, by=by, now=now, circle=self.pk)
                if not self.has_ended:
                    Notice.tell("crews.left", self.people(), seat, now=now)
                self._settle(now=now)

    def rest(self, *, by: Member | None, now: datetime) -> None:
        """Let a crew in rhythm rest; anyone who sits in it may, and it rests by itself (`by=None`)."""
        self._check_sits(by=by)
        with transaction.atomic():
            rests = Crew.objects.filter(pk=self.pk, state=Crew.State.ACTIVE).update(
                state=Crew.State.RESTING, rests_since=now
            )
            self.refresh_from_db(fields=["state", "rests_since"])
            if self.has_ended:
                raise ValidationError(gettext("This crew has ended."))
            if rests:
                Event.record("crew.rest", self, by=by, now=now, circle=self._circle)

    def wake(self, *, now: datetime, by: Member | None = None) -> None:
        """Bring a resting or forming crew into rhythm, once enough people are at the table."""
        self._check_sits(by=by)
        with transaction.atomic():
            # The row is held while those at the table are counted.
            state = (
                Crew.objects.select_for_update(no_key=True)
                .values_list("state", flat=True)
                .get(pk=self.pk)
            )
            if state == Crew.State.ENDED:
                raise ValidationError(gettext("This crew has ended."))
            if Seat.objects.at_table().filter(crew=self).count() < self.least:
                raise ValidationError(
                    gettext("A crew of fewer than %(least)s rests until others join.")
                    % {"least": self.least}
                )
            if state != Crew.State.ACTIVE:
                Crew.objects.filter(pk=self.pk).update(state=Crew.State.ACTIVE, rests_since=None)
                Event.record("crew.wake", self, by=by, now=now, circle=self._circle)
        self.refresh_from_db(fields=["state", "rests_since"])

    def end(self, *, by: Member | None, now: datetime) -> None:
        """Bring a crew to its end. Its people keep their seats in it, and so what they wrote there."""
        self._check_sits(by=by)
        with transaction.atomic():
            ends = (
                Crew.objects.filter(pk=self.pk)
                .exclude(state=Crew.State.ENDED)
                .update(state=Crew.State.ENDED, ended_at=now, rests_since=None)
            )
            self.refresh_from_db(fields=["state", "ended_at", "rests_since"])
            if ends:
                for member in self.people():
                    Crewless.begin(member, now=now)
                Event.record("crew.end", self, by=by, now=now, circle=self._circle)

    @property
    def _circle(self) -> uuid.UUID | None:
        """Who may know what happens to it: a partnership's two, else the whole congregation."""
        return self.pk if self.is_partnership else None

    def _check_sits(self, *, by: Member | None) -> None:
        if by is not None and not self.sits(by):
            raise PermissionDenied

    def _settle(self, *, now: datetime) -> None:
        """Let a table rest that has become too small, and end one that nobody sits at."""
        # The row is held while those at the table are counted: two may go at the same moment.
        held = Crew.objects.select_for_update(no_key=True).get(pk=self.pk)
        self.seats_taken, self.state = held.seats_taken, held.state
        if self.has_ended:
            return
        if self.seats_taken == 0:
            self.end(by=None, now=now)
        elif Seat.objects.at_table().filter(crew=self).count() < self.least:
            self.rest(by=None, now=now)


class SeatQuerySet(TenantedQuerySet["Seat"]):
    """Seats at tables."""

    def visible_to(self, member: Member) -> Self:
        """Return one's own seats, those of one's crews, and those that others chose to show."""
        mine = Seat.objects.filter(crew=OuterRef("crew"), member=member, left_at__isnull=True)
        shown = Q(member__shows_crews=True, crew__is_partnership=False, left_at__isnull=True)
        return (
            super()
            .visible_to(member)
            .filter(Q(member=member) | Exists(mine) | (shown & ~Q(crew__state=Crew.State.ENDED)))
        )

    def taken(self) -> Self:
        """Return the seats that are someone's now, kept ones too."""
        return self.filter(left_at__isnull=True)

    def at_table(self) -> Self:
        """Return the seats of those who are in; a kept seat waits for its person."""
        return self.taken().filter(kept_until__isnull=True)

    def crews_of(self, member: Member) -> "QuerySet[Seat, object]":
        """Return the ids of a member's crews, ended ones too, as a subquery."""
        return self.taken().filter(member=member).values("crew_id")

    def mates_of(self, member: Member) -> "QuerySet[Seat, object]":
        """Return the ids of those who sit in a living crew with a member, as a subquery."""
        return (
            self.taken()
            .filter(crew__in=self.crews_of(member))
            .exclude(crew__state=Crew.State.ENDED)
            .values("member_id")
        )

    def overdue(self, today: date) -> Self:
        """Return the kept seats whose last day is over."""
        return self.taken().filter(kept_until__lt=today)


class Seat(Tenanted):
    """One person's place at one crew's table."""

    crew = models.ForeignKey(Crew, on_delete=models.CASCADE, related_name="seats")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="seats")
    number = models.PositiveSmallIntegerField()
    taken_at = models.DateTimeField()
    # Someone who said nothing at a look-back, or rests: their seat waits until this day.
    kept_until = models.DateField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)
    # What someone said to the others as they stepped back.
    farewell = SealedTextField(_("a few words to them"), max_length=500)

    objects: ClassVar[SeatQuerySet] = SeatQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["crew", "number"],
                condition=Q(left_at__isnull=True),
                name="seat_one_person_each",
            ),
            models.UniqueConstraint(
                fields=["crew", "member"],
                condition=Q(left_at__isnull=True),
                name="seat_once_per_crew",
            ),
            models.CheckConstraint(
                name="seat_number_at_table", condition=Q(number__gte=1, number__lte=12)
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["member", "left_at"])]

    def __str__(self) -> str:
        return f"{self.crew_id} {self.number}"

    def get_absolute_url(self) -> str:
        return self.crew.get_absolute_url()

    def keep(self, until: date, *, now: datetime) -> None:
        """Keep a seat for its person up to and with a day; meanwhile they are not at the table."""
        with transaction.atomic():
            kept = (
                Seat.objects.taken()
                .filter(pk=self.pk)
                .exclude(kept_until=until)
                .update(kept_until=until)
            )
            self.refresh_from_db(fields=["kept_until", "left_at"])
            if self.left_at is not None:
                raise ValidationError(gettext("This seat is free already."))
            if kept:
                Event.record("seat.keep", self, by=None, now=now, circle=self.crew_id)
                Notice.tell(
                    "crews.seat_kept", [self.member], self, now=now, occasion=until.isoformat()
                )
                self.crew._settle(now=now)

    def retake(self, *, by: Member, now: datetime) -> None:
        """Take one's own kept seat again."""
        if by.pk != self.member_id:
            raise PermissionDenied
        with transaction.atomic():
            retaken = (
                Seat.objects.taken()
                .filter(pk=self.pk, kept_until__isnull=False)
                .exclude(crew__state=Crew.State.ENDED)
                .update(kept_until=None)
            )
            self.refresh_from_db(fields=["kept_until", "left_at"])
            if self.left_at is not None:
                raise ValidationError(
                    gettext("This seat isn’t kept any more. You can ask to join again.")
                )
            if not retaken and self.kept_until is not None:
                raise ValidationError(gettext("This crew has ended."))
            if retaken:
                Event.record("seat.retake", self, by=by, now=now, circle=self.crew_id)

    def release(self, *, now: datetime) -> None:
        """Free a kept seat whose person did not come back; they are told, kindly."""
        with transaction.atomic():
            if self.kept_until is None:
                raise ValidationError(gettext("This seat isn’t a kept one."))
            if self._free(now=now, was_kept_until=self.kept_until):
                Event.record("seat.release", self, by=None, now=now, circle=self.crew_id)
                Notice.tell("crews.seat_released", [self.member], self, now=now)
                self.crew._settle(now=now)

    def give_back(self, *, now: datetime) -> None:
        """Free the seat of someone who ended at a look-back, which tells the others of it."""
        with transaction.atomic():
            if self._free(now=now):
                Event.record("seat.leave", self, by=self.member, now=now, circle=self.crew_id)
                self.crew._settle(now=now)

    def pause(self, until: date, *, by: Member, now: datetime) -> None:
        """Step back for a while: one's own seat is kept up to and with a day, and one tap takes it again."""
        if by.pk != self.member_id:
            raise PermissionDenied
        with transaction.atomic():
            if self.crew.has_ended:
                raise ValidationError(gettext("This crew has ended."))
            paused = Seat.objects.at_table().filter(pk=self.pk).update(kept_until=until)
            self.refresh_from_db(fields=["kept_until", "left_at"])
            if self.left_at is not None:
                raise ValidationError(gettext("This seat is free already."))
            if paused:
                Event.record("seat.keep", self, by=by, now=now, circle=self.crew_id)
                others = self.crew.people().exclude(pk=by.pk)
                Notice.tell("crews.paused", others, self, now=now, occasion=f"{now:%Y-%m-%d}")
                self.crew._settle(now=now)

    def part(self, *, now: datetime) -> None:
        """Free the seat of someone with whom all the others part; they are told, kindly."""
        with transaction.atomic():
            if self._free(now=now):
                Event.record("seat.part", self, by=None, now=now, circle=self.crew_id)
                Notice.tell("crews.parted", [self.member], self, now=now)
                self.crew._settle(now=now)

    def stand_up(self, *, now: datetime) -> None:
        """Free a seat of someone who sits down at another table. Whoever calls this has everyone's yes."""
        with transaction.atomic():
            if self._free(now=now):
                Event.record("seat.move", self, by=None, now=now, circle=self.crew_id)

    def _free(
        self, *, now: datetime, was_kept_until: date | None = None, farewell: str = ""
    ) -> bool:
        """Make room at the table; tell whether this was the one call that did."""
        mine = Seat.objects.taken().filter(pk=self.pk)
        if was_kept_until:
            mine = mine.filter(kept_until=was_kept_until)
        freed = mine.update(left_at=now)
        if freed:
            Crew.objects.filter(pk=self.crew_id).update(seats_taken=F("seats_taken") - 1)
            Crewless.begin(self.member, now=now)
            if farewell:
                self.farewell = farewell
                self.save(update_fields=["farewell"])
        self.refresh_from_db(fields=["left_at", "kept_until"])
        return bool(freed)


class CrewlessQuerySet(TenantedQuerySet["Crewless"]):
    """Since when people have had no crew."""

    def visible_to(self, member: Member) -> Self:
        """Return one's own, and to hosts everyone's who isn't happy without."""
        rows = super().visible_to(member)
        if not member.is_host:
            return rows.filter(member=member)
        return rows.exclude(member__card__state="happy")


class Crewless(Tenanted):
    """Since when a member has had no crew; gone once they sit at a table. Partnerships don't count."""

    member = models.OneToOneField(Member, on_delete=models.CASCADE, related_name="crewless")
    since = models.DateTimeField()

    objects: ClassVar[CrewlessQuerySet] = CrewlessQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes: ClassVar = [models.Index(fields=["congregation", "since"])]

    def __str__(self) -> str:
        return str(self.member_id)

    @classmethod
    def begin(cls, member: Member, *, now: datetime) -> None:
        """Remember since when someone has no crew, unless they are in one or it is known already."""
        if member.state == Member.State.LEFT:
            return
        crews = Seat.objects.taken().filter(member=member, crew__is_partnership=False)
        if not crews.exclude(crew__state=Crew.State.ENDED).exists():
            cls.objects.get_or_create(
                member=member, defaults={"congregation_id": member.congregation_id, "since": now}
            )


class CrewOnlyQuerySet[M: models.Model](TenantedQuerySet[M]):
    """Rows that only a crew may see. A kept seat still sees."""

    def visible_to(self, member: Member) -> Self:
        return super().visible_to(member).filter(crew__in=Seat.objects.crews_of(member))
