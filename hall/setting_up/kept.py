"""What somebody has said so far in the set-up. It lies in their session, so that they may go and come back."""

from collections.abc import Sequence
from typing import Any, Final

from django.contrib.sessions.backends.base import SessionBase

from hall.setting_up.beginning import Said
from hall.setting_up.ways import Part, Way, way

KEY: Final = "setting_up"


class Kept:
    """What one browser has said. Reading it changes nothing."""

    def __init__(self, session: SessionBase) -> None:
        """Read it from a session."""
        self._session = session
        self._all: dict[str, Any] = session.get(KEY, {})

    @property
    def way(self) -> Way | None:
        """The way that was chosen."""
        return way(self._all.get("way", ""))

    @property
    def said(self) -> Said:
        """What each part was told."""
        said: Said = self._all.get("said", {})
        return said

    @property
    def mail(self) -> dict[str, Any] | None:
        """What came of the last test mail."""
        return self._all.get("mail")

    @property
    def parts(self) -> Sequence[Part]:
        """The parts of the way that was chosen."""
        return self.way.parts if self.way else ()

    @property
    def next(self) -> str:
        """The name of the first part that was not told yet: a part, or "begin", or "mail"."""
        if self.way is None or not self.parts:
            return "begin"
        return next((part.name for part in self.parts if part.name not in self.said), "mail")

    def choose(self, name: str) -> None:
        """Take a way. What other ways asked stays, should one come back to them."""
        self._write(way=name)

    def keep(self, part: str, said: dict[str, str]) -> None:
        """Keep what a part was told."""
        self._write(said={**self.said, part: said})

    def keep_mail(self, result: dict[str, Any]) -> None:
        """Keep what came of a test mail."""
        self._write(mail=result)

    def forget(self) -> None:
        """Forget all of it, when it has come to be."""
        self._session.pop(KEY, None)

    def _write(self, **more: Any) -> None:
        self._all = {**self._all, **more}
        self._session[KEY] = self._all
