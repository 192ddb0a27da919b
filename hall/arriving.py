"""How people come in: someone takes the seat that was held for them, or a congregation is founded."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import Truncator, slugify
from django.utils.translation import gettext as _

from congregation import keys
from congregation.models import Congregation, Event, Host, Invitation, Member, User
from crews import founding
from crews.models import Crew, Crewless


def arrive(
    invitation: Invitation, user: User, answers: Mapping[str, str], *, now: datetime
) -> Member:
    """Let an account take the seat of an invitation; doing it twice is once.

    `answers` are name, pronouns, place and line as far as they were given, and the zone of their browser.
    """
    with transaction.atomic():
        member = invitation.accept(
            user,
            name=answers["name"],
            pronouns=answers.get("pronouns", ""),
            place=answers.get("place", ""),
            line=answers.get("line", ""),
            now=now,
        )
        sit(member, now=now)
        if not user.zone and answers.get("zone"):
            user.read_in(answers["zone"])
        return member


@dataclass(frozen=True)
class Promise:
    """What someone without an address said at the door, and the name they'll have if it is free still."""

    pk: uuid.UUID
    handle: str
    answers: Mapping[str, str] = field(default_factory=dict)


def arrive_nameless(
    invitation: Invitation,
    promise: Promise,
    *,
    password: str | None = None,
    credential: tuple[str, Any] | None = None,
    now: datetime,
) -> User:
    """Let someone take their seat with an account that has no address; account, key and seat come as one.

    Their key is a password, or a passkey as (name, credential). Doing it twice is once: the account is the
    same, and opens to the same password alone. Raises ValidationError where the seat isn't to be had.
    """
    with transaction.atomic():
        # A link that was passed on may be held by two people: the row is the lock.
        row = Invitation.objects.select_for_update(no_key=True, of=("self",)).get(pk=invitation.pk)
        known = User.objects.filter(pk=promise.pk).first()
        if known:
            if not (password and known.check_password(password)):
                raise ValidationError(Invitation.sentence(Invitation.Fault.USED))
            arrive(row, known, promise.answers, now=now)
            return known
        if row.email:
            raise ValidationError(Invitation.sentence(Invitation.Fault.FOREIGN))
        user = User.objects.create_nameless(password, handle=promise.handle, pk=promise.pk)
        if credential:
            keys.add_passkey(user, credential)
        arrive(row, user, promise.answers, now=now)
        return user


def sit(member: Member, *, now: datetime) -> None:
    """Find the place of someone who has just come in.

    Where all are one crew so far, that is a seat at its table: those who sit there said yes by founding it
    so. Without a free seat nobody comes in. Elsewhere people come in without a crew.
    """
    if not member.congregation.is_one_crew:
        Crewless.begin(member, now=now)
        return
    crew = Crew.objects.the_one(member.congregation)
    if crew is None:
        raise ValidationError(_("This crew has ended."))
    crew.seat(member, by=member, now=now)


def fault(invitation: Invitation, user: User | None, *, now: datetime) -> Invitation.Fault | None:
    """Return why this person can't take the seat of an invitation now, or None.

    A congregation that is one crew has as many places as its table has seats.
    """
    found = invitation.fault(user, now=now)
    if found in {None, Invitation.Fault.WAITING} and invitation.congregation.is_one_crew:
        crew = table_of(invitation)
        if crew is None or not crew.seats_open:
            return Invitation.Fault.FULL
    return found


def table_of(invitation: Invitation) -> Crew | None:
    """Return the table that an invitation leads to, where all are one crew so far."""
    return Crew.objects.the_one(invitation.congregation)


@dataclass(frozen=True)
class OneCrew:
    """What is said of the crew that a congregation begins with."""

    seats: int = 8
    purpose: str = ""


def found(
    name: str,
    *,
    host_name: str,
    host_email: str = "",
    nameless: Promise | None = None,
    password: str | None = None,
    zone: str = "UTC",
    slug: str = "",
    pk: uuid.UUID | None = None,
    one_crew: OneCrew | None = None,
    now: datetime,
) -> tuple[Member, bool]:
    """Found a congregation with its first host; return the host, and whether it was founded just now.

    With `one_crew` it is that crew and no more, until it grows; the crew has the name too. The host is known by
    an address, or by what `nameless` promises them.

    Only the operator's command, the set-up and the demo call this. Founding the same one again changes nothing.
    """
    slug = slug or slugify(name)[:50]
    if not slug:
        raise ValidationError(
            _("Choose a short word in plain letters for its address, with --slug.")
        )
    with transaction.atomic():
        if nameless:
            user = User.objects.create_nameless(handle=nameless.handle, pk=nameless.pk)
        else:
            user = User.objects.expect(host_email, now=now)
        described = {"name": name, "zone": zone, "founded_at": now} | ({"pk": pk} if pk else {})
        if one_crew:
            described["stage"] = Congregation.Stage.ONE_CREW
        congregation, is_new = Congregation.objects.get_or_create(slug=slug, defaults=described)
        if not is_new:
            host = Member.objects.filter(congregation=congregation, user=user).hosts(now).first()
            if host is None:
                raise ValidationError(
                    _(
                        "There is a congregation at /c/%(slug)s/ already, hosted by someone else. Choose another --slug."
                    )
                    % {"slug": slug}
                )
            return host, False
        host = Member.join(congregation, user, name=host_name, now=now)
        Host.begin(host, now=now)
        if one_crew:
            founding.lay(
                host,
                name=Truncator(name).chars(60),
                purpose=one_crew.purpose,
                seats=one_crew.seats,
                now=now,
            )
        else:
            Crewless.begin(host, now=now)
        Event.record("congregation.found", host, by=host, now=now)
        user.prove(password=password)
        return host, True
