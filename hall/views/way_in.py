"""The page behind the link of a way back, and stopping one. Reading it changes nothing."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from congregation import clock, keys
from congregation.http import no_reference
from congregation.keys import OLDER
from congregation.models import User, WayBack
from hall import nameless
from hall.forms import NewPasswordForm


@login_not_required
@never_cache
@sensitive_variables("token")
@sensitive_post_parameters("password", "again", "credential")
@require_http_methods(["GET", "HEAD", "POST"])
def way_in(request: HttpRequest, token: str) -> HttpResponse:
    """Let someone in again, with a new password or a passkey."""
    now = clock.now()
    way = WayBack.objects.by_token(token).first()
    if way is None or way.member.user is None or not way.leads_in(now=now):
        return no_reference(render(request, "hall/way_in_closed.html", {}, status=410))
    user = way.member.user
    form = NewPasswordForm(user=user)
    if request.method == "POST" and "passkey" in request.POST:
        # Asked for first: until then this browser's session has nothing to remember.
        return _show(request, way, user, form, is_passkey=True)
    if request.method == "POST":
        password, passkey = None, None
        if "credential" in request.POST:
            passkey = nameless.passkey_of(request, user)
            if passkey is None:
                messages.error(request, _("That passkey didn’t come through. Please try again."))
                return _show(request, way, user, form, is_passkey=True, status=422)
        else:
            form = NewPasswordForm(request.POST, user=user)
            if not form.is_valid():
                return _show(request, way, user, form, status=422)
            password = form.cleaned_data["password"]
        try:
            person = way.use(password=password, credential=passkey, now=now)
        except ValidationError:
            return no_reference(render(request, "hall/way_in_closed.html", {}, status=410))
        nameless.sign_in(request, person)
        messages.success(request, _("Good to have you back."))
        after = "sign-in-name" if person.handle else "door"
        return no_reference(HttpResponseRedirect(reverse(after)))
    return _show(request, way, user, form)


def _show(
    request: HttpRequest,
    way: WayBack,
    user: User,
    form: NewPasswordForm,
    *,
    is_passkey: bool = False,
    status: int = 200,
) -> HttpResponse:
    context = {
        "way": way,
        "form": form,
        "js_data": nameless.passkey_options(user) if is_passkey else None,
        "handle": user.handle,
    }
    return no_reference(render(request, "hall/way_in.html", context, status=status))


@login_not_required
@require_POST
def stop(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Say that it wasn't oneself, or that it was."""
    if not isinstance(request.user, User):
        return HttpResponseRedirect(reverse("account_login"))
    way = get_object_or_404(WayBack.objects.of_account(request.user), pk=pk)
    is_older = request.session.get(OLDER) == str(way.pk)
    if "mine" in request.POST:
        if is_older:
            del request.session[OLDER]
        return HttpResponseRedirect(reverse("door"))
    try:
        way.stop(user=request.user, is_older=is_older, now=clock.now())
    except PermissionDenied:
        messages.warning(request, _("This can’t be stopped from here. Talk with a host."))
    else:
        if is_older:
            # What this request has read of its session is older than what the verb wrote into it.
            keys.renew(request.session, request.user)
        messages.success(request, _("Stopped. The hosts are told, and it now takes two of them."))
    return HttpResponseRedirect(reverse("door"))
