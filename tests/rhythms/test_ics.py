"""A meeting as a file for one's own calendar."""

from datetime import UTC, datetime, timedelta

from django.core.mail import EmailMessage
from icalendar import Calendar

from congregation import outbox
from congregation.models import Mail, Notice
from crews.models import Hello
from rhythms.models import Meeting


def events(data):
    return Calendar.from_ical(data).walk("VEVENT")


def test_one_event(ahead, member, client_of, at):
    answer = client_of(member).get(at(member, "meeting-ics", pk=ahead.pk))
    assert answer.headers["Content-Type"].startswith("text/calendar")
    (event,) = events(answer.content)
    assert event["UID"] == str(ahead.pk)
    assert event["SEQUENCE"] == 0
    assert event["SUMMARY"] == "Seed Library"
    assert event["LOCATION"] == "Joel’s kitchen"
    assert event.decoded("DTSTART") == datetime(2026, 11, 25, 6, 0, tzinfo=UTC)
    assert event.decoded("DTEND") == datetime(2026, 11, 25, 7, 30, tzinfo=UTC)
    assert event["STATUS"] == "CONFIRMED"
    assert str(event["URL"]).endswith(ahead.get_absolute_url())


def test_it_names_nobody_who_comes(ahead, member, mate, client_of, at, now):
    ahead.come(answer="coming", by=mate, word="Gladly", now=now)
    words = client_of(member).get(at(member, "meeting-ics", pk=ahead.pk)).content.decode()
    assert "Dov" not in words
    assert "Gladly" not in words
    assert "ATTENDEE" not in words
    assert "ORGANIZER" not in words


def test_the_same_event_moves_in_calendars(ahead, member, client_of, at, now):
    ahead.move(starts_at=ahead.starts_at + timedelta(days=2), by=member, now=now)
    (event,) = events(client_of(member).get(at(member, "meeting-ics", pk=ahead.pk)).content)
    assert (event["UID"], event["SEQUENCE"]) == (str(ahead.pk), 1)
    assert event.decoded("DTSTAMP") == now


def test_called_off(ahead, member, client_of, at, now):
    ahead.call_off(by=member, now=now)
    (event,) = events(client_of(member).get(at(member, "meeting-ics", pk=ahead.pk)).content)
    assert event["STATUS"] == "CANCELLED"


def test_words_that_a_calendar_would_read(ahead, crew, member, client_of, at):
    crew.name = "Soup; bread, and \\ more\nBEGIN:VALARM"[:60]
    crew.save()
    (event,) = events(client_of(member).get(at(member, "meeting-ics", pk=ahead.pk)).content)
    assert str(event["SUMMARY"]).startswith("Soup; bread, and \\ more")
    assert not event.subcomponents


def test_a_pair_sees_the_other_ones_name(congregation, member, peer, client_of, at, now):
    first, second = sorted([member, peer], key=lambda person: person.pk)
    hello = Hello.objects.create(congregation=congregation, first=first, second=second, made_at=now)
    meeting = Meeting.objects.create(
        congregation=congregation,
        hello=hello,
        starts_at=now + timedelta(days=2),
        ends_at=now + timedelta(days=2, hours=1),
        zone="Pacific/Auckland",
    )
    (event,) = events(client_of(peer).get(at(peer, "meeting-ics", pk=meeting.pk)).content)
    assert event["SUMMARY"] == "Ana and you"


def test_all_dates_come_with_the_beginning(commitment, mate, now):
    Notice.tell("rhythms.commitment_begun", [mate], commitment, now=now)
    message = outbox.message_of(Mail.objects.get(), now=now)
    assert isinstance(message, EmailMessage)
    assert message.subject == "Your crew has its dates"
    (attached,) = message.attachments
    (event,) = events(attached[1])
    assert event["RRULE"]["COUNT"] == [6]


def test_who_may_not(ahead, peer, host, outsider, client_of, at):
    for stranger in (peer, host, outsider):
        url = at(stranger, "meeting-ics", pk=ahead.pk)
        assert client_of(stranger).get(url).status_code == 404
