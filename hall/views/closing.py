"""Closing one's account, and taking that back."""

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from congregation import clock
from congregation.models import Member
from hall import closing


@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest) -> HttpResponse:
    """Say what happens when one's account is closed; close it, and sign out everywhere."""
    raise_if_reauthentication_required(request, app="allauth.account")
    now, faults = clock.now(), []
    user = request.user
    assert user.is_authenticated
    if request.method == "POST":
        try:
            closing.close(user, now=now)
        except ValidationError as error:
            faults = error.messages
        else:
            has_mail, until = bool(user.email), now + closing.GRACE
            logout(request)
            context = {"until": until, "has_mail": has_mail}
            return render(request, "hall/account_closed.html", context)
    mine = list(Member.objects.of_account(user, now=now))
    context = {"memberships": mine, "faults": faults, "until": now + closing.GRACE}
    return render(request, "hall/account_close.html", context, status=422 if faults else 200)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def reopen(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether to take a closing back, and do; the link in the mail leads here."""
    user = closing.closed_by(token, now=clock.now())
    if user is None:
        return render(request, "hall/account_reopen.html", {"is_dead": True}, status=404)
    if request.method != "POST":
        return render(request, "hall/account_reopen.html", {})
    user.reopen()
    messages.success(request, _("Your account is open again. Sign in as before."))
    return HttpResponseRedirect(reverse("account_login"))
