"""A season among the invented people: opened some days ago, joined by a few a day, answered as it proposes."""

from datetime import timedelta

from congregation.models import Member
from crews import seasons
from crews.models import Card, FreeTime, Proposal, ProposalAnswer, Season, Seeker
from hall.demo import words
from hall.demo.living import Life


def begin(life: Life, host: Member) -> None:
    """Open a season, in which people say that they'd take part until the week after next."""
    now = life.tick()
    Season.open(
        name=words.SEASON,
        says_until=now + timedelta(days=14),
        closes_at=now + timedelta(days=35),
        by=host,
        now=now,
    )


def take_part(life: Life) -> None:
    """Let some who look and have said when they are free take part, two a day or so."""
    season = Season.objects.filter(congregation=life.congregation).saying(life.until).first()
    if season is None:
        return
    cards = list(
        Card.objects.filter(congregation=life.congregation)
        .looking()
        .filter(member__in=FreeTime.objects.values("member"))
        .exclude(member__in=life.quiet)
        .exclude(member__in=Seeker.objects.filter(season=season).values("member"))
        .select_related("member__congregation")
        .order_by("member__name_key")
    )
    for card in life.chance.shuffled(cards, "takes part", life.today)[:2]:
        Seeker.join(season, by=card.member, now=life.tick())


def answer(life: Life) -> None:
    """Answer the tables that are proposed, most of them with a yes, within some days."""
    for proposal in (
        Proposal.objects.filter(congregation=life.congregation)
        .asking()
        .select_related("season__congregation", "idea")
        .order_by("asked_at", "number")
    ):
        said = ProposalAnswer.objects.filter(proposal=proposal).values("member")
        for person in proposal.people().exclude(pk__in=life.quiet).exclude(pk__in=said):
            about = ("proposed", person.name)
            if proposal.is_asking(now=life.until) and life.chance.happens(0.5, *about, life.today):
                is_yes = life.chance.happens(0.85, *about)
                seasons.answer(proposal, is_yes, by=person, now=life.tick())
