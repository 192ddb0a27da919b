"""Me: what others know of me, how I am reached, what I am mailed."""

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from congregation import clock
from congregation.forms import (
    ContactForm,
    CrewsForm,
    PreferencesForm,
    ProfileForm,
    ZoneForm,
)
from congregation.gate import CongregationRequest
from congregation.http import respond
from congregation.models import Contact, Member
from congregation.views.door import keep_look


@require_http_methods(["GET", "HEAD", "POST"])
def me(request: CongregationRequest) -> HttpResponse:
    """Show everything that is one's own to choose; save the profile."""
    if request.method != "POST":
        return _show(request)
    form = ProfileForm(request.POST)
    if not form.is_valid():
        return _show(request, profile=form)
    request.member.edit(**form.cleaned_data, by=request.member, now=clock.now())
    return _saved(request)


@require_POST
def contact(request: CongregationRequest) -> HttpResponse:
    """Save how one may be reached, and by whom."""
    member, now = request.member, clock.now()
    forms = [ContactForm(request.POST, kind=kind) for kind in Contact.Kind]
    valid = [form.is_valid() for form in forms]  # each, so that each says what is wrong
    if not all(valid):
        return _show(request, contacts=forms)
    for form in forms:
        Contact.give(member, form.kind, **form.cleaned_data, by=member, now=now)
    return _saved(request)


@require_POST
def crews(request: CongregationRequest) -> HttpResponse:
    """Choose whether everyone here sees one's crews."""
    form = CrewsForm(request.POST)
    form.is_valid()
    shows = form.cleaned_data["shows_crews"]
    request.member.show_crews(shows, by=request.member, now=clock.now())
    return _saved(request)


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: CongregationRequest) -> HttpResponse:
    """Show how one reads, on every device: language, zone, light, letters, motion; save it."""
    member, now = request.member, clock.now()
    sent = request.POST if request.method == "POST" else None
    form = PreferencesForm(sent, member=member, now=now)
    if request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        context = {"form": form, "tab": "more", "now": now}
        return respond(request, "congregation/preferences.html", context, status=status)
    wishes = form.cleaned_data
    zone = wishes.pop("zone")
    if member.user:
        member.user.read_in(zone)
        member.user.prefer(**wishes)
    answer = _saved(request, "preferences")
    keep_look(answer, wishes)
    return answer


@require_POST
def zone(request: CongregationRequest) -> HttpResponse:
    """Answer the question in which zone to show times, which is asked once: so, or as until now."""
    form = ZoneForm(request.POST, member=request.member)
    said = form.cleaned_data["zone"] if form.is_valid() else None
    user = request.member.user
    if user and "no" in request.POST:
        user.read_in(user.zone)
    elif user and said is not None:
        user.read_in(said)
    return HttpResponseRedirect(reverse("home", kwargs={"slug": request.member.congregation.slug}))


def _contact_forms(member: Member) -> list[ContactForm]:
    mine = {row.kind: row for row in Contact.objects.visible_to(member).filter(member=member)}
    usual = {"value": "", "shown_to": Contact.Circle.NOBODY.value}
    return [
        ContactForm(
            kind=kind,
            initial={"value": mine[kind].value, "shown_to": mine[kind].shown_to}
            if kind in mine
            else usual,
        )
        for kind in Contact.Kind
    ]


def _show(
    request: CongregationRequest,
    *,
    profile: ProfileForm | None = None,
    contacts: list[ContactForm] | None = None,
) -> HttpResponse:
    """The whole page; a form that didn't hold stands there as it was sent."""
    member = request.member
    wrong: list[BaseForm | None] = [profile, *(contacts or [])]
    fields = ["name", "pronouns", "place", "line"]
    context = {
        "profile": profile
        or ProfileForm(initial={field: getattr(member, field) for field in fields}),
        "contacts": contacts or _contact_forms(member),
        "crews": CrewsForm(initial={"shows_crews": member.shows_crews}),
        "tab": "more",
    }
    return respond(request, "congregation/me.html", context, status=422 if any(wrong) else 200)


def _saved(request: CongregationRequest, page: str = "me") -> HttpResponse:
    messages.success(request, _("Saved."))
    url = reverse(page, kwargs={"slug": request.member.congregation.slug})
    return HttpResponseRedirect(url)
