"""Home: the week, one's crews as tables, and what waits."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any, Final

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from congregation.models import Letter, Member
from crews import pool, suggesting
from crews.models import Card, Crew, Seat
from hall.waiting import unlogged, waiting
from rhythms.models import Commitment, Meeting, StepOut
from rhythms.week import week

# More segments than these are no longer told apart.
MOST_IN_RING: Final = 26


@require_safe
def home(request: CongregationRequest) -> HttpResponse:
    """Show a member their week, their crews and what waits for them."""
    member, now = request.member, clock.now()
    todo = waiting(member, now=now)
    tables = crews_of(member, now=now)
    days = week(member, now=now)
    return respond(
        request,
        "hall/home.html",
        {
            "now": now,
            "asks_zone": bool(member.user and not member.user.zone and not member.user.zone_said),
            "days": days,
            "has_beats": any(day.beats for day in days),
            "crews": tables,
            "lookback": next((item for item in todo if item.kind == "lookback"), None),
            "todo": [item for item in todo if item.kind != "lookback"],
            "to_log": unlogged(member, now=now),
            "with_room": None if tables else rooms(member),
            "letter": latest_letter(member, now=now),
            **finding(member, now=now),
        },
    )


def latest_letter(member: Member, *, now: datetime) -> Letter | None:
    """Return the letter that went to everyone lately; whether someone has read it is not asked."""
    rows = Letter.objects.visible_to(member).filter(sent_at__gt=now - timedelta(days=31))
    return rows.select_related("congregation").order_by("-sent_at").first()


def finding(member: Member, *, now: datetime) -> dict[str, Any]:
    """Return whether a member looks for a crew and, if they do, the first whom they are suggested today."""
    if member.congregation.is_one_crew:
        return {}
    card = Card.objects.visible_to(member).filter(member=member).first() or Card(member=member)
    suggested = suggesting.suggest(pool.enter(member, now=now)) if card.is_looking else []
    return {"card": card, "states": Card.State.choices, "suggested": suggested[:1]}


def crews_of(member: Member, *, now: datetime) -> list[dict[str, Any]]:
    """Return a member's crews, each with its commitment, how far it is, and the next meeting."""
    crews = list(
        Crew.objects.visible_to(member)
        .of(member)
        .alive()
        .select_related("congregation")
        .order_by("name")
    )
    running = list(
        Commitment.objects.visible_to(member)
        .filter(
            crew__in=crews,
            state__in=[Commitment.State.RUNNING, Commitment.State.LOOKING_BACK],
        )
        .main_first()
    )
    # The ring is of a crew's main commitment; what comes next may be of any.
    commitments: dict[Any, Commitment] = {}
    for row in running:
        commitments.setdefault(row.crew_id, row)
    held: dict[Any, int] = defaultdict(int)
    ahead: dict[Any, Meeting] = {}
    out = StepOut.objects.visible_to(member).filter(member=member).values("rhythm_id")
    main = {row.pk for row in commitments.values()}
    for meeting in (
        Meeting.objects.visible_to(member)
        .filter(commitment__in=running)
        .exclude(commitment__rhythm__in=out)
        .select_related("congregation")
        .order_by("starts_at")
    ):
        if meeting.state == Meeting.State.HELD:
            held[meeting.crew_id] += meeting.commitment_id in main
        elif meeting.state == Meeting.State.PLANNED and meeting.ends_at > now:
            ahead.setdefault(meeting.crew_id, meeting)
    kept: dict[Any, int] = defaultdict(int)
    mine: dict[Any, int] = {}
    for crew_id, member_id, number, kept_until in (
        Seat.objects.visible_to(member)
        .taken()
        .filter(crew__in=crews)
        .order_by("number")
        .values_list("crew_id", "member_id", "number", "kept_until")
    ):
        kept[crew_id] += kept_until is not None
        if member_id == member.pk:
            mine[crew_id] = number
    return [
        {
            "crew": crew,
            "commitment": commitments.get(crew.pk),
            "held": held[crew.pk],
            "total": ring_of(commitments.get(crew.pk)),
            "next": ahead.get(crew.pk),
            "kept": kept[crew.pk],
            "people": crew.seats_taken - kept[crew.pk],
        }
        for crew in crews
    ]


def ring_of(commitment: Commitment | None) -> int:
    """Return how many meetings the ring of a commitment shows: none where it has no end, or is very long."""
    times = commitment.times if commitment else None
    return times if times and times <= MOST_IN_RING else 0


def rooms(member: Member) -> Crew | None:
    """Return a crew with an open seat, for someone who sits in none."""
    return (
        Crew.objects.visible_to(member)
        .with_room()
        .exclude(is_partnership=True)
        .order_by("founded_at")
        .first()
    )
