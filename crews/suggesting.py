"""Whom the app suggests to one person to talk with: a few people a day, from those who are looking.

It rests on the cards of both and on what the one has chosen for themselves, and nothing is remembered of
what was shown to whom.
"""

from zoneinfo import ZoneInfo

from crews import ranking
from crews.models import Hello, LeftOut
from crews.models.apart import sat_with
from crews.pool import Person, Room


def suggest(room: Room) -> list[Person]:
    """Return whom to suggest to the member of a room on this day of theirs.

    Left out are those whom they noted, met or chose to leave out, and whom they'd rather not be with.
    """
    member, now = room.member, room.now
    left_out = set(
        LeftOut.objects.visible_to(member).in_force(now).values_list("other_id", flat=True)
    )
    if None in left_out:
        left_out |= sat_with(member)
    met = Hello.objects.visible_to(member).values_list("first_id", "second_id")
    left_out |= {pk for pair in met for pk in pair} | set(room.wishes)
    day = now.astimezone(ZoneInfo(member.zone)).date().toordinal()
    others = list(room.others.values())
    suggested = ranking.suggest(room.me, others, left_out, str(member.pk), day)
    return [room.person(item) for item in suggested]
