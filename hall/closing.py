"""Closing an account: it leaves every congregation at once, and is erased when its days of grace are over."""

from datetime import datetime, timedelta
from html import unescape
from typing import Final

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

import crews.leaving
from congregation.models import Invitation, Mail, Member, User
from congregation.outbox import address
from hall import leaving

GRACE: Final = timedelta(days=30)
SALT: Final = "reopen"


def close(user: User, *, now: datetime) -> bool:
    """Leave every congregation and close the account; tell whether this was the one call that did.

    Raises ValidationError, and changes nothing, where the person is the last host of one of them. For 30 days
    signing in, or the link that is mailed, takes it back; the congregations are left all the same.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        here = Member.objects.filter(user=user).exclude(state=Member.State.LEFT)
        for member in here.select_related("congregation").order_by("pk"):
            leaving.leave(member, by=member, now=now)
        if not user.close(now=now):
            return False
        if user.email:
            _write(user, now=now)
    return True


def token_of(user: User) -> str:
    """Return what stands in the link that takes a closing back; it is good for this closing alone."""
    said = [str(user.pk), user.closed_at.isoformat() if user.closed_at else ""]
    return signing.dumps(said, salt=SALT, compress=True)


def closed_by(token: str, *, now: datetime) -> User | None:
    """Return the closed account that a token would open again, or None if there is none any more."""
    try:
        pk, closed_at = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError):
        return None
    user = User.objects.filter(pk=pk, closed_at__gt=now - GRACE).first()
    is_this = user and user.closed_at and user.closed_at.isoformat() == closed_at
    return user if is_this else None


def erase_due(*, now: datetime) -> int:
    """Erase the accounts whose days of grace are over; return how many. Running it twice does no harm."""
    due = User.objects.filter(closed_at__lte=now - GRACE).order_by("pk")
    return sum(_erase(user, now=now) for user in list(due))


def _erase(user: User, *, now: datetime) -> bool:
    """Delete an account with all that it signs in with, and take the person's name off what remains."""
    with transaction.atomic():
        # Whoever took it back a moment ago keeps it.
        still = User.objects.select_for_update().filter(pk=user.pk, closed_at__lte=now - GRACE)
        if not still.exists():
            return False
        with translation.override(settings.LANGUAGE_CODE):
            name = _("Someone who left")
        for member in Member.objects.filter(user=user):
            for invitation in Invitation.objects.filter(accepted_by=member):
                invitation.name, invitation.email, invitation.word = name, "", ""
                invitation.save(update_fields=["name", "email", "word"])
            crews.leaving.erase(member)
            member.erase(name=name)
        Mail.objects.filter(to=user.email or "-").update(to="", content="")
        user.delete()
    return True


def _write(user: User, *, now: datetime) -> None:
    """Mail the link that takes it back."""
    template = "hall/mail/closed.html"
    with user.as_reader():
        context = {
            "until": now + GRACE,
            "url": address(reverse("account-reopen", args=[token_of(user)])),
            "product": settings.PRODUCT,
            "action": _("Take it back"),
            "reason": _("You get this once, since your account was closed."),
        }
        context["text"] = unescape(render_to_string(f"{template}#text", context)).strip()
        context["body"] = render_to_string(f"{template}#body", context)
        Mail.post(
            "closed",
            user.email or "",
            subject=_("Your account is closed"),
            text=render_to_string("congregation/mail/mail.txt", context).strip() + "\n",
            html=render_to_string("congregation/mail/mail.html", context),
            now=now,
        )
