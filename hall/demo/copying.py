"""Further congregations: copies of the first under other names, fast, for benchmarks.

Everything of a copy gets an id of its own: that of the original, with the same random bits turned in
all of them, so that whatever points to another row still does. Sealed text is sealed anew for its row.
"""

import secrets
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import batched, islice
from random import Random
from typing import Any, Final, Self

from allauth.account.models import EmailAddress
from django.apps import apps
from django.contrib.auth.hashers import make_password
from django.db import connection, models, transaction

from congregation.models import Congregation, Invitation, Member, Tenanted, User
from congregation.sealed import SealedTextField, seal
from congregation.words import fold
from crews.models import Crew, Hello, Idea
from hall.demo import words
from hall.demo.names import Name, addresses, names

TOGETHER: Final = 8
# The bits of a random id (RFC 9562, version 4) that say what kind of id it is.
KIND: Final = 0xF << 76 | 0x3 << 62

type Values = list[Any]


@dataclass
class Shape:
    """The rows of one model as the database takes them: ids are whole numbers, sealed text is open."""

    model: type[models.Model]
    rows: list[Values]
    # Where each field stands, which are ids, which are sealed.
    at: dict[str, int]
    ids: list[int]
    sealed: list[tuple[int, str]]

    @classmethod
    def of(cls, rows: "models.QuerySet[Any]") -> Self:
        """Read rows."""
        fields = rows.model._meta.concrete_fields
        found = cls(
            rows.model,
            [],
            {field.attname: place for place, field in enumerate(fields)},
            [place for place, field in enumerate(fields) if _is_id(field)],
            [
                (n, str(one.column))
                for n, one in enumerate(fields)
                if isinstance(one, SealedTextField)
            ],
        )
        plain = {*found.ids, *(place for place, _column in found.sealed)}
        for row in rows:
            values = [getattr(row, field.attname) for field in fields]
            found.rows.append(
                [
                    (value.int if isinstance(value, uuid.UUID) else value)
                    if place in plain
                    else field.get_db_prep_save(value, connection)
                    for place, (field, value) in enumerate(zip(fields, values, strict=True))
                ]
            )
        return found

    def insert(self, twins: Iterable["Twin"]) -> None:
        """Write the rows of some copies."""
        quote = connection.ops.quote_name
        columns = [str(field.column) for field in self.model._meta.concrete_fields]
        into = f"{quote(self.model._meta.db_table)} ({', '.join(map(quote, columns))})"
        places = ", ".join(["%s"] * len(columns))
        with connection.cursor() as cursor:
            for twin in twins:
                # Tables and columns are the models' own.
                cursor.executemany(
                    f"INSERT INTO {into} VALUES ({places})",  # noqa: S608
                    [self._copied(row, twin) for row in self.rows],
                )

    def _copied(self, row: Values, twin: "Twin") -> Values:
        """Return the values of a row of the original as they are in a copy."""
        values, key = list(row), twin.key
        for place in self.ids:
            if values[place] is not None:
                values[place] ^= key
        if change := CHANGES.get(self.model):
            change(row, values, self.at, twin)
        for place, column in self.sealed:
            pk = uuid.UUID(int=values[self.at["id"]])
            text = values[place]
            values[place] = (
                seal(text, f"{self.model._meta.db_table}|{column}|{pk}") if text else b""
            )
        native = connection.features.has_native_uuid_field
        for place in self.ids:
            number = values[place]
            if number is not None:
                values[place] = uuid.UUID(int=number) if native else f"{number:032x}"
        return values


def _is_id(field: Any) -> bool:
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    return isinstance(target, models.UUIDField)


@dataclass
class Twin:
    """One copy: what its ids are turned by, and what is called otherwise in it, by the old ids."""

    key: int
    name: str
    slug: str
    called: dict[int, str] = field(default_factory=dict)
    people: dict[int, Name] = field(default_factory=dict)
    addresses: dict[int, str] = field(default_factory=dict)


def tenanted() -> list[type[Tenanted]]:
    """Return the models whose rows belong to a congregation."""
    return [model for model in apps.get_models() if issubclass(model, Tenanted)]


def copy(
    first: Congregation, times: int, *, seed: int, tell: Callable[[str], None] = lambda line: None
) -> None:
    """Copy a congregation so many times, with its people, crews and past, but without its mail."""
    shapes = [
        Shape.of(Congregation.objects.filter(pk=first.pk)),
        Shape.of(User.objects.filter(memberships__congregation=first)),
        *(Shape.of(model._default_manager.filter(congregation=first)) for model in tenanted()),
    ]
    done = 0
    for group in batched(islice(_twins(first, seed), times), TOGETHER):
        with transaction.atomic():
            for shape in shapes:
                shape.insert(group)
            EmailAddress.objects.bulk_create(
                EmailAddress(
                    user_id=uuid.UUID(int=pk ^ twin.key), email=address, primary=True, verified=True
                )
                for twin in group
                for pk, address in twin.addresses.items()
            )
        done += len(group)
        tell(f"{done + 1} congregations of {times + 1}")


def _twins(first: Congregation, seed: int) -> Iterator[Twin]:
    """Yield copies without end, each with a place and people of its own."""
    people = list(
        Member.objects.filter(congregation=first)
        .order_by("joined_at", "name_key")
        .values_list("pk", "user_id")
    )
    crews = _by_name(Crew, first)
    ideas = _by_name(Idea, first)
    duos = {
        crew.pk.int: [seat.member_id.int for seat in crew.seats.order_by("number")]
        for crew in Crew.objects.filter(congregation=first, is_partnership=True)
    }
    rng = Random(seed)  # noqa: S311  names, not secrets
    places = [f"{river}{spot}".capitalize() for river in words.RIVERS for spot in words.SPOTS]
    rng.shuffle(places)
    number = 0
    while True:
        place = places[number % len(places)]
        again = number // len(places)
        name = f"{place} {again + 1}" if again else place
        number += 1
        twin = Twin(
            key=secrets.randbits(128) & ~KIND, name=name, slug=name.lower().replace(" ", "-")
        )
        called = list(islice(names(rng), len(people)))
        for (member, user), one, address in zip(
            people, called, addresses(called, twin.slug), strict=True
        ):
            twin.people[member.int] = one
            if user:
                twin.addresses[user.int] = address
        _name_crews(twin, crews, ideas, duos, rng)
        yield twin


def _by_name(model: Any, first: Congregation) -> dict[int, str]:
    rows = model.objects.filter(congregation=first).order_by("name").values_list("pk", "name")
    return {pk.int: name for pk, name in rows}


def _name_crews(
    twin: Twin,
    crews: dict[int, str],
    ideas: dict[int, str],
    duos: dict[int, list[int]],
    rng: Random,
) -> None:
    """Call each crew something else, its idea the same, and partnerships by their two."""
    before = sorted({*crews.values(), *ideas.values()})
    pairs = [(a, b) for a in words.CREW_FIRST for b in words.CREW_SECOND]
    fresh = {
        name: " ".join(pair)
        for name, pair in zip(before, rng.sample(pairs, len(before)), strict=True)
    }
    twin.called = {pk: fresh[name] for pk, name in (*crews.items(), *ideas.items())}
    for pk, two in duos.items():
        twin.called[pk] = " & ".join(twin.people[member].name.split()[0] for member in two)


def _call_congregation(row: Values, values: Values, at: dict[str, int], twin: Twin) -> None:
    values[at["name"]], values[at["slug"]] = twin.name, twin.slug


def _call_user(row: Values, values: Values, at: dict[str, int], twin: Twin) -> None:
    address = twin.addresses[row[at["id"]]]
    values[at["email"]] = values[at["email_key"]] = address
    values[at["password"]], values[at["last_login"]] = make_password(None), None


def _call_member(row: Values, values: Values, at: dict[str, int], twin: Twin) -> None:
    one = twin.people[row[at["id"]]]
    values[at["name"]], values[at["pronouns"]] = one.name, one.pronouns
    values[at["name_key"]] = fold(one.name)[:160]
    values[at["search_key"]] = fold(f"{one.name} {row[at['place']]} {row[at['line']]}")[:600]


def _call(row: Values, values: Values, at: dict[str, int], twin: Twin) -> None:
    values[at["name"]] = twin.called[row[at["id"]]]


def _call_guest(row: Values, values: Values, at: dict[str, int], twin: Twin) -> None:
    # Its link is nobody's.
    values[at["token_hash"]] = None
    guest = row[at["accepted_by_id"]]
    if guest:
        values[at["name"]] = twin.people[guest].name


def _order_pair(row: Values, values: Values, at: dict[str, int], twin: Twin) -> None:
    # The two of a hello stand in the order of their ids.
    one, other = values[at["first_id"]], values[at["second_id"]]
    values[at["first_id"]], values[at["second_id"]] = min(one, other), max(one, other)


CHANGES: Final[dict[type[models.Model], Callable[[Values, Values, dict[str, int], Twin], None]]] = {
    Congregation: _call_congregation,
    User: _call_user,
    Member: _call_member,
    Crew: _call,
    Idea: _call,
    Invitation: _call_guest,
    Hello: _order_pair,
}
