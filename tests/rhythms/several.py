"""What the tests of several rhythms share: a crew proposes one, and all say yes."""

from datetime import date, time

from rhythms import committing


def rhythm_for(crew, **fields):
    """Return a rhythm for a crew, not yet saved: Thursdays at seven from 26 November, a planning hour."""
    return committing.rhythm_of(
        crew,
        **{
            "tempo": "weekly",
            "starts_on": date(2026, 11, 26),
            "starts_at": time(19, 0),
            "zone": "Pacific/Auckland",
            "minutes": 60,
            "kind": "planning",
            "name": "Planning hour",
        }
        | fields,
    )


def begin(crew, people, *, now, times=None, until=None, **fields):
    """Let people propose a rhythm and all say yes to it; without `times` or `until` it has no end."""
    rhythm = rhythm_for(crew, **fields)
    commitment = committing.propose(
        crew,
        rhythm=rhythm,
        starts_on=rhythm.starts_on,
        times=times,
        until=until,
        by=people[0],
        now=now,
    )
    for person in people[1:]:
        commitment.say_yes(by=person, now=now)
    commitment.refresh_from_db()
    return commitment
