"""*We met*: what is written down of a meeting, what is corrected, and what of it is forgotten.

The verbs are the meeting's own (`Meeting.log`, `Meeting.not_held`, `Meeting.say_mood`); here is what they are made of.
"""

import json
import uuid
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils.translation import gettext

from congregation.models import Event, Member, Notice
from rhythms.models.log import Coming, Correction, Led, Log, Mood, Presence

if TYPE_CHECKING:
    from rhythms.models.meeting import Meeting
    from rhythms.models.plan import Plan

# So many have to say how it was before it shows to anyone.
ENOUGH_MOODS: Final = 3


def check(meeting: "Meeting", people: list[Member], *, by: Member, now: datetime) -> None:
    """Refuse to write of a meeting who doesn't sit there, what has not begun, and what was called off."""
    if not meeting.crew_id:
        meeting._check(by=by)
        raise ValidationError(gettext("Only crews keep a record of their meetings."))
    if by not in people and not meeting.is_of(by):
        raise PermissionDenied
    if meeting.starts_at > now:
        raise ValidationError(gettext("This meeting has not begun yet."))
    if meeting.state == meeting.State.CANCELLED:
        raise ValidationError(gettext("This meeting was called off."))


def check_open(meeting: "Meeting") -> None:
    """Refuse to write of a meeting once the look-back has opened what people wrote: then counts remain."""
    if type(meeting).objects.filter(_revealed(), pk=meeting.pk).exists():
        raise ValidationError(
            gettext("The look-back is open to all: what is written of this meeting stays.")
        )


def _revealed() -> Exists:
    """Whether the look-back that ends a meeting's cycle is open: a condition on the row alone, without a
    join, so that an UPDATE that waited for another one looks at it anew.
    """
    lookbacks = apps.get_model("rhythms", "LookBack").objects
    return Exists(
        lookbacks.filter(
            commitment=OuterRef("commitment"),
            kind__in=["end", "quarter"],
            revealed_at__isnull=False,
            opened_at__gte=OuterRef("starts_at"),
        )
    )


def note(
    meeting: "Meeting",
    people: list[Member],
    came: set[uuid.UUID],
    *,
    by: Member,
    now: datetime,
    mood: str,
    line: str,
) -> bool:
    """Write down for the first time that a meeting was held; return whether this call was the first.

    The conditional UPDATE decides, so that of two who say it at once the second one corrects the first.
    """
    counts = {"state": meeting.State.HELD, "came": len(came), "seated": len(people)}
    first = type(meeting).objects.filter(pk=meeting.pk, state=meeting.State.PLANNED)
    if not first.filter(~_revealed()).update(**counts):
        return False
    _take(meeting, counts)
    own = {"congregation_id": meeting.congregation_id, "meeting": meeting}
    Presence.objects.bulk_create(Presence(**own, member_id=person) for person in sorted(came))
    Log.objects.create(**own, note=line, logged_by=by, logged_at=now)
    if mood in Mood.Word.values and by.pk in came:
        Mood.objects.create(**own, member=by, word=mood)
    leads = _plan(meeting).leads
    Led.objects.bulk_create(_led(meeting, person) for person in leads if person in came)
    meeting._record("meeting.log", by=by, now=now)
    if not leads or set(leads) - came:
        # That whoever had the turn would lead was counted on before.
        _settle(meeting, now=now)
    return True


def correct(
    meeting: "Meeting",
    people: list[Member],
    came: set[uuid.UUID],
    *,
    by: Member,
    now: datetime,
    mood: str,
    line: str,
    seen: int | None,
) -> None:
    """Say anew who was there and the line; what changed stays in the history. The same again is nothing."""
    held = type(meeting).objects.select_for_update(no_key=True).get(pk=meeting.pk)
    check_open(meeting)
    was_held = held.state == meeting.State.HELD
    before = set(Presence.objects.filter(meeting=meeting).values_list("member_id", flat=True))
    log = Log.objects.filter(meeting=meeting).first()
    is_line = (log.note if log else "") != line
    if not was_held or before != came or is_line:
        check_seen(meeting, seen)
        Presence.objects.filter(meeting=meeting).exclude(member__in=came).delete()
        own: dict[str, Any] = {"congregation_id": meeting.congregation_id, "meeting": meeting}
        Presence.objects.bulk_create(
            Presence(**own, member_id=person) for person in sorted(came - before)
        )
        if log is None:
            Log.objects.create(**own, note=line, logged_by=by, logged_at=now)
        elif is_line:
            log.note = line
            log.save(update_fields=["note"])
        seated = max(len(people), held.seated or 0)
        counts = {"state": meeting.State.HELD, "came": len(came), "seated": seated}
        type(meeting).objects.filter(pk=meeting.pk).update(**counts)
        _write_down(meeting, held, before, came, by=by, now=now, is_line=is_line)
        _take(meeting, counts)
        Mood.objects.filter(meeting=meeting, is_shown=False).exclude(member__in=came).delete()
        _count_leads(meeting, came)
        meeting._record("meeting.log", by=by, now=now)
        _settle(meeting, now=now)
    if mood and by.pk in came:
        say_mood(meeting, mood, by=by)


def not_held(meeting: "Meeting", people: list[Member], *, by: Member, now: datetime) -> bool:
    """Write down that a meeting was not held; return whether that is new."""
    held = type(meeting).objects.select_for_update(no_key=True).get(pk=meeting.pk)
    if held.state == meeting.State.NOT_HELD:
        _take(meeting, {"state": held.state, "came": held.came, "seated": held.seated})
        return False
    counts = {"state": meeting.State.NOT_HELD, "came": 0, "seated": len(people)}
    type(meeting).objects.filter(pk=meeting.pk).update(**counts)
    before = set(Presence.objects.filter(meeting=meeting).values_list("member_id", flat=True))
    for rows in (Presence.objects, Led.objects, Mood.objects):
        rows.filter(meeting=meeting).delete()
    if held.state == meeting.State.HELD:
        _write_down(meeting, held, before, set(), by=by, now=now)
    _take(meeting, counts)
    meeting._record("meeting.not_held", by=by, now=now)
    _settle(meeting, now=now)
    return True


def times_said(meeting: "Meeting") -> int:
    """Return how often something was said of a meeting: what a page has seen when it is sent."""
    if meeting.state == meeting.State.PLANNED:
        return 0
    return 1 + Correction.objects.filter(meeting=meeting).count()


def check_seen(meeting: "Meeting", seen: int | None) -> None:
    """Refuse to write over what someone else noted after this one's page was opened."""
    meeting.refresh_from_db(fields=["state"])
    if seen is not None and seen != times_said(meeting):
        raise ValidationError(
            gettext(
                "Someone of you has noted it meanwhile. What you said is still here: save it again "
                "to correct what they noted."
            ),
            code="stale",
        )


def _write_down(
    meeting: "Meeting",
    held: "Meeting",
    before: set[uuid.UUID],
    came: set[uuid.UUID],
    *,
    by: Member,
    now: datetime,
    is_line: bool = False,
) -> None:
    """Keep in the history who corrected what."""
    who = {
        "in": sorted(str(person) for person in came - before),
        "out": sorted(str(person) for person in before - came),
    }
    Correction.objects.create(
        congregation_id=meeting.congregation_id,
        meeting=meeting,
        by=by,
        at=now,
        was_held=held.state == meeting.State.HELD,
        is_held=bool(came),
        came_before=len(before),
        came_after=len(came),
        is_line=is_line,
        who=json.dumps(who) if held.state == meeting.State.HELD and came else "",
    )


def _plan(meeting: "Meeting") -> "Plan":
    """Return the plan of a meeting; without a query where it was fetched along."""
    plan: Plan | None = getattr(meeting, "plan", None)
    return plan or meeting.plan_of()


def _led(meeting: "Meeting", person: uuid.UUID) -> Led:
    assert meeting.crew is not None
    return Led(
        congregation_id=meeting.congregation_id,
        crew=meeting.crew,
        meeting=meeting,
        member_id=person,
        on=meeting.local_date,
    )


def _count_leads(meeting: "Meeting", came: set[uuid.UUID]) -> None:
    """Write down anew that those who had the turn and were there have facilitated."""
    leads = {person for person in _plan(meeting).leads if person in came}
    Led.objects.filter(meeting=meeting).exclude(member__in=leads).delete()
    known = set(Led.objects.filter(meeting=meeting).values_list("member_id", flat=True))
    Led.objects.bulk_create(_led(meeting, person) for person in sorted(leads - known))


def _settle(meeting: "Meeting", *, now: datetime) -> None:
    if meeting.crew:
        type(meeting).objects.settle_turns(meeting.crew, now=now)


def _take(meeting: "Meeting", counts: dict[str, Any]) -> None:
    for name, value in counts.items():
        setattr(meeting, name, value)


# ---- how it was


def say_mood(meeting: "Meeting", word: str, *, by: Member) -> bool:
    """Keep how it was for one person, and show what waits once three have said; return whether it is new.

    A word that shows already stays: else whoever watched the counts could see who changed theirs.
    """
    if word not in Mood.Word.values:
        raise ValidationError(gettext("Lively, warm, flat or tense?"))
    # Holds the row, so that of three at once the last one sees the other two.
    type(meeting).objects.filter(pk=meeting.pk).update(state=F("state"))
    mine = Mood.objects.filter(meeting=meeting, member=by).first()
    if mine is None:
        own = {"congregation_id": meeting.congregation_id, "meeting": meeting}
        Mood.objects.create(**own, member=by, word=word)
    elif mine.is_shown or mine.word == word:
        return False
    else:
        mine.word = word
        mine.save(update_fields=["word"])
    _show_moods(meeting)
    return mine is None


def _show_moods(meeting: "Meeting") -> None:
    """Let the words that wait show, all at once: three of them, or the last ones where everyone has said.

    Never one or two more alone while others are silent: the difference would tell whose they are.
    """
    said = Mood.objects.filter(meeting=meeting)
    waiting = said.filter(is_shown=False).count()
    everyone = waiting and said.count() >= max(meeting.came or 0, ENOUGH_MOODS)
    if waiting >= ENOUGH_MOODS or everyone:
        said.update(is_shown=True)


def moods_shown(meeting: "Meeting", log: Log | None) -> list[tuple[str, int]]:
    """Return how it was for people, as words with counts; nothing before three have said."""
    if log is not None and log.moods:
        said = json.loads(log.moods)
    else:
        shown = Mood.objects.filter(meeting=meeting, is_shown=True)
        said = Counter(shown.values_list("word", flat=True))
    return [(str(word.label), said[word]) for word in Mood.Word if said.get(word)]


# ---- what is forgotten


def forget_who_came(over: "QuerySet[Meeting]", commitment: uuid.UUID) -> None:
    """Wipe who came by name, and all that it could be read from: only the counts and the turns remain.

    Who led stays, since turns go round by it; a count of how it was stays where it showed.
    """
    of_these: dict[str, Any] = {"meeting__in": over.values("pk")}
    for log in Log.objects.filter(**of_these).select_related("meeting"):
        counts = Counter(
            Mood.objects.filter(meeting=log.meeting, is_shown=True).values_list("word", flat=True)
        )
        if counts:
            log.moods = json.dumps(counts)
            log.save(update_fields=["moods"])
    Presence.objects.filter(**of_these).delete()
    Coming.objects.filter(**of_these).delete()
    Mood.objects.filter(**of_these).delete()
    Log.objects.filter(**of_these).update(logged_by=None)
    Correction.objects.filter(**of_these).update(by=None, who="")
    Notice.objects.filter(kind="rhythms.reach_out", occasion=str(commitment)).delete()
    # Who wrote it down was there; who answered, and who was still reminded, had not said can't.
    told = ["meeting.log", "meeting.not_held", "meeting.come", "meeting.mood"]
    Event.objects.filter(subject__in=over.values("pk"), verb__in=told).update(actor=None)
    sat = apps.get_model("rhythms", "Sitting").objects.filter(**of_these).values("pk")
    Event.objects.filter(subject__in=sat).update(actor=None)
    plans = over.filter(plan__isnull=False).values("plan")
    near = ["rhythms.meeting_soon", "rhythms.did_you_meet"]
    Notice.objects.filter(kind__in=near, about__in=plans).delete()


def clear(meeting: "Meeting") -> None:
    """Take away what was noted of a meeting that takes place on another day after all."""
    for rows in (Presence.objects, Coming.objects, Mood.objects, Led.objects, Log.objects):
        rows.filter(meeting=meeting).delete()
