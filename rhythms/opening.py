"""When a look-back opens: at the end of a cycle, each month in the middle of a long one, each quarter."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from congregation.models import Member, Notice
from rhythms.models import Commitment, Decision, LookBack, Meeting, Slip
from rhythms.models.lookback import UNSAID

# How long before it opens those who have not written are told once more.
LAST_CALL = timedelta(days=1)
# A cycle that is longer looks back each month in its middle too, but not in its last weeks.
LONG_CYCLE = timedelta(days=62)
LAST_WEEKS = timedelta(days=21)


def open_due(*, now: datetime) -> int:
    """Open each look-back whose time has come; return how many."""
    return open_ends(now=now) + open_middles(now=now)


def open_ends(*, now: datetime) -> int:
    """Open the look-back of each commitment whose last meeting is over; return how many.

    A meeting is over when its crew said so, or three hours after its end; one that was called off
    may still be put back until then. Where the crew has ended, the commitment ends with it.
    """
    ahead = Meeting.objects.filter(
        commitment=OuterRef("pk"),
        state__in=[Meeting.State.PLANNED, Meeting.State.CANCELLED],
        ends_at__gt=now - UNSAID,
    )
    held = Meeting.objects.filter(commitment=OuterRef("pk"))
    under_way = LookBack.objects.open().filter(commitment=OuterRef("pk"))
    over = Commitment.objects.filter(
        Exists(held),
        ~Exists(ahead),
        ~Exists(under_way),
        state=Commitment.State.RUNNING,
        times__isnull=False,
    ).select_related("crew__congregation", "crew__manner")
    opened = 0
    for commitment in over:
        if commitment.crew.has_ended:
            Commitment.objects.filter(pk=commitment.pk, state=Commitment.State.RUNNING).update(
                state=Commitment.State.ENDED, ended_at=now
            )
        else:
            opened += _open(commitment, LookBack.Kind.END, 0, now=now)
    return opened


def open_middles(*, now: datetime) -> int:
    """Open the light look-back of each month in the middle of a long cycle; return how many."""
    long_ones = Commitment.objects.filter(
        state=Commitment.State.RUNNING,
        ends_on__gt=now.date() + LAST_WEEKS - timedelta(days=1),
        begins_on__lte=now.date() - timedelta(days=27),
    ).exclude(crew__state="ended")
    opened = 0
    for commitment in long_ones.select_related("rhythm", "crew__congregation", "crew__manner"):
        today = now.astimezone(ZoneInfo(commitment.rhythm.zone)).date()
        assert commitment.ends_on is not None
        month = months_in(commitment.begins_on, commitment.ends_on, today)
        if month and _has_met_since(commitment, month, now=now):
            opened += _open(commitment, LookBack.Kind.MIDDLE, month, now=now)
    return opened


def months_in(begins_on: date, ends_on: date, today: date) -> int:
    """Return the month of a long cycle after which it is time to look back now; 0 if it isn't."""
    if ends_on - begins_on <= LONG_CYCLE:
        return 0
    passed = relativedelta(today, begins_on)
    month = passed.years * 12 + passed.months
    if month < 1 or begins_on + relativedelta(months=month) > ends_on - LAST_WEEKS:
        return 0
    return month


def _has_met_since(commitment: Commitment, month: int, *, now: datetime) -> bool:
    """Tell whether it met in the month that has passed, and a meeting is over since it passed.

    So it opens after a meeting, and a month of rests asks nothing.
    """
    since = commitment.begins_on + relativedelta(months=month)
    zone = ZoneInfo(commitment.rhythm.zone)
    start = datetime.combine(since, datetime.min.time(), zone)
    before = datetime.combine(
        commitment.begins_on + relativedelta(months=month - 1), datetime.min.time(), zone
    )
    meetings = Meeting.objects.filter(commitment=commitment)
    over = meetings.filter(
        Q(state__in=[Meeting.State.HELD, Meeting.State.NOT_HELD]) | Q(ends_at__lte=now - UNSAID),
        starts_at__gte=start,
        starts_at__lte=now,
    )
    held = meetings.filter(state=Meeting.State.HELD, starts_at__gte=before, starts_at__lte=now)
    return held.exists() and over.exists()


def _open(commitment: Commitment, kind: LookBack.Kind, round: int, *, now: datetime) -> bool:
    """Open one, with what was put by for it; tell whether this call did."""
    with transaction.atomic():
        under_way = LookBack.objects.open().filter(commitment=commitment)
        if under_way.exists():
            return False
        lookback = LookBack.open(commitment, kind=kind, round=round, now=now)
        if lookback is None:
            return False
        Slip.carry_in(lookback, [seat.member for seat in lookback.asked()])
    return True


def remind_due(*, now: datetime) -> int:
    """Tell those who have not written, once, a day before it opens; return how many people.

    Nobody who has written is reminded, and nobody who is away.
    """
    reminded = 0
    for lookback in LookBack.objects.closing(now, within=LAST_CALL):
        of_theirs = {"member": OuterRef("member"), "written_at__isnull": False}
        written = Decision.objects.filter(lookback=lookback, **of_theirs)
        told = Notice.objects.filter(
            kind="rhythms.lookback_closing", about=lookback.pk, recipient=OuterRef("member")
        )
        waiting = lookback.asked().filter(
            ~Exists(written), ~Exists(told), member__state=Member.State.ACTIVE
        )
        people = [seat.member for seat in waiting]
        if people:
            Notice.tell("rhythms.lookback_closing", people, lookback, now=now)
            reminded += len(people)
    return reminded
