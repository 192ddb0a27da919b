"""Plays the story of the first congregation, day by day, with the verbs that people use."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, time, timedelta
from functools import partial
from itertools import islice
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from congregation.models import Contact, HelpNumber, Host, Invitation, Mail, Member, User
from congregation.models.help_number import Line
from crews import matching, sweeping
from crews.models import (
    Card,
    Crew,
    CrewKind,
    Hello,
    Idea,
    Interest,
    Pin,
    Request,
    Table,
)
from crews.rules import Free
from crews.week import box
from hall import arriving
from hall.demo import everyones, impulses, names, season, story, words
from hall.demo.chance import Chance
from hall.demo.living import Life
from hall.demo.names import Name, addresses
from hall.demo.story import FACILITATOR, HOST, MEMBER, NEWCOMER, Duo, Tale
from rhythms import committing, horizon, reminding, renewing, weighing
from rhythms.models import Meeting, Plan
from rhythms.models.rhythm import at_table

# Days end at five: what meets in the evening is then less than a day ahead, whenever one looks.
DAY_ENDS: Final = time(17)
DAY_BEGINS: Final = time(8)
NIGHT: Final = time(22)
# Those whose sign-in is printed leave what came up in the last days to whoever plays them.
QUIET: Final = -3
# In so many days, the idea whose table is forming would begin.
DRAFTS_ON: Final = 9
# Some read another clock: they are away for work, or have never come home.
ELSEWHERE: Final = {5: "Europe/Berlin", 9: "America/Halifax"}
ROLES: Final = {"host": HOST, "facilitator": FACILITATOR, "member": MEMBER}
# Nobody needs to be reminded any more of what was long ago.
DUE: Final = (
    sweeping.sweep,
    renewing.reveal_due,
    horizon.lay_out_due,
    weighing.show_due,
    reminding.remind,
    renewing.remind_due,
)
# The last days are told in every detail; of what was before, only what counts.
DETAILED: Final = -16


def last_end(now: datetime, zone: ZoneInfo) -> datetime:
    """Return when the last day ended that was over by now."""
    local = now.astimezone(zone)
    ended = datetime.combine(local.date(), DAY_ENDS, zone)
    return ended if ended <= local else ended - timedelta(days=1)


class History:
    """The first congregation from its founding until now."""

    def __init__(self, *, people: int, days: int, seed: int, now: datetime) -> None:
        self.days, self.now = days, now
        self.chance = Chance(seed)
        self.zone = ZoneInfo(words.ZONE)
        self.today = last_end(now, self.zone).date()
        self.cast = story.cast(people, self.chance)
        self.names = self._names(people, Random(seed))  # noqa: S311  names, not secrets
        self.addresses = addresses(self.names, words.SLUG)
        self.people: dict[int, Member] = {}
        # Those who read another clock last, since an idea's hours are its caller's.
        self.looking = sorted(self.cast.looking, key=lambda n: n % 30 in ELSEWHERE)
        self.drafters = list(dict.fromkeys([*self.looking[1:2], *self.looking[-3:], MEMBER]))
        self.tales = story.tales(self.cast, days, self.chance)
        self.tables = self._seat_everyone()
        self.wished = False
        self.steps: dict[int, list[Callable[[], None]]] = defaultdict(list)
        self.lines = self.chance.shuffled(words.LINES, "lines")

    # ---- who

    def _names(self, people: int, rng: Random) -> list[Name]:
        known = [names.HOST, names.FACILITATOR, names.MEMBER, names.NEWCOMER]
        others = [names.LONG, names.OTHER_SCRIPT, *islice(names.names(rng), people)]
        return [*known, *others][:people]

    def _seat_everyone(self) -> list[list[int]]:
        """Return for each tale who is in it: those whom few crews have so far, the caller first."""
        load: dict[int, int] = dict.fromkeys(self.cast.seated, 0)
        for tale in self.tales:
            for role in tale.has:
                load[ROLES[role]] += 1
        spread = []
        for tale in self.tales:
            here = [ROLES[role] for role in tale.has]
            others = [n for n in self.cast.looking if n not in here] if tale.is_over else []
            if len(others) + len(here) < tale.people:
                others = [n for n in self.cast.seated if n > MEMBER]
            about = ("sits", tale.purpose.name)
            order = sorted(
                others,
                key=lambda n: (load.get(n, 0) > 1, load.get(n, 0), self.chance.roll(*about, n)),
            )
            chosen = order[: tale.people - len(here)]
            if not tale.is_over:
                for number in chosen:
                    load[number] += 1
            # Whoever is printed calls nobody together, since their turn is to come later; nor does
            # anyone who reads another clock, since an idea's hours are its caller's.
            chosen.sort(key=lambda n: n % 30 in ELSEWHERE)
            spread.append([*chosen, *here])
        return spread

    def _joins(self) -> dict[int, int]:
        """Return the day on which each comes, before the first crew that they are in."""
        latest = dict.fromkeys(range(len(self.names)), -31)
        for tale, numbers in zip(self.tales, self.tables, strict=True):
            for number in numbers:
                latest[number] = min(latest[number], tale.begins - story.FLOATED - 3)
        for number in (HOST, *self._hosts()):
            latest[number] = min(latest[number], 10 - self.days)
        days = {}
        former = {
            n
            for tale, table in zip(self.tales, self.tables, strict=True)
            if tale.is_over
            for n in table
        }
        for number, last in latest.items():
            first = 2 - self.days
            if number in self.cast.looking and number not in former:
                # Nobody looks for a crew for ever.
                first = max(first, -130)
            roll = self.chance.roll("joins", number)
            # Many come in the first weeks; from then on it is one by one.
            days[number] = first + int(max(last - first, 0) * roll * roll)
        for place, number in enumerate(self.cast.newcomers):
            days[number] = -3 if number == NEWCOMER else -4 - 23 * place // len(self.cast.newcomers)
        return days

    def _hosts(self) -> list[int]:
        """Return the second and third host."""
        return [n for n in self.cast.seated if n > MEMBER][:2]

    # ---- play

    def play(self, tell: Callable[[str], None]) -> Life:
        """Live every day from the founding on; return the life that goes on."""
        self.life = self._found()
        self.life.may_sleep = True
        self.life.detailed_from = self.days + DETAILED
        self._plan()
        for day in range(1 - self.days, 1):
            if day > QUIET:
                self.life.quiet = {self.people[n].pk for n in range(4)}
            self._live(day)
            if (day + self.days) % 28 == 0:
                tell(f"week {(day + self.days) // 7} of {self.days // 7}")
        self._forget_mail()
        return self.life

    def _moment(self, day: int, hour: time) -> datetime:
        return datetime.combine(self.today + timedelta(days=day), hour, self.zone)

    def _live(self, day: int) -> None:
        """Live from the end of the day before to the end of this one."""
        life, night = self.life, self._moment(day - 1, NIGHT)
        noted = life.evening(since=self._moment(day - 1, DAY_ENDS), now=night)
        self._sweep(day, has_met=bool(noted), now=night)
        begins, ends = self._moment(day, DAY_BEGINS), self._moment(day, DAY_ENDS)
        life.at, life.until = begins, ends
        for step in self.steps.pop(day, ()):
            step()
        life.daytime(begins=life.at, until=ends)

    def _sweep(self, day: int, *, has_met: bool, now: datetime) -> None:
        """Do what is due, but hand no mail over; where nothing can be, in the past, once a week."""
        is_whole = day >= DETAILED or day % 7 == 0
        if (is_whole or has_met) and renewing.open_due(now=now):
            self.life.wake("write_lookbacks")
        if (is_whole or self.wished) and matching.match(now=now):
            self.life.wake("say_hello")
        self.wished = False
        if is_whole:
            for due in DUE if day >= DETAILED else DUE[:3]:
                due(now=now)

    def _forget_mail(self) -> None:
        """Drop the mail of the past: only that of the last two days goes out yet."""
        Mail.objects.filter(made_at__lt=self._moment(-2, DAY_ENDS)).delete()

    def _on[**P](
        self, day: int, step: Callable[P, None], *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Do something on a day; never before the first one."""
        self.steps[max(day, 1 - self.days)].append(partial(step, *args, **kwargs))

    # ---- the founding

    def _found(self) -> Life:
        begins = self._moment(-self.days, time(12))
        host, _is_new = arriving.found(
            words.NAME,
            host_name=names.HOST.name,
            host_email=self.addresses[HOST],
            zone=words.ZONE,
            slug=words.SLUG,
            now=begins,
        )
        here = host.congregation
        here.is_demo, here.region, here.purpose = True, words.REGION, words.PURPOSE
        here.save(update_fields=["is_demo", "region", "purpose"])
        # Every term has an end: the first host's comes near.
        until = self.today + timedelta(days=45)
        Host.objects.filter(member=host).update(until=until)
        host.edit(
            name=host.name,
            pronouns=names.HOST.pronouns,
            place=words.QUARTERS[0],
            line="Holds the door. Ask me anything but the time.",
            by=host,
            now=begins,
        )
        HelpNumber.put([Line(*line) for line in words.HELP], by=host, now=begins)
        self.people[HOST] = host
        return Life(here, self.chance)

    def _plan(self) -> None:
        """Lay out what happens on which day."""
        joins = self._joins()
        for number in sorted(joins, key=lambda n: (joins[n], n)):
            if number != HOST:
                self._on(joins[number] - 1, self._invite, number)
            self._on(joins[number] + 1, self._settle_in, number)
        for place, number in enumerate(self._hosts()):
            self._on(11 - self.days + place, self._begin_term, number, place)
        for tale, numbers in zip(self.tales, self.tables, strict=True):
            self._plan_tale(tale, numbers)
        self._plan_duos()
        self._plan_these_days()

    # ---- people

    def _invite(self, number: int) -> None:
        """Invite someone, who takes the seat the next day."""
        name = self.names[number]
        about = ("invites", number)
        hosts = [self.people[HOST]]
        others = [self.people[n] for n in sorted(self.people) if n != HOST]
        inviter = hosts[0]
        if len(others) > 5 and self.chance.happens(0.3, *about):
            inviter = self.chance.pick(others, *about, "who")
        invitation, _token = Invitation.invite(
            name=name.name,
            word=self.chance.pick(words.INVITING, *about, "word"),
            by=inviter,
            now=self.life.tick(),
        )
        if invitation.waits:
            invitation.approve(by=hosts[0], now=self.life.tick(), again=True)
        day = self.life.today - self.life.day(self._moment(0, DAY_ENDS))
        self._on(day + 1, self._arrive, number, invitation)

    def _arrive(self, number: int, invitation: Invitation) -> None:
        name = self.names[number]
        invitation.congregation.refresh_from_db(fields=["places_taken"])
        if invitation.waits:
            # So many have come meanwhile that each one is asked for once more.
            invitation.approve(by=self.people[HOST], now=self.life.tick(), again=True)
        user = User.objects.create_user(self.addresses[number], proven=True)
        zone = ELSEWHERE.get(number % 30, "")
        self.people[number] = arriving.arrive(
            invitation,
            user,
            {
                "name": name.name,
                "pronouns": name.pronouns,
                "place": self.chance.pick(words.QUARTERS, "lives", number)
                if self.chance.happens(0.9, "says where", number)
                else "",
                "line": self._line(number),
                "zone": zone,
            },
            now=self.life.tick(),
        )

    def _line(self, number: int) -> str:
        if number == NEWCOMER:
            return ""
        if number < len(self.lines):
            return self.lines[number]
        trade = self.chance.pick(words.TRADES, "trade", number)
        return f"{trade}. {self.chance.pick(words.HABITS, 'habit', number)}"

    def _settle_in(self, number: int) -> None:
        """Give one's contact, say what one looks for and when one is free."""
        person, now = self.people[number], self.life.tick
        about = ("settles", number)
        if number in range(4) or self.chance.happens(0.55, *about, "contact"):
            # Numbers that are kept free for films.
            last = f"{self.chance.number(0, 99999, *about):05}"
            phone = f"+353 20 91{last[0]} {last[1:]}"
            circle = self.chance.pick(list(Contact.Circle.values), *about, "circle")
            Contact.give(person, "phone", phone, circle, by=person, now=now())
        if self.chance.happens(0.35, *about, "signal"):
            value = (
                f"{self.chance.pick(words.CHAT_NAMES, *about)}.{self.chance.number(10, 99, *about)}"
            )
            Contact.give(person, "signal", value, "crews", by=person, now=now())
        if self.chance.happens(0.6, *about, "shows"):
            person.show_crews(True, by=person, now=now())
        if number == NEWCOMER:
            return
        looks = number in self.cast.looking or number == MEMBER
        looks = looks or (
            number in self.cast.newcomers and self.chance.happens(0.6, *about, "looks")
        )
        looks = looks or (number in self.cast.seated and self.chance.happens(0.1, *about, "looks"))
        if looks or self.chance.happens(0.4, *about, "card"):
            self._write_card(number, is_looking=looks)
        elif number in self.cast.happy:
            Card.of(person).look(Card.State.HAPPY, by=person)

    def _write_card(self, number: int, *, is_looking: bool) -> None:
        person, about, pick = self.people[number], ("card", number), self.chance.pick
        card = Card.of(person)
        topics = self.chance.shuffled(words.TOPICS, *about)
        card.write(
            {
                "livelihood": pick(words.LIVELIHOODS, *about, 1),
                "meaning": self._meaning(number),
                "offers": pick(words.OFFERS, *about, 3),
                "asks": pick(words.ASKS, *about, 4),
                "topics": ", ".join(topics[: self.chance.number(2, 4, *about)]),
                "kinds": self._kinds(number),
                "tempos": self.chance.shuffled(("weekly", "fortnightly", "monthly"), *about)[
                    : self.chance.number(1, 2, *about, "tempos")
                ],
                "where": pick(("either", "either", "place", "online"), *about, 5),
            },
            by=person,
        )
        card.free(self._free_times(number), by=person)
        if is_looking:
            card.look(Card.State.LOOKING, by=person)
        elif number in self.cast.happy:
            card.look(Card.State.HAPPY, by=person)

    def _kinds(self, number: int) -> list[str]:
        """Return the kinds of crew that someone would like: most often a support pod among them."""
        kinds = self.chance.shuffled(CrewKind.values, "kinds", number)
        if self.chance.happens(0.55, "pod", number):
            kinds.sort(key=lambda kind: kind != CrewKind.SUPPORT)
        return kinds[: self.chance.number(1, 3, "how many kinds", number)]

    def _meaning(self, number: int) -> str:
        """Deal out what means most: no two who look say the same while there is something left."""
        deck = self.chance.shuffled(words.MEANINGS, "meanings")
        order = [MEMBER, *self.cast.looking, *self.cast.newcomers]
        place = order.index(number) if number in order else number
        return deck[place % len(deck)]

    def _free_times(self, number: int) -> list[Free]:
        """Return the free times of a week: some evenings, and a part of a day or two besides.

        Those whom an idea brings together these days have its evening free.
        """
        chance = self.chance
        days = set(chance.shuffled(range(7), "evenings", number)[: chance.number(2, 4, number)])
        if number in self.drafters:
            days.add(DRAFTS_ON % 7)
        times = [(day, "evening") for day in sorted(days)] + [
            (chance.number(0, 6, "free", number, part, "day"), part)
            for part in ("morning", "midday", "afternoon")
            if chance.happens(0.35, "free", number, part)
        ]
        # Counted from the weekday that it is today, so that the story is the same on every day.
        return [box((self.today.weekday() + day) % 7, part) for day, part in times]

    def _begin_term(self, number: int, place: int) -> None:
        until = self.today + timedelta(days=200 - 80 * place)
        Host.begin(self.people[number], until=until, now=self.life.tick())

    # ---- crews

    def _plan_tale(self, tale: Tale, numbers: list[int]) -> None:
        begins, name = tale.begins, tale.purpose.name
        caller, *others = numbers

        def float_it() -> None:
            impulses.float_one(
                self.life,
                self.people[caller],
                tale.purpose,
                begins_on=self.today + timedelta(days=begins),
                begins_at=tale.at,
                tempo=tale.tempo,
                times=tale.times,
                minutes=tale.minutes,
            )

        self._on(begins - story.FLOATED, float_it)
        for place, number in enumerate(others):
            day = begins - story.ANSWERED + place % 5
            self._on(day, self._would_join, name, number)
        self._on(begins - story.ASKED, self._ask, name, caller, others)
        self._on(begins - 3, self._pin, name)
        self._on(-2, self._plan_ahead, name)
        if tale.purpose.kind in {"coop", "house"} and begins < -20:
            self._on(-6, self._keep, name)
        if "facilitator" in tale.has and tale.tempo == "fortnightly":
            self._on(-5, self._take_turn, name, -1)
        self.life.ways = {**self.life.ways, name: tale.ways}

    def _idea(self, name: str) -> Idea:
        return Idea.objects.select_related("congregation", "caller__congregation").get(
            congregation=self.life.congregation, name=name
        )

    def _would_join(self, name: str, number: int) -> None:
        impulses.answer(self.life, self._idea(name), self.people[number], likely=1)

    def _ask(self, name: str, caller: int, others: list[int]) -> None:
        asked = [self.people[number] for number in others]
        Table.ask(self._idea(name), asked, by=self.people[caller], now=self.life.tick())
        self.life.wake("answer_tables")

    def _crew(self, name: str) -> Crew:
        return Crew.objects.select_related("congregation").get(
            congregation=self.life.congregation, name=name
        )

    def _pin(self, name: str) -> None:
        """Pin a thing or two."""
        crew = self._crew(name)
        people = list(crew.people())
        chosen = self.chance.shuffled(words.PINS, "pins", name)
        for place, (kind, text, url) in enumerate(chosen[: self.chance.number(1, 3, "pins", name)]):
            by = people[place % len(people)]
            Pin.put(crew, kind=kind, words=text, url=url, by=by, now=self.life.tick())

    def _plan_ahead(self, name: str) -> None:
        """Say what the next meeting of a crew will be like."""
        crew = self._crew(name)
        ahead = Meeting.objects.filter(crew=crew, starts_at__gt=self.life.until)
        for meeting in ahead.filter(state=Meeting.State.PLANNED).order_by("starts_at")[:1]:
            plan = meeting.plan
            meeting.replan(
                starts_at=meeting.starts_at,
                place=plan.place,
                link=plan.link,
                agenda=self.chance.pick(words.AGENDAS, "agenda", name),
                by=meeting.people()[0],
                now=self.life.tick(),
            )

    def _keep(self, name: str) -> None:
        """Propose a second rhythm, without an end: what has to be done goes on."""
        crew = self._crew(name)
        table = at_table(crew)
        if crew.state != Crew.State.ACTIVE or len(table) < crew.least:
            return
        starts_on = self.today + timedelta(days=9)
        rhythm = committing.rhythm_of(
            crew,
            tempo="fortnightly",
            starts_on=starts_on,
            starts_at=time(18),
            zone=words.ZONE,
            minutes=45,
            kind="planning",
            name="Books and chores",
        )
        now = self.life.tick()
        committing.propose(
            crew, rhythm=rhythm, starts_on=starts_on, times=None, by=table[0], now=now
        )
        self.life.wake("say_yes")

    def _take_turn(self, name: str, day: int) -> None:
        """Let the facilitator take the turn of the meeting on a day."""
        meetings = Meeting.objects.filter(crew=self._crew(name)).select_related(
            "crew__congregation"
        )
        on = self.today + timedelta(days=day)
        for meeting in meetings:
            if meeting.local_date == on:
                plan: Plan = meeting.plan_of()
                plan.take(by=self.people[FACILITATOR], now=self.life.tick())

    def _plan_duos(self) -> None:
        here = [n for n in self.cast.seated if n > MEMBER] or self.cast.seated
        pairs = self.chance.shuffled(here, "duos")
        for place, duo in enumerate(story.DUOS):
            two = pairs[2 * place : 2 * place + 2]
            if len(two) == 2 and self.days + duo.begins > 40:
                self._on(duo.begins - 6, self._pair, duo, two)

    def _pair(self, duo: Duo, two: list[int]) -> None:
        """Let two people begin a partnership, and commit to a rhythm."""
        one, other = (self.people[number] for number in two)
        now = self.life.tick()
        crew = Crew.objects.create(
            congregation=self.life.congregation,
            name=f"{one.first_name} & {other.first_name}",
            is_partnership=True,
            seats_max=2,
            founded_at=now,
        )
        for person in (one, other):
            crew.seat(person, by=None, now=now)
        starts_on = self.today + timedelta(days=duo.begins)
        rhythm = committing.rhythm_of(
            crew,
            tempo=duo.tempo,
            starts_on=starts_on,
            starts_at=duo.at,
            zone=words.ZONE,
            minutes=60,
            place=duo.place,
        )
        committing.propose(
            crew, rhythm=rhythm, starts_on=starts_on, times=duo.times, by=one, now=self.life.tick()
        )
        self.life.wake("say_yes")

    # ---- these days

    def _plan_these_days(self) -> None:
        """Lay out what is open today: ideas, a forming table, a hello, a request, invitations."""
        looking = self.looking
        self._plan_idea(words.OPEN, looking[0], looking[2:6], floated=-8, begins=19)
        caller, *others = self.drafters
        self._plan_idea(words.FORMING, caller, others, floated=-12, begins=DRAFTS_ON, asked=-2)
        if self.days > 70:
            # One that nobody had an evening for: it closed by itself.
            purpose = words.MORE[-1]
            self._on(-62, self._float, purpose, self._hosts()[0], -40)
        mine = set(self._free_times(MEMBER))
        greeter = next((n for n in looking if mine.intersection(self._free_times(n))), looking[0])
        self._on(-3, self._wish, MEMBER, greeter)
        self._on(-1, self._say_first, greeter, MEMBER)
        if len(looking) > 5:
            self._on(-24, self._wish, looking[3], looking[5])
            self._on(-1, self._request, words.KETTLE.name, looking[4])
        self._on(-4, lambda: season.begin(self.life, self.people[HOST]))
        self._on(-75, lambda: everyones.begin(self.life, self.people[HOST]))
        self._on(-2, lambda: everyones.come(self.life))
        for day in (-3, -2, -1):
            self._on(day, lambda: season.take_part(self.life))
        self._on(-2, self._hold_open, HOST, 0)
        self._on(-1, self._hold_open, self._hosts()[-1], 1)
        inviter = [n for n in self.cast.seated if n > MEMBER][-1]
        self._on(0, self._hold_open, inviter, 2)

    def _float(self, purpose: words.Purpose, caller: int, begins: int) -> None:
        impulses.float_one(
            self.life,
            self.people[caller],
            purpose,
            begins_on=self.today + timedelta(days=begins),
        )

    def _plan_idea(
        self,
        purpose: words.Purpose,
        caller: int,
        others: list[int],
        *,
        floated: int,
        begins: int,
        asked: int | None = None,
    ) -> None:
        self._on(floated, self._float, purpose, caller, begins)
        for place, number in enumerate(others):
            self._on(floated + 1 + place, self._would_join, purpose.name, number)
        busy = [n for n in self.cast.seated if n > MEMBER][:2]
        for place, number in enumerate(busy):
            self._on(floated + 2 + place, self._other_time, purpose.name, number)
        if asked is not None:
            self._on(asked, self._ask, purpose.name, caller, others)

    def _other_time(self, name: str, number: int) -> None:
        impulses.answer(self.life, self._idea(name), self.people[number], likely=0)

    def _wish(self, one: int, other: int) -> None:
        """Let two people both note that they would like to talk; the next sweep finds it."""
        cards = [Card.of(self.people[number]) for number in (one, other)]
        Interest.note(cards[1], by=self.people[one], now=self.life.tick())
        Interest.note(cards[0], by=self.people[other], now=self.life.tick())
        self.wished = True

    def _say_first(self, one: int, other: int) -> None:
        """Let one of two greet the other and offer times."""
        between = Hello.objects.between(self.people[one], self.people[other].pk)
        for hello in between.open().filter(greetings__isnull=True):
            self.life.say_first(hello, self.people[one])

    def _request(self, crew: str, number: int) -> None:
        Request.ask(
            self._crew(crew),
            word=words.REQUESTS[0],
            by=self.people[number],
            now=self.life.tick(),
        )
        self.life.wake("answer_requests")

    def _hold_open(self, inviter: int, which: int) -> None:
        """Invite someone who has not come yet; there has to be room."""
        by = self.people[inviter]
        by.congregation.refresh_from_db()
        if by.congregation.is_full:
            return
        Invitation.invite(
            name=words.EXPECTED[which],
            word=words.INVITING[which],
            by=by,
            now=self.life.tick(),
        )
