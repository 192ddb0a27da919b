"""A congregation of its largest size: 200 people, all looking, in 40 crews that have met for three weeks."""

from datetime import time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from congregation.models import Congregation, Host, Member, User
from crews.models import Card, Crew, FreeTime, Idea, Seat
from rhythms import committing
from rhythms.models import Meeting, Plan

PEOPLE, CREWS, AT_A_TABLE, MINE = 200, 40, 5, 5
ZONE = "Pacific/Auckland"
FIRST = ["Ana", "Mei", "Joel", "Noor", "Kaia", "Dov", "Rua", "Ines", "Tane", "Lucia", "Omar", "Freya"]  # fmt: skip
LAST = ["Sefo", "Ropata", "King", "Haddad", "Pene", "Levi", "Paki", "Braun", "Costa", "Lind", "Sato"]  # fmt: skip


class World:
    """What the measurements look at: `me` sits in five crews, `host` hosts."""

    def __init__(self, now):
        self.now = now
        with transaction.atomic():
            self.congregation = Congregation.objects.create(
                name="Otaki", slug="otaki", zone=ZONE, founded_at=now - timedelta(days=400),
                places_taken=PEOPLE,
            )  # fmt: skip
            self.people = [self._member(number) for number in range(PEOPLE)]
            self.me, self.host = self.people[0], self.people[7]
            Host.objects.create(**self.own, member=self.host, since=now - timedelta(days=90))
            self.crews = [self._crew(number) for number in range(CREWS)]

    @property
    def own(self):
        return {"congregation": self.congregation}

    def _member(self, number):
        name = f"{FIRST[number % len(FIRST)]} {LAST[number // len(FIRST) % len(LAST)]}"
        member = Member.objects.create(
            **self.own, user=User.objects.create_user(f"p{number}@bench.example", proven=True),
            name=name, place="Ōtaki", line="Come by for soup on a Sunday.",
            joined_at=self.now - timedelta(days=30 + number),
        )  # fmt: skip
        Card.objects.create(
            **self.own, member=member, state="looking", livelihood="Teaching, three days a week.",
            meaning="Seeds, and the people who keep them.", offers="A van and a drill.",
            asks="Someone to read what I write.", topics="seeds, repair, writing",
            kinds=["support"], tempos=["weekly"],
        )  # fmt: skip
        FreeTime.objects.bulk_create(
            FreeTime(**self.own, member=member, weekday=(number + day) % 7, begins=1080, ends=1320)
            for day in (0, 2, 4)
        )
        return member

    def _crew(self, number):
        here = self.people[number * AT_A_TABLE : (number + 1) * AT_A_TABLE]
        if 0 < number < MINE:
            here = [*here, self.me]
        before = self.now - timedelta(days=24)
        crew = Crew.objects.create(
            **self.own, name=f"Crew {number + 1}", purpose="We keep seed alive.", state="active",
            tempo="weekly", seats_taken=len(here), founded_at=before,
        )  # fmt: skip
        Seat.objects.bulk_create(
            Seat(**self.own, crew=crew, member=person, number=place, taken_at=before)
            for place, person in enumerate(here, 1)
        )
        idea = Idea.objects.create(
            **self.own, caller=here[0], name=crew.name, intention="Swap seeds.", times=6,
            minutes=90, begins_on=(self.now - timedelta(days=20)).astimezone(ZoneInfo(ZONE)).date(),
            begins_at=time(19), zone=ZONE, place="The blue house", floated_at=before,
            open_until=before, state="begun", crew=crew,
        )  # fmt: skip
        committing.first(crew, idea, here, now=before)
        for meeting in crew.meetings.filter(ends_at__lt=self.now):
            meeting.log(here=here, by=here[0], now=meeting.ends_at, mood="warm", note="Beans.")
        return crew

    def meet(self, crew, starts_at):
        """Let a crew meet once more, at an instant."""
        meeting = Meeting.objects.create(
            **self.own, crew=crew, starts_at=starts_at, ends_at=starts_at + timedelta(hours=1),
            zone=ZONE,
        )  # fmt: skip
        plan = Plan.objects.create(
            **self.own, meeting=meeting, facilitator=crew.seats.first().member
        )
        return meeting, plan
