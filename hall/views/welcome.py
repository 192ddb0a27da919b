"""The page behind the link of an invitation. Reading it changes nothing."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from congregation import clock
from congregation.http import no_reference
from congregation.models import Invitation, User
from hall import nameless
from hall.accounts import come_in, home_of, prove_and_come_in
from hall.arriving import Promise, arrive_nameless, table_of
from hall.arriving import fault as fault_of
from hall.forms import NewPasswordForm, WelcomeForm

Fault = Invitation.Fault
STATUS = {
    Fault.GONE: 404,
    Fault.USED: 410,
    Fault.WITHDRAWN: 410,
    Fault.FOREIGN: 403,
    Fault.FULL: 409,
    Fault.WAITING: 409,
}


@login_not_required
@never_cache
@sensitive_variables("token")
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """Show who invites whom to what; take the seat."""
    user = request.user if isinstance(request.user, User) else None
    invitation = Invitation.objects.by_token(token).first()
    fault = fault_of(invitation, user, now=clock.now()) if invitation else Fault.GONE
    if invitation is None or fault:
        return no_reference(_closed(request, invitation, fault or Fault.GONE, user))
    asks_email = not user and not invitation.email
    without = asks_email and "without" in request.POST
    form = WelcomeForm(
        request.POST if request.method == "POST" else None,
        asks_email=asks_email,
        without=without,
        initial={"name": invitation.name},
    )
    if request.method == "POST" and form.is_valid():
        answers = {key: str(value) for key, value in form.cleaned_data.items()}
        email = answers.pop("email", "") or invitation.email
        if without:
            made, signed = nameless.promise(invitation, answers)
            return _choose_key(request, invitation, token, made, signed)
        if user:
            return no_reference(come_in(request, invitation, user, answers))
        try:
            return no_reference(prove_and_come_in(request, invitation, email, answers))
        except ValidationError as error:
            form.add_error(None, error)
    context = {"form": form, "token": token, "asks_email": asks_email, **_who(invitation)}
    status = 422 if form.errors else 200
    return no_reference(render(request, "hall/welcome.html", context, status=status))


@login_not_required
@never_cache
@sensitive_variables("token")
@sensitive_post_parameters("password", "again", "credential")
@require_http_methods(["GET", "HEAD", "POST"])
def welcome_key(request: HttpRequest, token: str) -> HttpResponse:
    """Take the seat without an address, with a password or a passkey."""
    invitation = Invitation.objects.by_token(token).first()
    made = nameless.promised(invitation, request.POST.get("promise", "")) if invitation else None
    if request.user.is_authenticated or invitation is None or made is None:
        # Nothing was said yet, or too long ago: the page before asks.
        return no_reference(HttpResponseRedirect(reverse("welcome", args=[token])))
    user = User(pk=made.pk, handle=made.handle)
    password, passkey, form = None, None, NewPasswordForm(user=user)
    if "credential" in request.POST:
        passkey = nameless.passkey_of(request, user)
        if passkey is None:
            messages.error(request, _("That passkey didn’t come through. Please try again."))
    else:
        form = NewPasswordForm(request.POST, user=user)
        password = form.cleaned_data["password"] if form.is_valid() else None
    if not (password or passkey):
        signed = request.POST["promise"]
        return _choose_key(request, invitation, token, made, signed, form=form, status=422)
    try:
        person = arrive_nameless(
            invitation, made, password=password, credential=passkey, now=clock.now()
        )
    except ValidationError:
        # The seat went meanwhile: the page before says why.
        return no_reference(HttpResponseRedirect(reverse("welcome", args=[token])))
    nameless.sign_in(request, person)
    return no_reference(HttpResponseRedirect(reverse("sign-in-name")))


def _choose_key(
    request: HttpRequest,
    invitation: Invitation,
    token: str,
    made: Promise,
    signed: str,
    *,
    form: NewPasswordForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page on which someone without an address chooses what they come in with."""
    user = User(pk=made.pk, handle=made.handle)
    context = {
        "form": form or NewPasswordForm(user=user),
        "token": token,
        "promise": signed,
        "handle": made.handle,
        "js_data": nameless.passkey_options(user),
        "invitation": invitation,
    }
    return no_reference(render(request, "hall/welcome_key.html", context, status=status))


@require_safe
@never_cache
def sign_in_name(request: HttpRequest) -> HttpResponse:
    """Show someone the name that they sign in with, to be written down; then go on."""
    handle = getattr(request.user, "handle", None)
    if not handle:
        raise Http404
    after = request.GET.get("next", "")
    is_ours = after.startswith("/") and url_has_allowed_host_and_scheme(after, allowed_hosts=None)
    context = {"handle": handle, "after": after if is_ours else reverse("door")}
    return render(request, "hall/sign_in_name.html", context)


def _who(invitation: Invitation) -> dict[str, Any]:
    """What the bearer of a link may read: who invites them, in which words, to how many people."""
    return {
        "invitation": invitation,
        "inviter": invitation.inviter,
        "is_host": invitation.inviter.hosts(now=clock.now()),
        "table": invitation.congregation,
        "crew": table_of(invitation),
    }


def _closed(
    request: HttpRequest, invitation: Invitation | None, fault: Fault, user: User | None
) -> HttpResponse:
    """Say why the link opens no seat; whoever it has let in already goes on to their congregation."""
    if invitation and user:
        guest = invitation.accepted_by
        if fault == Fault.USED and guest and guest.user_id == user.pk:
            return home_of(guest)
        if fault == Fault.HERE:
            return home_of(guest or invitation.inviter)
    if invitation and fault == Fault.WAITING and request.method == "POST":
        invitation.knock(now=clock.now())
        messages.success(request, _("The hosts know that you’re here."))
    context = {
        "fault": fault.value,
        "sentence": Invitation.sentence(fault),
        "one_crew": invitation is not None and invitation.congregation.is_one_crew,
    }
    return render(request, "hall/welcome_closed.html", context, status=STATUS[fault])
