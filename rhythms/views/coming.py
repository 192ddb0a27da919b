"""Whether one comes."""

import uuid

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from rhythms.forms.meeting import ComingForm
from rhythms.models import Coming
from rhythms.views.meeting import after, meetings_of, page, who_comes


@require_POST
def coming(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Say whether one comes, with a word and what one brings."""
    member, now = request.member, clock.now()
    this = get_object_or_404(meetings_of(member), pk=pk)
    form = ComingForm(request.POST)
    was = Coming.objects.visible_to(member).filter(meeting=this, member=member).first()
    if form.is_valid():
        said = {
            name: form.cleaned_data[name] for name in ("word", "brings") if name in request.POST
        }
        try:
            this.come(answer=form.cleaned_data["answer"], by=member, now=now, **said)
        except ValidationError as error:
            messages.warning(request, " ".join(error.messages))
            return respond(request, "rhythms/meeting.html", after=after(request, this))
    else:
        context = page(this, member, now=now) | {"form": form}
        return respond(request, "rhythms/meeting.html", context, part="coming", status=422)
    cant = Coming.Answer.CANT
    # Who is away shows in the picture and may move the turn: then the whole page is loaded anew.
    is_alike = (was is not None and was.answer == cant) == (form.cleaned_data["answer"] == cant)
    return respond(
        request,
        "rhythms/meeting.html",
        who_comes(this, member, now=now) | {"here": request.POST.get("here", "")},
        part="coming" if is_alike else "",
        after=after(request, this),
    )
