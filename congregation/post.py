"""How mail leaves the house: by a mail server, or into a folder where there is none.

Both know from when on nobody can tell any more whether a message went (`is_handed`); a fault before that
moment surely kept it here, so that it may be tried again.
"""

import smtplib
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from django.conf import settings
from django.core.mail import EmailMessage, mailers
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend

from congregation import invented

# What a mail server says when it doesn't take a message: then it surely hasn't.
REFUSED = (
    smtplib.SMTPResponseException,
    smtplib.SMTPRecipientsRefused,
    smtplib.SMTPNotSupportedError,
)


class _Plain(smtplib.SMTP):
    """A connection that remembers that it has begun to hand a message over."""

    is_handed = False

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.is_handed = True
        return super().data(msg)


class _Encrypted(_Plain, smtplib.SMTP_SSL):
    """The same, encrypted from the first byte."""


class ServerBackend(EmailBackend):
    """A mail server."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _Encrypted if self.use_ssl else _Plain

    @property
    def is_handed(self) -> bool:
        """Whether the server may have taken the message that was sent last."""
        return isinstance(self.connection, _Plain) and self.connection.is_handed

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        if isinstance(self.connection, _Plain):
            self.connection.is_handed = False
        return int(super().send_messages(email_messages) or 0)


class FolderBackend(BaseEmailBackend):
    """A folder, for an installation without a mail server: each message is a file that appears whole."""

    is_handed = False

    def __init__(self, *args: Any, file_path: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.folder = Path(file_path)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for message in email_messages:
            path = self.folder / f"{uuid.uuid4().hex}.log"
            draft = path.with_suffix(".part")
            draft.touch(mode=0o600)
            draft.write_bytes(message.message().as_bytes())
            draft.replace(path)
        return len(email_messages)


def _post() -> Any:
    """Return what mail is handed to; what invented people write to each other stays in the house."""
    if invented.is_here():
        return FolderBackend(file_path=str(settings.MAIL_FOLDER))
    return mailers["post"]


class Line:
    """The way to the post, kept open from one mail to the next and opened anew after a fault."""

    # Whether the post could not be reached at all: then the rest needn't try.
    is_dead = False

    def __init__(self) -> None:
        self._post: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def open(self) -> None:
        """Reach the post; raise what went wrong where it can't be."""
        self._post = self._post or _post()
        try:
            self._post.open()
        except Exception:
            self.is_dead = True
            raise

    def send(self, message: EmailMessage) -> None:
        """Hand one message over; raise what went wrong."""
        self._post.send_messages([message])

    def may_have_taken(self, error: Exception) -> bool:
        """Whether the message may have gone in spite of a fault."""
        return not isinstance(error, REFUSED) and getattr(self._post, "is_handed", True)

    def close(self) -> None:
        """Hang up."""
        post, self._post = self._post, None
        with suppress(Exception):
            if post:
                post.close()
