"""The keys of an account: its password, its passkeys, and the sessions that they have opened."""

import json
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY

from congregation.models.account import User

# What a session carries that was open already when someone came in by a way back.
OLDER = "older_than_way_back"


def has_second_factor(user: User) -> bool:
    """Whether more than one thing is asked of this person when they sign in.

    A passkey is the only thing for who has neither password nor address, and the second for anyone else.
    """
    from allauth.mfa.models import Authenticator

    Type = Authenticator.Type
    kinds = set(Authenticator.objects.filter(user_id=user.pk).values_list("type", flat=True))
    alone = not user.has_usable_password() and not user.email
    return Type.TOTP in kinds or (Type.WEBAUTHN in kinds and not alone)


def replace(user: User, password: str | None, credential: tuple[str, Any] | None) -> str:
    """Give an account new keys for all it had: a password, or a passkey as (name, credential).

    Return what it had, to be put back if that wasn't its person.
    """
    from allauth.mfa.models import Authenticator

    mine = Authenticator.objects.filter(user_id=user.pk)
    before = {
        "password": user.password,
        "authenticators": [[row.type, row.data] for row in mine.order_by("pk")],
    }
    mine.delete()
    user.set_password(password)
    user.save(update_fields=["password"])
    if credential:
        add_passkey(user, credential)
    return json.dumps(before)


def add_passkey(user: User, credential: tuple[str, Any]) -> None:
    """Give an account a passkey, as (name, what the device said), that was checked."""
    from allauth.mfa.webauthn.internal.auth import WebAuthn

    WebAuthn.add(user, *credential)


def put_back(user: User, before: str) -> None:
    """Give an account the keys again that it had before."""
    from allauth.mfa.models import Authenticator

    kept = json.loads(before)
    Authenticator.objects.filter(user_id=user.pk).delete()
    for kind, data in kept["authenticators"]:
        Authenticator.objects.create(user_id=user.pk, type=kind, data=data)
    user.password = kept["password"]
    user.save(update_fields=["password"])


def _store(key: str | None = None) -> Any:
    return import_module(settings.SESSION_ENGINE).SessionStore(key)


def keep_sessions(user: User, mark: str) -> None:
    """Let the sessions that are open stay so though the keys have changed, and mark them as older."""
    for row in _sessions(user):
        session = _store(row.session_key)
        if HASH_SESSION_KEY in session:
            session[HASH_SESSION_KEY] = user.get_session_auth_hash()
            session[OLDER] = mark
            session.save()


def renew(session: Any, user: User) -> None:
    """Let the session of a request stay open under the keys of now."""
    user.refresh_from_db(fields=["password"])
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()


def end_sessions(user: User, *, but: str = "") -> None:
    """End the sessions of an account; those that carry this mark stay, under the keys of now."""
    for row in _sessions(user):
        session = _store(row.session_key)
        if but and session.get(OLDER) == but:
            session[HASH_SESSION_KEY] = user.get_session_auth_hash()
            session.save()
        else:
            row.end()


def _sessions(user: User) -> list[Any]:
    from allauth.usersessions.models import UserSession

    return list(UserSession.objects.filter(user_id=user.pk))
