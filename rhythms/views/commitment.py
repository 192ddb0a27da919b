"""A crew's rhythms: proposed, said yes to by name, begun; changed, paused, stepped out of."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from congregation.models import Member
from crews.models import Crew, Seat
from rhythms import changing, committing, pausing, phrases, stepping
from rhythms.changing import ahead_of
from rhythms.forms.commitment import ChangeForm, CommitmentForm, PauseForm, RecurrenceForm
from rhythms.models import Commitment, Meeting, Pause, Rhythm, StepOut
from rhythms.models.rhythm import at_table
from rhythms.rules import Occurrence

FOUND = ("tempo", "times", "date", "time", "minutes")
# So many of the next dates are told; the rest are counted.
TOLD = 6


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Propose a rhythm to one's crew; asked for its dates first, show them."""
    member, now = request.member, clock.now()
    crews = Crew.objects.visible_to(member).select_related("congregation")
    crew = get_object_or_404(crews, pk=pk)
    people = at_table(crew)
    if member not in people:
        raise PermissionDenied
    current = list(
        Commitment.objects.visible_to(member)
        .filter(crew=crew)
        .current()
        .main_first()
        .select_related("rhythm")
    )
    last = Rhythm.objects.visible_to(member).filter(crew=crew).order_by("-starts_on").first()
    # A common time that was found fills them in.
    known: dict[str, Any] = {name: request.GET[name] for name in FOUND if name in request.GET}
    if current:
        # Beside what they have it is another one, of the first kind they haven't.
        kinds = {row.rhythm.kind for row in current}
        known |= {
            "kind": next((kind for kind in Rhythm.Kind.values if kind not in kinds), "relational"),
            "name": "",
            "time": None,
        }
    form = CommitmentForm(request.POST or None, crew=crew, last=last, now=now, initial=known)
    dates = None
    if request.method == "POST" and form.is_valid():
        rhythm, said = form.rhythm(), form.cleaned_data
        try:
            if "preview" in request.POST:
                dates = told(
                    committing.dates(
                        crew, rhythm, said["times"], said["until"], by=member, now=now
                    ),
                    rhythm,
                    is_open=form.is_open,
                )
            else:
                committing.propose(
                    crew,
                    rhythm=rhythm,
                    starts_on=rhythm.starts_on,
                    times=said["times"],
                    until=said["until"],
                    by=member,
                    now=now,
                    pk=form.pk,
                )
                words = _("Proposed, with your yes. The others are asked for theirs.")
                messages.success(request, words)
                return respond(request, "rhythms/commitment.html", after=crew)
        except ValidationError as error:
            refuse(form, error)
    context = {
        "form": form,
        "dates": dates,
        "crew": crew,
        "too_few": len(people) < crew.least,
        "seal": phrases.only_you(crew.seats_taken),
        "current": current,
        "tab": "crews",
    }
    return _answer(request, "rhythms/commitment.html", context, form)


def refuse(form: RecurrenceForm, error: ValidationError) -> None:
    """Say what a verb refuses beside the field it is about, where the form has that one."""
    names = {"starts_on": "date"}
    if not hasattr(error, "error_dict"):
        form.add_error(None, error.messages)
        return
    for name, lines in error.message_dict.items():
        field = names.get(name, name)
        form.add_error(field if field in form.fields else None, lines)


def _answer(
    request: CongregationRequest, template: str, context: dict[str, Any], form: RecurrenceForm
) -> HttpResponse:
    """Show the form; of a preview that htmx asks for, the dates alone, which aren't a fault yet."""
    if "preview" in request.POST:
        return respond(request, template, context, part="dates")
    return respond(request, template, context, status=422 if form.errors else 200)


def told(planned: list[Occurrence], rhythm: Rhythm, *, is_open: bool) -> dict[str, Any]:
    """Return dates as they are told: in words, the next ones, how many more and the last."""
    days = [one.local for one in planned]
    more = len(days) - TOLD
    return {
        "words": rhythm.words,
        "days": days[:TOLD],
        "more": more if more > 0 and not is_open else 0,
        "last": days[-1],
        "is_open": is_open,
        "zone": rhythm.zone,
    }


def _commitment(request: CongregationRequest, pk: uuid.UUID) -> Commitment:
    rows = Commitment.objects.visible_to(request.member).select_related(
        "crew__congregation", "rhythm__crew__congregation", "proposed_by"
    )
    return get_object_or_404(rows, pk=pk)


@require_safe
def commitment(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one of a crew's rhythms: what is to come of it, who is in it, when it pauses."""
    this = _commitment(request, pk)
    return respond(request, "rhythms/rhythm.html", page(this, request.member, now=clock.now()))


def page(
    this: Commitment, member: Member, *, now: datetime, pauses: PauseForm | None = None
) -> dict[str, Any]:
    """Return what the page of a rhythm shows, in as many statements however long it is."""
    rows = list(
        Meeting.objects.visible_to(member)
        .filter(commitment=this)
        .exclude(state=Meeting.State.HELD)
        .filter(starts_at__gt=now)
        .select_related("congregation")
        .order_by("starts_at")
    )
    outs = set(
        StepOut.objects.visible_to(member)
        .filter(rhythm=this.rhythm_id)
        .values_list("member_id", flat=True)
    )
    seats = (
        Seat.objects.visible_to(member)
        .taken()
        .filter(crew=this.crew)
        .select_related("member")
        .order_by("number")
    )
    here = [seat.member for seat in seats if seat.kept_until is None]
    is_here = member in here
    is_running = this.state == Commitment.State.RUNNING
    is_in = is_here and member.pk not in outs
    planned = [row for row in rows if row.planned_for]
    return {
        "commitment": this,
        "crew": this.crew,
        "ahead": rows[:TOLD],
        "more": max(len(rows) - TOLD, 0),
        "people": [(person, person.pk in outs) for person in here],
        "is_in": is_in,
        "is_out": is_here and member.pk in outs,
        "is_running": is_running,
        "may_change": is_in and is_running and bool(planned),
        "held": Meeting.objects.visible_to(member)
        .filter(commitment=this, state=Meeting.State.HELD)
        .count(),
        "pauses": Pause.objects.visible_to(member)
        .filter(rhythm=this.rhythm_id, last_on__gte=now.date())
        .order_by("first_on"),
        "pause_form": pauses or PauseForm(ahead=planned[: 2 * TOLD]),
        "ends_here": is_in and len(here) - len(outs & {one.pk for one in here}) <= this.crew.least,
        "seal": phrases.only_you(this.crew.seats_taken),
        "member": member,
        "now": now,
        "tab": "crews",
    }


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Change a rhythm from one of its meetings on, or all that is to come; asked first, show the dates."""
    member, now = request.member, clock.now()
    this = _commitment(request, pk)
    if member not in this.people():
        raise PermissionDenied
    ahead = ahead_of(this.rhythm, now=now)
    context = {
        "commitment": this,
        "crew": this.crew,
        "seal": phrases.only_you(this.crew.seats_taken),
        "tab": "crews",
    }
    if not ahead or this.state != Commitment.State.RUNNING:
        return respond(request, "rhythms/rhythm_change.html", context)
    asked = request.GET.get("since", "")
    since = next((row for row in ahead if str(row.pk) == asked), ahead[0])
    form = ChangeForm(request.POST or None, rhythm=this.rhythm, ahead=ahead, since=since, now=now)
    dates = None
    if request.method == "POST" and form.is_valid():
        try:
            if "preview" in request.POST:
                found = changing.preview(this.rhythm, form.shape, since=form.meeting, now=now)
                like = changing.like(this.rhythm, form.shape)
                dates = told(found, like, is_open=this.is_open_ended)
            else:
                changing.change(this.rhythm, form.shape, since=form.meeting, by=member, now=now)
                messages.success(request, _("Kept. The others are told once, with the new dates."))
                return respond(request, "rhythms/rhythm_change.html", after=this.page)
        except ValidationError as error:
            refuse(form, error)
    context |= {"form": form, "dates": dates, "since": since}
    return _answer(request, "rhythms/rhythm_change.html", context, form)


@require_POST
def pause(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Leave some dates out, or pause for a span."""
    member, now = request.member, clock.now()
    this = _commitment(request, pk)
    form = PauseForm(request.POST, ahead=ahead_of(this.rhythm, now=now))
    if form.is_valid():
        try:
            pausing.pause(this.rhythm, form.spans, by=member, now=now)
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, _("Left out. The others are told."))
            return respond(request, "rhythms/rhythm.html", after=this.page)
    context = page(this, member, now=now, pauses=form)
    return respond(request, "rhythms/rhythm.html", context, status=422)


@require_POST
def lift(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Take a pause back."""
    member = request.member
    rows = Pause.objects.visible_to(member).filter(rhythm__crew__isnull=False)
    this = get_object_or_404(rows.select_related("rhythm"), pk=pk)
    running = get_object_or_404(
        Commitment.objects.visible_to(member).current().select_related("crew__congregation"),
        rhythm=this.rhythm_id,
    )
    return _do(
        request,
        running,
        lambda: pausing.lift(this, by=member, now=clock.now()),
        _("You meet after all. The others are told."),
    )


@require_POST
def step_out(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Not be in a rhythm any more; the seat stays."""
    this = _commitment(request, pk)
    return _do(
        request,
        this,
        lambda: stepping.step_out(this.rhythm, by=request.member, now=clock.now()),
        _("You’ve stepped out of this rhythm. Your seat at the table stays yours."),
    )


@require_POST
def step_in(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Be in a rhythm again."""
    this = _commitment(request, pk)
    return _do(
        request,
        this,
        lambda: stepping.step_in(this.rhythm, by=request.member, now=clock.now()),
        _("You’re in again."),
    )


@require_POST
def yes(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Say one's own yes."""
    commitment = _commitment(request, pk)
    try:
        commitment.say_yes(by=request.member, now=clock.now())
        begun = commitment.state == Commitment.State.RUNNING
        words = _("All of you said yes. Here are your dates.") if begun else _("Your yes is said.")
        messages.success(request, words)
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    return respond(request, "rhythms/commitment.html", after=commitment)


@require_POST
def withdraw(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Take one's own proposal back."""
    commitment = _commitment(request, pk)
    try:
        commitment.withdraw(by=request.member, now=clock.now())
        messages.success(request, _("Taken back."))
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    return respond(request, "rhythms/commitment.html", after=commitment)


def _do(
    request: CongregationRequest, this: Commitment, verb: Callable[[], None], words: str
) -> HttpResponse:
    try:
        verb()
        messages.success(request, words)
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    return respond(request, "rhythms/rhythm.html", after=this.page)
