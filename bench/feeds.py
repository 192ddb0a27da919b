"""A person's feed of years, beside icalendar that writes the same events, and asking again for it."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bench.world import ZONE
from rhythms import rules
from rhythms.models import Commitment, Feed, Meeting, Plan, Rhythm

SIX, SIX_WEEKS = 6, timedelta(weeks=6)
PLAIN = ("UID", "SEQUENCE", "SUMMARY", "LOCATION", "DESCRIPTION", "URL", "CLASS", "STATUS")
MOMENTS = ("DTSTAMP", "DTSTART", "DTEND", "RECURRENCE-ID")


def live(world, crews, years):
    """Let crews have met each week for so many years, six times and six times more; some of it moved or off."""
    today = world.now.astimezone(ZoneInfo(ZONE)).date()
    for number, crew in enumerate(crews):
        first = today - timedelta(days=365 * years - number)
        own = {"congregation": world.congregation, "crew": crew}
        rhythm = Rhythm.objects.create(
            **own, rule="FREQ=WEEKLY", starts_on=first, starts_at=time(19), zone=ZONE,
            place="The blue house",
        )  # fmt: skip
        last = crew.commitments.order_by("-number").values_list("number", flat=True).first() or 0
        spans = range((today - first) // SIX_WEEKS)
        commitments = [
            Commitment(
                **own, rhythm=rhythm, number=last + 1 + nth, times=SIX, state="ended",
                proposed_at=world.now, begins_on=first + nth * SIX_WEEKS,
                ends_on=first + (nth + 1) * SIX_WEEKS - timedelta(days=7),
            )
            for nth in spans
        ]  # fmt: skip
        Commitment.objects.bulk_create(commitments)
        meetings = [
            meeting
            for commitment in commitments
            for meeting in _meetings(world, rhythm, commitment)
        ]
        Meeting.objects.bulk_create(meetings)
        Plan.objects.bulk_create(
            Plan(congregation=world.congregation, meeting=meeting, place="The blue house")
            for meeting in meetings
        )


def _meetings(world, rhythm, commitment):
    start = datetime.combine(commitment.begins_on, rhythm.starts_at)
    for nth, one in enumerate(rules.expand(start, ZONE, rhythm.rule, 90, limit=SIX), 1):
        moved = timedelta(days=1) if nth == 3 and commitment.number % 2 else timedelta()
        off = nth == 5 and commitment.number % 3 == 0
        yield Meeting(
            congregation=world.congregation, crew_id=rhythm.crew_id, rhythm=rhythm,
            commitment=commitment, number=nth, planned_for=one.starts, starts_at=one.starts + moved,
            ends_at=one.ends + moved, zone=ZONE, state="cancelled" if off else "held",
            came=None if off else 5, changed_at=world.now,
        )  # fmt: skip


def bare(data):
    """Return work that lets icalendar write the events of a feed from plain values."""
    from icalendar import Calendar, Event

    events = [
        (
            {name: str(event[name]) for name in PLAIN if name in event},
            {name: event.decoded(name) for name in MOMENTS if name in event},
            dict(event["RRULE"]) if "RRULE" in event else None,
        )
        for event in Calendar.from_ical(data).walk("VEVENT")
    ]

    def write():
        calendar = Calendar()
        calendar.add("prodid", "-//bare//EN")
        calendar.add("version", "2.0")
        for words, moments, rule in events:
            event = Event()
            for name, value in (words | moments).items():
                event.add(name, value)
            if rule:
                event.add("rrule", rule)
            calendar.add_component(event)
        return calendar.to_ical()

    return write, len(events)


def measure(world, row, timed, queries_of, runs=7):
    """Yield a line for two and for five years, and one for asking again."""
    from django.test import Client
    from django.urls import reverse

    made, token = Feed.make(of="mine", shows="names", by=world.me, now=world.now)
    url, browser, begun = reverse("feed", args=[token]), Client(), 0
    for years in (2, 5):
        for crew in world.crews[begun:5]:
            Rhythm.objects.filter(crew=crew, starts_on__lt=date(world.now.year, 1, 1)).delete()
        live(world, world.crews[:5], years)

        def get(**headers):
            Feed.objects.filter(pk=made.pk).update(written=0)
            answer = browser.get(url, headers=headers)
            assert answer.status_code == (304 if headers else 200), answer.status_code
            return answer

        answer = get()
        write, number = bare(answer.content)
        write()
        took, beside = [], []
        for _run in range(runs):
            beside.append(timed(write))
            took.append(timed(get))
        name = f"A feed of {years} years, {number} events"
        yield row(name, took, "icalendar writing them", beside, queries_of(get) - 1)
    same = {"If-None-Match": answer.headers["ETag"]}
    again, frame = [], []
    for _run in range(runs):
        frame.append(timed(lambda: browser.get("/healthz")))
        again.append(timed(lambda: get(**same)))
    yield row(
        "… asked for again, unchanged",
        again,
        "a page that says nothing",
        frame,
        queries_of(lambda: get(**same)) - 1,
    )
