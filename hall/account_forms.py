"""allauth's forms in our words."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.account import forms as account
from allauth.account.internal.flows.login import derive_login_method
from allauth.core import context
from allauth.mfa.base import forms as factors
from allauth.mfa.recovery_codes import forms as spare
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as passkeys
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from congregation.words import same_handle
from hall.factors import Factors

LABELS = {
    "login": _("E-mail or sign-in name"),
    "email": _("E-mail"),
    "password": _("Password"),
    "oldpassword": _("The password you have now"),
    "password1": _("New password"),
    "password2": _("The new one once more"),
    "code": _("Code"),
    "name": _("What you call it"),
}
WRONG = {
    "email": {"invalid": _("That doesn’t look like an e-mail address.")},
    "login": {"invalid": _("That doesn’t look like an e-mail address.")},
    "credential": {"required": _("The device hasn’t answered. Please try again.")},
}


class Worded(forms.Form):
    """Gives each field the label that it has everywhere here."""

    hints: dict[str, Any] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = LABELS.get(name, field.label)
            field.help_text = self.hints.get(name, field.help_text)
            field.error_messages |= WRONG.get(name, {})


class Login(Worded, account.LoginForm):
    """Signing in with an address or a sign-in name, and a password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs |= {"autocomplete": "username", "autocapitalize": "none"}

    def user_credentials(self) -> dict[str, Any]:
        """Read what was typed as an address or as a name, never as both."""
        login = self.cleaned_data["login"]
        method = derive_login_method(login).value
        name = login if method == "email" else same_handle(login)
        return {method: name, "password": self.cleaned_data["password"]}


class RequestCode(Worded, account.RequestLoginCodeForm):
    """Asking for a code by mail."""


class ConfirmCode(Worded, account.ConfirmLoginCodeForm):
    """The code from the mail."""


class ConfirmAddress(Worded, account.ConfirmEmailVerificationCodeForm):
    """The code that shows that an address is one's own."""


class AddAddress(Worded, account.AddEmailForm):
    """Another address."""


class ChangeAddress(Worded, account.ChangeEmailForm):
    """Another address, before the first one was confirmed."""


class NewPassword(Worded):
    """What is said of a new password."""

    hints = {"password1": _("Ten characters or more; a short sentence is easy to keep in mind.")}


class ChangePassword(NewPassword, account.ChangePasswordForm):
    """A new password, for who knows the old one."""


class SetPassword(NewPassword, account.SetPasswordForm):
    """A first password."""


class ResetPassword(Worded, account.ResetPasswordForm):
    """Asking for the link to a new password."""


class ResetPasswordByKey(NewPassword, account.ResetPasswordKeyForm):
    """A new password, by the link from a mail."""


class Reauthenticate(Worded, account.ReauthenticateForm):
    """The password once more."""


class Authenticate(Worded, factors.AuthenticateForm):
    """The second step: a code from the app, or a spare one."""


class ReauthenticateByFactor(Worded, factors.ReauthenticateForm):
    """The second factor once more."""


class ActivateApp(Worded, totp.ActivateTOTPForm):
    """The first code from an app; what it is made of stays the same while one sets it up."""

    secret: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        request = context.request
        begun = request.session.get(totp.auth.SECRET_SESSION_KEY)
        super().__init__(*args, **kwargs)
        if begun and begun != self.secret:
            self.secret = request.session[totp.auth.SECRET_SESSION_KEY] = begun


class DeactivateApp(Worded, totp.DeactivateTOTPForm):
    """Doing without the app."""


class MakeSpareCodes(Worded, spare.GenerateRecoveryCodesForm):
    """New spare codes."""


@contextmanager
def _or_nonsense() -> Iterator[None]:
    """Take what no device would answer for a wrong answer: allauth lets some of it fall through."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, struct.error) as error:
        raise Factors().validation_error("incorrect_code") from error


class AddPasskey(Worded, passkeys.AddWebAuthnForm):
    """A passkey, which lets one in by itself: so it has asked its device who is there."""

    hints = {"name": _("So that you know it again in your list.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("passwordless", None)
        self.fields["name"].widget.attrs["maxlength"] = 60

    def clean_name(self) -> str:
        return str(super().clean_name())[:60]

    def clean(self) -> dict[str, Any]:
        """Take it as one that lets one in by itself, whatever the form says."""
        self.cleaned_data["passwordless"] = True
        with _or_nonsense():
            return super().clean() or {}


class NamePasskey(Worded, passkeys.EditWebAuthnForm):
    """Another name for a passkey."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["maxlength"] = 60

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip()
        if len(name) > 60:
            raise ValidationError(_("Sixty characters at most."))
        return name


class Answered(Worded):
    """A form with a device's answer."""

    def clean_credential(self) -> Any:
        with _or_nonsense():
            return super().clean_credential()  # type: ignore[misc]


class UsePasskey(Answered, passkeys.AuthenticateWebAuthnForm):
    """A passkey as the second step."""


class EnterByPasskey(Answered, passkeys.LoginWebAuthnForm):
    """A passkey that lets one in."""


class ReauthenticateByPasskey(Answered, passkeys.ReauthenticateWebAuthnForm):
    """A passkey once more."""


class CodeOnceMore(Worded, account.ConfirmLoginCodeForm):
    """The code from a mail, for who has neither password nor second factor."""
