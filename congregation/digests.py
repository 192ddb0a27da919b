"""Digests: what people were told and would rather be mailed together, at an hour of their own clock.

A notice that waits for one has `digest_at`; the sweep puts what is due into one digest a person and day, and
that digest into the outbox. What it says is written only when it is handed over: what was seen in the app since,
answered, or isn't visible any more is left out, and a digest of nothing isn't sent.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from html import unescape
from typing import Any, Final

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.template.loader import render_to_string
from django.utils.functional import Promise

from congregation import rules
from congregation.models import Digest, Mail, Member, Notice, NoticeChoice, Often
from congregation.models.choice import next_digest
from congregation.notices import GATHERED, Kind, groups, kind_of

# So many people's digests are made in one go.
BATCH: Final = 400
# So many lines stand in one for each group; of more it says how many, since the app has them all.
MOST_LINES: Final = 12


@dataclass
class Line:
    """One thing someone was told, as a sentence with a link."""

    words: str
    url: str
    at: datetime


@dataclass
class Heap:
    """What belongs to one group, the newest first, and how much more there is of it."""

    label: str | Promise
    lines: list[Line] = field(default_factory=list)
    more: int = 0


def make(*, now: datetime, most: int = BATCH) -> int:
    """Make the digests that are due, at most one a person and day; return how many. Running it twice does no harm."""
    due = Notice.objects.waiting_for_digest().filter(digest_at__lte=now)
    # What was seen in the app needs no mail any more.
    due.filter(seen_at__isnull=False).update(digest_at=None)
    ids = list(
        due.order_by("recipient_id").values_list("recipient_id", flat=True).distinct()[:most]
    )
    people = Member.objects.filter(pk__in=ids).select_related("user", "congregation")
    with transaction.atomic():
        return _make_for(list(people), now=now)


def _make_for(people: list[Member], *, now: datetime) -> int:
    fresh = [
        Digest(
            congregation_id=person.congregation_id,
            member=person,
            on=rules.day_of(now, person.zone),
            made_at=now,
        )
        for person in people
        if person.user and person.is_present
    ]
    Digest.objects.bulk_create(fresh, ignore_conflicts=True)
    # Another process may have been first with some, or today's went already: only rows that are ours carry a mail.
    ours = Digest.objects.filter(pk__in=[digest.pk for digest in fresh])
    rows = list(ours)
    due = Notice.objects.waiting_for_digest().filter(digest_at__lte=now, recipient__in=people)
    mine = ours.filter(member=OuterRef("recipient"))
    due.filter(recipient__in=[row.member_id for row in rows]).update(
        digest=Subquery(mine.values("pk")[:1])
    )
    by_pk = {person.pk: person for person in people}
    Mail.objects.bulk_create(
        Mail(
            digest=row, kind=GATHERED.name, made_at=now, due_at=_due(by_pk[row.member_id], now=now)
        )
        for row in rows
    )
    _put_off([person for person in people if person.pk not in {row.member_id for row in rows}], now)
    return len(rows)


def _due(member: Member, *, now: datetime) -> datetime:
    user = member.user
    assert user is not None
    return rules.held_until(now, member.zone, user.quiet_from, user.quiet_until)


def _put_off(people: Iterable[Member], now: datetime) -> None:
    """Leave what is due to the next day's digest of those who have had today's; of those who left, to none."""
    for person in people:
        later = next_digest(person, Often.DAILY, now=now) if person.user else None
        waiting = Notice.objects.waiting_for_digest().filter(recipient=person, digest_at__lte=now)
        waiting.update(digest_at=later if person.is_present else None)


def found(digest: Digest, *, now: datetime) -> list[Heap]:
    """Return what a digest says to its reader at this moment, by group; nothing where nothing is left of it."""
    member = digest.member
    rows = list(
        Notice.objects.visible_to(member)
        .filter(digest=digest, seen_at__isnull=True)
        .order_by("-made_at", "pk")
    )
    pks: dict[str, set[uuid.UUID]] = defaultdict(set)
    for row in rows:
        pks[row.kind].add(row.about)
    abouts = {name: _visible(kind_of(name), ids, member) for name, ids in pks.items()}
    heaps = {group.name: Heap(group.label) for group in groups()}
    seen: set[tuple[str, uuid.UUID]] = set()
    for row in rows:
        kind, about = kind_of(row.kind), abouts[row.kind].get(row.about)
        # Of one thing of which one was told twice, how it is now is enough.
        if about is None or (row.kind, row.about) in seen:
            continue
        if kind.too_late and (kind.too_late(about) or now) < now:
            # What it is about is over by now.
            continue
        seen.add((row.kind, row.about))
        heap = heaps[kind.group.name]
        if len(heap.lines) == MOST_LINES:
            heap.more += 1
        else:
            heap.lines.append(_line(row, kind, about, member))
    return [heap for heap in heaps.values() if heap.lines]


def _visible(kind: Kind, pks: Collection[uuid.UUID], member: Member) -> dict[uuid.UUID, Any]:
    """Return what a reader may be mailed of a kind still: it is visible, unanswered, and they want it."""
    if NoticeChoice.objects.of([member], kind)[member.pk] == Often.OFF:
        return {}
    rows = kind.find_all(pks, member)
    if kind.is_settled is None:
        return rows
    return {pk: row for pk, row in rows.items() if not kind.is_settled(row, member)}


def _line(row: Notice, kind: Kind, about: Any, member: Member) -> Line:
    context = {"about": about, "notice": row, "member": member, "congregation": member.congregation}
    words = unescape(render_to_string(f"{kind.template}#line", context)).strip()
    return Line(words, kind.url(about), row.made_at)
