"""Fills an empty database with a demo, and says what is in it."""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from congregation.models import Congregation, Member
from crews.models import Crew
from hall.demo import copying, keeping, names, words
from hall.demo.digest import digest
from hall.demo.history import History

LEAST_PEOPLE: Final = 16
MOST_PEOPLE: Final = 200
LEAST_DAYS: Final = 84
# Letters and figures that nobody mistakes for one another.
PLAIN: Final = "abcdefghijkmnpqrstuvwxyz23456789"


def fill(
    *,
    congregations: int,
    people: int,
    days: int,
    seed: int,
    password: str = "",
    now: datetime,
    tell: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Fill an empty database; where a demo is already, leave it, and give its sign-ins new passwords.

    The first congregation plays the verbs, the others are copies of it under other names. Returns
    what there is. Raises ValidationError where something real is here, or for impossible sizes.
    """
    if Congregation.objects.filter(is_demo=False).exists():
        raise ValidationError(
            _(
                "There is a congregation here that is no demo. A demo wants a database of its own: "
                "choose another folder with TABLEFUL_DATA."
            )
        )
    with transaction.atomic():
        if Congregation.objects.filter(is_demo=True).exists():
            tell(
                _("A demo is here already; it stays as it is, and its sign-ins get new passwords.")
            )
        else:
            _check(congregations, people, days)
            History(people=people, days=days, seed=seed, now=now).play(tell)
            if congregations > 1:
                copying.copy(_first(), congregations - 1, seed=seed, tell=tell)
            keeping.keep_seed(seed)
        return _what_there_is(password)


def _check(congregations: int, people: int, days: int) -> None:
    if not LEAST_PEOPLE <= people <= MOST_PEOPLE:
        raise ValidationError(
            _("A demo congregation has from %(least)d to %(most)d people.")
            % {"least": LEAST_PEOPLE, "most": MOST_PEOPLE}
        )
    if congregations < 1:
        raise ValidationError(_("A demo has at least one congregation."))
    if days < LEAST_DAYS:
        raise ValidationError(
            _("A demo has lived for at least %(weeks)d weeks.") % {"weeks": LEAST_DAYS // 7}
        )


def _first() -> Congregation:
    return Congregation.objects.get(slug=words.SLUG, is_demo=True)


def _what_there_is(password: str) -> dict[str, Any]:
    """Return congregations, sign-ins and digest, as the command prints them."""
    here = list(Congregation.objects.filter(is_demo=True).order_by("founded_at", "slug"))
    here.sort(key=lambda congregation: congregation.slug != words.SLUG)
    people = dict(
        Member.objects.present().values_list("congregation").annotate(n=Count("pk")).order_by()
    )
    crews = dict(
        Crew.objects.filter(is_partnership=False)
        .values_list("congregation")
        .annotate(n=Count("pk", filter=~Q(state=Crew.State.ENDED)))
        .order_by()
    )
    return {
        "congregations": [
            {
                "slug": one.slug,
                "name": one.name,
                "people": people.get(one.pk, 0),
                "crews": crews.get(one.pk, 0),
            }
            for one in here
        ],
        "sign_ins": _sign_ins(password),
        "digest": digest(here[0], here[1:]),
    }


def _sign_ins(password: str) -> list[dict[str, str]]:
    """Give the few people who are meant to be played a password, and return how to be them."""
    first = _first()
    home = reverse("home", kwargs={"slug": first.slug})
    pages = {
        "host": reverse("host", kwargs={"slug": first.slug}),
        "newcomer": reverse("people", kwargs={"slug": first.slug}),
    }
    roles = (
        (names.HOST, "host", _("A host, who sees who has no crew yet and who waits at the door")),
        (
            names.FACILITATOR,
            "facilitator",
            _("A facilitator whose crew has met and not yet said so"),
        ),
        (names.MEMBER, "member", _("A member with a look-back, a hello and a table to answer")),
        (names.NEWCOMER, "newcomer", _("Someone who came three days ago and has no crew")),
    )
    found = []
    for name, role, who in roles:
        member = Member.objects.filter(congregation=first, name=name.name).first()
        if member is None or member.user is None:
            continue  # renamed or gone since
        word = password or "-".join(_syllable() for _part in range(3))
        member.user.set_password(word)
        member.user.save(update_fields=["password"])
        found.append(
            {
                "who": str(who),
                "name": name.name,
                "email": member.user.email or "",
                "password": word,
                "role": role,
                "page": pages.get(role, home),
            }
        )
    return found


def _syllable() -> str:
    return "".join(secrets.choice(PLAIN) for _letter in range(5))
