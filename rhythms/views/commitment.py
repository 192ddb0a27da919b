"""A rhythm for a limited time: proposed, said yes to by name, begun."""

import uuid

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from crews.models import Crew
from rhythms import committing, phrases
from rhythms.forms.commitment import CommitmentForm
from rhythms.models import Commitment, Rhythm
from rhythms.models.rhythm import at_table

FOUND = ("tempo", "times", "date", "time", "minutes")


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Propose a rhythm to one's crew."""
    member, now = request.member, clock.now()
    crews = Crew.objects.visible_to(member).select_related("congregation")
    crew = get_object_or_404(crews, pk=pk)
    people = at_table(crew)
    if member not in people:
        raise PermissionDenied
    last = Rhythm.objects.visible_to(member).filter(crew=crew).order_by("-starts_on").first()
    # A common time that was found fills them in.
    known = {name: request.GET[name] for name in FOUND if name in request.GET}
    form = CommitmentForm(request.POST or None, crew=crew, last=last, now=now, initial=known)
    if request.method == "POST" and form.is_valid():
        rhythm = form.rhythm()
        try:
            committing.propose(
                crew,
                rhythm=rhythm,
                starts_on=rhythm.starts_on,
                times=form.cleaned_data["times"],
                by=member,
                now=now,
                pk=form.pk,
            )
        except ValidationError as error:
            form.add_error("date" if hasattr(error, "error_dict") else None, error.messages)
        else:
            messages.success(
                request, _("Proposed, with your yes. The others are asked for theirs.")
            )
            return respond(request, "rhythms/commitment.html", after=crew)
    context = {
        "form": form,
        "crew": crew,
        "too_few": len(people) < crew.least,
        "seal": phrases.only_you(crew.seats_taken),
        "current": Commitment.objects.visible_to(member).filter(crew=crew).current().first(),
        "tab": "crews",
    }
    status = 422 if form.errors else 200
    return respond(request, "rhythms/commitment.html", context, status=status)


def _commitment(request: CongregationRequest, pk: uuid.UUID) -> Commitment:
    rows = Commitment.objects.visible_to(request.member).select_related(
        "crew__congregation", "rhythm"
    )
    return get_object_or_404(rows, pk=pk)


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
