"""We met, in at most four taps; or we didn't."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from congregation.models import Member
from rhythms import phrases
from rhythms.forms.meeting import WeMetForm
from rhythms.models import Log, Meeting, Mood, Presence
from rhythms.views.meeting import after, meetings_of


def known(this: Meeting, people: list[Member], member: Member) -> dict[str, Any]:
    """Return what is known already: what was noted, or that all came who didn't say they can't."""
    seen = this.times_said
    if this.state != Meeting.State.HELD:
        cant = this.cant()
        here = [str(person.pk) for person in people if person.pk not in cant]
        return {"here": here, "seen": seen}
    came = Presence.objects.visible_to(member).filter(meeting=this)
    mine = Mood.objects.visible_to(member).filter(meeting=this).first()
    log = Log.objects.visible_to(member).filter(meeting=this).first()
    return {
        "here": [str(pk) for pk in came.values_list("member_id", flat=True)],
        "mood": mine.word if mine else "",
        "note": log.note if log else "",
        "seen": seen,
    }


@require_http_methods(["GET", "HEAD", "POST"])
def we_met(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Note that a crew met: who was there, how it was, one line; or correct it."""
    member, now = request.member, clock.now()
    this = get_object_or_404(meetings_of(member).filter(crew__isnull=False), pk=pk)
    crew, people = this.crew, this.people()
    if crew is None or member not in people:
        raise PermissionDenied
    is_sent = request.method == "POST"
    form = WeMetForm(
        request.POST if is_sent else None,
        people=people,
        cant=() if is_sent else this.cant(),
        reader=member,
        initial={} if is_sent else known(this, people, member),
    )
    context = {
        "form": form,
        "meeting": this,
        "crew": crew,
        "now": now,
        "too_soon": this.starts_at > now,
        "seal": phrases.only_you(crew.seats_taken),
        "tab": "crews",
    }
    if is_sent and form.is_valid():
        try:
            this.log(by=member, now=now, people=people, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
            if error.code == "stale":
                # Sent again, it corrects what this page has told of.
                form.data = request.POST.copy() | {"seen": str(this.times_said)}
        else:
            messages.success(request, _("Noted. Thank you for keeping the rhythm."))
            return respond(request, "rhythms/we_met.html", after=after(request, this))
    status = 422 if form.errors else 200
    return respond(request, "rhythms/we_met.html", context, part="form", status=status)


@require_POST
def mood(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Say how a meeting was for oneself."""
    this = get_object_or_404(meetings_of(request.member), pk=pk)
    try:
        this.say_mood(request.POST.get("mood", ""), by=request.member, now=clock.now())
        messages.success(request, _("Kept. It shows when three have said."))
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    return respond(request, "rhythms/meeting.html", after=this)


@require_POST
def not_held(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Note that a meeting did not take place."""
    this = get_object_or_404(meetings_of(request.member), pk=pk)
    try:
        this.not_held(by=request.member, now=clock.now())
        messages.success(request, _("Noted as a rest. Rest is a rhythm too."))
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    return respond(request, "rhythms/we_met.html", after=after(request, this))
