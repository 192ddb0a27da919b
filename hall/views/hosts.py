"""Hosting: who hosts, asking someone to host as well, and laying it down."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from congregation.models import Host
from hall.forms import HostForm


@require_http_methods(["GET", "HEAD", "POST"])
def hosts(request: CongregationRequest) -> HttpResponse:
    """Show a host who hosts; ask someone to host as well."""
    if not request.member.is_host:
        raise PermissionDenied
    sent = request.POST if request.method == "POST" else None
    form = HostForm(sent, member=request.member, now=clock.now())
    if request.method != "POST" or not form.is_valid():
        return _show(request, form, status=422 if request.method == "POST" else 200)
    person = form.cleaned_data["person"]
    try:
        Host.hand_on(person, by=request.member, now=clock.now())
    except ValidationError as error:
        form.add_error("person", error)
        return _show(request, form, status=422)
    messages.success(request, _("%(name)s hosts as well now, and is told.") % {"name": person.name})
    return respond(request, "hall/hosts.html", after=_here(request))


@require_POST
def lay_down(request: CongregationRequest) -> HttpResponse:
    """End one's own term; the last host hands on first."""
    member, now = request.member, clock.now()
    try:
        Host.lay_down(member, by=member, now=now)
    except ValidationError as error:
        form = HostForm(member=member, now=now)
        return _show(request, form, fault=" ".join(error.messages), status=422)
    messages.success(request, _("Thank you for hosting. You are one of us as before."))
    home = reverse("home", kwargs={"slug": member.congregation.slug})
    return respond(request, "hall/hosts.html", after=home)


def _here(request: CongregationRequest) -> str:
    return reverse("hosts", kwargs={"slug": request.member.congregation.slug})


def _show(
    request: CongregationRequest, form: HostForm, *, fault: str = "", status: int = 200
) -> HttpResponse:
    now = clock.now()
    terms = Host.objects.visible_to(request.member).in_term(now)
    context = {
        "terms": list(terms.select_related("member__congregation").order_by("since", "pk")),
        "form": form,
        "fault": fault,
        "now": now,
        "tab": "host",
    }
    return respond(request, "hall/hosts.html", context, status=status)
