"""What is due in this app, done once. Each row is claimed by its own verb, so running twice is once."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q

from congregation.models import Member, Notice
from crews import asking, seasons
from crews.models import (
    Agreement,
    Idea,
    Introduction,
    LeftOut,
    PartnershipAsk,
    Pin,
    Request,
    Seat,
    Table,
)
from crews.models.request import ASKED_AGAIN_AFTER, NOT_NOW_AFTER


def sweep(*, now: datetime) -> dict[str, int]:
    """Do all that is due here at this moment; return how many of each."""
    return {
        "tables closed": close_tables(now=now),
        "ideas closed": close_ideas(now=now),
        "ideas ready": tell_ready(now=now),
        "requests": sweep_requests(now=now),
        "questions": asking.sweep(now=now),
        "partnerships asked": settle_partnerships(now=now),
        "introductions closed": close_introductions(now=now),
        "agreements that hold": settle_agreements(now=now),
        "kept seats released": release_due(now=now),
        "pins wiped": Pin.objects.wipe(now=now),
        "seasons": seasons.sweep(now=now),
        "left out no more": LeftOut.objects.let_go(now=now),
    }


def close_tables(*, now: datetime) -> int:
    """Close the forming tables that wait in vain; return how many."""
    due = Table.objects.due(now).select_related("idea__congregation")
    return sum(table.close(now=now) for table in due)


def close_ideas(*, now: datetime) -> int:
    """Close the ideas whose time is over or whose caller has left; return how many."""
    over = Q(state=Idea.State.OPEN, open_until__lte=now) | Q(
        state__in=[Idea.State.OPEN, Idea.State.FORMING], caller__state=Member.State.LEFT
    )
    due = list(Idea.objects.filter(over))
    for idea in due:
        idea.close(by=None, now=now)
    return len(due)


def tell_ready(*, now: datetime) -> int:
    """Tell the callers of ideas that enough would join, once each; return how many.

    It isn't told as the last of them answers: what that answer does, and how long it takes, would depend
    on whether the caller would rather not be with whoever gives it.
    """
    told = Notice.objects.filter(kind="crews.idea_ready", about=OuterRef("pk"))
    ready = list(Idea.objects.ready(now).exclude(Exists(told)).select_related("caller"))
    for idea in ready:
        Notice.tell("crews.idea_ready", [idea.caller], idea, now=now)
    return len(ready)


def sweep_requests(*, now: datetime) -> int:
    """Seat, ask again, or answer "not now", as the time has come; return how many requests moved.

    A request whose last silent person has left or is away since is whole without another answer.
    """
    moved = 0
    open_ones = Request.objects.open().select_related("crew__congregation", "member")
    for request in open_ones:
        if request.member.state == Member.State.LEFT:
            request.withdraw(by=request.member, now=now)
            moved += 1
        elif request.crew.has_ended or request.asked_at <= now - NOT_NOW_AFTER:
            moved += request.join(now=now) or request.settle(now=now)
        elif request.join(now=now) or (
            request.asked_again_at is None
            and request.asked_at <= now - ASKED_AGAIN_AFTER
            and request.ask_again(now=now)
        ):
            moved += 1
    return moved


def settle_partnerships(*, now: datetime) -> int:
    """Let the wishes for partnerships go whose time is over; return how many."""
    due = PartnershipAsk.objects.due(now).select_related("first", "second", "asker")
    return sum(ask.settle(now=now) for ask in due)


def close_introductions(*, now: datetime) -> int:
    """Let the introductions go whose time is over; return how many."""
    return sum(one.close() for one in Introduction.objects.due(now))


def settle_agreements(*, now: datetime) -> int:
    """Let the agreements hold whose last silent person has left or is away since; return how many."""
    ready = Agreement.objects.ready().filter(crew__ended_at__isnull=True)
    return sum(agreement.settle(now=now) for agreement in ready)


def release_due(*, now: datetime) -> int:
    """Release the kept seats whose last day is over where their congregation is; return how many."""
    released = 0
    # No zone is further ahead than fourteen hours: a day that is over somewhere is among these.
    near = Seat.objects.overdue((now + timedelta(hours=14)).date())
    for seat in near.select_related("crew__congregation", "member", "congregation"):
        today = now.astimezone(ZoneInfo(seat.congregation.zone)).date()
        if seat.kept_until is not None and seat.kept_until < today:
            seat.release(now=now)
            released += 1
    return released
