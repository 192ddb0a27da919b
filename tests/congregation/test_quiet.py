"""Quiet hours: what can wait is held until the morning, and what couldn't be read in time is not."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail as post

from congregation import outbox
from congregation.models import Invitation, Mail, Notice
from rhythms.models import Meeting, Plan

AUCKLAND = ZoneInfo("Pacific/Auckland")
NIGHT = datetime(2026, 11, 19, 23, 30, tzinfo=AUCKLAND)
MORNING = datetime(2026, 11, 20, 7, tzinfo=AUCKLAND)


@pytest.fixture
def plan(world):
    # What the world told its people is not what is looked at here.
    Mail.objects.all().delete()
    return Plan.objects.select_related("meeting").get(meeting=world["meeting"]["pk"])


def at(plan, moment):
    Meeting.objects.filter(pk=plan.meeting_id).update(
        starts_at=moment, ends_at=moment + timedelta(hours=1)
    )
    plan.meeting.refresh_from_db()


def test_what_is_told_at_night_is_mailed_in_the_morning(plan, mate):
    at(plan, MORNING + timedelta(hours=11))
    Notice.tell("rhythms.meeting_moved", [mate], plan, now=NIGHT)
    assert Notice.objects.filter(recipient=mate, kind="rhythms.meeting_moved").exists()
    assert Mail.objects.get().due_at == MORNING
    assert outbox.deliver(now=MORNING - timedelta(seconds=1)) == 0
    assert outbox.deliver(now=MORNING) == 1


@pytest.mark.parametrize("hours", [2, 8, 9])
def test_a_meeting_before_it_could_be_read_in_time_goes_at_once(plan, mate, hours):
    at(plan, NIGHT + timedelta(hours=hours))
    Notice.tell("rhythms.meeting_moved", [mate], plan, now=NIGHT)
    assert outbox.deliver(now=NIGHT) == 1


def test_a_meeting_moved_away_from_the_early_morning_goes_at_once(plan, mate, member):
    at(plan, MORNING + timedelta(hours=1))
    plan.meeting.move(starts_at=MORNING + timedelta(days=2), by=member, now=NIGHT)
    moved = Mail.objects.filter(kind="rhythms.meeting_moved")
    assert {mail.due_at for mail in moved} == {NIGHT}
    assert moved.filter(notice__recipient=mate).exists()


def test_by_the_clock_of_each_reader(plan, member, mate):
    mate.user.read_in("Europe/Lisbon")
    at(plan, MORNING + timedelta(days=2))
    Notice.tell("rhythms.meeting_moved", [member, mate], plan, now=NIGHT)
    due = {mail.notice.recipient_id: mail.due_at for mail in Mail.objects.all()}
    assert due == {member.pk: MORNING, mate.pk: NIGHT}


def test_what_was_read_in_the_app_meanwhile_is_not_mailed(host, now):
    row, _token = Invitation.invite(name="Kaia", by=host, now=now)
    Notice.tell("congregation.invitation_ready", [host], row, now=NIGHT)
    Notice.objects.filter(recipient=host).see(now=NIGHT)
    assert outbox.deliver(now=MORNING) == 0
    assert Mail.objects.get().state == "dropped"


def test_whoever_has_said_meanwhile_that_they_cant_come_is_not_reminded(plan, member, mate):
    at(plan, NIGHT + timedelta(hours=23))
    Notice.tell("rhythms.meeting_soon", [member, mate], plan, now=NIGHT)
    plan.meeting.come(answer="cant", by=mate, now=NIGHT)
    outbox.deliver(now=MORNING)
    assert member.user.email in {to for message in post.outbox for to in message.to}
    reminded = list(Mail.objects.filter(kind="rhythms.meeting_soon", state="sent"))
    assert [mail.notice.recipient_id for mail in reminded] == [member.pk]


def test_what_guards_an_account_is_never_held(world, mate):
    from congregation.models import WayBack

    way = WayBack.objects.get(pk=world["way_back"]["pk"])
    Mail.objects.all().delete()
    Notice.objects.filter(kind="congregation.way_back_open").delete()
    Notice.tell("congregation.way_back_open", [mate], way, now=NIGHT)
    assert Mail.objects.get().due_at == NIGHT


def test_without_quiet_hours_all_goes_at_once(plan, mate):
    mate.user.be_mailed(
        quiet_from=None, quiet_until=None, digest_at=time(8), digest_on=0, now=NIGHT
    )
    at(plan, MORNING + timedelta(days=2))
    Notice.tell("rhythms.meeting_moved", [mate], plan, now=NIGHT)
    assert Mail.objects.get().due_at == NIGHT
