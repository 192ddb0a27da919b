"""A day more: when the demo's clock has moved, its people do what people do."""

import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from django.contrib.auth.hashers import is_password_usable
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from congregation.models import Congregation, Member
from hall.demo import impulses, keeping, words
from hall.demo.chance import Chance
from hall.demo.living import Life
from hall.sweep import due


def live(*, now: datetime) -> None:
    """Let the day that ends now pass: meetings are noted, what is due is done, people go about theirs.

    Only those act who have no password and never signed in: nobody is played twice. Mail is left to
    the worker, which hands it over within seconds, so that a week passes quickly.
    """
    here = Congregation.objects.filter(slug=words.SLUG, is_demo=True).first()
    if here is None:
        due(now=now)
        return
    life = Life(here, Chance(keeping.seed()))
    life.quiet = played(here)
    life.at, life.until = now, now
    with transaction.atomic():
        life.evening(since=now - timedelta(days=1), now=now)
    due(now=now)
    acts: list[Callable[[], object]] = [*life.acts()]
    acts += [partial(impulse, life) for impulse in impulses.IMPULSES]
    for act in acts:
        # Invented people are told no like everyone, and let it be until tomorrow.
        with suppress(ValidationError, PermissionDenied), transaction.atomic():
            act()


def played(here: Congregation) -> set[uuid.UUID]:
    """Return the ids of those whom somebody plays."""
    people = Member.objects.filter(congregation=here).values_list(
        "pk", "user__password", "user__last_login"
    )
    return {
        pk
        for pk, password, last_login in people
        if password is None or is_password_usable(password) or last_login is not None
    }
