"""What is said at a look-back, slip by slip, and how a crew wants to be asked."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import ClassVar, Final, Self

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congregation.models import Event, Member, Notice, Tenanted, TenantedQuerySet
from congregation.sealed import SealedTextField
from crews.models import Crew, CrewOnlyQuerySet, Seat
from rhythms import prompts
from rhythms.models.lookback import LookBack

# So many slips one puts by at most for one crew, and so long each: together they fill one answer.
MOST_PUT_BY: Final = 12
LONGEST_SLIP: Final = 240
LONGEST_ANSWER: Final = 3000
# So long before a look-back opens its crew has to know that names stay on.
NAMES_KNOWN_FOR: Final = timedelta(days=3)


class Manner(Tenanted):
    """How a crew looks back: what it is asked, and whether the answers keep their names."""

    crew = models.OneToOneField(Crew, on_delete=models.CASCADE, related_name="manner")
    asks_by = models.CharField(
        _("What we are asked"), max_length=8, choices=prompts.NAMES, default=prompts.USUAL
    )
    # Since when names are to stay on; null: they come off.
    names_since = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField()

    objects: ClassVar[CrewOnlyQuerySet["Manner"]] = CrewOnlyQuerySet.as_manager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return str(self.pk)

    def names_hold(self, *, now: datetime) -> bool:
        """Whether a look-back that opens now keeps its names: everyone has known it for some days."""
        return self.names_since is not None and self.names_since <= now - NAMES_KNOWN_FOR

    @classmethod
    def choose(
        cls, crew: Crew, *, asks_by: str, with_names: bool, by: Member, now: datetime
    ) -> "Manner":
        """Choose what the next look-back asks, and whether with names; anyone at the table may.

        The others are told of it. That names come off again is told without saying who wished it.
        What is open already stays as it opened.
        """
        with transaction.atomic():
            Crew.objects.select_for_update(no_key=True).get(pk=crew.pk)
            if not Seat.objects.at_table().filter(crew=crew, member=by).exists():
                raise PermissionDenied
            if asks_by not in prompts.WAYS:
                raise ValidationError({"asks_by": gettext("Choose one of these.")})
            manner = cls.objects.filter(crew=crew).first() or cls(
                congregation_id=crew.congregation_id, crew=crew
            )
            had_names = manner.names_since is not None
            if not manner._state.adding and (manner.asks_by, had_names) == (asks_by, with_names):
                return manner
            manner.asks_by, manner.changed_at = asks_by, now
            if with_names != had_names:
                manner.names_since = now if with_names else None
            manner.save()
            comes_off = had_names and not with_names
            Event.record(
                "manner.choose", manner, by=None if comes_off else by, now=now, circle=crew.pk
            )
            others = crew.people() if comes_off else crew.people().exclude(pk=by.pk)
            occasion = f"{now:%Y-%m-%dT%H:%M:%S}"
            Notice.tell("rhythms.manner", others, manner, now=now, occasion=occasion)
        return manner


class SlipQuerySet(TenantedQuerySet["Slip"]):
    """What people said."""

    def visible_to(self, member: Member) -> Self:
        """Return one's own while nobody else may read it, and everyone's once it is open."""
        opened = LookBack.objects.visible_to(member).filter(revealed_at__isnull=False)
        unread = Q(lookback__isnull=True) | Q(lookback__revealed_at__isnull=True)
        return (
            super()
            .visible_to(member)
            .filter(
                (Q(member=member, crew__in=Seat.objects.crews_of(member)) & unread)
                | Q(lookback__in=opened.values("pk"))
            )
        )

    def put_by(self) -> Self:
        """Return what waits for a look-back to open."""
        return self.filter(lookback__isnull=True)

    def in_order(self) -> Self:
        """Return them in the order that was drawn when they were opened."""
        return self.order_by("part", "number", "pk")


class Slip(Tenanted):
    """One thing that someone says: put by before, written at a look-back, and opened to all.

    Until the reveal an answer to one prompt is one slip; at the reveal each of its lines becomes one,
    under a new id and without its name, unless the crew wanted names.
    """

    crew = models.ForeignKey(Crew, on_delete=models.CASCADE, related_name="slips")
    lookback = models.ForeignKey(
        LookBack, null=True, blank=True, on_delete=models.CASCADE, related_name="slips"
    )
    member = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    part = models.CharField(max_length=10, choices=prompts.PARTS)
    words = SealedTextField(_("words"), max_length=LONGEST_ANSWER)
    # While it is put by, for its writer alone.
    put_at = models.DateTimeField(null=True, blank=True)
    # Its place among the slips of its part, drawn at the reveal; 0 until then.
    number = models.PositiveSmallIntegerField(default=0)
    theme = models.ForeignKey(
        "rhythms.Theme", null=True, blank=True, on_delete=models.SET_NULL, related_name="slips"
    )

    objects: ClassVar[SlipQuerySet] = SlipQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["lookback", "member", "part"],
                condition=Q(number=0, lookback__isnull=False),
                name="slip_one_answer",
            ),
            models.UniqueConstraint(
                fields=["lookback", "part", "number"],
                condition=Q(number__gt=0),
                name="slip_numbered",
            ),
            models.CheckConstraint(
                name="slip_has_a_writer_until_it_opens",
                condition=Q(number__gt=0, lookback__isnull=False)
                | Q(member__isnull=False, theme__isnull=True),
            ),
            models.CheckConstraint(
                name="slip_put_by_has_its_time",
                condition=Q(lookback__isnull=True, put_at__isnull=False)
                | Q(lookback__isnull=False, put_at__isnull=True),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["crew", "member"])]

    def __str__(self) -> str:
        return str(self.pk)

    # ---- before it opens

    @classmethod
    def put(
        cls,
        crew: Crew,
        *,
        part: str,
        words: str,
        by: Member,
        now: datetime,
        pk: uuid.UUID | None = None,
    ) -> "Slip":
        """Put something by for the next look-back; whoever is at the table may. Nobody learns of it."""
        with transaction.atomic():
            # One's own seat is held, so that two at once don't become too many.
            seat = Seat.objects.at_table().select_for_update(no_key=True)
            if not seat.filter(crew=crew, member=by).exists():
                raise PermissionDenied
            if crew.has_ended:
                raise ValidationError(gettext("This crew has ended."))
            mine = cls.objects.put_by().filter(crew=crew, member=by)
            made = mine.filter(pk=pk).first() if pk else None
            if made is not None:
                return made
            if mine.count() >= MOST_PUT_BY:
                raise ValidationError(
                    gettext("That is as much as can wait. Write several things on one slip.")
                )
            slip = cls(congregation_id=crew.congregation_id, crew=crew, member=by, put_at=now)
            if pk:
                slip.pk = pk
            slip._say(part, words)
            slip.save(force_insert=True)
        return slip

    def rewrite(self, *, part: str, words: str, by: Member) -> None:
        """Say it anew; only its writer may, while it is put by."""
        with transaction.atomic():
            self._hold(by=by)
            self._say(part, words)
            self.save(update_fields=["part", "words"])

    def take_back(self, *, by: Member) -> None:
        """Throw it away unread; only its writer may, while it is put by. Twice is once."""
        with transaction.atomic():
            if Slip.objects.filter(pk=self.pk).exists():
                self._hold(by=by)
                Slip.objects.filter(pk=self.pk).delete()

    def _hold(self, *, by: Member) -> None:
        if self.member_id != by.pk:
            raise PermissionDenied
        held = Slip.objects.select_for_update(no_key=True).filter(pk=self.pk).put_by()
        if not held.exists():
            raise ValidationError(gettext("Your look-back has begun: it lies in your answer now."))

    def _say(self, part: str, words: str) -> None:
        words = " ".join(words.split())
        if not words:
            raise ValidationError({"words": gettext("A few words, please.")})
        if len(words) > LONGEST_SLIP:
            raise ValidationError(
                {"words": gettext("At most %(n)s signs: a slip is small.") % {"n": LONGEST_SLIP}}
            )
        if part not in prompts.PROMPTS:
            raise ValidationError({"part": gettext("Choose one of these.")})
        self.part, self.words = part, words

    # ---- as it opens

    @classmethod
    def carry_in(cls, lookback: LookBack, people: Collection[Member]) -> None:
        """Lay what was put by into its writers' own answers; inside the opening.

        What someone put by who has left the table goes unread; who rests keeps theirs.
        """
        waiting = list(cls.objects.put_by().filter(crew=lookback.crew_id).order_by("put_at", "pk"))
        asked = lookback.parts
        begun: dict[tuple[uuid.UUID | None, str], list[str]] = defaultdict(list)
        keys = {person.pk for person in people}
        taken = set(
            Seat.objects.taken().filter(crew=lookback.crew_id).values_list("member_id", flat=True)
        )
        gone = [
            slip.pk for slip in waiting if slip.member_id in keys or slip.member_id not in taken
        ]
        for slip in waiting:
            if slip.member_id in keys:
                begun[slip.member_id, prompts.place(slip.part, asked)].append(slip.words)
        cls.objects.filter(pk__in=gone).delete()
        cls.objects.bulk_create(
            cls(
                congregation_id=lookback.congregation_id,
                crew_id=lookback.crew_id,
                lookback=lookback,
                member_id=writer,
                part=part,
                words="\n".join(words),
            )
            for (writer, part), words in begun.items()
        )

    @classmethod
    def lay_open(cls, lookback: LookBack, written_by: Iterable[Member], *, named: bool) -> None:
        """Leave only what these people wrote, line by line; inside the reveal.

        Made anew under new ids in a new order, so that not even the order of the rows tells whose is
        whose, nor which two lines are one person's. What others had begun is deleted unread.
        """
        keepers = {person.pk for person in written_by}
        fresh = [
            cls(
                congregation_id=lookback.congregation_id,
                crew_id=lookback.crew_id,
                lookback=lookback,
                member_id=row.member_id if named else None,
                part=row.part,
                words=line,
            )
            for row in cls.objects.filter(lookback=lookback)
            if row.member_id in keepers
            for line in prompts.lines(row.words)
        ]
        cls.objects.filter(lookback=lookback).delete()
        numbers: dict[str, int] = defaultdict(int)
        fresh.sort(key=lambda row: row.pk)
        for row in fresh:
            numbers[row.part] += 1
            row.number = numbers[row.part]
        cls.objects.bulk_create(fresh)
