"""Telling very many people at once: what `Notice.tell` does for one occasion, in a few statements for thousands.

This is the one place that writes rows by SQL of its own; it is the same on both databases. Whom to tell comes as
querysets, so that who may know of what is said where it is always said.
"""

import uuid
from collections.abc import Iterable
from datetime import datetime
from itertools import batched
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.db.models import (
    BinaryField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    TextField,
    UUIDField,
    Value,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import MD5, Cast, Concat

from congregation import rules
from congregation.models import Mail, Notice, NoticeChoice, Often
from congregation.models.outbox import NoticeQuerySet
from congregation.notices import Kind, kind_of

# So many are read and written together where it can't be all at once.
TOGETHER = 1000

# Lives for one transaction, and is seen by no other.
_PEOPLE = "people_to_tell"


def tell(
    kind: str,
    people: Iterable[QuerySet[Any, Any]],
    *,
    besides: QuerySet[Any, Any] | None = None,
    now: datetime,
) -> int:
    """Tell everyone whom the querysets name, once each; return of how many things somebody was told.

    Each of their rows has `of_id`, a congregation; `to_id`, one of its members; `about_id`, what they are told of;
    and `occasion`. `besides` are the things that are told of elsewhere too (`Kind.also`). It may run twice, late, or in
    several workers at once.
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
                rows.annotate(new=_drawn("to_id", "about_id", "occasion")).values_list(
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
        told = set(ours.values_list("about", "occasion").distinct())
        if besides is not None:
            _tell_besides(kind_of(kind), besides.filter(pk__in=ours.values("about")), told, now=now)
        cursor.execute(f"DROP TABLE {_PEOPLE}")
    return len(told)


def _tell_besides(
    kind: Kind, rows: QuerySet[Any, Any], told: set[tuple[uuid.UUID, str]], *, now: datetime
) -> None:
    """Tell elsewhere too what people were told of these."""
    occasions = dict(told)
    for about in rows.select_related("congregation", *kind.related):
        before = kind.too_late(about) if kind.too_late else None
        if kind.also:
            kind.also(kind.name, about, occasions[about.pk], before, now)


def _mail(ours: NoticeQuerySet, kind: Kind, *, now: datetime) -> None:
    """Put what people were just told into the outbox or into their next digest, as they choose.

    Whoever chose nothing and has no quiet hours now gets theirs in one statement; the others by the hundred.
    """
    reached = ours.filter(recipient__user__email__isnull=False)
    usual = reached
    if kind.may_stop:
        said = NoticeChoice.objects.filter(
            member=OuterRef("recipient"), kind__in=[kind.name, kind.group.name]
        )
        usual = reached.exclude(_is_quiet(reached, now=now)).exclude(Exists(said))
    if not kind.may_stop or kind.group.usual == Often.AT_ONCE:
        values: dict[str, Any] = {
            "id": _drawn("pk"),
            "notice_id": F("pk"),
            "kind": Value(kind.name),
            "to": Value(""),
            "content": Value(b"", BinaryField()),
            "state": Value(Mail.State.DUE.value),
            "attempts": Value(0),
            "made_at": Value(now),
            "due_at": Value(now),
            "fault": Value(""),
        }
        rows = usual.annotate(**{f"new_{name}": value for name, value in values.items()})
        names = [f"new_{name}" for name in values]
        _insert(Mail._meta.db_table, list(values), rows.values_list(*names))
    others = list(reached.filter(mail__isnull=True).values_list("pk", "about"))
    abouts = _abouts(kind, {about for _pk, about in others}) if kind.too_late else []
    before = {about.pk: kind.too_late(about) for about in abouts if kind.too_late}
    for some in batched(others, TOGETHER):
        Notice.objects.filter(pk__in=[pk for pk, _about in some]).mail(kind, before=before, now=now)


def _is_quiet(reached: NoticeQuerySet, *, now: datetime) -> Q:
    """Return who of them has quiet hours at this moment."""
    names = ("user__zone", "congregation__zone", "user__quiet_from", "user__quiet_until")
    fields = [f"recipient__{name}" for name in names]
    found = Q(pk__in=[])
    for row in reached.order_by().values_list(*fields).distinct():
        own, common, begins, ends = row
        if rules.quiet_ends(now, own or common, begins, ends) > now:
            found |= Q(**dict(zip(fields, row, strict=True)))
    return found


def _abouts(kind: Kind, pks: Iterable[uuid.UUID]) -> list[Any]:
    """Return the rows that something is told of."""
    rows: Any = apps.get_model(kind.model)._default_manager
    rows = rows.select_related("congregation", *kind.related)
    return [row for some in batched(pks, TOGETHER) for row in rows.filter(pk__in=some)]


def _drawn(*names: str) -> Cast:
    """Return a random id for each row: what it is of, hashed with what Python has drawn for all of them."""
    parts = [Cast(F(name), TextField()) for name in names]
    return Cast(MD5(Concat(Value(uuid.uuid4().hex), *parts)), UUIDField())


def _insert(table: str, columns: list[str], rows: QuerySet[Any, Any]) -> None:
    """Insert what a query finds."""
    sql, params = rows.order_by().query.sql_with_params()
    names = ", ".join(connection.ops.quote_name(name) for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({names}) {sql}", params)
