"""What comes over the invented people now and then: an idea, a wish to talk, a chair that is free."""

from datetime import date, time, timedelta
from typing import Final

from django.db.models import Exists, OuterRef

from congregation.models import Member
from crews.models import Answer, Card, Crew, Hello, Idea, Interest, Request, Seat, Table
from hall.demo import season, words
from hall.demo.living import FADING, Life

MOST_IDEAS: Final = 3


def _free(life: Life) -> list[Member]:
    """Return those who act by themselves and sit in no living crew, by name."""
    seated = (
        Seat.objects.taken()
        .filter(member=OuterRef("pk"), crew__is_partnership=False)
        .exclude(crew__state=Crew.State.ENDED)
    )
    return list(
        Member.objects.filter(~Exists(seated), congregation=life.congregation)
        .filter(state=Member.State.ACTIVE)
        .exclude(pk__in=life.quiet)
        .select_related("congregation", "user")
        .order_by("name_key")
    )


def float_idea(life: Life) -> None:
    """Float a crew idea that nobody here has had, every ten days or so."""
    open_ones = Idea.objects.filter(
        congregation=life.congregation, state__in=[Idea.State.OPEN, Idea.State.FORMING]
    )
    if not life.chance.happens(0.1, "floats", life.today) or open_ones.count() >= MOST_IDEAS:
        return
    had = set(
        Idea.objects.filter(congregation=life.congregation).values_list("name", flat=True)
    ) | set(Crew.objects.filter(congregation=life.congregation).values_list("name", flat=True))
    left = [purpose for purpose in words.MORE if purpose.name not in had]
    callers = _free(life)
    if left and callers:
        purpose = life.chance.pick(left, "which idea", life.today)
        caller = life.chance.pick(callers, "whose idea", life.today)
        days = life.chance.number(18, 26, "begins", life.today)
        float_one(life, caller, purpose, begins_on=life.local(life.until) + timedelta(days=days))


def float_one(
    life: Life,
    caller: Member,
    purpose: words.Purpose,
    *,
    begins_on: date,
    begins_at: time = time(19),
    tempo: str = "weekly",
    times: int = 6,
    minutes: int = 90,
) -> Idea:
    """Float the idea of a purpose, on the clock of where the congregation is."""
    return Idea.float(
        name=purpose.name,
        intention=purpose.intention,
        kind=purpose.kind,
        place=purpose.place,
        holds=purpose.holds,
        ritual=purpose.ritual,
        spoils=purpose.spoils,
        tempo=tempo,
        times=times,
        minutes=minutes,
        begins_on=begins_on,
        begins_at=begins_at,
        by=caller,
        now=life.tick(),
    )


def answer_ideas(life: Life) -> None:
    """Answer the ideas that are open: one person a day or so."""
    free: list[Member] | None = None
    ideas = Idea.objects.filter(congregation=life.congregation).open(life.until)
    for idea in ideas.select_related("congregation", "caller").order_by("floated_at", "name"):
        if not life.chance.happens(0.6, "answers", idea.name, life.today):
            continue
        free = _free(life) if free is None else free
        said = set(Answer.objects.filter(idea=idea).values_list("member_id", flat=True))
        left = [p for p in free if p.pk not in said and p.pk != idea.caller_id]
        if left:
            answer(life, idea, life.chance.pick(left, "who answers", idea.name, life.today))


def answer(life: Life, idea: Idea, person: Member, *, likely: float = 0.8) -> None:
    """Answer one idea: most would join."""
    about = ("answer", idea.name, person.name)
    joins = life.chance.happens(likely, *about)
    deck = life.chance.shuffled(words.JOINS if joins else words.OTHER_TIMES, idea.name)
    said = Answer.objects.filter(idea=idea).count()
    idea.answer(
        Answer.Choice.JOIN if joins else Answer.Choice.ANOTHER_TIME,
        word=deck[said % len(deck)],
        by=person,
        now=life.tick(),
    )


def ask_tables(life: Life) -> None:
    """Ask those who would join to a table, once they are enough and the first date comes near."""
    for idea in (
        Idea.objects.filter(congregation=life.congregation)
        .open(life.until)
        .exclude(caller__in=life.quiet)
        .select_related("congregation", "caller__congregation")
        .order_by("floated_at", "name")
    ):
        ahead = idea.begins_on - life.local(life.until)
        would = list(idea.may_be_asked()[: idea.most_asked - 1])
        enough = 4 if ahead > timedelta(days=10) else idea.least_asked
        if len(would) >= enough:
            Table.ask(idea, would, by=idea.caller, now=life.tick())


def wish_to_talk(life: Life) -> None:
    """Note a wish within the pool; now and then two people have the same one."""
    if not life.chance.happens(0.5, "wishes", life.today):
        return
    cards = list(
        Card.objects.filter(congregation=life.congregation)
        .looking()
        .exclude(member__in=life.quiet)
        .select_related("member__congregation", "congregation")
        .order_by("member__name_key")
    )
    if len(cards) < 2:
        return
    one = life.chance.pick(cards, "wishes", life.today, 1)
    other = life.chance.pick([c for c in cards if c != one], "wishes", life.today, 2)
    if Hello.objects.between(one.member, other.member_id).exists():
        return
    Interest.note(other, by=one.member, now=life.tick())
    if life.chance.happens(0.4, "mutual", life.today):
        Interest.note(one, by=other.member, now=life.tick())


def ask_to_join(life: Life) -> None:
    """Ask for a chair at a table that has one, every ten days or so."""
    if not life.chance.happens(0.1, "asks to join", life.today):
        return
    asked = Request.objects.filter(congregation=life.congregation, state=Request.State.OPEN)
    crews = list(
        Crew.objects.filter(congregation=life.congregation, state=Crew.State.ACTIVE)
        .with_room()
        .filter(is_partnership=False)
        .exclude(pk__in=asked.values("crew"))
        .exclude(name__in=FADING)
        .order_by("name")
    )
    free = [
        person
        for person in _free(life)
        if not Request.objects.filter(member=person).exists()
        and life.local(person.joined_at) < life.local(life.until) - timedelta(days=7)
    ]
    if crews and free:
        Request.ask(
            life.chance.pick(crews, "which crew", life.today),
            word=life.chance.pick(words.REQUESTS, "request", life.today),
            by=life.chance.pick(free, "who asks", life.today),
            now=life.tick(),
        )


def come_back(life: Life) -> None:
    """Take a kept seat again, some days before it would be free."""
    for seat in (
        Seat.objects.taken()
        .filter(congregation=life.congregation, kept_until__isnull=False)
        .exclude(crew__state=Crew.State.ENDED)
        .exclude(member__in=life.quiet)
        .select_related("crew__congregation", "member")
        .order_by("crew__name", "number")
    ):
        about = ("comes back", seat.crew.name, seat.member.name)
        assert seat.kept_until is not None
        ahead = (seat.kept_until - life.local(life.until)).days
        if ahead == life.chance.number(4, 30, *about) and life.chance.happens(0.5, "so", *about):
            seat.retake(by=seat.member, now=life.tick())


IMPULSES: Final = (
    float_idea,
    answer_ideas,
    ask_tables,
    wish_to_talk,
    ask_to_join,
    come_back,
    season.take_part,
    season.answer,
)
