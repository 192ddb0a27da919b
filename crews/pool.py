"""The pool as one person sees it: who is looking, in which order, through which filters.

Cards are sealed, so they are opened and compared here rather than in the database: their topics always,
all of their text only when someone searches. The number of queries stays the same however many are
looking.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from congregation.models import Member
from congregation.words import fold, search
from crews import ranking, reasons, rules, week
from crews.models import Card, CrewKind, FreeTime, Hello, Interest, NotWith, Tempo
from crews.models.card import week_of
from crews.ranking import CardFacts, Place, Ranked

PAGE: Final = 12
MOST_TOPICS: Final = 8
LENGTHS: Final = (30, 60, 90, 120)
TIMES: Final = ("1", "2", "3")
PLACES: Final = ("place", "online")
PART_WORDS: Final = {
    "morning": _("mornings"),
    "midday": _("lunchtimes"),
    "afternoon": _("afternoons"),
    "evening": _("evenings"),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What someone asks of the pool; empty lets everyone pass."""

    words: str = ""
    kinds: tuple[str, ...] = ()
    tempos: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    place: Place = ""
    least_slots: int = 0
    minutes: int = rules.SLOT


@dataclass(frozen=True, slots=True)
class Person:
    """Someone in the pool, as one viewer sees them."""

    card: Card
    member: Member
    days: list[bool]
    """On which days, from Monday, the two share free time."""
    parts: list[str]
    """The words for when in the day they are usually free."""
    shared: str = ""
    """What the two share, in words."""
    topics: tuple[str, ...] = ()
    until: datetime | None = None
    """How long the viewer's own wish to talk is kept."""
    hello: Hello | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What someone finds in the pool."""

    people: list[Person]
    matching: int
    looking: int
    """How many are in the pool besides the viewer."""
    is_close: bool = False
    """Whether nobody was spelled like what was searched for, and these come close."""
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    """How many would match each choice of a filter, the others being as they are."""
    topics: dict[str, str] = field(default_factory=dict)
    """The topics that most people name, as one of them wrote it, by how it reads folded."""

    @property
    def further(self) -> int:
        """How many the next page adds."""
        return min(self.matching - len(self.people), PAGE)


@dataclass(frozen=True, slots=True)
class Room:
    """The pool with one member in it: the cards of all others, opened, and what is the member's own."""

    member: Member
    me: CardFacts[uuid.UUID]
    others: dict[uuid.UUID, CardFacts[uuid.UUID]]
    cards: dict[uuid.UUID, Card]
    wishes: dict[uuid.UUID, datetime]
    """Until when each of the member's own wishes is kept, by whom it is for."""
    hellos: dict[uuid.UUID, Hello]
    """The member's open hellos, by the other one."""
    now: datetime

    @property
    def on(self) -> date:
        """The day on whose clocks times are compared."""
        return self.now.date()

    def person(self, item: Ranked[uuid.UUID]) -> Person:
        """Return one of the others as the member sees them."""
        card, zone = self.cards[item.id], self.member.zone
        return Person(
            card=card,
            member=card.member,
            days=rules.days_shared(item.shared_slots, zone, self.on),
            parts=part_words(rules.to_local_week(self.others[item.id].free, zone, self.on)),
            shared=reasons.shared(item, zone, self.on),
            topics=item.shared_topics,
            until=self.wishes.get(item.id),
            hello=self.hellos.get(item.id),
        )


def enter(member: Member, *, now: datetime) -> Room:
    """Go in as a member; the caller has checked that they are looking.

    Whom the member would rather not be with isn't there for them. To the others nothing is different,
    and to that person neither.
    """
    not_with = NotWith.objects.visible_to(member).values("other_id")
    cards = {
        card.member_id: card
        for card in Card.objects.visible_to(member)
        .filter(state=Card.State.LOOKING)
        .exclude(member__in=not_with)
        .select_related("member__user")
    }
    mine = cards.pop(member.pk, None) or Card.of(member)
    for card in cards.values():
        card.member.congregation = member.congregation
    free = FreeTime.objects.visible_to(member).by_member()
    on = now.date()

    def facts(card: Card) -> CardFacts[uuid.UUID]:
        whose = member if card is mine else card.member
        return CardFacts(
            id=whose.pk,
            free=week_of(whose, free.get(whose.pk, ()), on),
            topics={fold(topic): topic for topic in card.topic_words},
            kinds=frozenset(card.kinds),
            tempos=frozenset(card.tempos),
            place=_place(card),
        )

    return Room(
        member=member,
        me=facts(mine),
        others={pk: facts(card) for pk, card in cards.items()},
        cards=cards,
        wishes={
            wish.other_id: wish.until for wish in Interest.objects.visible_to(member).kept(now)
        },
        hellos=open_hellos(member),
        now=now,
    )


def find(room: Room, filters: Filters, *, pages: int = 1) -> Found:
    """Return whom a member finds in the pool.

    The order rests on cards alone and stays for a week, so that it can tell nothing of who would like
    to talk with whom, and a page that is loaded again is the same page.
    """
    year, number, _day = room.on.isocalendar()
    order = ranking.order_pool(
        room.me, list(room.others.values()), f"{room.member.pk} {year} {number}"
    )
    is_close = False
    if filters.words:
        texts = {item.id: _text(room.cards[item.id]) for item in order}
        ids, is_close = search(texts, filters.words)
        order = [item for item in order if item.id in set(ids)]
    searched = [room.others[item.id] for item in order]
    mine = room.me.free
    found = [item for item in order if _passes(room.others[item.id], filters, mine)]
    topics = _topics(searched, filters)

    def count(
        values: Iterable[str], of: Callable[[CardFacts[uuid.UUID]], Collection[str]], **without: Any
    ) -> dict[str, int]:
        """Count for each value of a filter whom it would leave, the other filters being as they are."""
        rest = replace(filters, **without)
        have = [of(card) for card in searched if _passes(card, rest, mine)]
        return {value: sum(value in own for own in have) for value in values}

    def times(card: CardFacts[uuid.UUID]) -> tuple[str, ...]:
        both = rules.shared(mine, card.free)
        return TIMES[: len(rules.slots_of_at_least(both, filters.minutes))]

    return Found(
        people=[room.person(item) for item in found[: PAGE * pages]],
        matching=len(found),
        looking=len(room.others),
        is_close=is_close and bool(found),
        counts={
            "kind": count(CrewKind.values, lambda card: card.kinds, kinds=()),
            "tempo": count(Tempo.values, lambda card: card.tempos, tempos=()),
            "topic": count(topics, lambda card: card.topics.keys(), topics=()),
            "shared": count(TIMES, times, least_slots=0),
            "where": count(
                PLACES, lambda card: PLACES if card.place == "either" else (card.place,), place=""
            ),
        },
        topics=topics,
    )


def open_hellos(member: Member) -> dict[uuid.UUID, Hello]:
    """Return a member's open hellos, by the id of the other."""
    return {
        hello.second_id if hello.first_id == member.pk else hello.first_id: hello
        for hello in Hello.objects.visible_to(member).open()
    }


def one(me: Member, other: Member, *, now: datetime) -> dict[str, Any]:
    """Return what the button for one person needs: the wish that is kept, or the hello it became."""
    wish = Interest.objects.visible_to(me).kept(now).filter(other=other).first()
    hello = Hello.objects.visible_to(me).between(me, other.pk).open().first()
    return {"member": other, "until": wish.until if wish else None, "hello": hello}


def own(member: Member, card: Card, *, now: datetime) -> Person:
    """Return someone's own card as the others see it, with all of their free days."""
    times = FreeTime.objects.visible_to(member).filter(member=member).by_member()
    free = times.get(member.pk, [])
    on = now.date()
    return Person(
        card=card,
        member=member,
        days=rules.days_shared(week_of(member, free, on), member.zone, on),
        topics=tuple(card.topic_words),
        parts=part_words(free),
    )


def part_words(times: Iterable[rules.Free]) -> list[str]:
    """Return when in the day someone is usually free, in words; nothing for at all hours."""
    return [str(PART_WORDS[part]) for part in week.usual_parts(times)]


def _passes(card: CardFacts[uuid.UUID], filters: Filters, mine: Sequence[rules.Stretch]) -> bool:
    return ranking.matches(
        card,
        kinds=filters.kinds,
        tempos=filters.tempos,
        topics=filters.topics,
        place=filters.place,
        mine=mine,
        least_slots=filters.least_slots,
        minutes=filters.minutes,
    )


def _topics(cards: Iterable[CardFacts[uuid.UUID]], filters: Filters) -> dict[str, str]:
    """Return the topics that most people name, those asked for among them, by how they read folded."""
    many: Counter[str] = Counter()
    written: dict[str, str] = {}
    for card in cards:
        many.update(card.topics.keys())
        for key, words in card.topics.items():
            written[key] = min(words, written.get(key, words))
    first = sorted(many, key=lambda key: (-many[key], key))[:MOST_TOPICS]
    return {key: written.get(key, key) for key in dict.fromkeys([*first, *filters.topics])}


def _place(card: Card) -> Place:
    match card.where:
        case "place" | "online":
            return card.where
        case _:
            return "either"


def _text(card: Card) -> str:
    """Return all that can be searched of someone, folded."""
    parts = [card.meaning, card.livelihood, card.offers, card.asks, card.topics]
    return f"{card.member.search_key} {fold(' '.join(parts))}"
