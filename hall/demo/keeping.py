"""What a demo keeps in the data folder, beside its clock: the seed that its people live by."""

import json
from typing import Any, Final

from django.conf import settings

from congregation import invented

SEED: Final = settings.DATA / "demo-seed"
# Where bin/serve keeps what the command printed.
PRINTED: Final = settings.DATA / "demo.json"
# What is said while it is filled from the set-up.
PROGRESS: Final = settings.DATA / "demo.progress"


def keep_seed(seed: int) -> None:
    """Remember the seed."""
    SEED.write_text(f"{seed}\n", encoding="ascii")


def seed() -> int:
    """Return the seed of the demo that is there."""
    try:
        return int(SEED.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return 1


def keep_printed(found: dict[str, Any]) -> None:
    """Keep congregations and sign-ins where only this user may read them."""
    draft = PRINTED.with_suffix(".part")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
    draft.replace(PRINTED)


def forget() -> None:
    """Remove what was kept."""
    for path in (SEED, PRINTED, PROGRESS):
        path.unlink(missing_ok=True)
    invented.end()
