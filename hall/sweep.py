"""Everything that is due, once: what the schedule runs, and `manage.py sweep` without any broker."""

from datetime import datetime, timedelta

from congregation import digests, outbox
from congregation.models import User, WayBack
from congregation.sealed_sessions import forget_ended
from crews import chatting, matching, sweeping
from hall import closing, letters
from rhythms import horizon, reminding, renewing, weighing
from rhythms.calendars import keeping
from rhythms.models import Arrival, Sitting

# How long an address that someone gave at the door, and never proved, is kept.
UNPROVEN = timedelta(days=7)


def due(*, now: datetime) -> dict[str, int]:
    """Do all that is due at this moment but hand over mail; return how many of each."""
    return {
        "hellos": matching.match(now=now),
        **sweeping.sweep(now=now),
        "look-backs opened": renewing.open_due(now=now),
        "look-backs reminded of": renewing.remind_due(now=now),
        "look-backs revealed": renewing.reveal_due(now=now),
        "meetings laid out": horizon.lay_out_due(now=now),
        "look-backs weighed": weighing.show_due(now=now),
        "look-backs asked about": weighing.remind_due(now=now),
        "meetings reminded of": reminding.remind(now=now),
        "letters reminded of": letters.remind(now=now),
        "sittings ended": Sitting.objects.end_due(now=now),
        "told of dates": keeping.tell(now=now),
        "digests": digests.make(now=now),
        "arrivals let go": Arrival.objects.let_go(now=now),
        "former keys forgotten": WayBack.objects.forget_keys(now=now),
        "sessions forgotten": forget_ended(),
        "accounts erased": closing.erase_due(now=now),
        "accounts forgotten": User.objects.forget_unproven(before=now - UNPROVEN),
    }


def sweep(*, now: datetime) -> dict[str, int]:
    """Do all that is due at this moment; return how many of each. Running it twice does no harm."""
    return {
        **due(now=now),
        "mail": outbox.deliver(now=now),
        "words to chats": chatting.deliver(now=now),
    }
