"""One's account: the ways in, where one is signed in, showing again who one is, signing out.

What allauth has a page for is allauth's; here is what it lacks, or does otherwise than we would.
"""

import time
from typing import Any

from allauth.account import app_settings
from allauth.account import views as account
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.core import ratelimit
from allauth.core.exceptions import ReauthenticationRequired
from allauth.core.internal.httpkit import add_query_params
from allauth.mfa.webauthn import views as passkeys
from allauth.usersessions.internal import flows as sessions_flows
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from congregation import clock
from congregation.models import Member
from congregation.sealed_sessions import row_of
from hall.account_forms import CodeOnceMore, Login
from hall.factors import has_app, is_last_way_in, passkeys_of, spare_codes_left
from hall.sessions import device_in_words

MAILED = "account_reauthentication_code"
TRIES = 3


@require_safe
def own(request: HttpRequest) -> HttpResponse:
    """Show the ways into one's account, how each stands, and what can be done with it."""
    user: Any = request.user
    context = {
        "has_password": user.has_usable_password(),
        "passkeys": passkeys_of(user),
        "has_app": has_app(user),
        "spare": spare_codes_left(user),
        "sessions": len(UserSession.objects.purge_and_list(user)),
    }
    return render(request, "account/own.html", context)


@require_safe
def factors(request: HttpRequest) -> HttpResponse:
    """Lead from allauth's own list to ours."""
    return HttpResponseRedirect(reverse("account"))


@require_http_methods(["GET", "HEAD", "POST"])
def sessions(request: HttpRequest) -> HttpResponse:
    """Show where one is signed in; end some of these sessions, or all but this one."""
    mine = sorted(
        UserSession.objects.purge_and_list(request.user),
        key=lambda row: row.created_at,
        reverse=True,
    )
    here = row_of(request.session.session_key or "")
    others = [row for row in mine if row.session_key != here]
    if request.method == "POST":
        raise_if_reauthentication_required(request, app="allauth.usersessions")
        return _end(request, others)
    context = {
        "here": next((row for row in mine if row.session_key == here), None),
        "others": others,
        "now": clock.now(),
    }
    for row in mine:
        row.device = device_in_words(row.user_agent)
    return render(request, "usersessions/usersession_list.html", context)


def _end(request: HttpRequest, others: list[Any]) -> HttpResponse:
    """End the sessions that were chosen; one that has ended meanwhile is as good."""
    chosen = set(request.POST.getlist("session"))
    ending = [row for row in others if "all" in request.POST or str(row.pk) in chosen]
    sessions_flows.sessions.end_sessions(request, ending)
    if ending:
        words = ngettext(
            "You are signed out there.", "You are signed out on %(number)s devices.", len(ending)
        )
        messages.success(request, words % {"number": len(ending)})
    elif chosen:
        messages.success(request, _("You are signed out there."))
    else:
        messages.error(request, _("Choose where you want to be signed out."))
    return HttpResponseRedirect(reverse("usersessions_list"))


class ReauthenticateByCode(account.BaseReauthenticateView):
    """Ask for a code by mail of who has neither password nor second factor."""

    form_class = CodeOnceMore
    template_name = "account/reauthenticate_code.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.POST.get("action") == "send":
            return self._send()
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response

    def _send(self) -> HttpResponse:
        email = self.request.user.email
        limited: HttpResponse | None = ratelimit.consume_or_429(
            self.request, action="request_login_code", key=email.lower()
        )
        if limited:
            return limited
        code = get_adapter().generate_login_code()
        self.request.session[MAILED] = [code, time.time(), 0]
        get_adapter().send_mail("account/email/login_code", email, {"code": code})
        return HttpResponseRedirect(self.passthrough_next_url(self.request.path))

    def _code(self) -> str:
        """The code that is on its way, or nothing where there is none, or it is too old."""
        code, at, _tries = self.request.session.get(MAILED, ("", 0, 0))
        return str(code) if time.time() - at <= app_settings.LOGIN_BY_CODE_TIMEOUT else ""

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "code": self._code()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "is_sent": bool(self._code())}

    def form_invalid(self, form: Any) -> HttpResponse:
        code, at, tries = self.request.session.get(MAILED, ("", 0, 0))
        self.request.session[MAILED] = [code if tries + 1 < TRIES else "", at, tries + 1]
        if not self._code():
            messages.error(self.request, _("This code doesn’t work any more. Ask for a new one."))
            return HttpResponseRedirect(self.passthrough_next_url(self.request.path))
        response: HttpResponse = super().form_invalid(form)
        return response

    def form_valid(self, form: Any) -> HttpResponse:
        del self.request.session[MAILED]
        record_authentication(self.request, self.request.user, "code", reauthenticated=True)
        response: HttpResponse = super().form_valid(form)
        return response


class ReauthenticateByPasskey(passkeys.ReauthenticateWebAuthnView):
    """Ask for a passkey once more; where it isn't taken, ask again."""

    def form_invalid(self, form: Any) -> HttpResponse:
        response: HttpResponse = self.render_to_response(self.get_context_data(form=form))
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {**context, **kwargs}


class RemovePasskey(passkeys.RemoveWebAuthnView):
    """Remove a passkey, but not the last way in that somebody has."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "is_last": is_last_way_in(self.request.user)}

    def form_valid(self, form: Any) -> HttpResponse:
        if is_last_way_in(self.request.user):
            page: HttpResponse = self.render_to_response(self.get_context_data(form=form))
            page.status_code = 422
            return page
        response: HttpResponse = super().form_valid(form)
        return response


class EnterByPasskey(passkeys.LoginWebAuthnView):
    """Let someone in by a passkey; where it isn't taken, show the page of signing in again."""

    template_name = "account/login.html"

    def form_invalid(self, form: Any) -> HttpResponse:
        context = {**self.get_context_data(), "form": Login(), "passkey_form": form}
        response: HttpResponse = self.render_to_response(context)
        return response


class SetPassword(account.PasswordSetView):
    """A first password, for who has shown who they are."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            raise_if_reauthentication_required(request, app="allauth.account")
        except ReauthenticationRequired:
            if request.method != "POST":
                raise
            # allauth would keep the form for later: a password is kept nowhere.
            ways = get_adapter().get_reauthentication_methods(request.user)
            return HttpResponseRedirect(
                add_query_params(ways[0]["url"], {REDIRECT_FIELD_NAME: request.path})
            )
        return super().dispatch(request, *args, **kwargs)


class SignOut(account.LogoutView):
    """Sign out; what this browser kept of us goes as well."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mine = Member.objects.of_account(self.request.user, now=clock.now())
        # The keys that drafts of this person, and of nobody else, are kept under on this device.
        return {**super().get_context_data(**kwargs), "whose": [str(row.pk) for row in mine]}

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        was_in = self.request.user.is_authenticated
        response: HttpResponse = super().post(*args, **kwargs)
        if was_in:
            # Below a path, what else runs on that host would lose its own; our script wipes drafts either way.
            response["Clear-Site-Data"] = '"cache"' if settings.PREFIX else '"cache", "storage"'
        return response


remove_passkey = RemovePasskey.as_view()
reauthenticate_by_code = ReauthenticateByCode.as_view()
reauthenticate_by_passkey = ReauthenticateByPasskey.as_view()
enter_by_passkey = EnterByPasskey.as_view()
set_password = sensitive_post_parameters("password1", "password2")(SetPassword.as_view())
sign_out = SignOut.as_view()
