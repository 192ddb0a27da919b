"""The week of one person as notation: what their crews and hellos have on each day."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from congregation.models import Member
from congregation.templatetags.look import clock as on_the_clock
from crews.models import Crew
from rhythms import rules
from rhythms.models import Meeting, StepOut
from rhythms.models.meeting import MeetingQuerySet

# A crew keeps its tone from page to page; another person's tone is the sky's.
TONES = ("plum", "sage", "rose", "sun", "dusk")
HELLO = "sky"
# What is everyone's has one tone.
OURS = "sun"
LANES = {1: 1, 2: 1, 3: 2, 4: 3}


@dataclass(frozen=True)
class Beat:
    """One meeting on the staff: its line (1 weeks, 2 months, 3 now and then), tone and words."""

    lane: int
    tone: str
    title: str
    words: str
    done: bool
    url: str
    at: datetime
    # The congregation it is of, where a week shows more than one.
    where: str = ""


@dataclass(frozen=True)
class Day:
    """One day of the week, with its beats in the order of the clock."""

    on: date
    is_today: bool
    beats: list[Beat] = field(default_factory=list)


def week(member: Member, *, now: datetime) -> list[Day]:
    """Return the seven days from Monday in the reader's zone, in as many queries however much is on."""
    today = timezone.localtime(now).date()
    monday = today - timedelta(days=today.weekday())
    meetings = list(between(member, monday, monday + timedelta(days=7)))
    tones = tones_of(member)
    days = {on: Day(on, on == today) for on in (monday + timedelta(days=step) for step in range(7))}
    for meeting in meetings:
        days[timezone.localtime(meeting.starts_at).date()].beats.append(
            Beat(
                lane=LANES[lane_of(meeting)],
                tone=OURS if meeting.is_open else tones.get(meeting.crew_id, HELLO),
                title=meeting.name_for(member),
                words=words_of(meeting),
                done=meeting.ends_at <= now or meeting.state != Meeting.State.PLANNED,
                url=meeting.get_absolute_url(),
                at=meeting.starts_at,
            )
        )
    return list(days.values())


def between(member: Member, first: date, after: date) -> MeetingQuerySet:
    """Return a member's own meetings from one day up to another, as their clock shows them."""
    zone = timezone.get_current_timezone()
    starts, ends = (datetime.combine(day, time(), tzinfo=zone) for day in (first, after))
    return (
        Meeting.objects.of(member)
        .filter(starts_at__gte=starts, starts_at__lt=ends)
        .exclude(
            commitment__rhythm__in=StepOut.objects.visible_to(member)
            .filter(member=member)
            .values("rhythm")
        )
        .select_related(
            "congregation",
            "crew",
            "rhythm",
            "commitment",
            "plan",
            "evening",
            "hello__first",
            "hello__second",
        )
        .order_by("starts_at", "id")
    )


def lane_of(meeting: Meeting) -> int:
    """Return the line of a meeting: 1 weekly, 2 every other week, 3 monthly, 4 rarer or once."""
    return rules.lane(meeting.rhythm.rule) if meeting.rhythm else 4


def tones_of(member: Member) -> dict[object, str]:
    """Return the tone of each crew that a member sits in, the oldest first."""
    crews = Crew.objects.of(member).order_by("founded_at", "id").values_list("pk", flat=True)
    return {crew: TONES[number % len(TONES)] for number, crew in enumerate(crews)}


def words_of(meeting: Meeting) -> str:
    """Return what is said of a meeting in a word: met, a rest, or when and where."""
    if meeting.state == Meeting.State.HELD:
        return _("met")
    if meeting.state in {Meeting.State.NOT_HELD, Meeting.State.CANCELLED}:
        return _("a rest")
    place = getattr(getattr(meeting, "plan", None), "place", "")
    at = on_the_clock(meeting.starts_at)
    return _("%(time)s, %(place)s") % {"time": at, "place": place} if place else at
