"""What is planned for a meeting, as the card of the meeting shows it."""

from datetime import datetime
from typing import Any

from congregation.models import Member
from rhythms import agenda as rules
from rhythms.models import Coming, CrewPractice, Meeting
from rhythms.practices import catalogue


def shown(this: Meeting, member: Member, *, people: int, now: datetime) -> dict[str, Any]:
    """Return what is done at a meeting of a crew, how long it takes, and what so many could add."""
    plan = getattr(this, "plan", None)
    words = plan.agenda if plan else ""
    own = ours(this, member)
    laid = rules.items(words, {row.guide.name.casefold(): str(row.pk) for row in own})
    lasts = round((this.ends_at - this.starts_at).total_seconds() / 60)
    planned = rules.total(laid)
    context = {
        "agenda": laid,
        "planned": planned,
        "lasts": lasts,
        "too_much": max(planned - lasts, 0),
        "agenda_mark": rules.mark(words),
    }
    if this.state == Meeting.State.PLANNED and this.starts_at > now:
        context["to_add"] = [
            (key, guide.name, guide.minutes(max(people, 1)))
            for key, guide in [
                *((str(row.pk), row.guide) for row in own),
                *((one.key, one) for one in catalogue.ALL if one.suits(max(people, 1))),
            ]
        ]
    return context


def ours(this: Meeting, member: Member) -> list[CrewPractice]:
    """Return the practices of the crew that meets."""
    return list(CrewPractice.objects.visible_to(member).filter(crew=this.crew_id).in_use())


def coming(this: Meeting, member: Member) -> int:
    """Return how many are expected: all but those who can't."""
    cant = Coming.objects.visible_to(member).filter(meeting=this, answer=Coming.Answer.CANT)
    return max(len(this.people()) - cant.count(), 1)
