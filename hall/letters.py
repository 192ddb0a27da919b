"""The hosts' letter: what there is to tell, sending it to everyone, and a word to hosts when it is time for one.

What a letter tells besides the hosts' words is what everyone here may see. It is looked up when it is sent, kept as
ids, and shown to each reader through the door: what was taken back since is gone from the letter as well.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext, ngettext

from congregation import rules
from congregation.models import Congregation, Host, Letter, Member, Notice
from congregation.outbox import address
from congregation.templatetags.look import day, when
from crews.models import Crew, Idea, Lesson
from rhythms.models import Meeting

# A first letter tells what is new of so long; dates are told so far ahead.
LATELY: Final = timedelta(days=60)
AHEAD: Final = timedelta(days=75)
MOST: Final = 15
DUE = "hall.letter_due"
EVERY: Final = (1, 2, 3, 6)


@dataclass(frozen=True)
class Row:
    """One line of a letter: what it is, a few words about it, and where it is read."""

    title: str
    words: str
    url: str


@dataclass(frozen=True)
class Part:
    """What a letter tells of one sort."""

    name: str
    label: str
    rows: list[Row]

    @property
    def is_short(self) -> bool:
        """Whether each of its rows fits on a line."""
        return self.name in {Letter.Of.ROOM, Letter.Of.DATES}


def _crews(member: Member) -> Any:
    rows = Crew.objects.visible_to(member).alive().filter(is_partnership=False)
    return rows.select_related("congregation")


def _new_crews(member: Member, since: datetime, now: datetime) -> Any:
    return _crews(member).filter(founded_at__gt=since).order_by("name", "pk")


def _with_room(member: Member, since: datetime, now: datetime) -> Any:
    rows = _crews(member).with_room().exclude(state=Crew.State.RESTING)
    return rows.order_by("name", "pk")


def _ideas(member: Member, since: datetime, now: datetime) -> Any:
    return _open_ideas(member).filter(open_until__gt=now).order_by("open_until", "pk")


def _open_ideas(member: Member) -> Any:
    rows = Idea.objects.visible_to(member).filter(state=Idea.State.OPEN)
    return rows.select_related("congregation")


def _dates(member: Member, since: datetime, now: datetime) -> Any:
    rows = _ours(member).filter(starts_at__gt=now, starts_at__lte=now + AHEAD)
    return rows.order_by("starts_at", "pk")


def _ours(member: Member) -> Any:
    """The meetings that are everyone's: evenings, and the congregation's own rhythms."""
    rows = Meeting.objects.visible_to(member).filter(crew__isnull=True, hello__isnull=True)
    planned = rows.filter(state=Meeting.State.PLANNED)
    return planned.select_related("congregation", "rhythm", "evening__congregation", "plan")


def _lessons(member: Member, since: datetime, now: datetime) -> Any:
    return _shared(member).filter(shared_at__gt=since).order_by("shared_at", "pk")


def _shared(member: Member) -> Any:
    rows = Lesson.objects.visible_to(member).shared().filter(crew__is_partnership=False)
    return rows.select_related("crew__congregation")


def _crew_row(crew: Crew, member: Member) -> Row:
    return Row(crew.name, crew.purpose, crew.get_absolute_url())


def _room_row(crew: Crew, member: Member) -> Row:
    n = crew.seats_open
    words = ngettext("%(n)s seat is open", "%(n)s seats are open", n) % {"n": n} if n else ""
    return Row(crew.name, words, crew.get_absolute_url())


def _idea_row(idea: Idea, member: Member) -> Row:
    often = gettext("%(often)s, from %(day)s.") % {"often": idea.often, "day": day(idea.begins_on)}
    return Row(idea.name, f"{often} {idea.intention}", idea.get_absolute_url())


def _date_row(meeting: Meeting, member: Member) -> Row:
    evening = getattr(meeting, "evening", None)
    place = evening.place if evening else ""
    url = (evening or meeting).get_absolute_url()
    words = f"{when(meeting.starts_at)}, {place}" if place else when(meeting.starts_at)
    return Row(meeting.name_for(member), words, url)


def _lesson_row(lesson: Lesson, member: Member) -> Row:
    return Row(lesson.crew.name, lesson.words, lesson.crew.get_absolute_url())


@dataclass(frozen=True)
class _Sort:
    """How one sort is found when a letter is sent, found again by its ids, and said."""

    fresh: Callable[[Member, datetime, datetime], Any]
    known: Callable[[Member], Any]
    row: Callable[[Any, Member], Row]


SORTS: Final[dict[str, _Sort]] = {
    Letter.Of.CREWS: _Sort(_new_crews, _crews, _crew_row),
    Letter.Of.ROOM: _Sort(_with_room, _crews, _room_row),
    Letter.Of.IDEAS: _Sort(_ideas, _open_ideas, _idea_row),
    Letter.Of.DATES: _Sort(_dates, _ours, _date_row),
    Letter.Of.LESSONS: _Sort(_lessons, _shared, _lesson_row),
}


def find(letter: Letter, member: Member, *, now: datetime) -> dict[str, list[str]]:
    """Return the ids of what a letter would tell now, of each sort that it tells of."""
    sent = Letter.objects.visible_to(member).sent().aggregate(last=Max("sent_at"))["last"]
    since = sent or now - LATELY
    return {
        name: [
            str(pk)
            for pk in SORTS[name].fresh(member, since, now).values_list("pk", flat=True)[:MOST]
        ]
        for name in SORTS
        if name in letter.of
    }


def parts(letter: Letter, member: Member, *, now: datetime | None = None) -> list[Part]:
    """Return what a letter tells its reader besides the hosts' words: what of it they may see at this moment.

    Of a draft, what it would tell now (`now`).
    """
    found = letter.found if now is None else find(letter, member, now=now)
    told = []
    for name in SORTS:
        pks = found.get(name)
        if not pks:
            continue
        sort = SORTS[name]
        rows = {str(row.pk): row for row in sort.known(member).filter(pk__in=pks)}
        lines = [sort.row(rows[pk], member) for pk in pks if pk in rows]
        if name == Letter.Of.ROOM:
            lines = [line for line in lines if line.words]
        if lines:
            told.append(Part(name, str(Letter.Of(name).label), lines))
    return told


def in_mail(letter: Letter, member: Member) -> dict[str, Any]:
    """Return what the mail of a letter needs besides it, with whole addresses."""
    return {
        "parts": [
            Part(part.name, part.label, [_whole(row) for row in part.rows])
            for part in parts(letter, member)
        ]
    }


def _whole(row: Row) -> Row:
    return Row(row.title, row.words, address(row.url))


def send(letter: Letter, *, version: int, by: Member, now: datetime) -> bool:
    """Send a letter to everyone who is here, once; a host may. Tell whether this was the one call that did."""
    with transaction.atomic():
        found = find(letter, by, now=now)
        if not letter.send(found=found, version=version, by=by, now=now):
            return False
        everyone = Member.objects.filter(congregation=letter.congregation_id).present()
        Notice.tell("hall.letter", everyone, letter, now=now)
    return True


def remind(*, now: datetime) -> int:
    """Tell hosts, once, that it is time for a letter, where none went for as long as they set; return of how many."""
    last = Letter.objects.sent().filter(congregation=OuterRef("pk")).order_by("-sent_at")
    rows = Congregation.objects.filter(stage=Congregation.Stage.WHOLE).annotate(
        since=Coalesce(last.values("sent_at")[:1], "grown_at", "founded_at")
    )
    is_due = Q(pk__in=[])
    for months in EVERY:
        # By the congregation's own calendar a day earlier or later is of no weight.
        before = rules.months_before(now.date(), months)
        is_due |= Q(letter_every=months, since__lt=datetime.combine(before, time(), UTC))
    told = Notice.objects.filter(
        kind=DUE, congregation=OuterRef("pk"), made_at__gt=OuterRef("since")
    )
    due = list(rows.filter(is_due).exclude(Exists(told)).values_list("pk", "since"))
    terms = Host.objects.in_term(now).filter(congregation__in=[pk for pk, _since in due])
    since = dict(due)
    for term in terms.select_related("member"):
        occasion = f"{since[term.congregation_id]:%Y-%m-%d}"
        Notice.tell(DUE, [term.member], term, now=now, occasion=occasion)
    return len(due)
