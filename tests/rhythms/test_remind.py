"""Reminders: once before, to those who may come; once after, to whoever had the turn."""

from datetime import date, timedelta

import pytest

from congregation import outbox
from congregation.models import Mail, Notice
from crews.models import Crew, Hello
from rhythms import committing
from rhythms.models import Meeting
from rhythms.reminding import remind, remind_of_near

SOON, DID_YOU_MEET, MOVED = "rhythms.meeting_soon", "rhythms.did_you_meet", "rhythms.meeting_moved"


def told(kind):
    return {notice.recipient.first_name for notice in Notice.objects.filter(kind=kind)}


@pytest.fixture
def eve(ahead):
    """The evening before."""
    return ahead.starts_at - timedelta(hours=20)


def test_those_who_may_come_once(ahead, member, mate, facilitator, eve):
    ahead.come(answer="cant", by=mate, now=eve)
    assert remind_of_near(now=eve - timedelta(days=1)) == 0
    assert remind_of_near(now=eve) == 1
    assert remind_of_near(now=eve + timedelta(minutes=5)) == 0
    assert told(SOON) == {"Ana", "Joel"}
    assert Mail.objects.filter(kind=SOON).count() == 2


def test_the_mail(ahead, member, eve, now):
    remind(now=eve)
    mail = Mail.objects.get(kind=SOON, notice__recipient=member)
    message = outbox.message_of(mail, now=now)
    assert message.subject == "You meet soon"
    assert "Seed Library meets on Wed 25 Nov, 7:00 pm (Auckland)." in message.body
    assert "Where: Joel’s kitchen" in message.body
    assert ahead.get_absolute_url() in message.body
    # The invitation came with the crew's dates.
    assert not message.attachments


def test_whose_turn_it_is_is_said_to_them(ahead, facilitator, eve, now):
    remind(now=eve)
    mail = Mail.objects.get(kind=SOON, notice__recipient=facilitator)
    assert "It’s your turn to facilitate." in outbox.message_of(mail, now=now).body


def test_who_has_left_meanwhile_is_not_written_to(ahead, crew, member, eve, now):
    remind(now=eve)
    crew.seats.filter(member=member).update(left_at=eve)
    mail = Mail.objects.get(kind=SOON, notice__recipient=member)
    assert outbox.message_of(mail, now=now) is None


def test_even_a_host_who_has_left_the_crew(ahead, crew, host, eve, now):
    crew.seats.create(congregation=crew.congregation, member=host, number=4, taken_at=eve)
    remind(now=eve)
    crew.seats.filter(member=host).update(left_at=eve)
    mail = Mail.objects.get(kind=SOON, notice__recipient=host)
    assert outbox.message_of(mail, now=now) is None


def test_a_moved_meeting_reminds_anew(ahead, member, eve):
    remind(now=eve)
    ahead.move(starts_at=ahead.starts_at + timedelta(days=2), by=member, now=eve)
    assert told(MOVED) == {"Dov", "Joel"}
    assert remind_of_near(now=eve) == 0
    assert remind_of_near(now=eve + timedelta(days=2)) == 1
    assert Notice.objects.filter(kind=SOON, recipient=member).count() == 2


def test_what_was_called_off_reminds_nobody(ahead, member, eve, now):
    ahead.call_off(by=member, now=now)
    remind(now=eve)
    assert not Notice.objects.filter(kind=SOON).exists()


def test_a_hello_too(congregation, member, peer, now):
    first, second = sorted([member, peer], key=lambda person: person.pk)
    hello = Hello.objects.create(congregation=congregation, first=first, second=second, made_at=now)
    Meeting.objects.create(
        congregation=congregation,
        hello=hello,
        starts_at=now + timedelta(hours=20),
        ends_at=now + timedelta(hours=21),
        zone="Pacific/Auckland",
    )
    assert remind(now=now) == 1
    assert told(SOON) == {"Ana", "Noor"}
    body = outbox.message_of(Mail.objects.first(), now=now).body
    assert "Your hello is on Fri 20 Nov, 3:00 pm (Auckland)." in body


def test_did_you_meet_is_asked_once_of_whoever_had_the_turn(past, mate, now):
    after = past.ends_at + timedelta(days=1)
    assert past.plan.facilitator == mate
    remind(now=after - timedelta(hours=1))
    assert "Dov" not in told(DID_YOU_MEET)
    remind(now=after)
    remind(now=after + timedelta(days=1))
    asked = Notice.objects.get(kind=DID_YOU_MEET, about=past.plan.pk)
    assert asked.recipient == mate
    mail = Mail.objects.get(notice=asked)
    assert f"/meetings/{past.pk}/we-met/" in outbox.message_of(mail, now=now).body


def test_nobody_is_asked_of_what_was_noted(past, member, now):
    past.log(here=[member], by=member, now=now)
    remind(now=past.ends_at + timedelta(days=1))
    assert not Notice.objects.filter(kind=DID_YOU_MEET, about=past.plan.pk).exists()


def test_nobody_is_asked_of_long_ago(commitment, now):
    remind(now=now + timedelta(days=60))
    assert not Notice.objects.filter(kind=DID_YOU_MEET).exists()


def test_a_turn_is_given_on_when_its_person_has_left(ahead, crew, facilitator, member, now):
    assert ahead.plan.facilitator == facilitator
    crew.seats.filter(member=facilitator).update(left_at=now)
    remind(now=now)
    ahead.plan.refresh_from_db()
    assert ahead.plan.facilitator == member


def test_a_resting_crew_meets_no_more(ahead, crew, now, eve):
    Crew.objects.filter(pk=crew.pk).update(state="resting")
    remind(now=eve)
    assert not Notice.objects.filter(kind=SOON).exists()
    assert {m.state for m in Meeting.objects.filter(starts_at__gt=eve)} == {"cancelled"}


def test_a_proposal_begins_when_the_silent_one_has_left(crew, member, mate, facilitator, now):
    crew.congregation.seats_min = 2
    crew.congregation.save()
    rhythm = committing.rhythm_of(
        crew,
        tempo="weekly",
        starts_on=date(2026, 12, 1),
        starts_at=now.time(),
        zone="Pacific/Auckland",
        minutes=60,
    )
    proposal = committing.propose(
        crew, rhythm=rhythm, starts_on=date(2026, 12, 1), times=4, by=member, now=now
    )
    proposal.say_yes(by=mate, now=now)
    crew.seats.filter(member=facilitator).update(left_at=now)
    remind(now=now)
    proposal.refresh_from_db()
    assert proposal.state == "running"


def test_many_meetings_cost_little(
    make_member, seated_crew, make_commitment, django_assert_max_num_queries, now
):
    for number in range(12):
        people = [make_member(f"P{number}{letter} X") for letter in "abc"]
        make_commitment(seated_crew(f"Crew {number}", people), people[0])
    soon = now + timedelta(days=5, hours=6)
    remind(now=soon)
    # Once everyone has been told, a sweep only looks.
    with django_assert_max_num_queries(14):
        assert remind(now=soon + timedelta(minutes=1)) == 0
