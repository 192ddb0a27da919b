"""Very many people: congregations of 200 in 40 crews of five, filled in by the thousand."""

from datetime import time, timedelta
from itertools import islice

from django.db import transaction

from congregation.models import Congregation, Member, User
from crews.models import Crew, Seat
from rhythms.models import Commitment, Meeting, Plan, Presence, Rhythm

AT_A_TABLE = 5
TOGETHER = 2000


def noon(now):
    """Return a zone in which it is about noon now, so that nobody has quiet hours."""
    ahead = 12 - now.hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


def save(model, rows):
    """Write rows by the thousand; return them."""
    rows = list(rows)
    upcoming = iter(rows)
    while batch := list(islice(upcoming, TOGETHER)):
        model.objects.bulk_create(batch)
    return rows


class Crowd:
    """`congregations` × `people`, each in one crew that runs; `meet` lets all crews meet soon."""

    def __init__(self, now, *, congregations, people=200, zone=None):
        self.now, self.zone = now, zone or noon(now)
        before = now - timedelta(days=20)
        with transaction.atomic():
            self.congregations = save(Congregation, (
                Congregation(
                    name=f"Crowd {number}", slug=f"crowd-{number}", zone=self.zone,
                    founded_at=before, places_taken=people,
                )
                for number in range(congregations)
            ))  # fmt: skip
            users = save(User, (
                User(
                    email=f"p{number}@crowd.example", email_key=f"p{number}@crowd.example",
                    password="!",
                )
                for number in range(congregations * people)
            ))  # fmt: skip
            self.people = save(Member, (
                Member(
                    congregation=self.congregations[number // people], user=user,
                    name=f"Person {number}", name_key=f"person {number}", joined_at=before,
                    search_key=f"person {number}",
                )
                for number, user in enumerate(users)
            ))  # fmt: skip
            tables = [
                self.people[at : at + AT_A_TABLE] for at in range(0, len(self.people), AT_A_TABLE)
            ]
            self.crews = save(Crew, (
                Crew(
                    congregation=here[0].congregation, name=f"Crew {number}", state="active",
                    tempo="weekly", seats_taken=len(here), founded_at=before,
                )
                for number, here in enumerate(tables)
            ))  # fmt: skip
            save(Seat, (
                Seat(
                    congregation=crew.congregation, crew=crew, member=person, number=place,
                    taken_at=before,
                )
                for crew, here in zip(self.crews, tables, strict=True)
                for place, person in enumerate(here, 1)
            ))  # fmt: skip
            self.leads = [here[0] for here in tables]

    def commit(self, starts_at, held=2):
        """Let every crew be in the middle of six meetings: some held with all there, the next at an instant."""
        first = starts_at - timedelta(weeks=held)
        with transaction.atomic():
            rhythms = save(Rhythm, (
                Rhythm(
                    congregation=crew.congregation, crew=crew, rule="FREQ=WEEKLY",
                    starts_on=first.date(), starts_at=time(19), zone=self.zone,
                )
                for crew in self.crews
            ))  # fmt: skip
            commitments = save(Commitment, (
                Commitment(
                    congregation=crew.congregation, crew=crew, rhythm=rhythm, times=6,
                    state="running", proposed_at=first, begins_on=first.date(),
                    ends_on=(first + timedelta(weeks=5)).date(),
                )
                for crew, rhythm in zip(self.crews, rhythms, strict=True)
            ))  # fmt: skip
            self._meet(first, range(6), commitments, held)

    def meet(self, starts_at):
        """Let every crew meet once more, at an instant."""
        with transaction.atomic():
            self._meet(starts_at, range(1), [None] * len(self.crews), 0)

    def _meet(self, first, weeks, commitments, held):
        meetings = save(Meeting, (
            Meeting(
                congregation=crew.congregation, crew=crew, zone=self.zone, number=week + 1,
                commitment=commitment, rhythm=commitment and commitment.rhythm,
                starts_at=first + timedelta(weeks=week),
                ends_at=first + timedelta(weeks=week, hours=1),
                **({"state": "held", "came": AT_A_TABLE} if week < held else {}),
            )
            for crew, commitment in zip(self.crews, commitments, strict=True)
            for week in weeks
        ))  # fmt: skip
        tables = {
            crew.pk: self.people[number * AT_A_TABLE : (number + 1) * AT_A_TABLE]
            for number, crew in enumerate(self.crews)
        }
        save(Presence, (
            Presence(congregation_id=meeting.congregation_id, meeting=meeting, member=person)
            for meeting in meetings
            if meeting.state == "held"
            for person in tables[meeting.crew_id]
        ))  # fmt: skip
        leads = {crew.pk: lead for crew, lead in zip(self.crews, self.leads, strict=True)}
        save(Plan, (
            Plan(
                congregation_id=meeting.congregation_id, meeting=meeting,
                facilitator=leads[meeting.crew_id],
            )
            for meeting in meetings
        ))  # fmt: skip
