"""What a demo says, in one number: the same for the same seed, whatever ids, tokens and seals it got."""

import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count

from congregation.models import Congregation, Contact, Host, Invitation, Member, Tenanted
from crews.models import (
    Agreement,
    Answer,
    Card,
    Crew,
    FreeTime,
    Greeting,
    Hello,
    Idea,
    Interest,
    Pin,
    Request,
    Seat,
    Table,
)
from hall.demo.copying import tenanted
from rhythms.models import Coming, Commitment, CommitmentYes, Decision, LookBack, Meeting


def digest(first: Congregation, copies: Iterable[Congregation]) -> str:
    """Return a number for the content: names, states, counts, and days since it was founded.

    Weekdays count from that of the founding, so that it is the same on every day. What is monthly
    falls differently in every month, so none of its days count. Of copies, which have the same past,
    only who is there, in which crews, and how much of everything.
    """
    found = hashlib.sha256()
    counts = {model: _counts(model) for model in tenanted()}
    for content in (_content(first), *(_outline(copy, counts) for copy in copies)):
        found.update(json.dumps(content, ensure_ascii=False, sort_keys=True).encode())
    return found.hexdigest()


def _counts(model: type[Tenanted]) -> dict[uuid.UUID, int]:
    """Return how many rows each congregation has of one kind."""
    rows = model._default_manager.order_by().values_list("congregation")
    return dict(rows.annotate(n=Count("pk")))


def _outline(
    here: Congregation, counts: dict[type[Tenanted], dict[uuid.UUID, int]]
) -> dict[str, Any]:
    people = Member.objects.filter(congregation=here).values_list("name", "pronouns", "line")
    crews = Crew.objects.filter(congregation=here).values_list("name", "state", "seats_taken")
    return {
        "name": [here.name, here.slug, here.places_taken],
        "people": sorted(map(list, people)),
        "crews": sorted(map(list, crews)),
        "counts": {model._meta.label: rows.get(here.pk, 0) for model, rows in counts.items()},
    }


def _content(here: Congregation) -> dict[str, Any]:
    zone = ZoneInfo(here.zone)
    begun_on = here.founded_at.astimezone(zone).date()

    def day(moment: datetime | None) -> int | None:
        return None if moment is None else (moment.astimezone(zone).date() - begun_on).days

    def days(on: date | None) -> int | None:
        return None if on is None else (on - begun_on).days

    def wall(moment: datetime) -> str:
        return f"{day(moment)} {moment.astimezone(zone):%H:%M}"

    def rows(model: Any, *fields: str) -> list[list[Any]]:
        found = model.objects.filter(congregation=here).values_list(*fields)
        return sorted((list(row) for row in found), key=lambda row: json.dumps(row, default=str))

    # By the month's weekdays: how many there are depends on when the demo is made.
    by_month = ["monthly", "halfyearly"]
    regular = Meeting.objects.filter(congregation=here).exclude(rhythm__tempo__in=by_month)
    return {
        "name": [here.name, here.slug, here.places_taken],
        "people": rows(Member, "name", "pronouns", "place", "line", "state", "shows_crews"),
        "came": sorted(
            [name, day(at)]
            for name, at in Member.objects.filter(congregation=here).values_list(
                "name", "joined_at"
            )
        ),
        "hosts": sorted(
            [name, day(since), days(until)]
            for name, since, until in Host.objects.filter(congregation=here).values_list(
                "member__name", "since", "until"
            )
        ),
        "contacts": rows(Contact, "member__name", "kind", "shown_to"),
        "invitations": sorted(
            [name, bool(approved), bool(accepted)]
            for name, approved, accepted in Invitation.objects.filter(
                congregation=here
            ).values_list("name", "approved_at", "accepted_at")
        ),
        "cards": rows(Card, "member__name", "state", "kinds", "tempos", "where"),
        "free": sorted(
            [name, (weekday - begun_on.weekday()) % 7, begins, ends]
            for name, weekday, begins, ends in FreeTime.objects.filter(
                congregation=here
            ).values_list("member__name", "weekday", "begins", "ends")
        ),
        "wishes": rows(Interest, "wisher__name", "other__name"),
        "hellos": [
            Hello.objects.filter(congregation=here).count(),
            Hello.objects.filter(congregation=here, picked_at__isnull=False).count(),
            rows(Greeting, "member__name"),
        ],
        "crews": rows(
            Crew, "name", "purpose", "kind", "state", "is_partnership", "seats_taken", "tempo"
        ),
        "seats": sorted(
            [crew, number, name, kept is not None, left is not None]
            for crew, number, name, kept, left in Seat.objects.filter(
                congregation=here
            ).values_list("crew__name", "number", "member__name", "kept_until", "left_at")
        ),
        "agreements": rows(Agreement, "crew__name", "version"),
        "pins": rows(Pin, "crew__name", "kind"),
        "ideas": rows(Idea, "name", "caller__name", "state", "tempo", "times"),
        "answers": rows(Answer, "idea__name", "member__name", "choice"),
        "tables": rows(Table, "idea__name", "state"),
        "requests": rows(Request, "crew__name", "member__name", "state"),
        "commitments": rows(Commitment, "crew__name", "number", "times", "state"),
        "yeses": rows(
            CommitmentYes, "commitment__crew__name", "commitment__number", "member__name"
        ),
        "meetings": sorted(
            [str(crew), number, commitment, wall(starts_at), state, came]
            for crew, number, commitment, starts_at, state, came in regular.filter(
                crew__isnull=False
            ).values_list(
                "crew__name", "number", "commitment__number", "starts_at", "state", "came"
            )
        ),
        "coming": sorted(
            Counter(
                f"{crew} {answer}"
                for crew, answer in Coming.objects.filter(
                    congregation=here, meeting__in=regular.values("pk")
                ).values_list("meeting__crew__name", "answer")
            ).items()
        ),
        "lookbacks": sorted(
            [crew, number, opened is not None, ways]
            for crew, number, opened, ways in LookBack.objects.filter(congregation=here)
            .annotate(ways=Count("decisions"))
            .values_list("crew__name", "commitment__number", "revealed_at", "ways")
        ),
        "ways": rows(
            Decision, "lookback__crew__name", "lookback__commitment__number", "member__name", "way"
        ),
    }
