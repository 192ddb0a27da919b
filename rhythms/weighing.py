"""What a crew does with what it found: group it, weigh it, and be asked for a change."""

import uuid
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from congregation.models import Event, Member, Notice
from crews.models import Crew, Seat
from rhythms.models import Change, Commitment, LookBack, Slip, Theme, Weighing
from rhythms.models.theme import DOTS
from rhythms.prompts import PROMPTS, Kin

WEIGHS_FOR = timedelta(days=3)
LAST_CALL = timedelta(days=1)
# From so many on, sums tell nobody's dots.
FEWEST = 3
# So long after the reveal a crew that has chosen no change is asked for one, and no later than that.
CHANGE_AFTER, CHANGE_BEFORE = timedelta(days=3), timedelta(days=14)
# So long before a cycle ends whoever carries a change is told that it opens the look-back.
CARRIED_BEFORE = timedelta(days=7)


# ---- grouping


def group(
    lookback: LookBack,
    slips: Collection[uuid.UUID],
    *,
    name: str,
    into: Theme | None = None,
    by: Member,
    now: datetime,
    pk: uuid.UUID | None = None,
) -> Theme:
    """Lay slips of one part together under a name, or to a theme there is; anyone at the table may.

    A name for a theme there is gives it another one. What is celebrated stands as it is. With the
    `pk` of a theme that was made, this adds nothing but returns that one.
    """
    name = name.strip()
    with transaction.atomic():
        _hold(lookback, by=by)
        made = Theme.objects.filter(pk=pk, lookback=lookback).first() if pk else None
        if made is not None:
            return made
        rows = _rows(lookback, slips)
        if into is None:
            if not rows:
                raise ValidationError({"slips": _("Choose what belongs together.")})
            if not name:
                raise ValidationError({"name": _("A few words that say what they have in common.")})
            into = Theme(
                congregation_id=lookback.congregation_id, lookback=lookback, part=rows[0].part
            )
            if pk:
                into.pk = pk
        elif not rows and not name:
            raise ValidationError({"slips": _("Choose what belongs together.")})
        if into.lookback_id != lookback.pk or any(row.part != into.part for row in rows):
            raise ValidationError({"into": _("Only answers to the same question lie together.")})
        if name:
            into.name = name
            into.clean_fields(exclude=["congregation", "lookback"])
        into.save()
        Slip.objects.filter(pk__in=[row.pk for row in rows]).update(theme=into)
        _clear(lookback)
        Event.record("lookback.group", lookback, by=by, now=now, circle=lookback.crew_id)
    return into


def take_out(
    lookback: LookBack, slips: Collection[uuid.UUID], *, by: Member, now: datetime
) -> None:
    """Let slips stand alone again; anyone at the table may. Twice is once."""
    with transaction.atomic():
        _hold(lookback, by=by)
        rows = _rows(lookback, slips)
        if not rows:
            raise ValidationError({"slips": _("Choose what should stand alone.")})
        taken = Slip.objects.filter(pk__in=[row.pk for row in rows], theme__isnull=False)
        if taken.update(theme=None):
            _clear(lookback)
            Event.record("lookback.group", lookback, by=by, now=now, circle=lookback.crew_id)


def _hold(lookback: LookBack, *, by: Member) -> None:
    """Hold a look-back that is being grouped; raise unless this person may."""
    if not Seat.objects.at_table().filter(crew=lookback.crew_id, member=by).exists():
        raise PermissionDenied
    held = LookBack.objects.select_for_update(no_key=True).get(pk=lookback.pk)
    lookback.weighing_at = held.weighing_at
    if not held.is_revealed:
        raise ValidationError(_("First it opens to all of you."))
    if held.weighing_at is not None:
        raise ValidationError(_("You are weighing already, so the groups stay as they are."))


def _rows(lookback: LookBack, slips: Collection[uuid.UUID]) -> list[Slip]:
    rows = list(Slip.objects.filter(lookback=lookback, pk__in=slips).defer("words"))
    return [row for row in rows if PROMPTS[row.part].kin != Kin.CHEER]


def _clear(lookback: LookBack) -> None:
    """Forget themes that nothing lies in any more."""
    within = Slip.objects.filter(theme=OuterRef("pk"))
    Theme.objects.filter(~Exists(within), lookback=lookback).delete()


# ---- weighing


def begin(lookback: LookBack, *, by: Member, now: datetime) -> None:
    """Begin to weigh what was grouped; anyone at the table may. The others are told. Twice is once."""
    with transaction.atomic():
        try:
            _hold(lookback, by=by)
        except ValidationError:
            if lookback.weighing_at is not None:
                return
            raise
        alone = Slip.objects.filter(lookback=lookback, theme__isnull=True, number__gt=0)
        rows = [slip for slip in alone.defer("words") if PROMPTS[slip.part].kin != Kin.CHEER]
        if len(rows) + Theme.objects.filter(lookback=lookback).count() < 2:
            raise ValidationError(_("There is nothing to weigh against each other."))
        for slip in rows:
            theme = Theme.objects.create(
                congregation_id=lookback.congregation_id, lookback=lookback, part=slip.part
            )
            Slip.objects.filter(pk=slip.pk).update(theme=theme)
        lookback.weighing_at, lookback.weighs_until = now, now + WEIGHS_FOR
        lookback.save(update_fields=["weighing_at", "weighs_until"])
        Event.record("lookback.weigh", lookback, by=by, now=now, circle=lookback.crew_id)
        others = [seat.member for seat in weighers(lookback) if seat.member_id != by.pk]
        Notice.tell("rhythms.lookback_weighing", others, lookback, now=now)


def weighers(lookback: LookBack) -> "QuerySet[Seat]":
    """Return the seats of those who may weigh: at the table since it began."""
    return (
        Seat.objects.filter(
            crew=lookback.crew_id,
            taken_at__lte=lookback.weighing_at,
            member__state__in=[Member.State.ACTIVE, Member.State.AWAY],
        )
        .at_table()
        .select_related("member__user", "member__congregation")
        .order_by("number")
    )


def weigh(lookback: LookBack, dots: Mapping[uuid.UUID, int], *, by: Member, now: datetime) -> bool:
    """Lay up to three dots, face down, and change one's mind while they lie so. No event.

    None is an answer too. The last one shows all the weights; return whether they show now.
    """
    with transaction.atomic():
        held = LookBack.objects.select_for_update(no_key=True).get(pk=lookback.pk)
        if held.weighing_at is None:
            raise ValidationError(_("Nobody has begun to weigh yet."))
        lookback.weighing_at, lookback.weighed_at = held.weighing_at, held.weighed_at
        if not weighers(lookback).filter(member=by).exists():
            raise PermissionDenied
        if held.weighed_at is not None:
            return True
        laid = [pk for pk, number in dots.items() for _dot in range(number)]
        if len(laid) > DOTS:
            raise ValidationError(_("You have three dots in all; take some away."))
        if Theme.objects.filter(lookback=lookback, pk__in=set(laid)).count() != len(set(laid)):
            raise ValidationError(_("Something has changed meanwhile. Please look again."))
        first, second, third = [*laid, None, None, None][:DOTS]
        Weighing.objects.update_or_create(
            lookback=lookback,
            member=by,
            defaults={
                "congregation_id": lookback.congregation_id,
                "first_id": first,
                "second_id": second,
                "third_id": third,
            },
        )
        if _due(now).filter(pk=lookback.pk).exists():
            show(lookback, now=now)
    return lookback.weighed_at is not None


def _weighing() -> "QuerySet[LookBack]":
    return LookBack.objects.filter(weighing_at__isnull=False, weighed_at__isnull=True)


def _due(now: datetime) -> "QuerySet[LookBack]":
    """Return those whose weights are to show: at the deadline, or once all have weighed."""
    awaited = Seat.objects.filter(
        crew=OuterRef("crew"),
        taken_at__lte=OuterRef("weighing_at"),
        member__state=Member.State.ACTIVE,
    ).at_table()
    weighed = Weighing.objects.filter(lookback=OuterRef(OuterRef("pk")), member=OuterRef("member"))
    return _weighing().filter(
        Q(weighs_until__lte=now) | (Exists(awaited) & ~Exists(awaited.exclude(Exists(weighed))))
    )


def show(lookback: LookBack, *, now: datetime) -> bool:
    """Show all weights at once, and forget whose dots they were; return whether this call did.

    Where three could have weighed and fewer did, nothing shows: each could tell the other's dots.
    """
    with transaction.atomic():
        if not _weighing().filter(pk=lookback.pk).update(weighed_at=now):
            return False
        lookback.weighed_at = now
        mine = Weighing.objects.filter(lookback=lookback)
        could = weighers(lookback).count()
        rows = list(mine)
        if rows and len(rows) >= (FEWEST if could >= FEWEST else 1):
            sums: Counter[object] = Counter()
            for row in rows:
                sums.update(row.dots)
            for theme in Theme.objects.filter(lookback=lookback).only("pk"):
                Theme.objects.filter(pk=theme.pk).update(weight=sums[theme.pk])
        mine.delete()
        Event.record("lookback.weighed", lookback, by=None, now=now, circle=lookback.crew_id)
        people = [person for person in lookback.crew.people() if person.is_present]
        Notice.tell("rhythms.lookback_weighed", people, lookback, now=now)
    return True


# ---- what is due


def show_due(*, now: datetime) -> int:
    """Show the weights of each look-back that all have weighed, or whose deadline has come."""
    return sum(show(lookback, now=now) for lookback in _due(now).select_related("crew"))


def remind_due(*, now: datetime) -> int:
    """Tell, once each, who hasn't weighed a day before it shows, and who is asked for a change.

    Nobody who has weighed is reminded; return how many people were told.
    """
    told = 0
    for lookback in _weighing().filter(weighs_until__gt=now, weighs_until__lte=now + LAST_CALL):
        weighed = Weighing.objects.filter(lookback=lookback, member=OuterRef("member"))
        waiting = weighers(lookback).filter(~Exists(weighed), member__state=Member.State.ACTIVE)
        told += _tell_once("rhythms.lookback_weigh_closing", waiting, lookback, now=now)
    return told + _ask_for_changes(now=now) + _remind_carriers(now=now)


def _ask_for_changes(*, now: datetime) -> int:
    """Tell a table that has chosen no change, some days after the reveal, that one is asked for."""
    later = LookBack.objects.filter(crew=OuterRef("crew"), opened_at__gt=OuterRef("opened_at"))
    rows = LookBack.objects.filter(
        ~Exists(later),
        ~Exists(Change.objects.filter(lookback=OuterRef("pk"))),
        ~Exists(Notice.objects.filter(kind="rhythms.change_due", about=OuterRef("pk"))),
        Q(weighing_at__isnull=True) | Q(weighed_at__isnull=False),
        revealed_at__lte=now - CHANGE_AFTER,
        revealed_at__gt=now - CHANGE_BEFORE,
    ).exclude(crew__state=Crew.State.ENDED)
    told = 0
    for lookback in rows:
        seats = Seat.objects.filter(crew=lookback.crew_id, member__state=Member.State.ACTIVE)
        told += _tell_once("rhythms.change_due", seats.at_table(), lookback, now=now)
    return told


def _remind_carriers(*, now: datetime) -> int:
    """Tell whoever carries a change, a week before the cycle ends, that it opens the look-back."""
    ending = Commitment.objects.filter(
        crew=OuterRef("lookback__crew"),
        state=Commitment.State.RUNNING,
        ends_on__gte=now.date(),
        ends_on__lte=(now + CARRIED_BEFORE).date(),
        proposed_at__gte=OuterRef("lookback__opened_at"),
    )
    later = LookBack.objects.filter(
        crew=OuterRef("lookback__crew"), opened_at__gt=OuterRef("lookback__opened_at")
    )
    rows = Change.objects.filter(
        Exists(ending),
        ~Exists(later),
        ~Exists(Notice.objects.filter(kind="rhythms.change_carried", about=OuterRef("pk"))),
        carrier__state=Member.State.ACTIVE,
    ).select_related("carrier__user", "lookback")
    for change in rows:
        if change.carrier:
            Notice.tell("rhythms.change_carried", [change.carrier], change, now=now)
    return len(rows)


def _tell_once(kind: str, seats: "QuerySet[Seat]", lookback: LookBack, *, now: datetime) -> int:
    told = Notice.objects.filter(kind=kind, about=lookback.pk, recipient=OuterRef("member"))
    people = [seat.member for seat in seats.filter(~Exists(told)).select_related("member__user")]
    if people:
        Notice.tell(kind, people, lookback, now=now)
    return len(people)
