"""What the frame of every page needs; each is looked up only where it is shown."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from congregation import clock, invented
from congregation.keys import OLDER
from congregation.models import Member, Notice, User, WayBack
from congregation.views.door import LOOKS
from hall import mailing
from rhythms.models import Meeting


def chrome(request: HttpRequest) -> dict[str, Any]:
    """Return the product's name, the reader's look, and what waits for them."""
    member = getattr(request, "member", None)
    is_demo = invented.is_here()
    context: dict[str, Any] = {
        "product": settings.PRODUCT,
        "member": member,
        "congregation": member.congregation if member else None,
        **_look(request),
        "is_demo": is_demo,
        "demo_now": clock.now() if is_demo else None,
        "unseen_notices": 0,
    }
    user = getattr(request, "user", None)
    if isinstance(user, User) and user.way_back_until and user.way_back_until > clock.now():
        context["news_of_way"] = SimpleLazyObject(lambda: _way_back(request, user))
    if member:
        context["we_met"] = SimpleLazyObject(lambda: _ended(member))
        context["unseen_notices"] = SimpleLazyObject(
            lambda: Notice.objects.visible_to(member).unseen().count()
        )
        if getattr(member, "is_elsewhere", False):
            mine = memberships(member.user, now=clock.now())
            context["elsewhere"] = [row for row in mine if row.pk != member.pk]
        if member.is_host and not is_demo and mailing.LATER not in request.COOKIES:
            context["mail_banner"] = SimpleLazyObject(
                lambda: mailing.trouble(member, now=clock.now())
            )
    return context


def _look(request: HttpRequest) -> dict[str, str]:
    """Return how pages look to this reader: as their account says, else as this browser was told."""
    look = {}
    for name, known in LOOKS.items():
        wish = getattr(request.user, name, "") or request.COOKIES.get(name, "")
        look[name] = wish if wish in known else ""
    return look


def memberships(user: Any, *, now: datetime) -> list[Member]:
    """Return an account's memberships by the congregation's name, each with how many notices are `new`."""
    unseen = Notice.objects.unseen().filter(recipient=OuterRef("pk")).order_by()
    count = unseen.values("recipient").annotate(number=Count("pk")).values("number")
    rows = Member.objects.of_account(user, now=now).annotate(new=Coalesce(Subquery(count), 0))
    return sorted(rows, key=lambda row: row.congregation.name.casefold())


def _ended(member: Member) -> Meeting | None:
    """Return the meeting of a member's crews that has ended and that nobody has noted, for *We met*."""
    now = clock.now()
    return Meeting.objects.visible_to(member).unlogged_by(member, now=now).first()


def _way_back(request: HttpRequest, user: User) -> WayBack | None:
    """Return the way back into this account that this session is told of: one that waits, or one used since."""
    way = WayBack.objects.of_account(user).news(clock.now()).first()
    if way and way.used_at and request.session.get(OLDER) != str(way.pk):
        return None
    return way if way and way.token_hash else None
