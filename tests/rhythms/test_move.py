"""Another moment, another place, what we'll do."""

from datetime import UTC, date, datetime, timedelta

import pytest

from congregation import clock
from congregation.models import Event, Notice
from rhythms.models import Coming, Meeting


@pytest.fixture
def said():
    return {
        "date": "2026-11-25",
        "time": "19:00",
        "place": "Joel’s kitchen",
        "link": "",
        "agenda": "",
    }


def test_another_day(ahead, member, mate, facilitator, client_of, at, said, now):
    ahead.come(answer="coming", by=mate, now=now)
    url = at(member, "meeting-edit", pk=ahead.pk)
    page = client_of(member).get(url).content.decode()
    assert 'value="2026-11-25"' in page
    assert 'value="19:00"' in page
    answer = client_of(member).post(url, said | {"date": "2026-11-27", "time": "18:30"})
    assert answer.url == ahead.get_absolute_url()
    ahead.refresh_from_db()
    assert ahead.starts_at == datetime(2026, 11, 27, 5, 30, tzinfo=UTC)
    assert ahead.ends_at - ahead.starts_at == timedelta(minutes=90)
    assert ahead.sequence == 1
    # Another day asks everyone anew.
    assert not Coming.objects.exists()
    told = Notice.objects.filter(kind="rhythms.meeting_moved")
    assert {notice.recipient for notice in told} == {mate, facilitator}
    page = client_of(mate).get(at(mate, "meeting", pk=ahead.pk)).content.decode()
    assert "Fri 27 Nov, 6:30 pm" in page


def test_another_hour_keeps_what_people_said(ahead, member, mate, client_of, at, said, now):
    ahead.come(answer="coming", by=mate, now=now)
    client_of(member).post(at(member, "meeting-edit", pk=ahead.pk), said | {"time": "19:30"})
    assert Coming.objects.get().answer == "coming"


def test_twice_is_once(ahead, member, client_of, at, said):
    for _ in range(2):
        client_of(member).post(
            at(member, "meeting-edit", pk=ahead.pk), said | {"date": "2026-11-27"}
        )
    ahead.refresh_from_db()
    assert ahead.sequence == 1
    assert Event.objects.filter(verb="meeting.move").count() == 1


def test_the_last_one_moves_the_end_of_the_cycle(commitment, crew, member, now):
    last = commitment.meetings.get(number=6)
    last.move(starts_at=last.starts_at + timedelta(days=3), by=member, now=now)
    crew.refresh_from_db()
    commitment.refresh_from_db()
    assert crew.cycle_ends_on == commitment.ends_on == date(2026, 12, 12)


def test_where_and_what(ahead, member, mate, client_of, at, said):
    plan = said | {"place": "", "link": "meet.example/x", "agenda": "Check-in | 10\nSeed swap"}
    client_of(member).post(at(member, "meeting-edit", pk=ahead.pk), plan)
    page = client_of(mate).get(at(mate, "meeting", pk=ahead.pk)).content.decode()
    assert 'href="https://meet.example/x"' in page
    assert "10 min" in page
    assert "Seed swap" in page
    ahead.refresh_from_db()
    # Calendars show the place, so they are told; people hear of it with the reminder.
    assert ahead.sequence == 1
    assert not Notice.objects.filter(kind="rhythms.meeting_moved").exists()


def test_another_place_on_the_day_is_told(ahead, member, client_of, at, said, now):
    clock.move(ahead.starts_at - now - timedelta(hours=5))
    client_of(member).post(at(member, "meeting-edit", pk=ahead.pk), said | {"place": "The hall"})
    assert Notice.objects.filter(kind="rhythms.meeting_moved").count() == 2


def test_the_agenda_alone_changes_no_calendar(ahead, member, client_of, at, said):
    client_of(member).post(at(member, "meeting-edit", pk=ahead.pk), said | {"agenda": "Soup"})
    ahead.refresh_from_db()
    assert ahead.sequence == 0
    assert ahead.plan.steps == [("Soup", "")]


def test_a_moment_the_clock_skips(ahead, member, client_of, at, said, now):
    """In Auckland, 2:30 am on 26 September 2027 does not exist: it is 3:30."""
    clock.move(timedelta(days=200))
    ahead.starts_at = now + timedelta(days=250)
    ahead.ends_at = ahead.starts_at + timedelta(hours=1)
    ahead.save()
    client_of(member).post(
        at(member, "meeting-edit", pk=ahead.pk), said | {"date": "2027-09-26", "time": "02:30"}
    )
    ahead.refresh_from_db()
    assert ahead.starts_at == datetime(2027, 9, 25, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("date", "2026-11-18", "still to come"),
        ("date", "2028-11-18", "within a year"),
        ("time", "late", "valid time"),
        ("link", "javascript:alert(1)", "begins with https"),
    ],
)
def test_what_does_not_hold_is_said_and_kept(
    ahead, member, client_of, at, said, name, value, words
):
    page = client_of(member).post(
        at(member, "meeting-edit", pk=ahead.pk), said | {"agenda": "Kept", name: value}
    )
    assert page.status_code == 422
    assert words in page.content.decode()
    assert "Kept" in page.content.decode()
    ahead.refresh_from_db()
    assert ahead.sequence == 0


def test_not_once_it_has_begun(past, member, client_of, at, said):
    Meeting.objects.filter(pk=past.pk).update(state="held", came=1)
    page = client_of(member).post(
        at(member, "meeting-edit", pk=past.pk), said | {"date": "2026-12-01"}
    )
    assert page.status_code == 422
    assert "has begun already" in page.content.decode()


def test_who_may_not(ahead, peer, host, outsider, client_of, at, said):
    for stranger in (peer, host, outsider):
        url = at(stranger, "meeting-edit", pk=ahead.pk)
        assert client_of(stranger).get(url).status_code == 404
        assert client_of(stranger).post(url, said).status_code == 404
