"""One crew becomes a congregation."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from hall.forms import GrowForm


@require_http_methods(["GET", "HEAD", "POST"])
def grow(request: CongregationRequest) -> HttpResponse:
    """Show a host what opens when the crew grows into a congregation, and open it."""
    member = request.member
    here = member.congregation
    if not member.is_host:
        raise PermissionDenied
    host_page = reverse("host", kwargs={"slug": here.slug})
    if not here.is_one_crew:
        return respond(request, "hall/grow.html", after=host_page)
    form = GrowForm(request.POST if request.method == "POST" else None, initial={"name": here.name})
    if request.method == "POST" and form.is_valid():
        here.grow(name=form.cleaned_data["name"], by=member, now=clock.now())
        messages.success(request, _("%(name)s is open. Everyone here is told.") % {"name": here})
        return respond(request, "hall/grow.html", after=host_page)
    context = {"form": form, "tab": "home"}
    return respond(request, "hall/grow.html", context, status=422 if form.errors else 200)
