"""Whoever sits down gets their crew's dates, and whoever leaves is rid of them: in their calendar, by mail.

The sweep finds both, however someone came to sit there or went; `hall.leaving` writes to who leaves it all.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from html import unescape
from typing import Final

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from congregation.models import Mail, Member, Notice, User
from crews.models import Crew, Seat
from rhythms.calendars import invitations
from rhythms.models import Commitment, Meeting

# What is longer ago than this is known by now.
LATELY: Final = timedelta(days=3)
BEGUN: Final = "rhythms.commitment_begun"
COME: Final = "rhythms.dates_come"
GO: Final = "rhythms.dates_go"


def tell(*, now: datetime) -> int:
    """Tell those who have just sat down of the dates, and take them from those who have just left; how many."""
    return _come(now=now) + _go(now=now)


def _ahead(*, now: datetime) -> QuerySet[Meeting]:
    return Meeting.objects.filter(state=Meeting.State.PLANNED, starts_at__gt=now)


def _come(*, now: datetime) -> int:
    """Tell whoever has just sat down at a table that meets; who said yes to its rhythm has been told."""
    seats = (
        Seat.objects.at_table()
        .filter(taken_at__gte=now - LATELY, taken_at__lte=now, member__state=Member.State.ACTIVE)
        .select_related("member")
        .order_by("taken_at", "pk")
    )
    new: dict[object, list[Member]] = {}
    for seat in seats:
        new.setdefault(seat.crew_id, []).append(seat.member)
    if not new:
        return 0
    running = Commitment.objects.filter(
        Exists(_ahead(now=now).filter(commitment=OuterRef("pk"))),
        crew__in=list(new),
        state=Commitment.State.RUNNING,
    ).order_by("pk")
    told = set(
        Notice.objects.filter(kind__in=[BEGUN, COME], about__in=running.values("pk")).values_list(
            "about", "recipient"
        )
    )
    count = 0
    for commitment in running:
        people = [one for one in new[commitment.crew_id] if (commitment.pk, one.pk) not in told]
        if people:
            Notice.tell(COME, people, commitment, now=now)
            count += len(people)
    return count


def _go(*, now: datetime) -> int:
    """Tell whoever has just left a table that its dates leave their calendar, if mail brought them."""
    still = Seat.objects.taken().filter(crew=OuterRef("crew"), member=OuterRef("member"))
    known = Notice.objects.filter(kind=GO, about=OuterRef("pk"))
    seats = (
        Seat.objects.filter(
            ~Exists(still),
            ~Exists(known),
            Exists(_ahead(now=now).filter(crew=OuterRef("crew"))),
            left_at__gte=now - LATELY,
            member__state__in=[Member.State.ACTIVE, Member.State.AWAY],
            member__user__email__isnull=False,
        )
        .exclude(member__user__invites=User.Invites.NONE)
        .select_related("member", "crew")
        .order_by("left_at", "pk")
    )
    gone = [seat for seat in seats if was_invited(seat.member, [seat.crew])]
    for seat in gone:
        Notice.tell(GO, [seat.member], seat, now=now)
    return len(gone)


def was_invited(member: Member, crews: Iterable[Crew]) -> bool:
    """Tell whether dates of these crews went into someone's calendar by mail."""
    theirs = Commitment.objects.filter(crew__in=list(crews)).values("pk")
    told = Notice.objects.filter(kind__in=[BEGUN, COME], recipient=member, about__in=theirs)
    return told.filter(mail__state=Mail.State.SENT).exists()


def part(member: Member, crews: Iterable[Crew], *, now: datetime) -> None:
    """Take the dates of all crews out of the calendar of who leaves the congregation; the last mail to them.

    Called while their notices are there still, which say whether there is anything to take out.
    """
    user = member.user
    left = list(crews)
    if user is None or not user.email or not was_invited(member, left):
        return
    found = [one for crew in left for one in invitations.of_nothing_more(crew, member, now)]
    if not found:
        return
    with user.as_reader():
        template = "rhythms/mail/gone.html"
        context = {
            "congregation": member.congregation,
            "product": settings.PRODUCT,
            "reason": _("You get this once, since your calendar had dates of the crews you left."),
        }
        context["text"] = unescape(render_to_string(f"{template}#text", context)).strip()
        context["body"] = render_to_string(f"{template}#body", context)
        Mail.post(
            "gone",
            user.email,
            subject=_("Dates leave your calendar"),
            text=render_to_string("congregation/mail/mail.txt", context).strip() + "\n",
            html=render_to_string("congregation/mail/mail.html", context),
            calendars=[(one.method, one.content.decode()) for one in found],
            now=now,
        )
