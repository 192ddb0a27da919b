"""The moment a table is whole: its crew, its seats and its first commitment, all at once."""

from datetime import datetime

from django.db import transaction

from congregation.models import Member, Notice
from crews import founding
from crews.models import Crew, Table
from rhythms import committing


def answer(table: Table, is_yes: bool, *, by: Member, now: datetime) -> Crew | None:
    """Take one person's private answer; with the last yes, found the crew and return it."""
    with transaction.atomic():
        if not table.answer(is_yes, by=by, now=now):
            return None
        return found(table, now=now)


def found(table: Table, *, now: datetime) -> Crew | None:
    """Make a crew of a table to which all have said yes: seats, rhythm, meetings; everyone is told."""
    with transaction.atomic():
        if not table.fill():
            return None
        idea, people = table.idea, list(table.people())
        crew = founding.found(idea, people, now=now)
        committing.first(crew, idea, people, now=now)
        Notice.tell("crews.founded", people, crew, now=now)
    return crew
