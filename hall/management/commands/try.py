"""`manage.py try WHAT FILE`: one rule on a JSON file of one's own."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from hall.trying import LARGEST_BYTES, TRIALS, TryError, parse
from rhythms.rules import RhythmError


class Command(BaseCommand):
    """Read JSON from a file or standard input, try one rule on it, print JSON."""

    help = "Tries one rule on a JSON file of your own and prints what comes of it as JSON."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to try and on which file."""
        parser.add_argument("what", choices=sorted(TRIALS), help="the rule to try")
        parser.add_argument("file", help="a JSON file, or - for standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the result, or one sentence on standard error and exit with 2."""
        try:
            result = TRIALS[options["what"]](parse(self._read(options["file"])))
        except (TryError, RhythmError) as error:
            self.stderr.write(str(error))
            sys.exit(2)
        self.stdout.write(json.dumps(result))

    def _read(self, name: str) -> bytes:
        # One byte more than is allowed tells a file that is too large, or that never ends.
        try:
            if name == "-":
                return sys.stdin.buffer.read(LARGEST_BYTES + 1)
            with Path(name).open("rb") as file:
                return file.read(LARGEST_BYTES + 1)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "its name can’t be one"
            raise TryError(f"The file can’t be read: {reason}.") from None
