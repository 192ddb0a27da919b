"""`manage.py testmail ADDRESS`: sends one test mail and says how far it came."""

import sys
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandParser
from django.core.validators import validate_email

from congregation.diagnosing import send_test

MARKS = {"done": "✓", "stop": "✗", "next": "·"}


class Command(BaseCommand):
    """Print each step, what came of it, and what to try; end with 0 only where a server took the mail."""

    help = "Sends one test mail to an address and says in plain words how far it came."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", help="an address whose mailbox you can look into")

    def handle(self, *args: Any, **options: Any) -> None:
        address = options["address"]
        try:
            validate_email(address)
        except ValidationError:
            self.stderr.write(f"{address} is no e-mail address.")
            sys.exit(2)
        result = send_test(address)
        lines = [
            " ".join(
                filter(
                    None,
                    [MARKS[step.state], f"{step.label}:" if step.fact else step.label, step.fact],
                )
            )
            for step in result.steps
        ]
        lines += [result.sentence, *(f"  - {hint}" for hint in result.hints)]
        if result.said:
            lines.append(f"The server said: {result.said}")
        if not settings.EMAIL_URL:
            lines.append("Set EMAIL_URL, as in smtp://user:password@mail.example:587")
        self.stdout.write("\n".join(lines))
        if not result.is_sent:
            sys.exit(1)
