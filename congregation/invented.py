"""Whether what is here is invented: a demo that was begun in the set-up.

`bin/serve --demo` says so for as long as it runs (`settings.DEMO`); a demo that somebody began in the set-up
leaves a mark in the data folder, so that web, worker and schedule know it at once and after the next start.
"""

from typing import Final

from django.conf import settings

MARK: Final = settings.DATA / "demo"


def is_here() -> bool:
    """Whether this is a demo."""
    return bool(settings.DEMO) or MARK.exists()


def begin() -> None:
    """Leave the mark; only where no congregation is."""
    MARK.touch(mode=0o600)


def end() -> None:
    """Take it away again."""
    MARK.unlink(missing_ok=True)
