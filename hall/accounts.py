"""How allauth meets us: nobody signs up by themselves; who was invited comes in once their address is proven.

At the door an invited person says what we should call them, and a code goes to their address. What they said
waits in their session. The code proves the address, whether or not it had an account, so that nobody learns
which addresses do; only then does a membership come to be.
"""

import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import RequestLoginCodeForm
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.views import RequestLoginCodeView
from allauth.core import context
from allauth.core.exceptions import ReauthenticationRequired
from allauth.core.internal.ratelimit import truncate_ip
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.core.exceptions import ImproperlyConfigured, PermissionDenied, ValidationError
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from congregation import clock
from congregation.models import Invitation, Member, User
from congregation.words import same_address
from hall.arriving import arrive
from hall.factors import pseudonym
from rhythms.models import Evening

ANSWERS = "arriving"
TOGETHER = gettext_lazy("That name or address and that password don’t go together.")
# What allauth calls it when something was tried too often.
TOO_OFTEN = {"too_many_login_attempts", "rate_limited"}
SLOWLY = gettext_lazy("That was very often. Wait some minutes; then it works again.")
NOT_IT = gettext_lazy("That wasn’t it. Each works once and for a short time.")


class Adapter(DefaultAccountAdapter):
    """Sign-up is by invitation only, and ends in a seat."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": gettext_lazy("This account is closed."),
        "duplicate_email": gettext_lazy("This is your address already."),
        "email_password_mismatch": TOGETHER,
        "username_password_mismatch": TOGETHER,
        "email_taken": gettext_lazy("This address can’t be used here."),
        "enter_current_password": gettext_lazy("That isn’t the password you have now."),
        "incorrect_code": NOT_IT,
        "incorrect_password": gettext_lazy("That isn’t your password."),
        "invalid_login": gettext_lazy("That doesn’t look like an e-mail address."),
        "invalid_password_reset": gettext_lazy("This link has been used, or is too old."),
        "too_many_login_attempts": SLOWLY,
        "rate_limited": SLOWLY,
        "same_as_current": gettext_lazy("This is the one you have already."),
    }

    def get_login_stages(self) -> list[str]:
        """Ask whoever gave an address to prove it, and nobody else."""
        stages = super().get_login_stages()
        return [
            "hall.nameless.ProveAddress" if "EmailVerif" in stage else stage for stage in stages
        ]

    def clean_email(self, email: str) -> str:
        """Take an address in the one spelling that all of its spellings share."""
        return str(super().clean_email(same_address(email)))

    def render_mail(
        self, template_prefix: str, email: Any, context: Any, headers: Any = None
    ) -> Any:
        """Write in the language of whoever reads it, as their account says, else as the browser that asks."""
        known = User.objects.filter(email_key=same_address(email)).first()
        with known.as_reader() if known else nullcontext():
            return super().render_mail(template_prefix, email, context, headers)

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return what stands for an address in limits; itself it is kept nowhere.

        Who came past the proxies, or by fewer than are trusted, is whoever knocked at our own door.
        """
        try:
            seen = super().get_client_ip(request)
        except (ImproperlyConfigured, PermissionDenied):
            seen = request.META.get("REMOTE_ADDR", "")
        return pseudonym(truncate_ip(seen), f"{clock.now():%Y-%m-%d}")

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Ask who is there before anything that touches the account, unless they have just said so.

        allauth would ask nobody who has neither password nor second factor; we send them a code.
        """
        request = context.request
        if not has_just_shown(request) and self.get_reauthentication_methods(request.user):
            raise ReauthenticationRequired
        return False

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Return the ways to show that one is still oneself; the first is the one that is tried first.

        A code by mail is no way round a second factor.
        """
        words = {
            "reauthenticate": _("With your password"),
            "mfa_reauthenticate": _("With a code from your app, or a spare one"),
            "mfa_reauthenticate:webauthn": _("With a passkey"),
        }
        ways = [
            {**way, "description": words.get(way["id"], way["description"])}
            for way in super().get_reauthentication_methods(user)
        ]
        if user.is_authenticated and user.email and not is_mfa_enabled(user):
            by_code = {
                "id": "reauthenticate:code",
                "description": _("With a code by mail"),
                "url": reverse("account_reauthenticate_code"),
            }
            ways.append(by_code)
        return ways

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account")

    def get_email_verification_redirect_url(self, email_address: Any) -> str:
        if self.request and self.request.user.is_authenticated:
            return reverse("account")
        return str(super().get_email_verification_redirect_url(email_address))

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        """Bring in someone who has just proven the address that they gave at the door."""
        response: HttpResponse = super().post_login(request, user, **kwargs)
        if user.closed_at and user.reopen():
            messages.success(request, _("Your account is open again. It’s good to see you."))
        kept = request.session.get(ANSWERS)
        if not kept or not user.has_address(kept["email"]):
            return response
        evening = Evening.objects.filter(pk=kept.get("evening")).first()
        invitation = Invitation.objects.filter(pk=kept.get("invitation")).first()
        if evening:
            list(messages.get_messages(request))
            response = sit_down(request, evening, kept["key"], user, kept["answers"])
        elif invitation:
            # What allauth has to say about their address is beside the point now.
            list(messages.get_messages(request))
            response = come_in(request, invitation, user, kept["answers"])
        # Only now: had the database been busy, the code would work again.
        del request.session[ANSWERS]
        return response


def has_just_shown(request: HttpRequest) -> bool:
    """Whether someone has signed in, or shown again who they are, within the last minutes."""
    records = get_authentication_records(request, request.user)
    last = max((record["at"] for record in records), default=0)
    return bool(time.time() - last < app_settings.REAUTHENTICATION_TIMEOUT)


class Answers:
    """What an account's pages answer: 422 to a form that doesn't hold, 429 to what is tried too often.

    allauth answers both with 200.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_template_response(self, request: HttpRequest, response: Any) -> Any:
        """Look at the forms that a page of allauth's was given."""
        forms = [
            form
            for form in (response.context_data or {}).values()
            if isinstance(form, BaseForm) and form.is_bound and form.errors
        ]
        if request.method == "POST" and response.status_code == 200 and forms:
            faults = [
                fault
                for form in forms
                for errors in form.errors.as_data().values()
                for fault in errors
            ]
            response.status_code = 429 if TOO_OFTEN & {fault.code for fault in faults} else 422
        return response


def prove_and_come_in(
    request: HttpRequest, invitation: Invitation, email: str, answers: dict[str, str]
) -> HttpResponse:
    """Keep what someone said at the door, send a code to their address, and lead to where it is asked for.

    Raises ValidationError when codes were asked for too often.
    """
    # Who only holds a forwarded link doesn't learn from us where the invitation went.
    hides = bool(invitation.email)
    kept = {"invitation": str(invitation.pk), "hides_email": hides, "answers": answers}
    return _prove(request, email, kept)


def prove_at_the_table(
    request: HttpRequest, evening: Evening, key: str, email: str, answers: dict[str, str]
) -> HttpResponse:
    """Keep what someone said at the table of an evening, and send a code to their address.

    `key` is the hash of the link that they came with. Raises ValidationError when codes were asked for too often.
    """
    kept = {"evening": str(evening.pk), "key": key, "hides_email": False, "answers": answers}
    return _prove(request, email, kept)


def _prove(request: HttpRequest, email: str, kept: dict[str, Any]) -> HttpResponse:
    User.objects.expect(email, now=clock.now())
    form = RequestLoginCodeForm({"email": email})
    if not form.is_valid():
        raise ValidationError([str(error) for errors in form.errors.values() for error in errors])
    request.session[ANSWERS] = {"email": form.cleaned_data["email"], **kept}
    view = RequestLoginCodeView()
    view.setup(request)
    response: HttpResponse = view.form_valid(form)
    return response


def come_in(
    request: HttpRequest, invitation: Invitation, user: User, answers: dict[str, str]
) -> HttpResponse:
    """Let an account take its seat and lead to the congregation; say why where it can't."""
    try:
        member = arrive(invitation, user, answers, now=clock.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    except PermissionDenied as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Good to have you here, %(name)s.") % {"name": member.name})
        return home_of(member)
    return HttpResponseRedirect(reverse("door"))


def sit_down(
    request: HttpRequest, evening: Evening, key: str, user: User, answers: dict[str, str]
) -> HttpResponse:
    """Let an account sit down at the table of an evening, where a host says yes; say why where it can't."""
    try:
        arrival = evening.arrive(user, key, **answers, now=clock.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return HttpResponseRedirect(reverse("door"))
    return HttpResponseRedirect(reverse("arrival", args=[arrival.pk]))


def home_of(member: Member) -> HttpResponse:
    """Lead to the congregation that someone is in."""
    return HttpResponseRedirect(reverse("home", kwargs={"slug": member.congregation.slug}))
