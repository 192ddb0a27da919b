"""Prints the address at which a server without a congregation is set up."""

from typing import Any

from django.core.management.base import BaseCommand

from hall.setting_up import address


class Command(BaseCommand):
    """`manage.py setup`: a new address each time; those before go on working."""

    help = "Prints an address at which this server is set up, as long as it has no congregation."

    def handle(self, *args: Any, **options: Any) -> None:
        if address.note():
            self.stdout.write(f"To set it up, open {address.new()}")
        else:
            self.stdout.write("There is a congregation here already: nothing is left to set up.")
