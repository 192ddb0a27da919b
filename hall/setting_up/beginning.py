"""The moment at which what was said becomes a congregation; of many at once, one is first."""

import hashlib
import hmac
import uuid
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.text import slugify
from django.utils.translation import gettext

from congregation import keys
from congregation.models import Congregation, Member
from hall.arriving import OneCrew, Promise, found
from hall.setting_up import address
from rhythms.forms.evening import FIRST_QUESTION, SECOND_QUESTION, moment
from rhythms.models import Evening

if TYPE_CHECKING:
    from hall.setting_up.ways import Way

MINUTES: Final = 180
PLACES: Final = 30
Said = Mapping[str, dict[str, str]]


class TakenError(Exception):
    """Somebody else was first."""


def begin(
    way: "Way", said: Said, *, passkey: tuple[str, Any] | None = None, now: datetime
) -> Member:
    """Found what a way founds and return its host; raise TakenError where something is founded already.

    `passkey` is what a host without an address comes in with, as (name, credential), if it isn't a password.
    """
    assert way.begin
    try:
        with transaction.atomic():
            if Congregation.any_here():
                raise TakenError
            host = way.begin(said, now=now)
            if passkey and host.user:
                keys.add_passkey(host.user, passkey)
    except IntegrityError:
        raise TakenError from None
    except ValidationError:
        # In the same moment somebody took the very address that this one wanted.
        if Congregation.any_here():
            raise TakenError from None
        raise
    address.close()
    return host


def already(said: Said) -> Member | None:
    """Return the host whom the very same answers have founded it with.

    Their password's hash is theirs alone, and so is the key of an account that was promised to this browser.
    """
    you = said.get("you", {})
    password, promised = you.get("password", ""), promise(said)
    if not (password or promised):
        return None
    mine = Q(user=promised.pk) if promised else Q(user__password=password)
    return Member.objects.filter(mine, congregation=first_pk()).first()


def promise(said: Said) -> Promise | None:
    """Return what a host without an address will be known by, or None for one who gave one."""
    you = said.get("you", {})
    return Promise(uuid.UUID(you["pk"]), you["handle"]) if you.get("handle") else None


def first_pk() -> uuid.UUID:
    """Return the key of the first congregation of this server.

    It is the same for all who begin at the same moment, so that the database lets one of them be first;
    nobody else can tell it.
    """
    mine = hmac.digest(settings.SECRET_KEY.encode(), b"the first congregation", hashlib.sha256)
    return uuid.UUID(bytes=mine[:16], version=4)


def congregation(said: Said, *, now: datetime) -> Member:
    """Found the congregation that was described, with its first host."""
    about, you = said["congregation"], said["you"]
    host, is_new = found(
        about["name"],
        host_name=you["name"],
        host_email=you.get("email", ""),
        nameless=promise(said),
        zone=about["zone"],
        slug=slug_of(about["name"], about.get("region", "")),
        pk=first_pk(),
        now=now,
    )
    if not is_new:
        raise TakenError
    here = host.congregation
    here.region, here.word = about.get("region", ""), about.get("word", "")
    here.save(update_fields=["region", "word"])
    keep_password(host, you.get("password", ""))
    return host


def one_crew(said: Said, *, now: datetime) -> Member:
    """Found a congregation that is one crew so far, with its first host at the table."""
    about, you = said["crew"], said["you"]
    host, is_new = found(
        about["name"],
        host_name=you["name"],
        host_email=you.get("email", ""),
        nameless=promise(said),
        zone=about["zone"],
        slug=slug_of(about["name"]),
        pk=first_pk(),
        one_crew=OneCrew(int(about["seats"]), about.get("purpose", "")),
        now=now,
    )
    if not is_new:
        raise TakenError
    keep_password(host, you.get("password", ""))
    return host


def evening(said: Said, *, now: datetime) -> Member:
    """Found the congregation that was described, and set its first evening."""
    host, about = congregation(said, now=now), said["evening"]
    on, at = date.fromisoformat(about["date"]), time.fromisoformat(about["time"])
    starts_at = moment(on, at, host.congregation.zone)
    if starts_at <= now:
        # They took days to come back to this: the host sets another.
        return host
    first_evening(host, starts_at, about["place"], now=now)
    return host


def first_evening(host: Member, starts_at: datetime, place: str, *, now: datetime) -> Evening:
    """Set a first evening, with the questions and the number of places that are usual."""
    return Evening.call(
        name=gettext("A first evening"),
        starts_at=starts_at,
        minutes=MINUTES,
        place=place,
        first_question=str(FIRST_QUESTION),
        second_question=str(SECOND_QUESTION),
        places=PLACES,
        by=host,
        now=now,
    )


def keep_password(host: Member, password: str) -> None:
    """Give the host the password that they chose, of which only the hash was kept."""
    if host.user and password:
        host.user.password = password
        host.user.save(update_fields=["password"])


def slug_of(*names: str) -> str:
    """Return the word in the address, from the first name that has plain letters."""
    return next((slug for name in names if (slug := slugify(name)[:50])), "table")
