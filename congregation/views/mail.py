"""What one is mailed, how often, and when not."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from congregation import clock
from congregation.forms import MailForm
from congregation.gate import CongregationRequest
from congregation.http import respond
from congregation.models import Member, NoticeChoice
from congregation.notices import Kind, all_kinds


@require_http_methods(["GET", "HEAD", "POST"])
def mail(request: CongregationRequest) -> HttpResponse:
    """Show how often one is mailed of what, and when not; save it."""
    member, now = request.member, clock.now()
    form = _form(member, request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        context = {"form": form, "tab": "more"}
        return respond(request, "congregation/mail.html", context, status=status)
    if member.user:
        member.user.be_mailed(**form.hours, now=now)
    NoticeChoice.choose_all(member, form.wishes, by=member, now=now)
    messages.success(request, _("Saved."))
    return HttpResponseRedirect(reverse("me-mail", kwargs={"slug": member.congregation.slug}))


def _kinds(member: Member) -> list[Kind]:
    """The kinds of mail that this member can get at all, and can choose."""
    return [
        kind
        for kind in all_kinds()
        if kind.by_mail and kind.may_stop and (member.is_host or not kind.hosts_only)
    ]


def _form(member: Member, data: Any = None) -> MailForm:
    said = dict(NoticeChoice.objects.visible_to(member).values_list("kind", "often"))
    return MailForm(data, member=member, kinds=_kinds(member), said=said)
