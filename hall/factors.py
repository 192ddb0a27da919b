"""Second factors and passkeys, as allauth keeps them: sealed, drawn and named in our way."""

import base64
import hmac
from typing import Any

import segno
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from congregation.sealed import seal, unseal

# allauth seals a secret before there is a row, so that it is bound to its table and column alone.
PLACE = "mfa_authenticator|data"


class Factors(DefaultMFAAdapter):
    """What allauth asks of us about second factors."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "cannot_delete_authenticator": gettext_lazy("This can’t be taken away."),
        "cannot_generate_recovery_codes": gettext_lazy(
            "Spare codes stand in for a passkey or a codes app: set one of them up first."
        ),
        "incorrect_code": gettext_lazy("That wasn’t it. Each works once and for a short time."),
        "unverified_email": gettext_lazy(
            "Confirm your e-mail address first: otherwise you could lock yourself out."
        ),
    }

    def encrypt(self, text: str) -> str:
        """Seal a secret before it goes into the database."""
        return base64.b64encode(seal(text, PLACE)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open a secret from the database."""
        return unseal(base64.b64decode(encrypted_text), PLACE)

    def build_totp_svg(self, url: str) -> SafeString:
        """Draw what the codes app scans: dark on white in every theme, as cameras want it."""
        code = segno.make(url, error="m", micro=False)
        picture = code.svg_inline(border=3, svgclass="qr", omitsize=True, dark="#000", light="#fff")
        return mark_safe(picture)  # noqa: S308  made of numbers alone

    def generate_authenticator_name(self, user: Any, type: str) -> str:
        """Suggest a name for a new passkey: that of the device it is made on."""
        from hall.sessions import device_in_words, device_of

        agent = context.request.headers.get("User-Agent", "")
        return device_in_words(device_of(agent))

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Say to the device whose passkeys these are."""
        return {**super().get_public_key_credential_rp_entity(), "name": settings.PRODUCT}

    def get_public_key_credential_user_entity(self, user: Any) -> dict[str, Any]:
        """Say to the device who the person is, in words that they know their passkeys apart by."""
        name = self._get_user_identifier(user)
        return {
            **super().get_public_key_credential_user_entity(user),
            "name": name,
            "display_name": name,
        }

    def _get_user_identifier(self, user: Any) -> str:
        # Who has no address is known by what they sign in with, or by the name that they go by here.
        known = user.email or user.handle
        member = None if known else user.memberships.order_by("joined_at").first()
        return str(known or (member and member.name) or _("You"))


def passkeys_of(user: Any) -> list[Any]:
    """Return an account's passkeys, oldest first."""
    found = Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.WEBAUTHN)
    return list(found.order_by("pk"))


def is_last_way_in(user: Any) -> bool:
    """Whether one passkey is all that lets somebody in: without an address there is no code by mail."""
    return not user.email and not user.has_usable_password() and len(passkeys_of(user)) < 2


def has_app(user: Any) -> bool:
    """Whether an account has a codes app."""
    return bool(
        Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.TOTP).exists()
    )


def spare_codes_left(user: Any) -> int | None:
    """Return how many spare codes an account has left, or None if it has none at all."""
    found = Authenticator.objects.filter(
        user_id=user.pk, type=Authenticator.Type.RECOVERY_CODES
    ).first()
    return len(found.wrap().get_unused_codes()) if found else None


def pseudonym(ip: str, salt: str) -> str:
    """Return what stands for an address in limits: told from others, and meaning nothing.

    Limits are counted in the database, where no address is to lie. The shape is that of a private IPv6
    network, so that nothing that expects an address stumbles.
    """
    digest = hmac.digest(settings.SECRET_KEY.encode(), f"{salt}|{ip}".encode(), "sha256").hex()
    return f"fd{digest[:2]}:{digest[2:6]}:{digest[6:10]}:{digest[10:14]}::"
