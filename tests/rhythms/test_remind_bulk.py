"""Telling thousands at once tells exactly whom telling meeting by meeting would, in every world that chance makes."""

import random
from datetime import time, timedelta

import pytest
from django.db import transaction
from django.db.models import F, Value

from congregation import bulk
from congregation.models import Mail, Member, Notice, NoticeChoice
from crews.models import Crew, Hello, Seat
from rhythms.models import Coming, Meeting, Plan, Rhythm, StepOut
from rhythms.reminding import DID_YOU_MEET, SOON, ask_about_past, planned, remind_of_near

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def near_one_by_one(now):
    """Tell of each meeting by itself."""
    for meeting in planned().filter(starts_at__gt=now, starts_at__lte=now + DAY):
        plan = meeting.plan_of()
        occasion = str(meeting.sequence)
        if not Notice.objects.filter(kind=SOON, about=plan.pk, occasion=occasion).exists():
            people = [person for person in meeting.expected() if person.pk not in meeting.cant()]
            Notice.tell(SOON, people, plan, now=now, occasion=occasion)


def past_one_by_one(now):
    """Ask of each meeting by itself."""
    past = planned().filter(crew__isnull=False, ends_at__lte=now - DAY, ends_at__gt=now - 7 * DAY)
    for meeting in past.filter(plan__facilitator__isnull=False):
        if not Notice.objects.filter(kind=DID_YOU_MEET, about=meeting.plan.pk).exists():
            lead = meeting.plan.facilitator_id
            people = [person for person in meeting.people() if person.pk == lead]
            Notice.tell(DID_YOU_MEET, people, meeting.plan, now=now)


class Chance:
    """A world in which everything that matters to a reminder is as it may be."""

    def __init__(self, seed, make_congregation, make_member, now):
        self.dice, self.now = random.Random(seed), now
        for place in range(2):
            here = make_congregation(
                f"World{seed}x{place}", zone=self.dice.choice(["Pacific/Auckland", "UTC"])
            )
            people = [make_member(f"P{n}s{seed}c{place} Sefo", here) for n in range(9)]
            for person in people:
                self.settle(person)
            for number in range(5):
                self.crew(here, number, people)
            for first, second in zip(people[::2], people[1::2], strict=False):
                first, second = sorted([first, second], key=lambda one: one.pk)
                hello = Hello.objects.create(
                    congregation=here, first=first, second=second, made_at=now
                )
                if self.maybe(0.6):
                    self.meeting(here, [first, second], hello=hello)
            for _one in range(3):
                self.meeting(here, people, rhythm=self.rhythm(here, people))
            self.meeting(here, people)
        self.sure(here, make_member(f"Sure{seed} Sefo", here))

    def sure(self, here, person):
        """One who is told of one meeting and asked about another, so that no world is silent."""
        crew = Crew.objects.create(
            congregation=here, name="Sure", state="active", founded_at=self.now
        )
        Seat.objects.create(
            congregation=here, crew=crew, member=person, number=1, taken_at=self.now
        )
        for starts_at in (self.now + HOUR, self.now - 2 * DAY):
            meeting = Meeting.objects.create(
                congregation=here, crew=crew, starts_at=starts_at, ends_at=starts_at + HOUR, zone="UTC"
            )  # fmt: skip
            Plan.objects.create(congregation=here, meeting=meeting, facilitator=person)

    def maybe(self, share):
        return self.dice.random() < share

    def settle(self, person):
        """Away, gone, without an account, without an address, or without a wish for mail."""
        state = self.dice.choice(["active"] * 5 + ["away", "left", "expected"])
        gone = {"left_at": self.now} if state == "left" else {}
        Member.objects.filter(pk=person.pk).update(state=state, **gone)
        if self.maybe(0.1):
            Member.objects.filter(pk=person.pk).update(user=None)
        elif self.maybe(0.15):
            type(person.user).objects.filter(pk=person.user_id).update(email=None, email_key=None)
        self.wish(person)

    def wish(self, person):
        """What they chose for a kind or its group, and their quiet hours: it is 6:00 in UTC, and evening in Auckland."""
        for kind in (SOON, DID_YOU_MEET, "meetings", "asked"):
            if self.maybe(0.2):
                often = self.dice.choice(["at_once", "daily", "weekly", "off"])
                NoticeChoice.objects.create(
                    congregation=person.congregation, member=person, kind=kind, often=often
                )
        quiet = self.dice.choice([(time(22), time(7)), (time(18), time(8)), (None, None)])
        zone = self.dice.choice(["", "", "Europe/Berlin", "America/New_York"])
        type(person.user).objects.filter(pk=person.user_id).update(
            quiet_from=quiet[0], quiet_until=quiet[1], zone=zone
        )

    def rhythm(self, here, people, **whose):
        """A rhythm that some have stepped out of."""
        rhythm = Rhythm.objects.create(
            congregation=here, rule="FREQ=WEEKLY", starts_on=self.now.date(), starts_at=time(19),
            zone="UTC", **whose,
        )  # fmt: skip
        for person in people:
            if whose and self.maybe(0.3):
                StepOut.objects.create(
                    congregation=here, rhythm=rhythm, member=person, stepped_at=self.now
                )
        return rhythm

    def crew(self, here, number, people):
        crew = Crew.objects.create(
            congregation=here, name=f"Crew {number}", state=self.dice.choice(["active", "forming", "resting"]),
            founded_at=self.now,
        )  # fmt: skip
        seated = self.dice.sample(people, self.dice.randint(0, 6))
        for place, person in enumerate(seated, 1):
            Seat.objects.create(
                congregation=here, crew=crew, member=person, number=place, taken_at=self.now,
                left_at=self.now if self.maybe(0.2) else None,
                kept_until=self.now.date() if self.maybe(0.2) else None,
            )  # fmt: skip
        for _one in range(self.dice.randint(1, 5)):
            rhythm = self.rhythm(here, people, crew=crew) if self.maybe(0.7) else None
            self.meeting(here, people, leads=seated, crew=crew, rhythm=rhythm)

    def meeting(self, here, people, leads=(), **whose):
        starts_at = self.now + self.dice.choice(
            [timedelta(0), timedelta(microseconds=1), HOUR, DAY, DAY + HOUR, -HOUR, -DAY - HOUR, -2 * DAY,
             -7 * DAY, -8 * DAY]
        )  # fmt: skip
        meeting = Meeting.objects.create(
            congregation=here, starts_at=starts_at, ends_at=starts_at + HOUR, zone="UTC",
            sequence=self.dice.choice([0, 0, 3]), came=3,
            state=self.dice.choice(["planned"] * 6 + ["held", "cancelled", "not_held"]), **whose,
        )  # fmt: skip
        if self.maybe(0.8):
            lead = self.dice.choice([*leads, *leads, people[0], None])
            plan = Plan.objects.create(congregation=here, meeting=meeting, facilitator=lead)
            for kind, occasion in ((SOON, "0"), (SOON, "2"), (DID_YOU_MEET, "")):
                if self.maybe(0.15):
                    Notice.tell(
                        kind,
                        [self.dice.choice(people)],
                        plan,
                        now=self.now - DAY,
                        occasion=occasion,
                    )
        for person in people:
            if self.maybe(0.25):
                Coming.objects.create(
                    congregation=here, meeting=meeting, member=person, answered_at=self.now,
                    answer=self.dice.choice(["cant", "cant", "late", "coming"]),
                )  # fmt: skip


def told(work):
    """Return everything that is told by some work, which is taken back."""
    with transaction.atomic():
        work()
        rows = Notice.objects.values_list(
            "congregation", "recipient", "kind", "about", "occasion", "made_at", "seen_at",
        )  # fmt: skip
        mails = Mail.objects.values_list(
            "notice__recipient", "notice__about", "notice__occasion", "kind", "state", "attempts",
            "made_at", "due_at", "claimed_at", "taken_until", "sent_at", "to", "fault", "content",
        )  # fmt: skip
        found = sorted(map(repr, rows)), sorted(map(repr, mails))
        transaction.set_rollback(True)
    return found


@pytest.mark.parametrize("seed", range(12))
def test_the_same_as_one_by_one(seed, make_congregation, make_member, now):
    Chance(seed, make_congregation, make_member, now)
    for meeting in Meeting.objects.filter(plan__isnull=True):
        meeting.plan_of()  # one that telling makes has another id each time
    for one_by_one, at_once in (
        (near_one_by_one, remind_of_near),
        (past_one_by_one, ask_about_past),
    ):
        before = Notice.objects.count()
        slow = told(lambda work=one_by_one: work(now))
        fast = told(lambda work=at_once: work(now=now))
        assert fast == slow
        assert Notice.objects.count() == before
        assert len(slow[0]) > before


def test_a_meeting_that_has_no_plan_yet_gets_one(make_congregation, make_member, now):
    Chance(3, make_congregation, make_member, now)
    near = planned().filter(starts_at__gt=now, starts_at__lte=now + DAY)
    Plan.objects.filter(meeting__in=near.values("pk")).delete()
    remind_of_near(now=now)
    assert not near.filter(plan__isnull=True).exists()
    number = Notice.objects.count()
    assert remind_of_near(now=now) == 0
    assert Notice.objects.count() == number


def test_it_takes_the_same_number_of_statements(
    make_congregation, make_member, now, django_assert_max_num_queries
):
    for seed in range(3):
        Chance(seed, make_congregation, make_member, now)
    with django_assert_max_num_queries(25):
        assert remind_of_near(now=now) > 3
    with django_assert_max_num_queries(25):
        assert ask_about_past(now=now) > 1


def test_who_was_told_by_another_worker_is_left_out(crew, member, mate, now):
    """Of two sweeps at once, the rows of the one that was first stay, with their mail."""
    meeting = Meeting.objects.create(
        congregation=crew.congregation, crew=crew, starts_at=now + HOUR, ends_at=now + 2 * HOUR, zone="UTC"
    )  # fmt: skip
    plan = meeting.plan_of()
    rows = Seat.objects.at_table().filter(crew=crew).annotate(
        of_id=F("congregation"), to_id=F("member"), about_id=Value(plan.pk), occasion=Value("0")
    )  # fmt: skip
    Notice.tell(SOON, [member], plan, now=now - HOUR, occasion="0")
    first = Mail.objects.get()
    assert bulk.tell(SOON, [rows], now=now) == 1
    assert bulk.tell(SOON, [rows], now=now) == 0
    assert Notice.objects.filter(kind=SOON).count() == rows.count() == Mail.objects.count()
    assert Mail.objects.get(notice__recipient=member).pk == first.pk
