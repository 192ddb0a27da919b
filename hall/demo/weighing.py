"""What some crews of the demo do with what they found: they group it, and lay their dots."""

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from congregation.models import Member
from crews.models import Seat
from hall.demo import words
from rhythms import weighing
from rhythms.models import LookBack, Slip, Theme
from rhythms.models.theme import DOTS

if TYPE_CHECKING:
    from hall.demo.living import Life

CREWS: Final = frozenset({words.LETTERS.name, words.WAGES.name})
LATELY: Final = timedelta(days=4)


def group_and_weigh(life: "Life") -> bool:
    """Group what was found lately, and weigh it; tell whether there was something."""
    opened = list(
        LookBack.objects.filter(
            congregation=life.congregation,
            crew__name__in=CREWS,
            revealed_at__gt=life.until - LATELY,
            weighing_at__isnull=True,
        )
        .exclude(crew__state="ended")
        .select_related("crew__congregation")
        .order_by("revealed_at", "crew__name")
    )
    for lookback in opened:
        seats = Seat.objects.at_table().filter(crew=lookback.crew).order_by("number")
        people = [
            seat.member
            for seat in seats.select_related("member__congregation")
            if seat.member_id not in life.quiet
        ]
        if people:
            _group(life, lookback, people[0])
            if lookback.weighing_at:
                _weigh(life, lookback, people)
    return bool(opened)


def _group(life: "Life", lookback: LookBack, lead: Member) -> None:
    for part, name in words.THEMES.items():
        rows = Slip.objects.filter(lookback=lookback, part=part)
        alike = sorted(rows, key=lambda slip: str(slip.words))[:2]
        if len(alike) == 2:
            keys = [slip.pk for slip in alike]
            weighing.group(lookback, keys, name=name, by=lead, now=life.tick())
    if Theme.objects.filter(lookback=lookback).count() > 1:
        weighing.begin(lookback, by=lead, now=life.tick())


def _weigh(life: "Life", lookback: LookBack, people: list[Member]) -> None:
    themes = Theme.objects.filter(lookback=lookback).prefetch_related("slips")
    said = {
        str(theme.name or min(slip.words for slip in theme.slips.all())): theme for theme in themes
    }
    for person in people:
        about = ("dots", lookback.crew.name, person.name)
        laid = [life.chance.pick(sorted(said), *about, dot) for dot in range(DOTS)]
        dots = {said[one].pk: laid.count(one) for one in laid}
        weighing.weigh(lookback, dots, by=person, now=life.tick())
