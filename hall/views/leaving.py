"""Leaving a congregation, after a page that says what happens then; being away for a while."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

import hall.leaving
from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from hall import being_away
from hall.forms import LeaveForm


@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: CongregationRequest) -> HttpResponse:
    """Say what happens when one leaves; leave."""
    member, now = request.member, clock.now()
    then = hall.leaving.consequences(member, now=now)
    form = LeaveForm(request.POST if request.method == "POST" else None, crews=then.crews)
    context = {"then": then, "form": form, "tab": "more"}
    if request.method != "POST":
        return respond(request, "hall/leave.html", context)
    if form.is_valid():
        try:
            hall.leaving.leave(member, farewells=form.farewells, by=member, now=now)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            left = {"name": member.congregation.name}
            messages.success(request, _("You have left %(name)s. Thank you for the time.") % left)
            return HttpResponseRedirect(reverse("door"))
    return respond(request, "hall/leave.html", context, status=422)


@require_POST
def away(request: CongregationRequest) -> HttpResponse:
    """Be away for a while."""
    being_away.go(request.member, by=request.member, now=clock.now())
    messages.success(request, _("You are away for a while. Your seats stay yours."))
    return _me(request)


@require_POST
def back(request: CongregationRequest) -> HttpResponse:
    """Be here again."""
    being_away.come_back(request.member, by=request.member, now=clock.now())
    messages.success(request, _("Good to have you back."))
    return _me(request)


def _me(request: CongregationRequest) -> HttpResponse:
    url = reverse("me", kwargs={"slug": request.member.congregation.slug})
    return HttpResponseRedirect(f"{url}#here")
