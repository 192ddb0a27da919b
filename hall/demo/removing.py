"""Takes the demo away: its congregations, its people, their mail, and the moved clock."""

import email
from collections.abc import Collection
from email import policy
from itertools import batched

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import models, transaction
from django.db.models import Exists, OuterRef

from congregation import clock
from congregation.models import Congregation, Invitation, Mail, Member, Notice, User
from congregation.sealed_sessions import SessionStore
from congregation.words import same_address
from hall.demo import keeping
from hall.demo.copying import tenanted

AT_ONCE = 500


def remove() -> None:
    """Delete the congregations that are a demo and all that is theirs, and set the clock right.

    Accounts that are in a real congregation too stay, and so does their mail.
    """
    with transaction.atomic():
        demos = Congregation.objects.filter(is_demo=True)
        elsewhere = Member.objects.filter(user=OuterRef("pk"), congregation__is_demo=False)
        people = dict(
            User.objects.filter(~Exists(elsewhere), memberships__congregation__in=demos)
            .exclude(is_staff=True)
            .values_list("pk", "email_key")
        )
        invited = Invitation.objects.filter(congregation__in=demos).exclude(email="")
        addresses = {
            same_address(address)
            for address in (*people.values(), *invited.values_list("email", flat=True))
            if address
        }
        _delete_mail(demos, addresses)
        _end_sessions({str(pk) for pk in people})
        # What points to what is checked when all of it is gone, so their order does not matter.
        for model in tenanted():
            _delete(model._default_manager.filter(congregation__in=demos))
        for pks in batched(people, AT_ONCE):
            User.objects.filter(pk__in=pks).delete()
        _delete(demos)
    _delete_mail_files(addresses)
    keeping.forget()
    clock.reset()


def _delete(rows: "models.QuerySet[models.Model]") -> None:
    """Delete rows without reading them: there may be millions."""
    rows._raw_delete(rows.db)


def _delete_mail(demos: "models.QuerySet[Congregation]", addresses: Collection[str]) -> None:
    told = Notice.objects.filter(congregation__in=demos)
    _delete(Mail.objects.filter(notice__in=told.values("pk")))
    others = Mail.objects.filter(notice__isnull=True).values_list("pk", "to")
    theirs = [pk for pk, to in others if same_address(to) in addresses]
    for pks in batched(theirs, AT_ONCE):
        Mail.objects.filter(pk__in=pks).delete()
    # What went is wiped, and nobody can tell any more whose it was.
    _delete(Mail.objects.filter(notice__isnull=True, to=""))


def _end_sessions(people: Collection[str]) -> None:
    """Sign everyone out who is deleted."""
    for session in Session.objects.iterator():
        if SessionStore(session.session_key).get(SESSION_KEY) in people:
            session.delete()


def _delete_mail_files(addresses: Collection[str]) -> None:
    for path in settings.MAIL_FOLDER.glob("*.log"):
        text = path.read_text(encoding="utf-8", errors="replace")
        to = email.message_from_string(text, policy=policy.default)["To"]
        if to is not None and same_address(str(to)) in addresses:
            path.unlink(missing_ok=True)
