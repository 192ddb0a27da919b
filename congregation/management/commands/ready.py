"""`manage.py ready`: everything that must be there before the first request."""

import errno
import fcntl
import hashlib
import sys
from pathlib import Path
from shutil import disk_usage
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from config.data import unusable
from congregation import readiness

# With less room than this on its disk, in bytes, nothing would go well for long.
LEAST_ROOM = 16 * 1024 * 1024


class Command(BaseCommand):
    """Makes secrets, migrates and collects static files where that is still to be done."""

    help = "Makes secrets, migrates the database and collects static files, each only if needed."

    # They need the database, and what is wrong with that is said better here.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--broker", action="store_true", help="also asks Redis, if one is set")

    def handle(self, *args: Any, broker: bool = False, **options: Any) -> None:
        try:
            if disk_usage(settings.DATA).free < LEAST_ROOM:
                raise OSError(errno.ENOSPC, "full")
            # Two starts at once, or a command beside a start, must not migrate at the same moment.
            with open(Path(settings.DATA) / "ready.lock", "w", encoding="ascii") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                self._make_ready()
        except OSError as error:
            raise CommandError(str(unusable(settings.DATA, error))) from error
        if broker and (fault := readiness.queue_fault()):
            raise CommandError(fault)

    def _make_ready(self) -> None:
        quiet = {"verbosity": 0, "interactive": False}
        try:
            state = readiness.migrations()
            self.check()
            if state == "ahead":
                raise CommandError(
                    f"The database was made by a newer {settings.PRODUCT} than this one: "
                    "start the newer one, or restore the backup from before."
                )
            if state == "behind":
                print("Setting up the database …", file=sys.stderr)
                call_command("migrate", **quiet)
        except DatabaseError as error:
            raise CommandError(readiness.database_fault(error)) from error
        cache.close()
        if self._static_changed():
            print("Collecting static files …", file=sys.stderr)
            call_command("collectstatic", clear=True, **quiet)
            self._stamp.write_text(self._print_of_static(), encoding="ascii")
        settings.MAIL_FOLDER.mkdir(mode=0o700, exist_ok=True)

    @property
    def _stamp(self) -> Path:
        return Path(settings.DATA) / "static.stamp"

    def _print_of_static(self) -> str:
        """Return a fingerprint of the static files: names, sizes and times."""
        import django

        known = hashlib.sha256(django.__version__.encode())
        for folder in settings.STATICFILES_DIRS:
            for path in sorted(Path(folder).rglob("*")):
                if path.is_file():
                    facts = path.stat()
                    known.update(f"{path}{facts.st_size}{facts.st_mtime_ns}".encode())
        return known.hexdigest()

    def _static_changed(self) -> bool:
        return (
            not self._stamp.exists()
            or self._stamp.read_text(encoding="ascii") != self._print_of_static()
        )
