"""`manage.py demo`: fills an empty database with an invented congregation, and prints how to sign in."""

import json
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand

from congregation import clock, invented
from hall.demo import fill, keeping

YEARS = 0.77


class Command(BaseCommand):
    """Fill an empty database with a demo; print congregations, sign-ins and a digest as JSON."""

    help = (
        "Fills an empty database with invented congregations and prints, as JSON, what they are and "
        "how to sign in. The same seed makes the same demo."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the sizes and the seed."""
        parser.add_argument("--congregations", type=int, default=1, help="how many (1)")
        parser.add_argument("--people", type=int, default=60, help="how many in each (60)")
        parser.add_argument(
            "--years", type=float, default=YEARS, help="how long they have met (about 40 weeks)"
        )
        parser.add_argument("--seed", type=int, default=1, help="a number that decides chance (1)")
        parser.add_argument(
            "--keep",
            action="store_true",
            help="make this installation a demo for good, and keep the JSON in its data folder",
        )
        parser.add_argument("--password", default="", help="of the sign-ins; otherwise made up")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print JSON, or one sentence on standard error and exit with 2."""
        begun = time.monotonic()
        if options["keep"]:
            # Before anything is there, so that no mail of invented people leaves the house.
            invented.begin()
        try:
            found = fill(
                congregations=options["congregations"],
                people=options["people"],
                days=round(options["years"] * 52) * 7,
                seed=options["seed"],
                password=options["password"],
                now=clock.now(),
                tell=self._tell,
            )
        except Exception as error:
            if options["keep"]:
                invented.end()
            if not isinstance(error, ValidationError):
                raise
            self.stderr.write(" ".join(error.messages))
            sys.exit(2)
        found["seconds"] = round(time.monotonic() - begun, 1)
        if options["keep"]:
            keeping.keep_printed(found)
        else:
            self.stdout.write(json.dumps(found, ensure_ascii=False, indent=1))

    def _tell(self, line: str) -> None:
        self.stderr.write(line)
