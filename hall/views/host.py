"""The hosts' first view: size against threshold, who has no crew yet, when crews last met."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from congregation.models import Host, Member
from crews.models import Crew, Crewless, Introduction, Season
from hall import rules
from hall.rules import Past, Standing
from rhythms.models import Evening, Meeting


@require_safe
def host(request: CongregationRequest) -> HttpResponse:
    """Show a host how the congregation is; others have no such page."""
    member, now = request.member, clock.now()
    if not member.is_host:
        raise PermissionDenied
    if member.congregation.is_one_crew:
        one = Crew.objects.visible_to(member).select_related("congregation")
        return respond(request, "hall/host_one.html", {"crew": one.the_one(member.congregation)})
    context = {
        **room_at_the_table(member, now=now),
        **crews_lately(member, now=now),
        "crewless": list(
            Crewless.objects.visible_to(member)
            .select_related("member__congregation")
            .order_by("since")
        ),
        "wished": list(
            Introduction.objects.visible_to(member)
            .wished()
            .filter(member__state__in=[Member.State.ACTIVE, Member.State.AWAY])
            .select_related("member__congregation")
            .order_by("wished_at")
        ),
        "terms": Host.objects.visible_to(member)
        .in_term(now)
        .filter(member=member, until__isnull=False, until__lte=(now + timedelta(days=60)).date()),
        "evening": Evening.objects.visible_to(member)
        .ahead(now)
        .select_related("congregation")
        .first(),
        "season": Season.objects.visible_to(member).running().first(),
        "now": now,
    }
    return respond(request, "hall/host.html", context)


def room_at_the_table(member: Member, *, now: datetime) -> dict[str, Any]:
    """Return the size of the congregation beside its threshold.

    Who is happy without a crew is not told from who sits in one.
    """
    here = Member.objects.visible_to(member)
    people, out = here.count(), Crewless.objects.visible_to(member).count()
    threshold = member.congregation.split_threshold
    year = now - timedelta(days=365)
    weeks = rules.weeks_to(threshold, people, here.filter(joined_at__gte=year).count())
    return {
        "people": people,
        "out": out,
        "placed": people - out,
        "threshold": threshold,
        "free": max(threshold - people, 0),
        "weeks_left": weeks,
        "is_founding": people < 30,
    }


LABELS = {
    Standing.VISIT: ("sun", "footprints"),
    Standing.IN_RHYTHM: ("sage", "check"),
    Standing.LOOKING_BACK: ("plum", "rotate-ccw"),
    Standing.FORMING: ("sky", "table"),
    Standing.RESTING: ("dusk", "moon"),
}


def crews_lately(member: Member, *, now: datetime) -> dict[str, Any]:
    """Return the crews by how they are doing, and twelve weeks of each; partnerships are nobody's business."""
    zone = ZoneInfo(member.congregation.zone)
    today = now.astimezone(zone).date()
    crews = list(
        Crew.objects.visible_to(member)
        .alive()
        .filter(is_partnership=False)
        .select_related("congregation")
        .order_by("name")
    )
    past: dict[Any, list[Past]] = defaultdict(list)
    for crew_id, starts_at, ends_at, state, came, seated in (
        Meeting.objects.visible_to(member)
        .filter(
            crew__isnull=False,
            starts_at__gte=now - timedelta(weeks=rules.WEEKS + 14),
            ends_at__lte=now,
        )
        .exclude(state=Meeting.State.CANCELLED)
        .values_list("crew_id", "starts_at", "ends_at", "state", "came", "seated")
    ):
        held = {Meeting.State.HELD: True, Meeting.State.NOT_HELD: False}.get(Meeting.State(state))
        past[crew_id].append(
            Past(starts_at.astimezone(zone).date(), ends_at, held, came or 0, seated or 0)
        )
    groups: dict[Standing, list[dict[str, Any]]] = {kind: [] for kind in Standing}
    for crew in crews:
        recent = rules.lately(past[crew.pk], now=now)
        kind = rules.standing(crew.state, crew.cycle_ends_on, recent, today=today)
        rests = crew.rests_since.astimezone(zone).date() if crew.rests_since else None
        groups[kind].append(
            {
                "crew": crew,
                "lately": recent,
                "beats": rules.beats(past[crew.pk], today=today, rests_since=rests),
            }
        )
    names = {
        Standing.VISIT: _("Could use a visit"),
        Standing.IN_RHYTHM: _("In rhythm"),
        Standing.LOOKING_BACK: _("Looking back"),
        Standing.FORMING: _("Forming"),
        Standing.RESTING: _("Resting"),
    }
    monday = today - timedelta(days=today.weekday())
    return {
        "crew_count": len(crews),
        "groups": [
            {
                "key": kind.value,
                "name": names[kind],
                "tone": LABELS[kind][0],
                "icon": LABELS[kind][1],
                "rows": rows,
            }
            for kind, rows in groups.items()
            if rows
        ],
        "visits": groups[Standing.VISIT],
        "weeks": [monday - timedelta(weeks=back) for back in range(rules.WEEKS - 1, -1, -1)],
        "today": today,
    }
