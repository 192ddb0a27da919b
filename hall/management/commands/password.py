"""Gives someone a new password whom no host can let in again: the only host, without an address."""

import secrets
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from congregation import handles, keys
from congregation.models import User
from congregation.words import same_handle


class Command(BaseCommand):
    """`manage.py password maple-otter-42`."""

    help = (
        "Print a new password for someone without an address, by their sign-in name, in place of all that they "
        "came in with. Wherever they are signed in, they are signed out. Not for who has a second factor."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="+", help="their sign-in name")

    def handle(self, *args: Any, **options: Any) -> None:
        name = " ".join(options["name"])
        with transaction.atomic():
            known = User.objects.select_for_update(no_key=True)
            user = known.filter(handle_key=same_handle(name), is_active=True).first()
            if user is None:
                raise CommandError("Nobody has this sign-in name.")
            if user.email:
                raise CommandError("They have given an address: they can ask for a code by mail.")
            if keys.has_second_factor(user):
                raise CommandError("They have a second factor, so that nobody else comes in.")
            password = f"{handles.make()} {handles.make()} {secrets.randbelow(9000) + 1000}"
            keys.replace(user, password, None)
            keys.end_sessions(user)
        self.stdout.write(
            f"{user.handle} signs in with this password, and had better choose another one then:\n{password}"
        )
