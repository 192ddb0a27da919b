"""A crew that has met on six Tuesdays and looks back."""

from datetime import UTC, date, datetime, time, timedelta

from rhythms import renewing
from rhythms.models import (
    Answers,
    Commitment,
    CommitmentYes,
    Led,
    Log,
    LookBack,
    Meeting,
    Presence,
    Rhythm,
)

# Tuesday 13 October 2026, 7:00 pm in Auckland, and half past eight in the evening of the last one.
FIRST = datetime(2026, 10, 13, 6, 0, tzinfo=UTC)
OVER = datetime(2026, 11, 17, 10, 30, tzinfo=UTC)
DEADLINE = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
WEEK = timedelta(weeks=1)


def six_tuesdays(crew, people, held=6, tempo="weekly", rule="FREQ=WEEKLY"):
    """Give a crew a commitment of six meetings that are over, with who came and a line of each."""
    rhythm = Rhythm.objects.create(
        congregation=crew.congregation,
        crew=crew,
        tempo=tempo,
        rule=rule,
        starts_on=date(2026, 10, 13),
        starts_at=time(19),
        zone="Pacific/Auckland",
        minutes=90,
    )
    commitment = Commitment.objects.create(
        congregation=crew.congregation,
        crew=crew,
        rhythm=rhythm,
        times=6,
        state="running",
        proposed_at=FIRST - WEEK,
        proposed_by=people[0],
        begins_on=date(2026, 10, 13),
        ends_on=date(2026, 11, 17),
    )
    for number in range(6):
        meeting = Meeting.objects.create(
            congregation=crew.congregation,
            crew=crew,
            rhythm=rhythm,
            commitment=commitment,
            number=number + 1,
            planned_for=FIRST + number * WEEK,
            starts_at=FIRST + number * WEEK,
            ends_at=FIRST + number * WEEK + timedelta(minutes=90),
            zone="Pacific/Auckland",
            state="held" if number < held else "not_held",
            came=len(people) if number < held else 0,
            seated=len(people),
        )
        if number >= held:
            continue
        Log.objects.create(
            congregation=crew.congregation,
            meeting=meeting,
            note=f"Evening {number + 1}",
            logged_at=meeting.ends_at,
        )
        Led.objects.create(
            congregation=crew.congregation,
            crew=crew,
            meeting=meeting,
            member=people[number % 2],
            on=meeting.local_date,
        )
        for person in people:
            Presence.objects.create(congregation=crew.congregation, meeting=meeting, member=person)
    for person in people:
        CommitmentYes.objects.create(
            congregation=crew.congregation, commitment=commitment, member=person, said_at=FIRST
        )
    type(crew).objects.filter(pk=crew.pk).update(state="active", tempo=tempo)
    crew.refresh_from_db()
    return commitment


def open_lookback(crew, people, **kwargs):
    """Return the look-back that has just opened."""
    commitment = six_tuesdays(crew, people, **kwargs)
    assert renewing.open_due(now=OVER) == 1
    return LookBack.objects.get(commitment=commitment)


def says(way, *, helped=None, would_carry=False, without_names=False, word="", **said):
    """Return what someone writes."""
    return Answers(
        way=way,
        said=said,
        helped=helped or {},
        would_carry=would_carry,
        without_names=without_names,
        word=word,
    )


def sends(way, **words):
    """Return what a browser sends."""
    return {
        "celebrate": "",
        "worked": "",
        "less": "",
        "change": "",
        "word": "",
        "way": way,
        **words,
    }


def everyone(lookback, people, ways, now=OVER):
    """Let people write in turn; the last one opens it."""
    for person, way in zip(people, ways, strict=True):
        renewing.write(lookback, says(way, celebrate=f"By {person.first_name}"), by=person, now=now)
    lookback.refresh_from_db()
