"""People: everyone here, and each one's own page."""

import uuid
from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from congregation.models import Contact, Host, Member
from crews.models import Card, Crew, LeftOut, NotWith, PartnershipAsk, Seat

A_PAGE = 24
NEW = timedelta(days=30)


@require_safe
def people(request: CongregationRequest) -> HttpResponse:
    """Show everyone by name, who is new, and those whom one searches for."""
    me, now = request.member, clock.now()
    words = " ".join(request.GET.get("q", "").split())[:80]
    everyone = Member.objects.visible_to(me).select_related("congregation")
    found, is_close = everyone.matching(words)
    pages = Paginator(found, A_PAGE)
    page = pages.get_page(request.GET.get("page"))
    # With htmx a page is added to the ones before it; without, the address shows all up to it.
    ids = list(page) if getattr(request, "htmx", False) else found[: page.end_index()]
    by_id = everyone.in_bulk(ids)
    shown = [by_id[pk] for pk in ids if pk in by_id]
    newest = [] if words or page.number > 1 else _newest(me, now=now)
    crews = _crews_of(me, {member.pk for member in [*shown, *newest]})
    context = {
        "page": page,
        "shown": [(member, crews[member.pk]) for member in shown],
        "newest": [(member, crews[member.pk]) for member in newest],
        "words": words,
        "is_close": is_close,
        "total": pages.count,
        "here": everyone.count() if words else pages.count,
        "card": Card.objects.visible_to(me).filter(member=me).first(),
        "now": now,
        "next_size": min(A_PAGE, pages.count - page.end_index()),
    }
    return respond(request, "hall/people.html", context, part="further")


def _newest(me: Member, *, now: datetime) -> list[Member]:
    """Who came in the last weeks, unless that is nearly everyone, as in a congregation that is founding."""
    everyone = Member.objects.visible_to(me).select_related("congregation")
    newest = list(everyone.filter(joined_at__gte=now - NEW).order_by("-joined_at", "pk")[:A_PAGE])
    return newest if len(newest) * 2 <= everyone.count() else []


def _crews_of(me: Member, of: Collection[uuid.UUID]) -> defaultdict[uuid.UUID, list[Crew]]:
    """Return the crews that each of these people shows to me, or sits in with me; never partnerships."""
    crews: defaultdict[uuid.UUID, list[Crew]] = defaultdict(list)
    seats = (
        Seat.objects.visible_to(me)
        .at_table()
        .filter(member__in=of, crew__is_partnership=False)
        .exclude(crew__state=Crew.State.ENDED)
        .select_related("crew__congregation")
        .order_by("crew__name")
    )
    for seat in seats:
        crews[seat.member_id].append(seat.crew)
    return crews


@require_safe
def member(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Show who someone is, their crews, and how they may be reached, as far as they show it to me."""
    person = get_object_or_404(
        Member.objects.visible_to(request.member).select_related("congregation"), pk=pk
    )
    now = clock.now()
    context = shown_to(request.member, person, now=now) | _own(request.member, person, now=now)
    return respond(request, "hall/member.html", context)


def _own(me: Member, person: Member, *, now: datetime) -> dict[str, Any]:
    """Return what a person's page has for its reader alone, and never for a preview: whether I look, on my
    own page; on another's, whether I chose not to be with them.
    """
    if me.congregation.is_one_crew:
        return {}
    if person.pk == me.pk:
        card = Card.objects.visible_to(me).filter(member=me).first() or Card(member=me)
        return {"card": card, "states": Card.State.choices}
    left_out = LeftOut.objects.visible_to(me).in_force(now).filter(other=person)
    is_apart = NotWith.objects.visible_to(me).filter(other=person).exists()
    return {"mine_of": {"is_apart": is_apart, "left_out": left_out.exists()}}


def shown_to(reader: Member, person: Member, *, now: datetime) -> dict[str, Any]:
    """Return what `hall/member.html` shows to a reader of a person."""
    mates = Seat.objects.visible_to(reader).mates_of(reader)
    contacts = Contact.objects.visible_to(reader, mates=mates)
    return {
        "person": person,
        "is_me": person.pk == reader.pk,
        "crews": _crews_of(reader, [person.pk])[person.pk],
        "contacts": list(contacts.filter(member=person).order_by("kind")),
        "may_partner": reader.pk is not None
        and reader.state in {Member.State.ACTIVE, Member.State.AWAY}
        and PartnershipAsk.may_ask(reader, person),
        "hosting": Host.objects.visible_to(reader).in_term(now).filter(member=person).first(),
        "now": now,
        "tab": "people",
    }
