"""Whether mail goes out, for hosts: how many of the last ones were not taken, and nothing about whose."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from congregation.models import Mail, Member

# So many of the last mails are looked at, in steps: the number itself tells nobody when one went out.
LAST: Final = 20
STEP: Final = 5
# One address with a slip in it is no trouble of the server's.
FEWEST: Final = 3
# What went wrong long ago is no news.
LATELY: Final = timedelta(days=14)
# The cookie of a host who wants to hear of it tomorrow.
LATER: Final = "mail-later"
NOT_TAKEN: Final = {Mail.State.FAILED, Mail.State.UNCERTAIN}


@dataclass(frozen=True)
class Trouble:
    """What is wrong with the mail: `count` of the last `of` were not taken, or none is set up."""

    is_set_up: bool
    count: int = 0
    of: int = 0

    @property
    def all(self) -> bool:
        """Whether none was taken."""
        return self.count >= self.of


def trouble(member: Member, *, now: datetime) -> Trouble | None:
    """Return what a host should know of the mail, or None; one query at most, and none for others."""
    if not member.is_host:
        return None
    if not settings.EMAIL_URL:
        return Trouble(is_set_up=False)
    tried = Mail.objects.filter(claimed_at__gt=now - LATELY).exclude(
        state__in=[Mail.State.DROPPED, Mail.State.SENDING]
    )
    states = list(tried.order_by("-claimed_at").values_list("state", flat=True)[:LAST])
    of = len(states) - len(states) % STEP
    count = sum(state in NOT_TAKEN for state in states[: of or None])
    if not of:
        # So few that their number would tell when each went.
        return Trouble(is_set_up=True) if states and count == len(states) else None
    return Trouble(is_set_up=True, count=count, of=of) if count >= FEWEST else None
