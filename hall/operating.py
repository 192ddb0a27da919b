"""What the operator of a server sees of it: states and counts, never anyone's words, names or addresses."""

import os
import platform
import shutil
import sqlite3
import tomllib
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core import signing
from django.db import connection
from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from config import pulse
from congregation import readiness
from congregation.models import Mail, User
from congregation.notices import kind_of
from congregation.outbox import address

# The address that lets an operator in is good for so long, and once.
LINK_LASTS: Final = timedelta(minutes=15)
SALT: Final = "operator"
JUST_NOW: Final = 60.0
FACTORS: Final = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


# ---- who it is


def has_second_factor(user: User) -> bool:
    """Whether an account has a second factor of its own; recovery codes alone are none."""
    return bool(Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS).exists())


def sign_in_link(user: User) -> str:
    """Return an address that signs an operator in once, within a quarter of an hour."""
    token = signing.dumps([str(user.pk), _stamp(user)], salt=SALT, compress=True)
    return address(reverse("operator-enter", args=[token]))


def let_in_by(token: str) -> User | None:
    """Return whom a sign-in address lets in, or None: it has run out, was used, or is none of ours."""
    try:
        pk, stamp = signing.loads(token, salt=SALT, max_age=LINK_LASTS)
    except (signing.BadSignature, ValueError):
        return None
    user = User.objects.filter(pk=pk, is_staff=True, is_active=True).first()
    return user if user and _stamp(user) == stamp else None


def _stamp(user: User) -> str:
    """Return what changes with each sign-in, so that an address works once."""
    return user.last_login.isoformat() if user.last_login else ""


# ---- the outbox


@dataclass
class Heap:
    """The mails of one state: how many, since when the oldest waits, and of which kinds."""

    name: str
    label: str | Promise
    words: str | Promise
    tone: str
    count: int = 0
    oldest: datetime | None = None
    kinds: list[dict[str, Any]] = field(default_factory=list)


STATES: Final = [
    ("uncertain", _("Uncertain"), _("nobody can know whether they went"), "sun"),
    ("given_up", _("Given up"), _("not taken, however often they were tried"), "rose"),
    ("failed", _("Failed"), _("not taken yet, and tried again by themselves"), "sun"),
    ("due", _("Due"), _("wait to be handed over"), "sky"),
    ("sending", _("Sending"), _("are being handed over"), "sky"),
    ("sent", _("Sent"), _("taken, and wiped here"), "sage"),
    ("dropped", _("Dropped"), _("not told any more, or left as they are"), "dusk"),
]
OF_ACCOUNTS: Final = {"account": _("Codes and account mail"), "invitation": _("An invitation")}


def label_of(kind: str) -> str:
    """Return what a kind of mail is called."""
    if kind in OF_ACCOUNTS:
        return str(OF_ACCOUNTS[kind])
    try:
        return str(kind_of(kind).label)
    except KeyError:
        return kind


def outbox() -> list[Heap]:
    """Return the mails by state and kind, what needs somebody first; one query."""
    last = Q(state=Mail.State.FAILED, attempts__gte=Mail.TRIES)
    rows = (
        Mail.objects.order_by()
        .values("state", "kind")
        .annotate(
            count=Count("pk"),
            oldest=Min("made_at"),
            given_up=Count("pk", filter=last),
            again=Count("pk", filter=Q(notice__isnull=False) | Q(digest__isnull=False)),
        )
    )
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for found_row in rows:
        row: dict[str, Any] = dict(found_row)
        row["label"] = label_of(row["kind"])
        row["wiped"] = row["count"] - row["again"]
        given_up = row["given_up"]
        if given_up:
            found["given_up"].append({**row, "count": given_up})
        if row["count"] > given_up:
            found[row["state"]].append({**row, "count": row["count"] - given_up})
    heaps = []
    for name, label, words, tone in STATES:
        kinds = sorted(found[name], key=lambda row: row["label"])
        if kinds:
            heap = Heap(name, label, words, tone, kinds=kinds)
            heap.count = sum(row["count"] for row in kinds)
            heap.oldest = min(row["oldest"] for row in kinds)
            heaps.append(heap)
    return heaps


# ---- the machine


@cache
def _own_version() -> str:
    with (settings.BASE_DIR / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def versions() -> list[tuple[str, str]]:
    """Return what runs here, each with its version."""
    if connection.vendor == "sqlite":
        database = ("SQLite", sqlite3.sqlite_version)
    else:
        numbers = connection.get_database_version()
        database = ("PostgreSQL", ".".join(str(number) for number in numbers))
    found = [(settings.PRODUCT, _own_version()), ("Python", platform.python_version()), database]
    for name in ("Django", "django-allauth", "celery", "granian", "psycopg", "cryptography"):
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            continue
    return found


def size_of(folder: Path) -> int:
    """Return how many bytes the files of a folder take; what goes meanwhile doesn't count."""
    total, waiting = 0, [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    elif entry.is_file(follow_symlinks=False):
                        total += entry.stat(follow_symlinks=False).st_size
        except OSError:
            continue
    return total


def room() -> dict[str, Any]:
    """Return how much room the data take, and how much the disk has left."""
    disk = shutil.disk_usage(settings.DATA)
    return {
        "free": disk.free,
        "total": disk.total,
        "data": size_of(settings.DATA),
        "is_tight": disk.free < max(disk.total // 20, 200 * 1024 * 1024),
    }


PARTS: Final = {"worker": _("Worker"), "schedule": _("Schedule"), "sweep": _("All that is due")}


def pulses(*, now: datetime) -> list[dict[str, Any]]:
    """Return each part with when it was last at work, as far as this data folder knows."""
    found = []
    for name, label in PARTS.items():
        quiet = pulse.quiet(settings.DATA, name)
        found.append(
            {
                "label": label,
                "at": None if quiet is None else now - timedelta(seconds=quiet),
                "is_just_now": quiet is not None and quiet < JUST_NOW,
                "is_late": quiet is None or quiet > pulse.QUIET,
            }
        )
    return found


def at_work(*, now: datetime) -> dict[str, Any]:
    """Return whether the parts go on, and whether what they stand on is there."""
    found = pulses(now=now)
    return {
        "pulses": found,
        "is_late": any(one["is_late"] for one in found),
        "broker": readiness.broker(),
        "broker_is_redis": bool(settings.REDIS_URL),
        "database_is_file": connection.vendor == "sqlite",
        "migrations": readiness.migrations(),
    }
