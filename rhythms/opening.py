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
# So long after a quarter it opens without a meeting, too.
NO_MEETING = timedelta(days=14)


def open_due(*, now: datetime) -> int:
    """Open each look-back whose time has come; return how many."""
    return open_ends(now=now) + open_middles(now=now) + open_quarters(now=now)


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


def open_quarters(*, now: datetime) -> int:
    """Open the look-back of each quarter of what goes on without an end; return how many.

    It opens after the first meeting once the quarter is over, or after two weeks if there is none:
    each says anew whether they go on, also where it came to no meeting.
    """
    without_end = Commitment.objects.filter(
        state=Commitment.State.RUNNING,
        times__isnull=True,
        begins_on__lte=now.date() - timedelta(days=88),
    ).exclude(crew__state="ended")
    opened = 0
    for commitment in without_end.select_related("rhythm", "crew__congregation", "crew__manner"):
        today = now.astimezone(ZoneInfo(commitment.rhythm.zone)).date()
        quarter = quarters_in(commitment.begins_on, today)
        if not quarter:
            continue
        begins_on = quarter_on(commitment, quarter)
        if _is_over_since(commitment, begins_on, now=now) or today >= begins_on + NO_MEETING:
            opened += _open(commitment, LookBack.Kind.QUARTER, quarter, now=now)
    return opened


def quarters_in(begins_on: date, today: date) -> int:
    """Return how many quarters have passed since something began."""
    passed = relativedelta(today, begins_on)
    return max((passed.years * 12 + passed.months) // 3, 0)


def quarter_on(commitment: Commitment, quarter: int) -> date:
    """Return the day on which a quarter of a commitment is over."""
    day: date = commitment.begins_on + relativedelta(months=3 * quarter)
    return day


def _start_of(commitment: Commitment, day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), ZoneInfo(commitment.rhythm.zone))


def _is_over_since(commitment: Commitment, day: date, *, now: datetime) -> bool:
    """Tell whether a meeting from a day on is over: its crew said so, or its hour passed long enough ago."""
    said = Q(state__in=[Meeting.State.HELD, Meeting.State.NOT_HELD])
    return (
        Meeting.objects.filter(commitment=commitment)
        .filter(said | Q(ends_at__lte=now - UNSAID))
        .filter(starts_at__gte=_start_of(commitment, day), starts_at__lte=now)
        .exists()
    )


def _has_met_since(commitment: Commitment, month: int, *, now: datetime) -> bool:
    """Tell whether it met in the month that has passed, and a meeting is over since it passed.

    So it opens after a meeting, and a month of rests asks nothing.
    """
    since = commitment.begins_on + relativedelta(months=month)
    before = commitment.begins_on + relativedelta(months=month - 1)
    held = Meeting.objects.filter(
        commitment=commitment,
        state=Meeting.State.HELD,
        starts_at__gte=_start_of(commitment, before),
        starts_at__lte=now,
    )
    return held.exists() and _is_over_since(commitment, since, now=now)


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
