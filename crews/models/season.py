"""A season: some weeks in which ideas are floated and crews form together, and who takes part in it."""

import uuid
from datetime import datetime, timedelta
from typing import ClassVar, Final, Self

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.models import Event, Member, Notice, Tenanted, TenantedQuerySet

LONGEST: Final = timedelta(weeks=26)
TO_ANSWER: Final = timedelta(days=4)
"""So long a season goes on, at least, once people have said what they'd join."""
ANSWERS_WITHIN: Final = timedelta(days=7)
ROUNDS: Final = 2
LEAST_FOR_A_ROUND: Final = timedelta(days=2)
"""With less time than that left, no second round begins."""
STALE: Final = timedelta(minutes=10)
"""After so long, whoever began to put tables together has been lost."""
LATELY: Final = timedelta(weeks=4)


class SeasonQuerySet(TenantedQuerySet["Season"]):
    """Seasons of congregations; everyone of the congregation sees them."""

    def running(self) -> Self:
        """Return those that are not over."""
        return self.exclude(state=Season.State.CLOSED)

    def saying(self, now: datetime) -> Self:
        """Return those in which people still say that they'd take part."""
        return self.filter(state=Season.State.OPEN, says_until__gt=now)

    def due(self, now: datetime) -> Self:
        """Return those in which there may be something to do."""
        return self.running().filter(
            Q(state=Season.State.PROPOSED)
            | Q(state=Season.State.OPEN, says_until__lte=now)
            | Q(state=Season.State.PROPOSING, claimed_at__lte=now - STALE)
            | Q(closes_at__lte=now)
        )


class Season(Tenanted):
    """Some weeks in which people float ideas, say that they would join a crew, and crews form together.

    The app proposes, each says yes or not this time in private, and nobody is assigned.
    """

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        PROPOSING = "proposing", _("Tables are being put together")
        PROPOSED = "proposed", _("Tables are proposed")
        CLOSED = "closed", _("Over")

    name = models.CharField(_("name"), max_length=60)
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    opened_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    opened_at = models.DateTimeField()
    says_until = models.DateTimeField()
    closes_at = models.DateTimeField()
    # How many rounds of proposals there were, since when the next is put together, and until when
    # those who are asked answer.
    rounds = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True, blank=True)
    answers_until = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[SeasonQuerySet] = SeasonQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["congregation"], condition=~Q(state="closed"), name="season_one_at_a_time"
            ),
            models.CheckConstraint(
                name="season_in_order",
                condition=Q(opened_at__lte=F("says_until"), says_until__lt=F("closes_at")),
            ),
            models.CheckConstraint(
                name="season_proposed_until",
                condition=~Q(state="proposed") | Q(answers_until__isnull=False),
            ),
            models.CheckConstraint(
                name="season_closed_at", condition=~Q(state="closed") | Q(closed_at__isnull=False)
            ),
            models.CheckConstraint(name="season_two_rounds", condition=Q(rounds__lte=ROUNDS)),
        ]
        indexes: ClassVar = [
            models.Index(fields=["congregation", "opened_at"]),
            models.Index(fields=["state", "says_until"]),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("season", kwargs={"slug": self.congregation.slug})

    @property
    def is_over(self) -> bool:
        """Whether it has come to its end."""
        return self.state == Season.State.CLOSED

    def takes_part(self, *, now: datetime) -> bool:
        """Whether people still say that they'd take part."""
        return self.state == Season.State.OPEN and self.says_until > now

    @classmethod
    def open(
        cls,
        *,
        name: str,
        says_until: datetime,
        closes_at: datetime,
        by: Member,
        now: datetime,
        pk: uuid.UUID | None = None,
    ) -> "Season":
        """Open a season and tell everyone; hosts may, one at a time. Sent twice is once."""
        if not by.hosts(now=now) or by.congregation.is_one_crew:
            raise PermissionDenied
        made = cls.objects.filter(pk=pk, congregation=by.congregation_id).first() if pk else None
        if made is not None:
            return made
        _check(says_until, closes_at, now=now)
        season = cls(
            pk=pk or uuid.uuid4(),
            congregation_id=by.congregation_id,
            name=name.strip(),
            opened_by=by,
            opened_at=now,
            says_until=says_until,
            closes_at=closes_at,
        )
        season.clean_fields(exclude=["congregation", "opened_by"])
        try:
            with transaction.atomic():
                season.save(force_insert=True)
                Event.record("season.open", season, by=by, now=now)
                everyone = Member.objects.filter(congregation=by.congregation_id).present()
                Notice.tell("crews.season_open", everyone.exclude(pk=by.pk), season, now=now)
        except IntegrityError:
            raise ValidationError(gettext("A season is open already.")) from None
        return season

    def move(self, *, says_until: datetime, closes_at: datetime, by: Member, now: datetime) -> None:
        """Change its days while people say what they'd join; afterwards its last day only. Hosts may."""
        with transaction.atomic():
            self._hold(by=by, now=now)
            self._check_running()
            if not self.takes_part(now=now):
                says_until = self.says_until
                earliest = max(now, self.answers_until or now)
                if closes_at < earliest:
                    raise ValidationError(
                        {"closes_on": gettext("Those who are asked have until then to answer.")}
                    )
            else:
                _check(says_until, closes_at, now=now)
            if (says_until, closes_at) != (self.says_until, self.closes_at):
                self.says_until, self.closes_at = says_until, closes_at
                self.save(update_fields=["says_until", "closes_at"])
                Event.record("season.move", self, by=by, now=now)

    def hurry(self, *, by: Member, now: datetime) -> None:
        """Let tables be put together now, with those who have said so; hosts may."""
        with transaction.atomic():
            self._hold(by=by, now=now)
            if self.takes_part(now=now):
                self.says_until = now
                self.save(update_fields=["says_until"])
                Event.record("season.hurry", self, by=by, now=now)

    def end(self, *, by: Member | None, now: datetime) -> bool:
        """Bring it to its end; hosts may, and it ends by itself (`by=None`). Tell whether this did.

        What becomes of who takes part, and what they are told, is for `crews.seasons`.
        """
        with transaction.atomic():
            if by is not None:
                self._hold(by=by, now=now)
            ended = (
                Season.objects.running()
                .filter(pk=self.pk)
                .update(state=Season.State.CLOSED, closed_at=now)
            )
            self.refresh_from_db(fields=["state", "closed_at"])
            if ended:
                Event.record("season.end", self, by=by, now=now)
        return bool(ended)

    def claim(self, *, now: datetime) -> bool:
        """Take it on oneself to put tables together; tell whether this was the one call that did."""
        due = Q(state=Season.State.OPEN, says_until__lte=now) | Q(
            state=Season.State.PROPOSING, claimed_at__lte=now - STALE
        )
        asking = Q(proposals__state="asking")
        again = Q(state=Season.State.PROPOSED, rounds__lt=ROUNDS) & ~asking
        claimed = Season.objects.filter(
            pk__in=Season.objects.filter(due | again, pk=self.pk).values("pk"), state=self.state
        ).update(state=Season.State.PROPOSING, claimed_at=now)
        self.refresh_from_db(fields=["state", "claimed_at", "rounds"])
        return bool(claimed)

    def has_another_round(self, *, now: datetime) -> bool:
        """Whether there is time for one more round of proposals."""
        return self.rounds < ROUNDS and self.closes_at - now >= LEAST_FOR_A_ROUND

    def next_answers_until(self, *, now: datetime) -> datetime:
        """Until when those who are asked now answer, so that another round fits in where there is one."""
        left = self.closes_at - now
        return now + min(ANSWERS_WITHIN, left if self.rounds else left / 2)

    def people(self) -> "QuerySet[Member]":
        """Return who takes part and is here; for verbs."""
        return (
            Member.objects.present()
            .filter(pk__in=Seeker.objects.filter(season=self).values("member_id"))
            .order_by("pk")
        )

    def _hold(self, *, by: Member, now: datetime) -> None:
        """Hold the row until the end of the transaction, for a host of this congregation."""
        if by.congregation_id != self.congregation_id or not by.hosts(now=now):
            raise PermissionDenied
        Season.objects.select_for_update(no_key=True).get(pk=self.pk)
        self.refresh_from_db()

    def _check_running(self) -> None:
        if self.is_over:
            raise ValidationError(gettext("This season is over."))


def _check(says_until: datetime, closes_at: datetime, *, now: datetime) -> None:
    if says_until <= now:
        raise ValidationError({"says_until": gettext("Choose a day to come.")})
    if closes_at < says_until + TO_ANSWER:
        raise ValidationError(
            {"closes_on": gettext("Leave at least four days, so that all can answer.")}
        )
    if closes_at > now + LONGEST:
        raise ValidationError({"closes_on": gettext("Half a year is the longest.")})


class SeekerQuerySet(TenantedQuerySet["Seeker"]):
    """Who takes part in seasons."""

    def visible_to(self, member: Member) -> Self:
        """Return what one has said oneself; nobody sees another's."""
        return super().visible_to(member).filter(member=member)


class Seeker(Tenanted):
    """That someone takes part in a season, what they'd like there, and what came of it."""

    class Outcome(models.TextChoices):
        """What came of it, as that one person is told. None of these rests on what others feel or say."""

        PLACED = "placed", _("A crew")
        PARTNER = "partner", _("Looked for one other person")
        NO_TIMES = "no_times", _("Said no times")
        FEW = "few", _("Too few took part")
        NO_SHARED = "no_shared", _("Shares no time with enough others")
        NOT_THIS_TIME = "not_this", _("Not this time")

    season = models.ForeignKey(Season, on_delete=models.CASCADE, related_name="seekers")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    wants_one = models.BooleanField(default=False)
    # Those they leave out of suggestions for good are left out here too.
    leaves_out = models.BooleanField(default=False)
    # With whom they would both like to talk counts.
    counts_hellos = models.BooleanField(default=True)
    joined_at = models.DateTimeField()
    outcome = models.CharField(max_length=9, choices=Outcome, blank=True)

    objects: ClassVar[SeekerQuerySet] = SeekerQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["season", "member"], name="seeker_once")
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return self.season.get_absolute_url()

    @classmethod
    def join(
        cls,
        season: Season,
        *,
        wants_one: bool = False,
        leaves_out: bool = False,
        counts_hellos: bool = True,
        by: Member,
        now: datetime,
    ) -> "Seeker":
        """Say that one would take part, or change how; nobody is told, and no event is recorded."""
        here = {Member.State.ACTIVE, Member.State.AWAY}
        if by.congregation_id != season.congregation_id or by.state not in here:
            raise PermissionDenied
        with transaction.atomic():
            # Held, so that tables aren't put together meanwhile.
            held = Season.objects.select_for_update(no_key=True).get(pk=season.pk)
            if not held.takes_part(now=now):
                raise ValidationError(gettext("Tables are being put together already."))
            wishes = {
                "wants_one": wants_one,
                "leaves_out": leaves_out,
                "counts_hellos": counts_hellos,
            }
            made, _is_new = cls.objects.update_or_create(
                season=held,
                member=by,
                defaults=wishes,
                create_defaults=wishes
                | {"congregation_id": season.congregation_id, "joined_at": now},
            )
        return made

    @classmethod
    def leave(cls, season: Season, *, by: Member, now: datetime) -> None:
        """Take it back, while people say what they'd join; afterwards one says "not this time"."""
        with transaction.atomic():
            held = Season.objects.select_for_update(no_key=True).get(pk=season.pk)
            mine = cls.objects.filter(season=held, member=by)
            if mine.exists() and not held.takes_part(now=now):
                raise ValidationError(
                    gettext("Tables are proposed already. You can say: not this time.")
                )
            mine.delete()
