"""People who look for a crew, for tests."""

import re

from crews.models import Card, FreeTime, Hello

EVENINGS = ((1, 1080, 1320), (3, 1080, 1320))


def look(member, free=EVENINGS, **fields):
    """Give a member a card and put it into the pool."""
    fields.setdefault("meaning", f"{member.name} mends things.")
    fields.setdefault("state", Card.State.LOOKING)
    card = Card.objects.create(congregation=member.congregation, member=member, **fields)
    FreeTime.objects.bulk_create(
        FreeTime(
            congregation=member.congregation, member=member, weekday=day, begins=begins, ends=ends
        )
        for day, begins, ends in free
    )
    return card


def greet(one, other, now):
    """Give two members an open hello."""
    first, second = sorted((one, other), key=lambda member: member.pk)
    return Hello.objects.create(
        congregation=one.congregation, first=first, second=second, made_at=now
    )


def plain(response):
    """Return what a page says, without the tokens that differ with each answer."""
    text = response.content.decode()
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", text)
