"""What is to be read at a feed's address, and whether it has changed since it was read."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Final

from django.conf import settings
from django.db.models import Count, Max, Prefetch, Q, Sum, prefetch_related_objects
from django.utils import translation
from django.utils.translation import gettext

from congregation.http import tag_of
from congregation.models import Congregation
from rhythms.calendars.events import Skipped, Writer, clocks_of
from rhythms.calendars.writing import calendar, text
from rhythms.models import Commitment, Feed, Meeting, Pause
from rhythms.models.meeting import MeetingQuerySet

KEPT_YEARS: Final = 5
"""For so long a feed keeps what is over, since calendars forget what a feed no longer tells of."""
# Raised when the same meetings are written otherwise than before; so does another release of the zones.
FORM: Final = (1, version("tzdata"))
ROWS: Final = (
    *("crew", "hello", "rhythm", "commitment", "pause", "planned_for", "starts_at", "ends_at"),
    *("zone", "state", "sequence", "changed_at", "plan__place", "plan__link"),
)


# What of a rhythm changes without its meetings.
RHYTHM: Final = ("rhythm", "rhythm__sequence", "rhythm__ended_on")


def since(*, now: datetime) -> datetime:
    """Return from when on a feed tells of meetings: the same moment for a whole month."""
    return datetime(now.year - KEPT_YEARS, now.month, 1, tzinfo=UTC)


def meetings_of(feed: Feed, *, now: datetime) -> MeetingQuerySet:
    """Return the meetings that a feed tells of, as far as its person may see them now."""
    mine = Meeting.objects.of(feed.member).filter(ends_at__gte=since(now=now))
    if feed.of == Feed.Of.CREW and feed.seat is not None:
        return mine.filter(crew=feed.seat.crew_id)
    everyones = Q(crew__isnull=True, hello__isnull=True)
    return mine.filter(everyones) if feed.of == Feed.Of.ALL else mine


def tag(feed: Feed, *, now: datetime) -> str:
    """Return what stands for all that a feed says at this moment; one query, however much that is."""
    over = Q(state__in=[Meeting.State.NOT_HELD, Meeting.State.CANCELLED])
    groups = (
        meetings_of(feed, now=now)
        .order_by()
        .values_list("crew", "crew__name", *RHYTHM, "hello__first__name", "hello__second__name")
        .annotate(
            all=Count("pk"),
            sequences=Sum("sequence"),
            changed=Max("changed_at"),
            off=Count("pk", filter=over),
            running=Count("pk", filter=Q(commitment__state="running")),
        )
    )
    facts = sorted(map(repr, groups))
    about = (feed.of, feed.shows, feed.member.language, feed.congregation.name, settings.ORIGIN)
    return tag_of(FORM, since(now=now), about, facts)


def written(feed: Feed, *, now: datetime) -> bytes:
    """Return a feed as a calendar file, in its person's language; as many queries however much it is."""
    meetings = loaded(meetings_of(feed, now=now), feed.congregation)
    with translation.override(feed.member.language):
        entries = Writer(feed.member, feed.shows).entries(meetings, skipped(meetings))
        return calendar(
            entries,
            product=settings.PRODUCT,
            zones=clocks_of(entries, year=now.year),
            facts=_facts(feed),
        )


def loaded(rows: MeetingQuerySet, congregation: Congregation) -> list[Meeting]:
    """Return meetings of a congregation with what calendars need of them, and nothing else of their rows."""
    brief = Commitment.objects.only("times", "state")
    meetings = list(
        rows.select_related("plan")
        .prefetch_related("crew", "rhythm", Prefetch("commitment", brief))
        .only(*ROWS)
        .order_by("starts_at", "pk")
    )
    for meeting in meetings:
        meeting.congregation = congregation
    few = [meeting for meeting in meetings if not meeting.crew_id]
    prefetch_related_objects(few, "evening", "hello__first", "hello__second")
    return meetings


def name_of(feed: Feed) -> str:
    """Return what a calendar calls a feed: as much as it shows."""
    if feed.shows != Feed.Shows.NAMES:
        return gettext("Meetings")
    if feed.of == Feed.Of.CREW and feed.seat:
        return feed.seat.crew.name
    return feed.congregation.name


def _facts(feed: Feed) -> list[str]:
    """Return what a feed says of itself: what it is called, and how often to ask."""
    name = text(name_of(feed))
    often = ["REFRESH-INTERVAL;VALUE=DURATION:PT1H", "X-PUBLISHED-TTL:PT1H"]
    return [f"NAME:{name}", f"X-WR-CALNAME:{name}", *often]


def skipped(meetings: Iterable[Meeting]) -> Skipped:
    """Return the days on which these rhythms pause, by the rhythm's id."""
    rhythms = {meeting.rhythm_id for meeting in meetings if meeting.rhythm_id}
    found: Skipped = defaultdict(list)
    if rhythms:
        pauses = Pause.objects.filter(rhythm__in=rhythms)
        for rhythm, first, last in pauses.values_list("rhythm", "first_on", "last_on"):
            found[rhythm].append((first, last))
    return found
