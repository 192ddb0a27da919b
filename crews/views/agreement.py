"""The crew agreement: read, printed, written together, said yes to."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from congregation.templatetags import look
from crews.forms.crews import AgreementForm
from crews.models import Agreement, AgreementYes, Crew, Idea
from crews.views import crews


@require_safe
def agreement(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Show what a crew agreed, to its people; the page prints on one sheet."""
    crew = crews.find_mine(request, pk)
    context = {
        "crew": crew,
        "now": clock.now(),
        **crews.agreement(crew, member=request.member),
        **_versions(crew, request),
    }
    return respond(request, "crews/agreement.html", context)


def _versions(crew: Crew, request: CongregationRequest) -> dict[str, Any]:
    """Return every version with who said yes to it, the latest first, and the one that is asked for."""
    member = request.member
    rows = list(
        Agreement.objects.visible_to(member)
        .filter(crew=crew)
        .select_related("made_by", "crew")
        .order_by("-version")
    )
    names: dict[uuid.UUID, list[str]] = {row.pk: [] for row in rows}
    for yes in (
        AgreementYes.objects.visible_to(member)
        .filter(agreement__in=rows)
        .select_related("member")
        .order_by("said_at")
    ):
        names[yes.agreement_id].append(yes.member.first_name)
    asked = request.GET.get("version", "")
    return {
        "versions": [(row, ", ".join(names[row.pk])) for row in rows],
        "earlier": next((row for row in rows[1:] if str(row.version) == asked), None),
    }


@require_http_methods(["GET", "HEAD", "POST"])
def agreement_write(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Write the next version; where someone else has written meanwhile, both are shown."""
    member, now = request.member, clock.now()
    crew = crews.find_mine(request, pk)
    latest = Agreement.objects.visible_to(member).latest_of(crew)
    if request.method != "POST":
        initial = {**latest.words, "read": latest.version} if latest else _from_idea(crew, request)
        form = AgreementForm(initial=initial)
        return respond(request, "crews/agreement_write.html", {"crew": crew, "form": form})
    form = AgreementForm(request.POST)
    if form.is_valid():
        try:
            made = Agreement.write(
                crew, form.words, read=form.cleaned_data["read"], by=member, now=now
            )
        except ValidationError as error:
            form.add_error(None, error)
            if getattr(error, "code", "") == "newer":
                form = _beside(request, crew, form)
        else:
            messages.success(request, _("Saved, with your yes. The others are told."))
            return respond(request, "crews/agreement_write.html", after=made)
    context = {"crew": crew, "form": form, "latest": form.latest}
    return respond(request, "crews/agreement_write.html", context, part="write", status=422)


def _beside(request: CongregationRequest, crew: Crew, tried: AgreementForm) -> AgreementForm:
    """Return what was typed beside the version that came between, ready to be saved after it."""
    latest = Agreement.objects.visible_to(request.member).select_related("made_by").latest_of(crew)
    typed = request.POST.copy()
    typed["read"] = str(latest.version if latest else 0)
    form = AgreementForm(typed, latest=latest)
    form.errors.clear()
    for error in tried.non_field_errors():
        form.add_error(None, error)
    return form


def _from_idea(crew: Crew, request: CongregationRequest) -> dict[str, Any]:
    """Return what the idea said already, for a crew that writes its first version."""
    idea = Idea.objects.visible_to(request.member).filter(crew=crew).first()
    if idea is None:
        return {"read": 0, "shares": AgreementForm.fair()}
    return {
        "read": 0,
        "ideal": idea.intention,
        "spoils": idea.spoils,
        "times": ". ".join(
            filter(None, [f"{idea.often}, {look.clock(idea.begins_at)}", idea.where])
        ),
        "commits": _("%(times)s times, until %(day)s. Then we look back.")
        % {"times": idea.times, "day": look.day(idea.last_on)},
        "shares": AgreementForm.fair(),
        "lines": "\n".join(filter(None, [idea.format, idea.holds, idea.ritual])),
    }


@require_POST
def agreement_yes(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Say one's own yes to the version that one has read, openly."""
    member, now = request.member, clock.now()
    crew = crews.find_mine(request, pk)
    read = request.POST.get("version", "")
    versions = Agreement.objects.visible_to(member).filter(crew=crew)
    found = get_object_or_404(versions, version=int(read) if read.isdigit() else 0)
    try:
        found.say_yes(by=member, now=now)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    context = {"crew": crew, "now": now, **crews.agreement(crew, member=member)}
    context |= _versions(crew, request)
    return respond(request, "crews/agreement.html", context, part="agreement", after=found)
