"""The one place where the time is read. Views, tasks and commands read it once and pass it down.

Tests and the demo move the clock by an offset in the data folder, so that web, worker and sweep move
together; an installation that is neither refuses to start with one.
"""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core.checks import Error, register

from congregation import invented

OFFSET = settings.DATA / "clock-offset"


def moves() -> bool:
    """Whether the clock of this installation may be moved: in tests and in the demo alone."""
    return bool(settings.CLOCK_MOVES) or invented.is_here()


def offset() -> timedelta:
    """Return how far the clock was moved."""
    if not moves():
        return timedelta(0)
    try:
        return timedelta(seconds=int(OFFSET.read_text(encoding="ascii")))
    except (FileNotFoundError, ValueError):
        return timedelta(0)


def now() -> datetime:
    """Return this moment, in UTC."""
    return datetime.now(UTC) + offset()


def move(by: timedelta) -> None:
    """Move the clock on by a span; only tests and the demo may."""
    if not moves():
        raise PermissionError("The clock of this installation does not move.")
    seconds = int((offset() + by).total_seconds())
    draft = OFFSET.with_suffix(".new")
    draft.write_text(str(seconds), encoding="ascii")
    draft.replace(OFFSET)


def reset() -> None:
    """Set the clock right again."""
    OFFSET.unlink(missing_ok=True)


@register
def refuse_moved_clock(**kwargs: object) -> list[Error]:
    """Fail the system check where a clock was moved that must not."""
    if not moves() and OFFSET.exists():
        return [
            Error(
                "The clock of this data folder was moved, which only the demo may do.",
                hint=f"Remove {OFFSET} if this is the real thing, or start with --demo.",
                id="tableful.E001",
            )
        ]
    return []
