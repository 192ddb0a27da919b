"""Telling very many people at once: what `Notice.tell` does for one occasion, in a few statements for thousands.

This is the one place that writes rows by SQL of its own; it is the same on both databases. Whom to tell comes as
querysets, so that who may know of what is said where it is always said.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection, models, transaction
from django.db.models import BinaryField, Count, Exists, OuterRef, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import UUID4

from congregation.models import Mail, Notice, NoticeChoice
from congregation.notices import Kind, kind_of

# Lives for one transaction, and is seen by no other.
_PEOPLE = "people_to_tell"


def tell(kind: str, people: Iterable[QuerySet[Any, Any]], *, now: datetime) -> int:
    """Tell everyone whom the querysets name, once each; return of how many things somebody was told.

    Each of their rows has `of_id`, a congregation; `to_id`, one of its members; `about_id`, what they are told of;
    and `occasion`. It may run twice, late, or in several workers at once.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        types = {
            name: Notice._meta.get_field(name).db_type(connection)
            for name in ("id", "congregation_id", "recipient_id", "about", "occasion")
        }
        columns = ", ".join(f"{name} {kind_of_column}" for name, kind_of_column in types.items())
        cursor.execute(f"CREATE TEMPORARY TABLE {_PEOPLE} ({columns})")
        for rows in people:
            _insert(
                _PEOPLE,
                list(types),
                rows.annotate(new=UUID4()).values_list(
                    "new", "of_id", "to_id", "about_id", "occasion"
                ),
            )
        cursor.execute(
            f"INSERT INTO {Notice._meta.db_table} ({', '.join(types)}, kind, made_at)"  # noqa: S608
            f" SELECT {', '.join(types)}, %s, %s FROM {_PEOPLE} WHERE true ON CONFLICT DO NOTHING",
            [kind, connection.ops.adapt_datetimefield_value(now)],
        )
        # Where another worker was first, the row is not ours and carries no mail of ours.
        ours = Notice.objects.filter(pk__in=RawSQL(f"SELECT id FROM {_PEOPLE}", ()))  # noqa: S608, S611
        if kind_of(kind).by_mail:
            _mail(ours, kind_of(kind), now=now)
        told = ours.aggregate(number=Count("about", distinct=True))["number"]
        cursor.execute(f"DROP TABLE {_PEOPLE}")
    return int(told)


def _mail(ours: QuerySet[Notice], kind: Kind, *, now: datetime) -> None:
    """Put a mail into the outbox for each of these notices whose reader wants one."""
    reached = ours.filter(recipient__user__email__isnull=False)
    if kind.may_stop:
        stopped = NoticeChoice.objects.filter(
            member=OuterRef("recipient"), kind=kind.name, by_mail=False
        )
        reached = reached.exclude(Exists(stopped))
    values: dict[str, Any] = {
        "id": UUID4(),
        "notice_id": models.F("pk"),
        "kind": Value(kind.name),
        "to": Value(""),
        "content": Value(b"", BinaryField()),
        "state": Value(Mail.State.DUE.value),
        "attempts": Value(0),
        "made_at": Value(now),
        "due_at": Value(now),
        "fault": Value(""),
    }
    rows = reached.annotate(**{f"new_{name}": value for name, value in values.items()})
    _insert(
        Mail._meta.db_table, list(values), rows.values_list(*(f"new_{name}" for name in values))
    )


def _insert(table: str, columns: list[str], rows: QuerySet[Any, Any]) -> None:
    """Insert what a query finds."""
    sql, params = rows.order_by().query.sql_with_params()
    names = ", ".join(connection.ops.quote_name(name) for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({names}) {sql}", params)
