"""What is left of a person in this app when they leave the congregation. Only `hall.leaving` calls it."""

import uuid
from collections.abc import Mapping
from datetime import datetime

from django.db.models import Q

from congregation.models import Member
from crews.models import (
    Answer,
    Card,
    CommonTime,
    Crew,
    Crewless,
    FreeTime,
    Idea,
    Interest,
    Introduction,
    LeftOut,
    NotWith,
    PartnershipAsk,
    ProposalAnswer,
    Question,
    QuestionAnswer,
    Request,
    RequestAnswer,
    Seat,
    Seed,
    Seeker,
    Table,
)


def leave(member: Member, farewells: Mapping[uuid.UUID, str], *, now: datetime) -> list[Crew]:
    """Leave every crew, and take back all that waits for an answer; return the crews that were left.

    `farewells` are a few words for some of the crews, by the crew's id.
    """
    _take_back(member, now=now)
    seats = Seat.objects.taken().filter(member=member)
    crews = list(
        Crew.objects.filter(pk__in=seats.values("crew_id"))
        .select_related("congregation")
        .order_by("pk")
    )
    for crew in crews:
        crew.leave(by=member, now=now, farewell=farewells.get(crew.pk, ""))
    Crewless.objects.filter(member=member).delete()
    return crews


def _take_back(member: Member, *, now: datetime) -> None:
    """Close one's own ideas and the tables one is asked to; withdraw answers, requests, wishes and the card."""
    waiting = [Idea.State.OPEN, Idea.State.FORMING]
    for idea in Idea.objects.filter(caller=member, state__in=waiting).order_by("pk"):
        idea.close(by=member, now=now)
    asked = Table.objects.filter(places__member=member, state=Table.State.ASKING)
    for table in asked.select_related("idea__congregation").order_by("pk"):
        table.close(now=now)
    Answer.objects.filter(member=member, idea__state__in=waiting).delete()
    open_ones = Request.objects.open()
    for request in open_ones.filter(member=member).select_related("crew__congregation"):
        request.withdraw(by=member, now=now)
    RequestAnswer.objects.filter(member=member, request__in=open_ones).delete()
    QuestionAnswer.objects.filter(member=member).delete()
    for question in Question.objects.open().filter(about=member):
        question.close(now=now)
    asks = PartnershipAsk.objects.open().filter(Q(first=member) | Q(second=member))
    for ask in asks.select_related("first", "second", "asker"):
        ask.settle(now=now)
    Introduction.objects.filter(Q(member=member) | Q(other=member)).delete()
    CommonTime.objects.filter(member=member).delete()
    Seeker.objects.filter(member=member).delete()
    ProposalAnswer.objects.filter(member=member, proposal__state="asking").delete()
    Seed.objects.filter(visitor=member, visited_at__isnull=True).update(visitor=None)
    Interest.objects.filter(Q(wisher=member) | Q(other=member)).delete()
    # Whom one would rather not be with stays, both ways, in case either comes back; `erase` ends that.
    LeftOut.objects.filter(Q(member=member) | Q(other=member)).delete()
    FreeTime.objects.filter(member=member).delete()
    Card.objects.filter(member=member).delete()


def erase(member: Member) -> None:
    """Delete what others and oneself had chosen of someone who is erased. Only `hall.closing` calls it."""
    NotWith.objects.filter(Q(member=member) | Q(other=member)).delete()
