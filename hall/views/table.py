"""The private answer to a forming table; with the last yes, its crew begins."""

import uuid

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from crews.forms.ideas import YesForm
from crews.models import Table
from crews.views import ideas
from hall import founding


@require_POST
def table_answer(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Say in private whether one would, with these people."""
    member, now = request.member, clock.now()
    tables = Table.objects.visible_to(member).select_related(
        "idea__congregation", "idea__caller__congregation", "idea__crew"
    )
    table = get_object_or_404(tables, pk=pk)
    form, crew = YesForm(request.POST), None
    if form.is_valid():
        try:
            crew = founding.answer(table, form.cleaned_data["is_yes"], by=member, now=now)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
    else:
        messages.error(request, _("Say yes or not this time."))
    if crew is not None:
        words = _("Everyone has said yes: %(crew)s begins.")
        messages.success(request, words % {"crew": crew.name})
        return respond(request, "crews/idea.html", after=crew)
    context = ideas.page(table.idea, member=member, now=now)
    return respond(request, "crews/idea.html", context, part="idea", after=table.idea)
