"""Where there is help outside: hosts set it, everyone here sees it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from congregation import clock
from congregation.forms import HelpNumberForm
from congregation.gate import CongregationRequest
from congregation.http import respond
from congregation.models import HelpNumber
from congregation.models.help_number import MOST_NUMBERS, Line


@require_http_methods(["GET", "HEAD", "POST"])
def help_numbers(request: CongregationRequest) -> HttpResponse:
    """Set the numbers that everyone here sees wherever something could be too much."""
    member = request.member
    if not member.is_host:
        raise PermissionDenied
    known = [
        Line(*row)._asdict()
        for row in HelpNumber.objects.visible_to(member).values_list("name", "way", "when")
    ]
    sent = request.POST if request.method == "POST" else None
    rows = MOST_NUMBERS if sent else min(max(len(known) + 1, 3), MOST_NUMBERS)
    forms = [
        HelpNumberForm(sent, prefix=str(at), initial=known[at] if at < len(known) else None)
        for at in range(rows)
    ]
    context = {"forms": forms, "tab": "host"}
    if sent is None:
        return respond(request, "congregation/help_numbers.html", context)
    valid = [form.is_valid() for form in forms]  # each, so that each says what is wrong
    if not all(valid):
        return respond(request, "congregation/help_numbers.html", context, status=422)
    lines = [Line(**form.cleaned_data) for form in forms if form.cleaned_data.get("way")]
    HelpNumber.put(lines, by=member, now=clock.now())
    messages.success(request, _("Kept. Everyone here sees them."))
    here = reverse("help-numbers", kwargs={"slug": member.congregation.slug})
    return respond(request, "congregation/help_numbers.html", after=here)
