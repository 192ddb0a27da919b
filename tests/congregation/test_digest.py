"""Digests: what can wait comes together, once, and not what was seen, answered, stopped or is gone."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail as post
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from congregation import digests, outbox
from congregation.models import Digest, Event, Invitation, Mail, Notice, NoticeChoice

KIND = "congregation.invitation_ready"
NEWS = "congregation.invitation_closed"
AUCKLAND = ZoneInfo("Pacific/Auckland")
# Thursday, 7 pm, is now; a digest comes each morning, and on Monday that of the week.
MORNING = datetime(2026, 11, 20, 8, tzinfo=AUCKLAND)
MONDAY = datetime(2026, 11, 23, 8, tzinfo=AUCKLAND)


@pytest.fixture
def tell(now):
    """Tell someone of an invitation of theirs: tell(member, name="Kaia", kind=…)."""

    def make(person, name="Kaia", kind=NEWS, at=None):
        row, _token = Invitation.invite(name=name, by=person, now=at or now)
        Notice.objects.filter(about=row.pk).delete()
        Notice.tell(kind, [person], row, now=at or now)
        return row

    return make


def go(at):
    digests.make(now=at)
    return outbox.deliver(now=at)


def test_what_can_wait_comes_on_monday_together(member, tell):
    tell(member)
    tell(member, "Rua")
    assert not Mail.objects.exists()
    assert go(MONDAY - timedelta(minutes=1)) == 0
    assert go(MONDAY) == 1
    (message,) = post.outbox
    assert message.to == [member.user.email]
    assert message.subject == "What you were told lately"
    assert "Good to know" in message.body
    assert message.body.count("http://localhost:8000/c/otaki/invitations/") == 2
    assert "Kaia" in message.body
    assert "Rua" in message.alternatives[0].content
    for later in range(1, 20):
        assert go(MONDAY + timedelta(days=later)) == 0
    assert Digest.objects.count() == Mail.objects.count() == 1


def test_once_a_day_for_who_wants_that(member, tell):
    NoticeChoice.choose(member, "news", "daily", by=member)
    tell(member)
    assert go(MORNING - timedelta(seconds=1)) == 0
    assert go(MORNING) == 1
    tell(member, "Rua", at=MORNING + timedelta(hours=1))
    assert go(MORNING + timedelta(hours=23)) == 0
    assert go(MORNING + timedelta(days=1)) == 1
    assert "Rua" in post.outbox[1].body
    assert "Kaia" not in post.outbox[1].body


def test_what_is_daily_and_what_is_weekly_come_in_one_on_monday(member, tell):
    NoticeChoice.choose(member, "asked", "daily", by=member)
    tell(member)
    tell(member, "Rua", KIND, at=MONDAY - timedelta(hours=2))
    assert go(MONDAY) == 1
    assert "What waits for me" in post.outbox[0].body
    assert "Good to know" in post.outbox[0].body


def test_a_kind_of_its_own_goes_before_its_group(member, tell):
    NoticeChoice.choose(member, "news", "off", by=member)
    NoticeChoice.choose(member, NEWS, "at_once", by=member)
    tell(member)
    assert outbox.deliver(now=MORNING) == 1


def test_nothing_is_mailed_of_what_was_seen(member, tell):
    tell(member)
    Notice.objects.filter(recipient=member).see(now=MORNING)
    assert go(MONDAY) == 0
    assert not Digest.objects.exists()


def test_what_is_seen_between_making_and_sending_is_left_out(member, tell):
    row = tell(member)
    tell(member, "Rua")
    digests.make(now=MONDAY)
    Notice.objects.filter(about=row.pk).see(now=MONDAY)
    assert outbox.deliver(now=MONDAY) == 1
    assert "Kaia" not in post.outbox[0].body
    assert "Rua" in post.outbox[0].body


@pytest.mark.parametrize("how", ["seen", "gone", "stopped", "left"])
def test_a_digest_of_nothing_is_not_sent(member, tell, how):
    row = tell(member)
    digests.make(now=MONDAY)
    if how == "seen":
        Notice.objects.all().see(now=MONDAY)
    elif how == "gone":
        Invitation.objects.filter(pk=row.pk).delete()
    elif how == "stopped":
        NoticeChoice.choose(member, NEWS, "off", by=member)
    else:
        member.leave(by=member, now=MONDAY)
    assert outbox.deliver(now=MONDAY) == 0
    assert Mail.objects.get().state == "dropped"


def test_what_its_reader_may_not_see_any_more_is_left_out(member, peer, tell):
    row = tell(member)
    tell(member, "Rua")
    Invitation.objects.filter(pk=row.pk).update(inviter=peer)
    go(MONDAY)
    assert "Kaia" not in post.outbox[0].body


def test_nobody_is_reminded_of_what_they_have_answered(world, member, mate, now):
    from rhythms.models import Decision, LookBack

    Mail.objects.all().delete()
    Notice.objects.update(digest_at=None)
    lookback = LookBack.objects.get(pk=world["lookback"]["pk"])
    for person in (member, mate):
        NoticeChoice.choose(person, "asked", "daily", by=person)
    Notice.tell("rhythms.lookback_opened", [member, mate], lookback, now=now)
    Decision.objects.create(
        congregation=member.congregation,
        lookback=lookback,
        member=member,
        way="go",
        saved_at=now,
        written_at=now,
    )
    go(MORNING)
    assert [message.to for message in post.outbox] == [[mate.user.email]]


def test_at_ones_own_hour_and_day_in_ones_own_zone(member, tell):
    member.user.read_in("Europe/Lisbon")
    member.user.be_mailed(
        quiet_from=None, quiet_until=None, digest_at=time(21), digest_on=4, now=MORNING
    )
    member.refresh_from_db()
    tell(member)
    due = datetime(2026, 11, 20, 21, tzinfo=ZoneInfo("Europe/Lisbon"))
    assert Notice.objects.get(recipient=member).digest_at == due


def test_the_hour_stays_across_a_clock_change(member, tell):
    member.user.read_in("Europe/Berlin")
    NoticeChoice.choose(member, "news", "daily", by=member)
    member.refresh_from_db()
    for day in (24, 25, 26):
        at = datetime(2026, 10, day, 12, tzinfo=ZoneInfo("Europe/Berlin"))
        tell(member, f"Guest {day}", at=at)
        due = Notice.objects.order_by("-made_at").first().digest_at
        local = due.astimezone(ZoneInfo("Europe/Berlin"))
        assert (local.day, local.hour) == (day + 1, 8)


def test_whoever_changes_their_hours_gets_what_waits_at_the_new_one(member, tell, now):
    tell(member)
    member.user.be_mailed(
        quiet_from=None, quiet_until=None, digest_at=time(18), digest_on=6, now=now
    )
    sunday = datetime(2026, 11, 22, 18, tzinfo=AUCKLAND)
    assert Notice.objects.get(recipient=member).digest_at == sunday
    NoticeChoice.choose_all(member, {"news": "off"}, by=member, now=now)
    assert go(MONDAY + timedelta(days=9)) == 0


def test_whoever_had_todays_gets_the_rest_tomorrow(member, tell):
    NoticeChoice.choose(member, "news", "daily", by=member)
    tell(member)
    assert go(MORNING) == 1
    # The hour was set back, and another is due on the same day.
    member.user.be_mailed(
        quiet_from=None, quiet_until=None, digest_at=time(12), digest_on=0, now=MORNING
    )
    member.refresh_from_db()
    tell(member, "Rua", at=MORNING + timedelta(hours=1))
    assert go(MORNING + timedelta(hours=4)) == 0
    assert go(MORNING + timedelta(hours=28)) == 1
    assert len(post.outbox) == 2


def test_in_quiet_hours_it_waits_for_the_morning(member, tell):
    member.user.be_mailed(
        quiet_from=time(22), quiet_until=time(9), digest_at=time(8), digest_on=0, now=MORNING
    )
    tell(member)
    assert go(MONDAY) == 0
    assert go(MONDAY + timedelta(hours=1)) == 1


def test_stopped_in_one_click_what_comes_at_once_goes_on(member, tell, now):
    NoticeChoice.choose(member, KIND, "daily", by=member)
    tell(member)
    go(MONDAY)
    header = post.outbox[0].extra_headers
    assert header["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = header["List-Unsubscribe"].strip("<>").removeprefix("http://localhost:8000")
    browser = Client(enforce_csrf_checks=True)
    assert "Stop this mail?" in browser.get(path).text
    assert browser.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    said = dict(NoticeChoice.objects.filter(member=member).values_list("kind", "often"))
    assert said == {"news": "off", KIND: "off"}
    browser.post(path, {"List-Unsubscribe": "One-Click"})
    assert NoticeChoice.objects.count() == 2


def test_of_very_many_it_says_how_many_more(member, tell):
    for number in range(20):
        tell(member, f"Guest {number}")
    go(MONDAY)
    assert "And 8 more" in post.outbox[0].body


def test_words_stay_what_they_are(member, tell):
    tell(member, "Kaia & <b>O’Neil</b>")
    go(MONDAY)
    (message,) = post.outbox
    assert "Kaia & <b>O’Neil</b>" in message.body
    assert "<b>" not in message.alternatives[0].content
    for private in ("Kaia", "Otaki"):
        assert private not in message.subject


def test_who_has_no_address_has_none(member, tell):
    member.user.email = None
    member.user.save()
    tell(member)
    assert Notice.objects.get(recipient=member).digest_at is None


@pytest.mark.django_db(transaction=True)
def test_of_many_sweeps_at_once_one_makes_it(member, host, tell):
    for person in (member, host):
        tell(person)
    start = threading.Barrier(4)

    def sweep(_worker):
        try:
            connection.ensure_connection()
            start.wait(10)
            digests.make(now=MONDAY)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(sweep, range(4)))
    assert Digest.objects.count() == Mail.objects.count() == 2
    assert not Notice.objects.filter(digest__isnull=True).exists()


def test_any_number_of_people_costs_the_same(make_member, tell, congregation):
    costs = []
    for number in (2, 30):
        for i in range(number):
            tell(make_member(f"P{number}x{i} Test"))
        with CaptureQueriesContext(connection) as cost:
            assert digests.make(now=MONDAY) == number
        costs.append(len(cost))
    assert costs[0] == costs[1]
    assert digests.make(now=MONDAY) == 0
    assert not Event.objects.filter(verb__startswith="digest").exists()


def test_what_is_over_by_then_is_left_out(world, member, tell, now):
    from rhythms.models import Plan

    NoticeChoice.choose(member, "meetings", "weekly", by=member)
    plan = Plan.objects.select_related("meeting").get(meeting=world["meeting"]["pk"])
    Notice.objects.all().delete()
    Notice.tell("rhythms.meeting_soon", [member], plan, now=now)
    assert plan.meeting.starts_at < MONDAY
    assert go(MONDAY) == 0
    assert Mail.objects.get(digest__member=member).state == "dropped"
