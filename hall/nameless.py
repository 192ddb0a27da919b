"""Joining, signing in and coming back without an address.

What someone says at the door travels in the page, signed, until they have a key: a password or a passkey.
Only with it account, key and seat come to be, so that no account is left that nobody can enter.
"""

import uuid
from typing import Any

from allauth.account.app_settings import EmailVerificationMethod
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.account.stages import EmailVerificationStage
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from django.contrib import messages
from django.core import signing
from django.http import HttpRequest

from congregation import handles
from congregation.models import Invitation, User
from hall.account_forms import AddPasskey
from hall.arriving import Promise

SALT = "nameless"
# How long someone may take to choose a key, in seconds.
LASTS = 24 * 60 * 60


class ProveAddress(EmailVerificationStage):  # type: ignore[misc]
    """Asks to prove an address that was given; who gave none has none to prove."""

    def handle(self) -> Any:
        if self.login.user and not self.login.user.email:
            return None, True
        return super().handle()


def promise(invitation: Invitation, answers: dict[str, str]) -> tuple[Promise, str]:
    """Return what someone will be called and known by, and the same signed, for the page."""
    made = Promise(uuid.uuid4(), handles.make(), answers)
    kept = [str(invitation.pk), str(made.pk), made.handle, answers]
    return made, signing.dumps(kept, salt=SALT, compress=True)


def promised(invitation: Invitation, words: str) -> Promise | None:
    """Return what was signed for this invitation, or None."""
    try:
        mine, pk, handle, answers = signing.loads(words, salt=SALT, max_age=LASTS)
    except (signing.BadSignature, ValueError):
        return None
    return Promise(uuid.UUID(pk), handle, answers) if mine == str(invitation.pk) else None


def passkey_options(user: User) -> dict[str, Any]:
    """Return what a device is asked for a passkey; nothing but this browser's session remembers it."""
    return {"creation_options": auth.begin_registration(user, True)}


def passkey_of(request: HttpRequest, user: User) -> tuple[str, Any] | None:
    """Return the passkey that a device has made, as (name, credential), or None if it doesn't hold."""
    form = AddPasskey(request.POST, user=user)
    if not form.is_valid():
        return None
    return form.cleaned_data["name"], form.cleaned_data["credential"]


def sign_in(request: HttpRequest, user: User) -> None:
    """Sign in someone whose key was just made."""
    passkey = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).first()
    if passkey:
        post_authentication(request, passkey, passwordless=True)
    else:
        record_authentication(request, user, method="password")
    perform_login(request, Login(user=user, email_verification=EmailVerificationMethod.NONE))
    # What allauth has to say about it is beside the point now.
    list(messages.get_messages(request))
