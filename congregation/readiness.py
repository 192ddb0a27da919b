"""Whether what this stands on is there: the database, its migrations, the queue.

Each fault is one sentence for whoever runs the server, without a password or an address of anyone's.
"""

import time
from functools import cache
from urllib.parse import urlsplit

from django.conf import settings
from django.db import NotSupportedError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

Migration = tuple[str, str]
# For how many seconds an answer about the queue is good: whoever asks often doesn't wait for it often.
GOOD_FOR = 5.0


@cache
def _on_disk() -> tuple[frozenset[Migration], frozenset[Migration]]:
    """Return the migrations that this code knows, and those that a database of its own has at last."""
    loader = MigrationLoader(None)
    known = set(loader.disk_migrations)
    for migration in loader.disk_migrations.values():
        known.update((app, name) for app, name in migration.replaces)
    return frozenset(known), frozenset(loader.graph.leaf_nodes())


def migrations() -> str:
    """Return "ok", "behind", or "ahead" where a newer release has been here; two small queries."""
    known, last = _on_disk()
    applied = set(MigrationRecorder(connection).applied_migrations())
    ours = {app for app, _name in known}
    if any(app in ours for app, _name in applied - known):
        return "ahead"
    return "ok" if last <= applied else "behind"


def database_fault(error: Exception, on: BaseDatabaseWrapper | None = None) -> str:
    """Return what is wrong with the database, as far as its error tells."""
    said, db = str(error).lower(), on or connection
    if db.vendor == "sqlite":
        return _sqlite_fault(said, error, db.settings_dict["NAME"])
    given = db.settings_dict
    where = f"PostgreSQL at {given['HOST'] or 'this computer'}, port {given['PORT'] or 5432},"
    if isinstance(error, NotSupportedError):
        return f"{where} is too old: {_needs(error)}."
    if "password" in said or "role" in said or "authentication" in said or "pg_hba" in said:
        return f"{where} does not take the user and password in DATABASE_URL."
    if "does not exist" in said and "database" in said:
        return (
            f"{where} has no database {given['NAME']!r}: make it, as in `createdb {given['NAME']}`, "
            "or name another in DATABASE_URL."
        )
    if "permission denied" in said or "must be owner" in said:
        return (
            f"{where} does not let this user make tables in {given['NAME']!r}: "
            "make it the owner of that database."
        )
    if "starting up" in said or "shutting down" in said or "too many" in said:
        return f"{where} takes nobody just now: start again in a moment."
    if any(word in said for word in ("refused", "resolve", "timeout", "no route", "unreachable")):
        return f"{where} does not answer: is it running, and is DATABASE_URL right?"
    return f"{where} does not take this connection ({_class(error)}): is DATABASE_URL right?"


def _sqlite_fault(said: str, error: Exception, path: object) -> str:
    if isinstance(error, NotSupportedError):
        return f"This Python’s SQLite is too old: {_needs(error)}."
    if "unable to open" in said:
        return f"The database {path} cannot be opened: is its folder there, and this user’s?"
    if "not a database" in said or "malformed" in said:
        return f"{path} is no database, or is damaged: put the one of your backup back."
    if "readonly" in said or "read-only" in said:
        return f"The database {path} can only be read: give it to this user."
    if "full" in said:
        return f"There is no room left on the disk for {path}: make some, and start again."
    if "locked" in said:
        return f"The database {path} is held by another program: stop that one first."
    return f"The database {path} cannot be used ({_class(error)})."


def _needs(error: Exception) -> str:
    """Return Django's "PostgreSQL 15 or later is required", without what it found."""
    return str(error).splitlines()[0].split(" (")[0].rstrip(".")


def _class(error: Exception) -> str:
    """Return the class of an error, of the driver's own where there is one."""
    return type(error.__cause__ or error).__name__


def queue_fault() -> str:
    """Return what is wrong with Redis where it is set, or nothing."""
    parts = urlsplit(settings.REDIS_URL)
    if parts.scheme not in {"redis", "rediss"}:
        return ""
    import redis

    where = f"Redis at {parts.hostname}, port {parts.port or 6379},"
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=3, socket_timeout=3
        ) as client:
            client.ping()
    except (redis.AuthenticationError, redis.exceptions.NoPermissionError):
        return f"{where} does not take the password in REDIS_URL."
    except (redis.ConnectionError, redis.TimeoutError, OSError) as error:
        if "auth" in str(error).lower():
            return f"{where} does not take the password in REDIS_URL."
        return f"{where} does not answer: is it running, and is REDIS_URL right?"
    except redis.RedisError as error:
        return f"{where} does not take this connection ({_class(error)}): is REDIS_URL right?"
    return ""


_asked: tuple[float, str] | None = None


def broker() -> str:
    """Return "ok" if the queue takes a connection within two seconds, else "away"; asked once in a while."""
    global _asked
    if _asked is None or time.monotonic() - _asked[0] > GOOD_FOR:
        answer = _ask_the_broker()
        _asked = (time.monotonic(), answer)
    return _asked[1]


def _ask_the_broker() -> str:
    from config.celery import app

    try:
        with app.connection_for_write(connect_timeout=2) as channel:
            channel.ensure_connection(max_retries=1, timeout=2)
    except Exception:
        return "away"
    return "ok"
