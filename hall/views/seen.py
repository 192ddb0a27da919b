"""As others see me: one's own page, drawn by the same code for someone else."""

import uuid

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from congregation.models import Member
from crews.models import Crew, Seat
from hall.views.people import shown_to


@require_safe
def as_member(request: CongregationRequest) -> HttpResponse:
    """Show oneself as someone of the congregation sees one who sits in no crew with them."""
    me = request.member
    # Nobody there is: a reader with an id of their own, whom no row names.
    reader = Member(congregation=me.congregation, state=Member.State.ACTIVE)
    reader.is_host = False
    return _show(request, reader)


@require_safe
def as_crew(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Show oneself as someone of one's crew sees one; 404 where one doesn't sit."""
    me = request.member
    crew = get_object_or_404(Crew.objects.visible_to(me).of(me).alive(), pk=pk)
    others = Seat.objects.visible_to(me).taken().filter(crew=crew).exclude(member=me)
    seat = others.select_related("member__congregation").order_by("number").first()
    if seat is None:
        raise Http404
    seat.member.is_host = False
    return _show(request, seat.member, crew=crew)


@require_safe
def as_stranger(request: CongregationRequest) -> HttpResponse:
    """Say what someone sees who isn't signed in, or not from here: nothing."""
    return respond(request, "hall/as_stranger.html", {"crews_mine": mine(request), "tab": "more"})


def mine(request: CongregationRequest) -> list[Crew]:
    """Return the crews of which there is someone else to see one with."""
    crews = Crew.objects.visible_to(request.member).of(request.member).alive()
    return list(crews.filter(seats_taken__gt=1).select_related("congregation").order_by("name"))


def _show(request: CongregationRequest, reader: Member, crew: Crew | None = None) -> HttpResponse:
    me = get_object_or_404(
        Member.objects.visible_to(reader).select_related("congregation"), pk=request.member.pk
    )
    context = shown_to(reader, me, now=clock.now())
    preview = {"is_preview": True, "preview_crew": crew, "crews_mine": mine(request), "tab": "more"}
    return respond(request, "hall/member.html", {**context, **preview})
