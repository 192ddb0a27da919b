"""For hosts: whether mail goes out, and what to do where it doesn't. It never says whose mail it is."""

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from hall import mailing

DAY = 60 * 60 * 24


@require_safe
def mail(request: CongregationRequest) -> HttpResponse:
    """Show a host how mail is doing, and what to do."""
    if not request.member.is_host:
        raise PermissionDenied
    trouble = mailing.trouble(request.member, now=clock.now())
    return respond(
        request,
        "hall/host_mail.html",
        {"mail_trouble": trouble, "mail_banner": None, "tab": "host"},
    )


@require_POST
def later(request: CongregationRequest) -> HttpResponse:
    """Put the line about mail away for a day, in this browser."""
    if not request.member.is_host:
        raise PermissionDenied
    after = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(after, {request.get_host()}, request.is_secure()):
        after = reverse("home", kwargs={"slug": request.member.congregation.slug})
    response = HttpResponseRedirect(after)
    response.set_cookie(
        mailing.LATER,
        "1",
        max_age=DAY,
        path=settings.SESSION_COOKIE_PATH,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
    )
    return response
