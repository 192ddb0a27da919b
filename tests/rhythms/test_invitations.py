"""Meetings in people's calendars by mail: what is on, what is off, and who is told no more than that."""

from datetime import UTC, timedelta
from email import message_from_bytes, policy

import pytest
from icalendar import Calendar

from congregation import outbox
from congregation.models import Mail, Notice, User
from crews.models import Seat
from hall import leaving, sweep
from rhythms.calendars import keeping
from rhythms.models import Commitment, Feed, Meeting


def mailed(notice_or_mail, now):
    """Return the message as a mail server gets it."""
    message = outbox.message_of(notice_or_mail, now=now)
    return message_from_bytes(message.message().as_bytes(), policy=policy.default)


def told(kind, person, about, now):
    Notice.tell(kind, [person], about, now=now)
    return mailed(Mail.objects.get(kind=kind, notice__recipient=person), now)


def calendar_of(message):
    """Return the calendar that mail programs act upon, and what they are to do."""
    (part,) = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    return Calendar.from_ical(part.get_content()), part["Content-Type"].params


@pytest.fixture
def begun(commitment, mate, now):
    return told("rhythms.commitment_begun", mate, commitment, now)


class TestTheMail:
    def test_its_parts(self, begun):
        kinds = [part.get_content_type() for part in begun.walk()]
        assert kinds == [
            "multipart/mixed",
            "multipart/alternative",
            "text/plain",
            "text/html",
            "text/calendar",
            "application/ics",
        ]
        calendar, params = calendar_of(begun)
        assert params == {"method": "REQUEST", "charset": "utf-8"}
        assert calendar["METHOD"] == "REQUEST"
        (file,) = begun.iter_attachments()
        assert file.get_filename() == "invite.ics"
        assert b"METHOD:REQUEST\r\n" in file.get_payload(decode=True)

    def test_all_meetings_as_what_recurs(self, commitment, begun):
        calendar, _params = calendar_of(begun)
        (event,) = calendar.walk("VEVENT")
        assert event["RRULE"] == {"FREQ": ["WEEKLY"], "COUNT": [6]}
        assert event.decoded("DTSTART").isoformat() == "2026-11-04T19:00:00+13:00"
        assert event["SUMMARY"] == "Seed Library"
        assert event["STATUS"] == "CONFIRMED"
        (zone,) = calendar.walk("VTIMEZONE")
        assert zone["TZID"] == event["DTSTART"].params["TZID"] == "Pacific/Auckland"

    def test_it_names_nobody_but_its_reader_and_asks_for_no_answer(self, begun):
        calendar, _params = calendar_of(begun)
        (event,) = calendar.walk("VEVENT")
        assert event["ORGANIZER"] == "mailto:tableful@localhost"
        assert event["ORGANIZER"].params["CN"] == "Seed Library"
        assert event["ATTENDEE"] == "mailto:dov@otaki.example"
        assert dict(event["ATTENDEE"].params) == {
            "CN": "Dov Levi",
            "CUTYPE": "INDIVIDUAL",
            "ROLE": "REQ-PARTICIPANT",
            "PARTSTAT": "ACCEPTED",
            "RSVP": "FALSE",
        }
        assert "Ana" not in calendar.to_ical().decode()

    @pytest.mark.parametrize(("invites", "title"), [("kinds", "Crew"), ("busy", "Busy")])
    def test_no_more_than_its_reader_wants(self, invites, title, commitment, mate, now):
        mate.user.prefer(invites=invites)
        calendar, _params = calendar_of(told("rhythms.commitment_begun", mate, commitment, now))
        assert str(calendar.walk("VEVENT")[0]["SUMMARY"]) == title
        words = calendar.to_ical().decode()
        for word in ("Seed", "kitchen", "otaki/", "http"):
            assert word not in words

    def test_none_for_who_wants_none(self, commitment, mate, now):
        mate.user.prefer(invites=User.Invites.NONE)
        message = told("rhythms.commitment_begun", mate, commitment, now)
        assert "calendar" not in message.as_string()
        assert not list(message.iter_attachments())


class TestOneOfThem:
    def test_moved(self, ahead, member, mate, now):
        was = ahead.starts_at
        ahead.move(starts_at=was + timedelta(days=1), by=mate, now=now)
        mail = Mail.objects.get(kind="rhythms.meeting_moved", notice__recipient=member)
        calendar, params = calendar_of(mailed(mail, now))
        (event,) = calendar.walk("VEVENT")
        assert params["method"] == "REQUEST"
        assert event.decoded("RECURRENCE-ID") == was
        assert event.decoded("DTSTART") == was + timedelta(days=1)
        assert event["SEQUENCE"] == 1
        assert event.decoded("DTSTAMP") == now

    def test_called_off_and_put_back(self, ahead, member, mate, now):
        found = []
        for verb in (ahead.call_off, ahead.put_back):
            verb(by=mate, now=now)
            mail = Mail.objects.get(
                kind="rhythms.meeting_moved",
                notice__recipient=member,
                notice__occasion=str(ahead.sequence),
            )
            calendar, params = calendar_of(mailed(mail, now))
            (event,) = calendar.walk("VEVENT")
            found.append((params["method"], str(event["STATUS"]), event["SEQUENCE"]))
        assert found == [("CANCEL", "CANCELLED", 1), ("REQUEST", "CONFIRMED", 2)]

    def test_who_cant_come_has_declined(self, ahead, member, mate, now):
        ahead.come(answer="cant", by=member, now=now)
        ahead.move(starts_at=ahead.starts_at + timedelta(hours=1), by=mate, now=now)
        mail = Mail.objects.get(kind="rhythms.meeting_moved", notice__recipient=member)
        (event,) = calendar_of(mailed(mail, now))[0].walk("VEVENT")
        assert event["ATTENDEE"].params["PARTSTAT"] == "DECLINED"

    def test_by_the_same_uid_as_at_ones_address(self, ahead, member, mate, begun, client, now):
        _feed, token = Feed.make(of="mine", shows="names", by=member, now=now)
        ahead.move(starts_at=ahead.starts_at + timedelta(days=1), by=mate, now=now)
        mail = Mail.objects.get(kind="rhythms.meeting_moved", notice__recipient=member)
        (moved,) = calendar_of(mailed(mail, now))[0].walk("VEVENT")
        (all_of_it,) = calendar_of(begun)[0].walk("VEVENT")
        feed = Calendar.from_ical(client.get(f"/calendar/{token}.ics").content).walk("VEVENT")
        assert {event["UID"] for event in feed} == {moved["UID"]} == {all_of_it["UID"]}
        same = [event for event in feed if "RECURRENCE-ID" in event]
        assert [event["DTSTART"].to_ical() for event in same] == [moved["DTSTART"].to_ical()]
        assert [event["SEQUENCE"] for event in same] == [moved["SEQUENCE"]]


class TestComingAndGoing:
    def test_who_sits_down_is_told_of_the_dates_once(self, commitment, crew, peer, now):
        assert keeping.tell(now=now) == 0
        crew.seat(peer, by=None, now=now)
        assert keeping.tell(now=now) == 1
        assert keeping.tell(now=now) == 0
        mail = Mail.objects.get(kind=keeping.COME)
        calendar, params = calendar_of(mailed(mail, now))
        assert params["method"] == "REQUEST"
        assert calendar.walk("VEVENT")[0]["ATTENDEE"] == "mailto:noor@otaki.example"

    def test_who_leaves_is_rid_of_them(self, commitment, crew, mate, begun, now):
        Mail.objects.update(state="sent", sent_at=now)
        (event,) = calendar_of(begun)[0].walk("VEVENT")
        crew.leave(by=mate, now=now)
        assert keeping.tell(now=now) == 1
        assert keeping.tell(now=now) == 0
        calendar, params = calendar_of(mailed(Mail.objects.get(kind=keeping.GO), now))
        (gone,) = calendar.walk("VEVENT")
        assert params["method"] == calendar["METHOD"] == "CANCEL"
        assert (gone["UID"], gone["STATUS"]) == (event["UID"], "CANCELLED")
        assert "RECURRENCE-ID" not in gone
        assert "kitchen" not in calendar.to_ical().decode()

    def test_who_was_never_invited_is_told_nothing(self, commitment, crew, mate, now):
        crew.leave(by=mate, now=now)
        assert keeping.tell(now=now) == 0

    def test_who_leaves_the_congregation_is_written_to_once_more(
        self, commitment, mate, host, begun, now
    ):
        Mail.objects.update(state="sent", sent_at=now)
        leaving.leave(mate, by=mate, now=now)
        mail = Mail.objects.get(kind="gone")
        assert mail.to == "dov@otaki.example"
        calendar, params = calendar_of(mailed(mail, now))
        assert params["method"] == "CANCEL"
        assert len(calendar.walk("VEVENT")) == 1

    def test_the_sweep_does_it(self, commitment, crew, peer, now):
        crew.seat(peer, by=None, now=now)
        assert sweep.due(now=now)["told of dates"] == 1


class TestAtTheAddress:
    @pytest.fixture
    def feed(self, member, client, now):
        _feed, token = Feed.make(of="mine", shows="names", by=member, now=now)
        return lambda: Calendar.from_ical(client.get(f"/calendar/{token}.ics").content).walk(
            "VEVENT"
        )

    def test_a_commitment_is_one_event_and_what_differs(
        self, commitment, ahead, past, member, mate, feed, now
    ):
        past.not_held(by=mate, now=now)
        ahead.move(starts_at=ahead.starts_at + timedelta(days=1), by=mate, now=now)
        last = commitment.meetings.get(number=6)
        last.replan(
            starts_at=last.starts_at, place="The beach", link="", agenda="", by=mate, now=now
        )
        whole, *others = feed()
        assert whole["RRULE"] == {"FREQ": ["WEEKLY"], "COUNT": [6]}
        assert whole["LOCATION"] == "Joel’s kitchen"
        said = [(str(one["STATUS"]), str(one["LOCATION"])) for one in others]
        assert said == [
            ("CANCELLED", "Joel’s kitchen"),
            ("CONFIRMED", "Joel’s kitchen"),
            ("CONFIRMED", "The beach"),
        ]
        assert {one["UID"] for one in others} == {whole["UID"]}
        assert others[0].decoded("RECURRENCE-ID") == past.starts_at.astimezone(UTC)

    def test_what_was_never_planned_is_left_out(self, commitment, feed):
        out = commitment.meetings.get(number=5)
        Meeting.objects.filter(pk=out.pk).delete()
        (whole,) = feed()
        assert whole["RRULE"]["COUNT"] == [6]
        assert [one.dt for one in whole["EXDATE"].dts] == [out.starts_at]

    def test_a_commitment_without_an_end(self, commitment, feed):
        Commitment.objects.filter(pk=commitment.pk).update(times=None, ends_on=None)
        (whole,) = feed()
        assert whole["RRULE"] == {"FREQ": ["WEEKLY"]}

    def test_its_number_rises_with_each_change(self, commitment, ahead, mate, feed, now):
        numbers = [feed()[0]["SEQUENCE"]]
        ahead.call_off(by=mate, now=now)
        numbers.append(feed()[0]["SEQUENCE"])
        commitment.rhythm.touched(now=now + timedelta(minutes=1))
        numbers.append(feed()[0]["SEQUENCE"])
        assert numbers == sorted(set(numbers))
        assert feed()[0].decoded("DTSTAMP") == now + timedelta(minutes=1)


def test_seats_that_were_left_long_ago_are_nobodys_news(commitment, crew, mate, begun, now):
    Mail.objects.update(state="sent", sent_at=now)
    crew.leave(by=mate, now=now)
    Seat.objects.filter(member=mate).update(left_at=now - timedelta(days=9))
    assert keeping.tell(now=now) == 0
