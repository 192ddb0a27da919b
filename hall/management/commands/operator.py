"""Lets an account run this server, and prints its way in."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from congregation import clock
from congregation.models import User
from hall import operating


class Command(BaseCommand):
    """`manage.py operator mei@example.org`."""

    help = (
        "Let an account see the operator's page, and print an address that signs it in once, within "
        "a quarter of an hour. --remove takes that away again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", help="the e-mail address of the account")
        parser.add_argument("--remove", action="store_true", help="no operator any more")

    def handle(self, *args: Any, **options: Any) -> None:
        address = options["address"].strip()
        try:
            validate_email(address)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        if options["remove"]:
            gone = User.objects.no_operator(address)
            self.stdout.write("No operator any more." if gone else "This was no operator.")
            return
        user = User.objects.operator(address, now=clock.now())
        self.stdout.write(
            f"{address} is an operator of this server. This signs in once, within a quarter of an "
            f"hour, and then asks for a second factor:\n{operating.sign_in_link(user)}"
        )
