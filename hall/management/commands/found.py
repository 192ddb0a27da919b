"""Makes a congregation and its first host."""

import sys
import zoneinfo
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email, validate_slug
from django.db import transaction
from django.urls import reverse

from congregation import clock, invented
from congregation.outbox import address as whole
from hall.arriving import OneCrew, found
from hall.setting_up.beginning import first_evening
from rhythms.forms.evening import moment


class Command(BaseCommand):
    """`manage.py found Otaki --host-name "Mei Ropata" --host-email mei@example.org --zone Pacific/Auckland`."""

    help = "Make a congregation and its first host. Doing it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="what the congregation is called")
        parser.add_argument("--host-name", required=True, help="the first host's name")
        parser.add_argument("--host-email", required=True, help="the address they sign in with")
        parser.add_argument("--zone", default="UTC", help="its time zone, such as Pacific/Auckland")
        parser.add_argument("--slug", default="", help="the word in its address; from the name")
        parser.add_argument(
            "--one-crew",
            action="store_true",
            help="begin with one crew of that name, which can grow into a congregation later",
        )
        parser.add_argument(
            "--evening",
            metavar="2026-11-30T18:30",
            help="set a first evening, by the clock of its time zone; with --place",
        )
        parser.add_argument("--place", default="", help="where that evening is")
        parser.add_argument("--seats", type=int, default=8, help="of that crew, 3 to 8")
        parser.add_argument("--purpose", default="", help="of that crew, in a sentence")
        parser.add_argument(
            "--password-stdin",
            action="store_true",
            help="read a password for the host from standard input; without, they sign in by code",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        name, host_name = options["name"].strip(), options["host_name"].strip()
        try:
            if invented.MARK.exists():
                raise ValidationError(
                    "A demo is here. Take it away first, with the button at the top of its pages."
                )
            if not name or len(name) > 80:
                raise ValidationError("A congregation has a name of at most 80 letters.")
            if not host_name or len(host_name) > 80:
                raise ValidationError("A host has a name of at most 80 letters.")
            if options["zone"] not in zoneinfo.available_timezones():
                raise ValidationError(
                    f"There is no time zone {options['zone']!r}; they look like Pacific/Auckland."
                )
            evening = _moment(options)
            if len(options["purpose"]) > 300:
                raise ValidationError("A purpose has at most 300 letters.")
            validate_email(options["host_email"])
            if options["slug"]:
                validate_slug(options["slug"])
            password = None
            if options["password_stdin"]:
                password = sys.stdin.readline().rstrip("\n")
                validate_password(password)
            with transaction.atomic():
                host, is_new = found(
                    name,
                    host_name=host_name,
                    host_email=options["host_email"],
                    password=password,
                    zone=options["zone"],
                    slug=options["slug"].lower(),
                    one_crew=OneCrew(options["seats"], options["purpose"].strip())
                    if options["one_crew"]
                    else None,
                    now=clock.now(),
                )
                if is_new and evening:
                    first_evening(host, evening, options["place"].strip(), now=clock.now())
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        home = reverse("home", kwargs={"slug": host.congregation.slug})
        said = "is founded" if is_new else "was founded before; nothing was changed"
        lines = [f"{host.congregation.name} {said}: {whole(home)}"]
        address = options["host_email"]
        if password and is_new:
            lines.append(f"{host.name} signs in with {address} and the password given.")
        else:
            lines.append(f"{host.name} signs in with {address} and asks for a code.")
        if not settings.EMAIL_URL:
            lines.append(
                f"No mail server is set (EMAIL_URL), so codes lie as files in {settings.MAIL_FOLDER}."
            )
        self.stdout.write("\n".join(lines))


def _moment(options: dict[str, Any]) -> datetime | None:
    """Return when the first evening is, if one is asked for."""
    if not options["evening"]:
        return None
    if options["one_crew"]:
        raise ValidationError("One crew first, or a first evening: choose one of the two.")
    if not options["place"].strip() or len(options["place"]) > 200:
        raise ValidationError("An evening has a place, of at most 200 letters: --place.")
    try:
        wall = datetime.fromisoformat(options["evening"])
    except ValueError:
        wall = None
    if wall is None or wall.tzinfo is not None:
        raise ValidationError("A moment looks like 2026-11-30T18:30.")
    return moment(wall.date(), wall.time(), options["zone"])
