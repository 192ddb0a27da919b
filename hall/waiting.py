"""What waits for a person: one thing to do each, with where to do it."""

import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from congregation.models import Invitation, Member
from crews.models import (
    Card,
    Crewless,
    Hello,
    Introduction,
    PartnershipAnswer,
    PartnershipAsk,
    Proposal,
    ProposalAnswer,
    Question,
    QuestionAnswer,
    Request,
    RequestAnswer,
    Season,
    Seat,
    Seeker,
    Table,
    TableAnswer,
)
from rhythms.models import Arrival, Commitment, CommitmentYes, Evening, LookBack, Meeting, StepOut

# So long after an evening home asks; its own page asks for longer (`rhythms.again`).
ASKED_LATELY: Final = timedelta(days=3)


@dataclass(frozen=True)
class Waiting:
    """One thing that waits for somebody: a picture, two lines of words, and a button."""

    icon: str
    tone: str
    title: str
    words: str
    action: str
    url: str
    # Appended to the button for those who hear the page.
    about: str = ""
    crew: uuid.UUID | None = None
    kind: str = ""


def waiting(member: Member, *, now: datetime) -> list[Waiting]:
    """Return what waits for a member, the most pressing first; as many queries however much it is."""
    return [
        *_lookbacks(member),
        *_weighings(member),
        *_hellos(member, now=now),
        *_evenings(member, now=now),
        *_tables(member, now=now),
        *_proposals(member, now=now),
        *_commitments(member),
        *_requests(member),
        *_questions(member),
        *_asked_to_partner(member),
        *_introductions(member, now=now),
        *_kept_seats(member),
        *_invitations(member),
        *_arrivals(member),
        *_seasons(member, now=now),
    ]


def unlogged(member: Member, *, now: datetime) -> list[Meeting]:
    """Return the meetings of a member's crews that are over and not noted, the latest first."""
    return list(
        Meeting.objects.visible_to(member)
        .unlogged_by(member, now=now)
        .select_related("crew", "congregation")[:5]
    )


def _weighings(member: Member) -> list[Waiting]:
    rows = (
        LookBack.objects.visible_to(member).to_weigh(member).select_related("crew", "congregation")
    )
    return [
        Waiting(
            "scale",
            "plum",
            row.crew.name,
            _("Three dots each, face down. They show to all of you at once."),
            _("Lay my dots"),
            reverse("lookback-weigh", kwargs={"slug": row.congregation.slug, "pk": row.pk}),
            _("with %(crew)s") % {"crew": row.crew.name},
            row.crew_id,
        )
        for row in rows
    ]


def _lookbacks(member: Member) -> list[Waiting]:
    rows = LookBack.objects.waiting_for(member).select_related("crew", "congregation")
    return [
        Waiting(
            "rotate-ccw",
            "plum",
            row.crew.name,
            _("Five minutes, alone. It opens to all of you at once."),
            _("Look back"),
            row.get_absolute_url(),
            _("with %(crew)s") % {"crew": row.crew.name},
            row.crew_id,
            "lookback",
        )
        for row in rows
    ]


def _hellos(member: Member, *, now: datetime) -> list[Waiting]:
    rows = Hello.objects.visible_to(member).waiting_for(member, now=now)
    return [
        Waiting(
            "hand-heart",
            "sage",
            _("You and %(name)s") % {"name": row.other(member).first_name},
            _("You’d both like to talk. Only you two know"),
            _("Say hello"),
            row.get_absolute_url(),
            _("to %(name)s") % {"name": row.other(member).first_name},
        )
        for row in rows
    ]


def _evenings(member: Member, *, now: datetime) -> list[Waiting]:
    """Return the evenings of the last days after which one is asked whom one would sit with again."""
    here = Arrival.objects.visible_to(member).filter(
        evening=OuterRef("pk"), state=Arrival.State.HERE
    )
    rows = (
        Evening.objects.visible_to(member)
        .filter(Exists(here.filter(member=member)), Exists(here.exclude(member=member)))
        .filter(meeting__ends_at__lte=now, meeting__ends_at__gt=now - ASKED_LATELY)
        .exclude(meeting__state=Meeting.State.CANCELLED)
        .select_related("congregation")
        .order_by("-meeting__ends_at")
    )
    return [
        Waiting(
            "hand-heart",
            "plum",
            row.name,
            _("Anyone you’d like to sit with again?"),
            _("Look"),
            row.get_absolute_url(),
            _("who was at %(evening)s") % {"evening": row.name},
        )
        for row in rows
    ]


def _tables(member: Member, *, now: datetime) -> list[Waiting]:
    said = TableAnswer.objects.filter(table=OuterRef("pk"), member=member)
    rows = (
        Table.objects.visible_to(member)
        .filter(state=Table.State.ASKING, closes_at__gt=now)
        .exclude(Exists(said))
        .select_related("idea__congregation")
    )
    return [
        Waiting(
            "table",
            "sun",
            row.idea.name,
            _("A table is forming, and you are asked"),
            _("Answer"),
            row.get_absolute_url(),
            row.idea.name,
        )
        for row in rows
    ]


def _proposals(member: Member, *, now: datetime) -> list[Waiting]:
    said = ProposalAnswer.objects.filter(proposal=OuterRef("pk"), member=member)
    rows = (
        Proposal.objects.visible_to(member)
        .asking()
        .filter(answers_until__gt=now)
        .exclude(Exists(said))
        .select_related("season__congregation")
    )
    return [
        Waiting(
            "table",
            "sun",
            row.season.name,
            _("A table is proposed to you"),
            _("Answer"),
            row.get_absolute_url(),
            row.season.name,
        )
        for row in rows
    ]


def _seasons(member: Member, *, now: datetime) -> list[Waiting]:
    """A season that is open, to those who have no crew or look for one, until they take part."""
    mine = Seeker.objects.filter(season=OuterRef("pk"), member=member)
    looks = Card.objects.filter(member=member, state=Card.State.LOOKING)
    rows = (
        Season.objects.visible_to(member)
        .saying(now)
        .filter(~Exists(mine), Exists(looks) | Exists(Crewless.objects.filter(member=member)))
        .exclude(Exists(Card.objects.filter(member=member, state=Card.State.HAPPY)))
        .select_related("congregation")
    )
    return [
        Waiting(
            "leaf",
            "sage",
            row.name,
            _("Crews form together. Would you like to take part?"),
            _("Open"),
            row.get_absolute_url(),
            row.name,
        )
        for row in rows
    ]


def _commitments(member: Member) -> list[Waiting]:
    said = CommitmentYes.objects.filter(commitment=OuterRef("pk"), member=member)
    seated = Seat.objects.filter(crew=OuterRef("crew"), member=member).at_table()
    out = StepOut.objects.visible_to(member).filter(member=member).values("rhythm_id")
    rows = (
        Commitment.objects.visible_to(member)
        .filter(Exists(seated), state=Commitment.State.PROPOSED)
        .exclude(Exists(said))
        .exclude(rhythm__in=out)
        .select_related("crew__congregation")
    )
    return [
        Waiting(
            "repeat",
            "sky",
            row.crew.name,
            _asked(row),
            _("Answer"),
            row.get_absolute_url(),
            row.crew.name,
            row.crew_id,
            "commitment",
        )
        for row in rows
    ]


def _asked(commitment: Commitment) -> str:
    if commitment.times is None:
        return _("A rhythm without an end. Yours is one of the yeses it needs")
    return ngettext(
        "A new commitment: %(times)s time. Yours is one of the yeses it needs",
        "A new commitment: %(times)s times. Yours is one of the yeses it needs",
        commitment.times,
    ) % {"times": commitment.times}


def _requests(member: Member) -> list[Waiting]:
    said = RequestAnswer.objects.filter(request=OuterRef("pk"), member=member)
    seated = Seat.objects.filter(crew=OuterRef("crew"), member=member).at_table()
    rows = (
        Request.objects.visible_to(member)
        .filter(
            Q(Exists(seated), state=Request.State.OPEN) & ~Q(member=member)
            | Q(member=member, state=Request.State.OFFERED)
        )
        .exclude(Exists(said))
        .select_related("crew__congregation", "member")
    )
    return [
        Waiting(
            "user-plus",
            "sage",
            row.crew.name,
            _("They would like you at their table")
            if row.state == Request.State.OFFERED
            else _("Shall you invite %(name)s?") % {"name": row.member.name}
            if row.is_invitation
            else _("%(name)s would like to join") % {"name": row.member.name},
            _("Answer"),
            row.crew.get_absolute_url()
            if row.state == Request.State.OFFERED
            else row.get_absolute_url(),
            row.crew.name,
        )
        for row in rows
    ]


def _questions(member: Member) -> list[Waiting]:
    said = QuestionAnswer.objects.filter(question=OuterRef("pk"), member=member)
    rows = (
        Question.objects.visible_to(member)
        .open()
        .exclude(Exists(said))
        .select_related("crew__congregation", "other__congregation")
    )
    mine = set(Seat.objects.visible_to(member).taken().filter(member=member).values_list("crew"))
    found = []
    for row in rows:
        crew = row.crew if (row.crew_id,) in mine or row.other is None else row.other
        found.append(
            Waiting(
                "hand",
                "sage",
                crew.name,
                _("Your table is asked something, each in private"),
                _("Answer"),
                f"{crew.get_absolute_url()}#questions",
                crew.name,
            )
        )
    return found


def _asked_to_partner(member: Member) -> list[Waiting]:
    said = PartnershipAnswer.objects.filter(ask=OuterRef("pk"))
    rows = (
        PartnershipAsk.objects.visible_to(member)
        .open()
        .exclude(asker=member)
        .exclude(Exists(said))
        .select_related("asker", "congregation")
    )
    return [
        Waiting(
            "heart-handshake",
            "sage",
            _("%(name)s and you") % {"name": row.asker.first_name},
            _("You are asked to be partners. Only you two know"),
            _("Answer"),
            row.get_absolute_url(),
            _("%(name)s’s question") % {"name": row.asker.first_name},
        )
        for row in rows
    ]


def _introductions(member: Member, *, now: datetime) -> list[Waiting]:
    rows = (
        Introduction.objects.visible_to(member)
        .asked(member, now=now)
        .select_related("congregation")
    )
    return [
        Waiting(
            "handshake",
            "sun",
            _("An introduction"),
            _("A host thinks that someone could suit you"),
            _("Open"),
            row.get_absolute_url(),
            _("the introduction"),
        )
        for row in rows
    ]


def _kept_seats(member: Member) -> list[Waiting]:
    rows = (
        Seat.objects.visible_to(member)
        .taken()
        .filter(member=member, kept_until__isnull=False)
        .select_related("crew__congregation")
    )
    return [
        Waiting(
            "table",
            "dusk",
            row.crew.name,
            _("Your seat is kept for you"),
            _("Open"),
            row.crew.get_absolute_url(),
            row.crew.name,
        )
        for row in rows
    ]


def _invitations(member: Member) -> list[Waiting]:
    if not member.is_host:
        return []
    count = (
        Invitation.objects.visible_to(member)
        .filter(approved_at__isnull=True, withdrawn_at__isnull=True)
        .count()
    )
    if not count:
        return []
    return [
        Waiting(
            "mail",
            "plum",
            ngettext("%(n)s invitation", "%(n)s invitations", count) % {"n": count},
            _("Waiting for a host’s yes"),
            _("Open"),
            reverse("invitations", kwargs={"slug": member.congregation.slug}),
            _("invitations"),
        )
    ]


def _arrivals(member: Member) -> list[Waiting]:
    if not member.is_host:
        return []
    expected = Arrival.objects.visible_to(member).filter(state=Arrival.State.EXPECTED)
    counts = Counter(expected.values_list("evening_id", flat=True))
    if not counts:
        return []
    rows = (
        Evening.objects.visible_to(member)
        .filter(pk__in=counts)
        .select_related("congregation")
        .order_by("pk")
    )
    return [
        Waiting(
            "armchair",
            "plum",
            row.name,
            ngettext(
                "%(n)s person sits there and waits for a host’s yes",
                "%(n)s people sit there and wait for a host’s yes",
                counts[row.pk],
            )
            % {"n": counts[row.pk]},
            _("Open"),
            row.get_absolute_url(),
            row.name,
        )
        for row in rows
    ]
