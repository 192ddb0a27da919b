"""The hosts' letter: writing it, sending it, and reading what was sent."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond, short
from congregation.models import Letter, Member
from congregation.outbox import address
from hall import letters as writing
from hall.forms import LetterEveryForm, LetterForm

A_PAGE = 24


@require_safe
def letters(request: CongregationRequest) -> HttpResponse:
    """Show the letters that went to everyone, the newest first, and to hosts the draft."""
    member = request.member
    rows = Letter.objects.visible_to(member).sent().select_related("congregation", "sent_by")
    page = Paginator(rows.order_by("-sent_at"), A_PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {"page": page, "now": clock.now(), "tab": "more"}
    if member.is_host:
        every = member.congregation.letter_every
        context |= {"draft": _draft(request), "every": LetterEveryForm(initial={"every": every})}
    return respond(request, "hall/letters.html", context)


@require_safe
def letter(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Show a letter with what it tells; to hosts the draft as everyone will read it."""
    member, now = request.member, clock.now()
    rows = Letter.objects.visible_to(member).select_related("congregation", "sent_by")
    row = get_object_or_404(rows, pk=pk)
    path = reverse("go", kwargs={"kind": "n", "code": short(row.pk)})
    context: dict[str, Any] = {
        "letter": row,
        "parts": writing.parts(row, member, now=now if row.is_draft else None),
        "link": address(path),
        "now": now,
        "tab": "more",
    }
    if row.is_draft:
        context["people"] = Member.objects.visible_to(member).count()
    return respond(request, "hall/letter.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def letter_write(request: CongregationRequest) -> HttpResponse:
    """Write the draft, of which there is one; hosts alone."""
    member, now = request.member, clock.now()
    if not member.is_host:
        raise PermissionDenied
    draft = _draft(request)
    if request.method != "POST":
        return _show(request, LetterForm(draft=draft), draft)
    form = LetterForm(request.POST, draft=draft)
    if form.is_valid():
        try:
            row = Letter.write(**form.cleaned_data, by=member, now=now)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved. This is how everyone will read it."))
            return HttpResponseRedirect(row.get_absolute_url())
    return _show(request, form, draft, status=422)


@require_POST
def letter_send(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Send the draft to everyone, once; hosts alone."""
    member = request.member
    row = get_object_or_404(Letter.objects.visible_to(member).select_related("congregation"), pk=pk)
    version = request.POST.get("version", "")
    try:
        went = writing.send(
            row, version=int(version) if version.isdecimal() else 0, by=member, now=clock.now()
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        if went:
            n = Member.objects.visible_to(member).count()
            messages.success(
                request,
                ngettext(
                    "It is on its way to %(n)s person.", "It is on its way to %(n)s people.", n
                )
                % {"n": n},
            )
    return HttpResponseRedirect(row.get_absolute_url())


@require_POST
def letter_every(request: CongregationRequest) -> HttpResponse:
    """Say how often hosts are reminded of a letter; hosts alone."""
    member = request.member
    if not member.is_host:
        raise PermissionDenied
    form = LetterEveryForm(request.POST)
    if form.is_valid():
        member.congregation.write_every(form.cleaned_data["every"], by=member, now=clock.now())
        messages.success(request, _("Saved."))
    return HttpResponseRedirect(reverse("letters", kwargs={"slug": member.congregation.slug}))


def _draft(request: CongregationRequest) -> Letter | None:
    rows = Letter.objects.visible_to(request.member).draft()
    return rows.select_related("congregation", "written_by").first()


def _show(
    request: CongregationRequest, form: LetterForm, draft: Letter | None, *, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "draft": draft,
        "is_first": not Letter.objects.visible_to(request.member).sent().exists(),
        "tab": "host",
        "now": clock.now(),
    }
    return respond(request, "hall/letter_write.html", context, status=status)
