"""Serves the pages: `config.supervise` runs this as the part named web.

It loads the application once and then forks granian's workers, so that they answer at once after
a start and share its memory; and it sees to the data folder by the way, since it is loaded.
"""

import gc
import logging
import multiprocessing
import os
import sys
import traceback
from importlib import import_module

STAY_DOWN = 78  # the status that says: starting me again would not help


def make_ready() -> None:
    """Make the data folder ready and load the application, or end and say why."""
    try:
        import django
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import CommandError, call_command

        from config.data import Refused

        try:
            django.setup()
            call_command("ready", verbosity=0, broker=True)
            import_module("hall.setting_up.address").note()
            import_module("config.wsgi")  # after it, since this looks which static files there are
        except (CommandError, ImproperlyConfigured, Refused) as sentence:
            print(sentence, file=sys.stderr)  # noqa: T201
            sys.exit(STAY_DOWN)
    except Exception:
        traceback.print_exc()
        sys.exit(STAY_DOWN)


def share() -> None:
    """Load what the first request would load, and keep nothing open that a fork must not share."""
    from django.conf import settings
    from django.core.cache import caches
    from django.db import connections

    import_module(settings.ROOT_URLCONF)
    caches.close_all()
    connections.close_all()
    gc.collect()
    gc.freeze()


def matters(record: logging.LogRecord) -> bool:
    """Tell a line of granian's that its operator should see from what only goes as it should."""
    return record.levelno >= logging.WARNING or record.msg.startswith("Respawning")


def serve(host: str, port: int) -> None:
    """Serve until asked to end: two workers with one thread each."""
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces

    console = {"class": "logging.StreamHandler", "formatter": "line", "filters": ["matters"]}
    Granian(
        "config.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=2,
        blocking_threads=1,
        respawn_failed_workers=True,
        workers_kill_timeout=5,
        log_dictconfig={
            "formatters": {"line": {"()": "config.logs.Line"}},
            "filters": {"matters": {"()": lambda: matters}},
            "handlers": {"console": console},
            "loggers": {"_granian": {"handlers": ["console"], "propagate": False}},
        },
    ).serve()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.platform == "linux":
        multiprocessing.set_start_method("fork")
    make_ready()
    share()
    serve(sys.argv[1], int(sys.argv[2]))
