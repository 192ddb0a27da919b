"""Sessions as they lie in the database: sealed, and under a hash of what the browser holds.

Django signs a session and leaves it readable: the codes that allauth mails, what someone said at the door, whose
session it is. And its key, the cookie, is the primary key, so that a copy of the table would sign in as everybody.
"""

import base64
import hashlib
import json
from typing import Any, Final

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore as Plain
from django.contrib.sessions.middleware import SessionMiddleware
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now
from django.http import HttpRequest

from congregation.sealed import Unsealable, seal, unseal

# No key of a cookie begins so.
ROW: Final = "#"
LONGEST: Final = 40


def row_of(key: str) -> str:
    """Return under which name the session of a cookie's key lies in the database; a name stays what it is."""
    if key.startswith(ROW):
        return key
    return (ROW + hashlib.sha256(key.encode()).hexdigest())[:LONGEST]


class SessionStore(Plain):
    """A session by the key in a cookie, or, for who looks after somebody's sessions, by its row."""

    @property
    def row(self) -> str | None:
        """The name of its row."""
        return row_of(self.session_key) if self.session_key else None

    def encode(self, session_dict: dict[str, Any]) -> str:
        """Return a session sealed for its row."""
        text = json.dumps(session_dict, separators=(",", ":"))
        return base64.b64encode(seal(text, self._place)).decode("ascii")

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """Return what was sealed for this row; what doesn't open is an empty session."""
        try:
            said: dict[str, Any] = json.loads(unseal(base64.b64decode(session_data), self._place))
        except (Unsealable, ValueError):
            return {}
        return said

    @property
    def _place(self) -> str:
        return f"django_session|session_data|{self.row}"

    def _get_session_from_db(self) -> Any:
        rows = self.model.objects.filter(session_key=self.row, expire_date__gt=Now())
        found = rows.first() if self.row else None
        if found is None:
            self._session_key = None
        return found

    def exists(self, session_key: str) -> bool:
        return super().exists(row_of(session_key))

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        made: Any = super().create_model_instance(data)
        made.session_key = self.row
        return made

    def delete(self, session_key: str | None = None) -> None:
        super().delete(row_of(session_key) if session_key else self.row)


def forget_ended() -> int:
    """Delete the sessions whose time is over, and what was kept of their devices; return how many there were."""
    from allauth.usersessions.models import UserSession
    from django.contrib.sessions.models import Session

    ended = Session.objects.filter(expire_date__lte=Now()).delete()[0]
    known = Session.objects.filter(session_key=OuterRef("session_key"))
    UserSession.objects.exclude(Exists(known)).delete()
    return ended


class Sessions(SessionMiddleware):
    """Django's sessions; the name of a row is no key, whoever sends it as a cookie."""

    def process_request(self, request: HttpRequest) -> None:
        key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
        request.session = self.SessionStore(None if key and key.startswith(ROW) else key)
