"""A day in the life of the invented people: what they do by themselves, each by the verb for it."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q

from congregation.models import Congregation, Contact, Member, Notice
from crews.models import (
    Agreement,
    AgreementYes,
    Crew,
    Greeting,
    Hello,
    OfferedTime,
    Request,
    Seat,
    Table,
    TableAnswer,
)
from hall import founding
from hall.demo import words
from hall.demo.chance import Chance
from hall.demo.weighing import group_and_weigh
from rhythms import hellos, renewing
from rhythms.found import last_changes
from rhythms.models import (
    Answers,
    Change,
    Coming,
    Commitment,
    Decision,
    LookBack,
    Meeting,
    Mood,
)

# This crew begins well and then meets no more: its hosts could visit it.
FADING: Final = frozenset({words.PLAN.name})
# What someone who is played had to note, others do after so long.
LEFT_TO_THEM: Final = timedelta(days=3)
MOODS: Final = (Mood.Word.WARM, Mood.Word.LIVELY, Mood.Word.WARM, Mood.Word.FLAT, Mood.Word.TENSE)
WAYS: Final = ("go",) * 14 + ("change",) * 3 + ("rest",) * 2 + ("end",)


class Life:
    """The people of one demo congregation, and what they do in a day.

    Those who are `quiet` do nothing by themselves: somebody plays them. `ways` and `delays` say for
    some crews, by name, how each goes on and after how many days each writes; chance says the rest.
    """

    def __init__(self, congregation: Congregation, chance: Chance) -> None:
        self.congregation = congregation
        self.chance = chance
        self.zone = ZoneInfo(congregation.zone)
        self.quiet: set[uuid.UUID] = set()
        self.ways: Mapping[str, Sequence[Sequence[str]]] = {}
        self.delays: Mapping[tuple[str, str], int] = {}
        # What nobody has anything to do with sleeps until it is woken; only the past is told so.
        self.may_sleep = False
        self.asleep: set[str] = set()
        self.quiet_until = congregation.founded_at
        # Before this number of a day, only what counts is told: that they met, not who said so.
        self.detailed_from = 0
        self.begun_on = self.local(congregation.founded_at)
        self.at = congregation.founded_at
        self.until = congregation.founded_at

    # ---- time

    def local(self, moment: datetime) -> date:
        """Return the day of a moment where the congregation is."""
        return moment.astimezone(self.zone).date()

    def day(self, moment: datetime) -> int:
        """Return the number of a day since the congregation was founded."""
        return (self.local(moment) - self.begun_on).days

    def tick(self) -> datetime:
        """Return the next moment of the day, a few minutes after the last, never past its end."""
        self.at = min(self.at + timedelta(minutes=3), self.until)
        return self.at

    @property
    def today(self) -> int:
        """The number of the day that is being lived."""
        return self.day(self.until)

    # ---- the evening

    def evening(self, *, since: datetime, now: datetime) -> int:
        """Note the meetings that are over: whoever has the turn says who came, some say how it was.

        None is noted before `since`. Returns how many there were.
        """
        if self.may_sleep and now < self.quiet_until:
            return 0
        over = (
            Meeting.objects.filter(congregation=self.congregation)
            .unlogged(now)
            .filter(ends_at__gt=now - timedelta(days=7))
            .exclude(commitment__state=Commitment.State.ENDED)
            .select_related("crew__congregation", "commitment", "plan")
            .prefetch_related("comings")
            .order_by("ends_at", "crew__name")
        )
        noted = sum(self._note(meeting, since=since, now=now) for meeting in over)
        if self.may_sleep:
            # A crew that is founded tomorrow meets two evenings later at the soonest.
            ahead = Meeting.objects.filter(congregation=self.congregation, ends_at__gt=now)
            ends_at = ahead.order_by("ends_at").values_list("ends_at", flat=True).first()
            later = now + timedelta(days=3)
            self.quiet_until = min(ends_at, later) if ends_at else later
        return noted

    def _note(self, meeting: Meeting, *, since: datetime, now: datetime) -> bool:
        assert meeting.crew is not None
        name, day = meeting.crew.name, self.day(meeting.starts_at)
        people = meeting.people()
        lead = next((p for p in people if p.pk == meeting.plan.facilitator_id), None)
        lead = lead or next(iter(people), None)
        if lead is None:
            return False
        if lead.pk in self.quiet:
            # It is theirs to note, for a while.
            others = [person for person in people if person.pk not in self.quiet]
            if not others or meeting.ends_at > now - LEFT_TO_THEM:
                return False
            lead = others[0]
        later = timedelta(minutes=self.chance.number(5, 40, "noted", name, day))
        moment = min(max(meeting.ends_at, since) + later, now)
        fades = name in FADING and meeting.number > 2
        here = [person for person in people if self._came(person, lead, meeting)]
        if fades or len(here) < meeting.crew.least:
            meeting.not_held(by=lead, now=moment)
            return True
        noting = lead if lead in here else here[0]
        note = ""
        if self.chance.happens(0.7, "note", name, day):
            note = self.chance.pick(words.NOTES, "says", name, day)
        meeting.log(here=here, by=noting, now=moment, note=note, mood=self._mood(noting, name, day))
        if meeting.number == 1:
            self.wake("agree")
        for other in here if day >= self.detailed_from else ():
            says = self.chance.happens(0.3, "mood", name, other.name, day)
            if says and other != noting and other.pk not in self.quiet:
                moment = min(moment + timedelta(minutes=4), now)
                mood = self._mood(other, name, day)
                meeting.log(here=here, by=other, now=moment, note=note, mood=mood)
        return True

    def _came(self, person: Member, lead: Member, meeting: Meeting) -> bool:
        answer = next((c.answer for c in meeting.comings.all() if c.member_id == person.pk), "")
        if answer == Coming.Answer.CANT:
            return False
        likely = 0.97 if answer or person == lead else 0.8
        assert meeting.crew is not None
        return self.chance.happens(
            likely, "came", meeting.crew.name, person.name, self.day(meeting.starts_at)
        )

    def _mood(self, person: Member, crew: str, day: int) -> str:
        return self.chance.pick(MOODS, "how", crew, person.name, day)

    # ---- the day

    def daytime(self, *, begins: datetime, until: datetime) -> None:
        """Do what people do between two moments of a day, each thing a little after the last."""
        self.at, self.until = begins, until
        for act in self.acts():
            if act.__name__ not in self.asleep and not act() and self.may_sleep:
                self.asleep.add(act.__name__)

    def acts(self) -> tuple[Callable[[], bool], ...]:
        """Return what people look after each day; each tells whether there is still something."""
        return (
            self.write_lookbacks,
            self.group_and_weigh,
            self.choose_changes,
            self.say_yes,
            self.answer_tables,
            self.answer_requests,
            self.say_hello,
            self.agree,
            self.answer_meetings,
            self.read_notices,
        )

    def wake(self, *acts: str) -> None:
        """Let people look after something again."""
        self.asleep.difference_update(acts)

    def answer_meetings(self) -> bool:
        """Say whether one comes to the meetings of the next two days."""
        if self.today < self.detailed_from:
            return True
        near = (
            Meeting.objects.filter(
                congregation=self.congregation,
                crew__isnull=False,
                state=Meeting.State.PLANNED,
                starts_at__gt=self.until,
                starts_at__lte=self.until + timedelta(days=2),
            )
            .select_related("crew__congregation")
            .prefetch_related("comings")
            .order_by("starts_at", "crew__name")
        )
        for meeting in near:
            assert meeting.crew is not None
            said = {coming.member_id for coming in meeting.comings.all()}
            name, day = meeting.crew.name, self.day(meeting.starts_at)
            for person in meeting.people():
                if person.pk in said or person.pk in self.quiet:
                    continue
                if self.chance.happens(0.45, "answers", name, person.name, day, self.today):
                    self._come(meeting, person, name, day)
        return True

    def _come(self, meeting: Meeting, person: Member, crew: str, day: int) -> None:
        about = ("coming", crew, person.name, day)
        roll = self.chance.roll(*about)
        brings = word = ""
        if roll < 0.84:
            answer = Coming.Answer.COMING if roll < 0.78 else Coming.Answer.LATE
            if self.chance.happens(0.3, "brings", *about):
                brings = self.chance.pick(words.BRINGS, "what", *about)
            if answer == Coming.Answer.LATE:
                word = words.WORDS[0]
            elif self.chance.happens(0.15, "word", *about):
                word = self.chance.pick(words.WORDS[1:], "which", *about)
        else:
            answer = Coming.Answer.CANT
            if self.chance.happens(0.7, "word", *about):
                word = self.chance.pick(words.EXCUSES, "which", *about)
        meeting.come(answer=answer, by=person, now=self.tick(), word=word, brings=brings)

    def write_lookbacks(self) -> bool:
        """Write what one has to say at a look-back, each on a day of their own."""
        lookbacks = list(
            LookBack.objects.open()
            .filter(congregation=self.congregation)
            .select_related("crew__congregation", "commitment__rhythm")
            .order_by("opened_at", "crew__name")
        )
        for lookback in lookbacks:
            crew, number = lookback.crew.name, lookback.commitment.number
            waited = self.day(self.until) - self.day(lookback.opened_at)
            seats = list(lookback.asked())
            written = set(
                Decision.objects.filter(lookback=lookback, written_at__isnull=False).values_list(
                    "member_id", flat=True
                )
            )
            delays = self._delays(crew, number, [seat.member for seat in seats])
            for place, seat in enumerate(seats):
                person = seat.member
                if person.pk in written or person.pk in self.quiet:
                    continue
                if waited >= delays[person.pk] and not lookback.is_revealed:
                    self._write(lookback, person, place, self._way(crew, number, place, person))
            if lookback.is_revealed:
                self.wake("group_and_weigh", "choose_changes", "say_yes")
        return bool(lookbacks)

    def _delays(self, crew: str, number: int, people: Sequence[Member]) -> dict[uuid.UUID, int]:
        """Return after how many days each writes: from one to four, somebody always last."""
        order = self.chance.shuffled([person.name for person in people], "writes", crew, number)
        spread = {name: 1 + 3 * place // max(len(order) - 1, 1) for place, name in enumerate(order)}
        return {
            person.pk: self.delays.get((crew, person.name), spread[person.name])
            for person in people
        }

    def _way(self, crew: str, number: int, place: int, person: Member) -> str:
        told = self.ways.get(crew, ())
        if number <= len(told):
            return told[number - 1][place % len(told[number - 1])]
        return self.chance.pick(WAYS, "way", crew, number, person.name)

    def _write(self, lookback: LookBack, person: Member, place: int, way: str) -> None:
        crew = (lookback.crew.name, lookback.commitment.number)
        about = (*crew, person.name)
        said = {}
        for part, options, likely in (
            ("celebrate", words.CELEBRATED, 0.9),
            ("worked", words.WORKED, 0.8),
            ("less", words.LESS, 0.6),
            ("change", words.CHANGES, 0.7),
        ):
            # Dealt out like cards: no two at a table say the same.
            deck = self.chance.shuffled(options, part, *crew)
            says = self.chance.happens(likely, "says", part, *about)
            said[part] = deck[place % len(deck)] if says else ""
        helped = self.chance.pick(("yes", "some", "yes", ""), "helped", *about)
        answers = Answers(
            said=said,
            word=self.chance.pick((*words.WAY_WORDS[way], ""), "word", *about),
            would_carry=way in ("go", "change") and self.chance.happens(0.4, "carry", *about),
            helped={change.pk: helped for change in last_changes(lookback, person)},
            way=way,
        )
        renewing.write(lookback, answers, by=person, now=self.tick())

    def group_and_weigh(self) -> bool:
        """Group what was found, and weigh it, where a crew does."""
        return group_and_weigh(self)

    def choose_changes(self) -> bool:
        """Choose the one change that a crew tries, from what was written, in the days after."""
        opened = list(
            LookBack.objects.filter(
                Q(weighing_at__isnull=True) | Q(weighed_at__isnull=False),
                congregation=self.congregation,
                revealed_at__gt=self.until - timedelta(days=7),
                changes__isnull=True,
            )
            .exclude(crew__state=Crew.State.ENDED)
            .select_related("crew")
            .prefetch_related("slips")
            .order_by("revealed_at", "crew__name")
        )
        for lookback in opened:
            offered = Decision.objects.filter(lookback=lookback, would_carry=True)
            seats = Seat.objects.at_table().filter(
                crew=lookback.crew, member__in=offered.values("member")
            )
            carriers = [seat.member for seat in seats.select_related("member").order_by("number")]
            ideas = sorted(slip.words for slip in lookback.slips.all() if slip.part == "change")
            if carriers and ideas and carriers[0].pk not in self.quiet:
                change = self.chance.pick(ideas, "change", lookback.crew.name, self.today)
                Change.choose(lookback, change, carriers[0], by=carriers[0], now=self.tick())
        return bool(opened)

    def say_yes(self) -> bool:
        """Say yes to what one's crew is proposed, within three days."""
        proposed = list(
            Commitment.objects.filter(
                congregation=self.congregation, state=Commitment.State.PROPOSED
            )
            .select_related("crew__congregation", "rhythm")
            .order_by("proposed_at", "crew__name")
        )
        for commitment in proposed:
            crew, waited = commitment.crew.name, self.today - self.day(commitment.proposed_at)
            for person in commitment.awaited():
                about = ("yes", crew, commitment.number, person.name)
                if person.pk not in self.quiet and waited >= self.chance.number(1, 3, *about):
                    commitment.say_yes(by=person, now=self.tick())
        return bool(proposed)

    def answer_tables(self) -> bool:
        """Say in private whether one would sit with these people, the day after one is asked or the next."""
        answered = TableAnswer.objects.filter(table=OuterRef("table"), member=OuterRef("member"))
        tables = list(
            Table.objects.filter(
                congregation=self.congregation,
                state=Table.State.ASKING,
                closes_at__gt=self.until,
            )
            .select_related("idea__congregation", "idea__caller")
            .order_by("asked_at", "idea__name")
        )
        for table in tables:
            waited = self.today - self.day(table.asked_at)
            places = table.places.filter(~Exists(answered)).select_related("member__congregation")
            for place in places.order_by("member__name_key"):
                about = (table.idea.name, place.member.name)
                delay = self.chance.number(1, 2, "sits", *about)
                if place.member_id not in self.quiet and waited >= delay:
                    founding.answer(table, True, by=place.member, now=self.tick())
        return bool(tables)

    def answer_requests(self) -> bool:
        """Say in private whether one would have somebody at the table."""
        requests = list(
            Request.objects.filter(congregation=self.congregation, state=Request.State.OPEN)
            .select_related("crew__congregation", "member")
            .order_by("asked_at", "member__name_key")
        )
        for request in requests:
            waited = self.today - self.day(request.asked_at)
            for person in request.silent():
                about = (request.crew.name, request.member.name, person.name)
                delay = self.chance.number(1, 3, "lets in", *about)
                if person.pk not in self.quiet and waited >= delay:
                    request.answer(True, by=person, now=self.tick())
        return bool(requests)

    def say_hello(self) -> bool:
        """Greet back, offer times, pick one."""
        open_ones = list(
            Hello.objects.open()
            .filter(congregation=self.congregation, picked_at__isnull=True)
            .select_related("congregation", "first__user", "second__user")
            .select_related("first__congregation", "second__congregation")
        )
        for hello in sorted(open_ones, key=lambda one: (one.made_at, one.first.name_key)):
            both = sorted((hello.first, hello.second), key=lambda person: person.name_key)
            greeted = set(Greeting.objects.filter(hello=hello).values_list("member_id", flat=True))
            for person in both:
                if person.pk not in self.quiet:
                    self._greet(hello, person, greeted)
        return bool(open_ones)

    def _greet(self, hello: Hello, person: Member, greeted: set[uuid.UUID]) -> None:
        """Let one of two say hello and offer times, or say yes to one that is offered."""
        other = hello.other(person)
        about = ("hello", person.name, other.name)
        offers = OfferedTime.objects.filter(hello=hello, starts_at__gt=self.until)
        theirs = offers.filter(member=other).order_by("starts_at").first()
        if theirs is not None:
            if self.chance.happens(0.5, *about, self.today):
                note = self.chance.pick(words.HELLO_BACKS, *about)
                hellos.pick(
                    hello,
                    theirs.starts_at,
                    by=person,
                    now=self.tick(),
                    note=note,
                    contacts=self._contact(person),
                )
        elif person.pk not in greeted and self.chance.happens(0.6, *about, self.today):
            self.say_first(hello, person)
            greeted.add(person.pk)

    def say_first(self, hello: Hello, person: Member) -> None:
        """Let one of two say hello, and offer times that suit both."""
        moment = self.tick()
        times = hellos.times_for(hello, person, now=moment)
        note = self.chance.pick(words.HELLOS, "hello", person.name, hello.other(person).name)
        hello.say(note, self._contact(person), times, by=person, now=moment)

    def _contact(self, person: Member) -> list[Contact]:
        return list(Contact.objects.filter(member=person).order_by("kind")[:1])

    def agree(self) -> bool:
        """Write the crew agreement after the first meeting; say yes to it in the days that follow."""
        agreed = Agreement.objects.filter(crew=OuterRef("pk"))
        met = Meeting.objects.filter(crew=OuterRef("pk"), state=Meeting.State.HELD)
        for crew in (
            Crew.objects.filter(
                ~Exists(agreed),
                Exists(met),
                congregation=self.congregation,
                state=Crew.State.ACTIVE,
            )
            .select_related("congregation")
            .order_by("name")
        ):
            writer = next((p for p in crew.people() if p.pk not in self.quiet), None)
            if writer:
                text = self.chance.pick(words.AGREEMENTS, "agreement", crew.name)
                said = {name: getattr(text, name, "") for name in Agreement.WORDS}
                said |= {"shares": words.FAIR, "keeps": words.KEEPS, "least": words.LEAST}
                Agreement.write(crew, said, read=0, by=writer, now=self.tick())
        agreements = list(
            Agreement.objects.filter(
                congregation=self.congregation, made_at__gt=self.until - timedelta(days=5)
            )
            .select_related("crew")
            .order_by("made_at", "crew__name")
        )
        for agreement in agreements:
            said_yes = AgreementYes.objects.filter(agreement=agreement).values("member")
            for person in agreement.crew.people().exclude(pk__in=said_yes):
                about = ("agrees", agreement.crew.name, person.name, self.today)
                if person.pk not in self.quiet and self.chance.happens(0.6, *about):
                    agreement.say_yes(by=person, now=self.tick())
        return bool(agreements)

    def read_notices(self) -> bool:
        """Read what one was told before today; in the past, once a week."""
        if self.today < self.detailed_from and self.today % 7:
            return True
        told = Notice.objects.filter(
            congregation=self.congregation, made_at__lt=self.until - timedelta(hours=20)
        )
        told.exclude(recipient__in=self.quiet).see(now=self.until)
        return True
