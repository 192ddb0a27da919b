"""What one was told, and stopping mail of a kind."""

import uuid
from collections import defaultdict
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from congregation.models import Member, Notice, NoticeChoice, Often
from congregation.notices import GATHERED, kind_of
from congregation.outbox import stopped_by

A_PAGE = 24


@require_safe
def notices(request: CongregationRequest) -> HttpResponse:
    """Show a member what they were told, the newest first."""
    mine = Notice.objects.visible_to(request.member)
    page = Paginator(mine.order_by("-made_at", "pk"), A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": _with_words(list(page.object_list), request.member),
        "new": mine.unseen().count(),
        "now": clock.now(),
    }
    return respond(request, "congregation/notices.html", context)


def _with_words(rows: list[Notice], member: Member) -> list[dict[str, Any]]:
    """Return notices with what each is about, as far as the member may still see it; one query a kind."""
    kinds = defaultdict(set)
    for row in rows:
        kinds[row.kind].add(row.about)
    found = {name: kind_of(name).find_all(pks, member) for name, pks in kinds.items()}
    return [
        {
            "notice": row,
            "about": found[row.kind].get(row.about),
            "line": f"{kind_of(row.kind).template}#line",
        }
        for row in rows
    ]


@require_POST
def notice(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Mark one as seen and lead to what it is about."""
    row = get_object_or_404(Notice.objects.visible_to(request.member), pk=pk)
    row.see(by=request.member, now=clock.now())
    kind = kind_of(row.kind)
    about = kind.find(row.about, request.member)
    if about is None:
        messages.info(request, _("This isn’t here any more."))
        return HttpResponseRedirect(_back(request))
    return HttpResponseRedirect(kind.url(about))


@require_POST
def see_all(request: CongregationRequest) -> HttpResponse:
    """Mark all of one's notices as seen."""
    Notice.objects.visible_to(request.member).see(now=clock.now())
    return HttpResponseRedirect(_back(request))


def _back(request: CongregationRequest) -> str:
    return reverse("notices", kwargs={"slug": request.member.congregation.slug})


@csrf_exempt  # a mail program sends this by itself (RFC 8058); the token says whose mail of which kind
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether mail of one kind should stop, and stop it; the link in each mail leads here."""
    found = stopped_by(token)
    if found is None:
        return render(request, "congregation/unsubscribe.html", {"is_dead": True}, status=404)
    member, kind = found
    is_done = request.method == "POST"
    if is_done:
        if kind.name == GATHERED.name:
            NoticeChoice.stop_digests(member, by=member)
        else:
            NoticeChoice.choose(member, kind.name, Often.OFF, by=member)
    context = {"kind": kind, "table": member.congregation, "is_done": is_done}
    return render(request, "congregation/unsubscribe.html", context)
