"""`manage.py sweep`: everything that is due, once, without a broker."""

import json
from typing import Any

from django.core.management.base import BaseCommand

from congregation import clock
from hall.sweep import sweep


class Command(BaseCommand):
    """Does what is due and prints how much of it there was."""

    help = "Does everything that is due, once, without a broker, and prints counts as JSON."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(sweep(now=clock.now())))
