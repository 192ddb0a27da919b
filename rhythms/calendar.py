"""A meeting as a file for one's own calendar (RFC 5545): one event, in UTC, whose UID is the meeting's id."""

from collections.abc import Iterable

from django.conf import settings
from icalendar import Calendar, Event

from congregation.models import Member
from congregation.outbox import address as whole
from rhythms.models import Meeting, Plan

MEDIA_TYPE = "text/calendar"


def event(meeting: Meeting, member: Member) -> Event:
    """Return one meeting as an event. It names the crew and the place, and nobody who comes."""
    plan: Plan | None = getattr(meeting, "plan", None)
    address = whole(meeting.get_absolute_url())
    this = Event()
    this.add("uid", str(meeting.pk))
    this.add("sequence", meeting.sequence)
    this.add("dtstamp", meeting.changed_at or meeting.starts_at)
    this.add("dtstart", meeting.starts_at)
    this.add("dtend", meeting.ends_at)
    this.add("summary", meeting.name_for(member))
    if plan and (plan.place or plan.link):
        this.add("location", plan.place or plan.link)
    lines = [plan.link, address] if plan and plan.place and plan.link else [address]
    this.add("description", "\n".join(lines))
    this.add("url", address)
    called_off = meeting.state in {Meeting.State.CANCELLED, Meeting.State.NOT_HELD}
    this.add("status", "CANCELLED" if called_off else "CONFIRMED")
    return this


def ics(meetings: Iterable[Meeting], member: Member) -> bytes:
    """Return a calendar file with these meetings, for one member's own calendar."""
    calendar = Calendar()
    calendar.add("prodid", f"-//{settings.PRODUCT}//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for meeting in meetings:
        calendar.add_component(event(meeting, member))
    return bytes(calendar.to_ical())


def attached(meetings: Iterable[Meeting], member: Member) -> list[tuple[str, bytes, str]]:
    """Return the calendar file as it is attached to a mail."""
    return [("meeting.ics", ics(meetings, member), MEDIA_TYPE)]
