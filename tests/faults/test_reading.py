"""Reading changes nothing: a page may be opened by a mail program, a browser that looks ahead, or twice."""

import hashlib

import pytest
from django.db import connection
from django.urls import get_resolver, reverse

from tests.test_doors import ADDRESSES, OF_THE_SERVER, OPEN, Posted

# Whoever is signed in is known by a session, which a visit may renew; and of a feed is counted how often it was written.
EXCEPT = {"django_session", "rhythms_feed"}


def digests():
    """What each table holds, in a few letters."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table not in EXCEPT:
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
                rows = sorted(repr([_plain(value) for value in row]) for row in cursor.fetchall())
                found[table] = hashlib.sha256("\n".join(rows).encode()).hexdigest()[:12]
    return found


def _plain(value):
    return bytes(value) if isinstance(value, memoryview) else value


def pages(world, congregation):
    """Every address that is read, but the demo's."""
    for name, (who, key) in sorted(ADDRESSES.items()):
        if isinstance(who, Posted) or name.startswith("demo"):
            continue
        kwargs = dict(world[key]) if key else {}
        if name not in OPEN | OF_THE_SERVER:
            kwargs["slug"] = congregation.slug
        yield name, reverse(name, kwargs=kwargs)


def accounts():
    """The pages of one's account."""
    for names in get_resolver().reverse_dict:
        if isinstance(names, str) and names.startswith("account_"):
            try:
                yield names, reverse(names)
            except Exception:  # noqa: S112  it takes a token of its own
                continue


@pytest.mark.parametrize("who", ["member", "host", "stranger"])
def test_reading_changes_nothing(who, world, congregation, client, client_of, request, htmx):
    person = None if who == "stranger" else request.getfixturevalue(who)
    browser = client_of(person) if person else client
    before, read, written = digests(), 0, []

    def watch(execute, sql, *args):
        is_counted = sql.startswith('UPDATE "rhythms_feed" SET "written" =')
        if sql.startswith(("INSERT", "UPDATE", "DELETE")) and not (
            "django_session" in sql or is_counted
        ):
            written.append(sql)
        return execute(sql, *args)

    with connection.execute_wrapper(watch):
        for name, url in [*pages(world, congregation), *accounts()]:
            for headers in ({}, htmx):
                answer = browser.get(url, headers=headers)
                assert answer.status_code < 500, name
                read += answer.status_code == 200
            assert not written, name
    assert digests() == before
    assert read >= (12 if who == "stranger" else 50)
    if person:
        # Not even a page named for it signs anyone out.
        assert browser.get(reverse("home", args=[congregation.slug])).status_code == 200
