"""The sweep over very many: 40,000 people in 200 congregations with 8,000 crews, beside the bare SQL that writes the same rows.

`python -m bench.many` measures on the database of its environment and prints JSON; `bin/bench` calls it on a scratch
SQLite, and on a scratch database of PostgreSQL where DATABASE_URL names one. Called with a word it is one of its workers.
"""

import json
import os
import re
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

CONGREGATIONS, PEOPLE, AT_ONCE, WORKERS = 200, 200, 100, 2
STATE = {"due": 0, "nothing": 0}


def main():
    """Measure, or work for what measures."""
    import django

    django.setup()
    if sys.argv[1:]:
        return WORK[sys.argv[1]](*sys.argv[2:])
    print(json.dumps(measure()))
    return None


def peak():
    """Return how many MB this process has held at most; what it was forked from doesn't count, as it does in rusage."""
    said = Path("/proc/self/status").read_text()
    return round(int(re.search(r"VmHWM:\s+(\d+) kB", said)[1]) / 1024, 1)


# ---- the workers, each a process of its own


def sweep_once(now):
    """Sweep, and print what it took."""
    from datetime import datetime

    from hall import sweep

    moment, before = datetime.fromisoformat(now), peak()
    began = time.perf_counter()
    done = sweep.due(now=moment)
    took = time.perf_counter() - began
    print(json.dumps({"before": before, "peak": peak(), "seconds": took, "done": done}))


def take_all(how, now):
    """Take mails until there are none, once the other worker is ready as well."""
    from datetime import datetime

    from django.db import connection

    moment = datetime.fromisoformat(now)
    connection.ensure_connection()
    taking = {"ours": ours, "bare": bare}[how]
    print("ready", flush=True)
    sys.stdin.readline()
    number = 0
    while taken := taking(moment):
        number += taken
    print(number, flush=True)


def ours(now):
    """Take a hundred as the outbox does."""
    from congregation.models import Mail

    return len(Mail.objects.take(until=now + timedelta(minutes=1), now=now, most=AT_ONCE))


def bare(now):
    """Take a hundred with as little as that can be done with."""
    from django.db import connection

    locked = " FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""
    sql = (
        "UPDATE congregation_mail SET taken_until = %s WHERE id IN (SELECT id FROM congregation_mail"
        " WHERE state = 'due' AND due_at <= %s AND taken_until IS NULL"
        f" ORDER BY due_at LIMIT {AT_ONCE}{locked})"
    )
    at = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(sql, [at, at])
        return cursor.rowcount


WORK = {"sweep": sweep_once, "take": take_all}


def worker(*words):
    """Start one."""
    return subprocess.Popen(
        [sys.executable, "-m", "bench.many", *words],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ.copy(),
    )  # fmt: skip


# ---- the measurements


def measure():
    """Return the rows, and what there is to say besides."""
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", run_syncdb=True, verbosity=0)
    call_command("createcachetable", verbosity=0)
    from bench.crowd import Crowd
    from congregation import clock

    now, began = clock.now().replace(microsecond=0), time.perf_counter()
    crowd = Crowd(now, congregations=CONGREGATIONS, people=PEOPLE)
    crowd.commit(now + timedelta(days=3))
    filled = time.perf_counter() - began
    tidy()
    name = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[connection.vendor]
    rows = [*idle(now), *telling(crowd, now), *taking(now)]
    return {
        "database": name,
        "people": len(crowd.people),
        "crews": len(crowd.crews),
        "filling": round(filled, 1),
        "rows": [{**row, "name": f"{name}: {row['name']}"} for row in rows],
        "memory": memory(now),
    }


def tidy():
    """Let the database count what it has, as it does by itself in time."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def idle(now, runs=7):
    """Measure the sweep when nothing is due."""
    from bench.__main__ import queries_of, row, timed
    from congregation.models import Event, Member
    from hall import sweep

    someone = Member.objects.first()

    def nothing():
        assert not any(sweep.due(now=now).values())

    nothing()
    took = [timed(nothing) for _run in range(runs)]
    least = [
        timed(lambda: Event.record("bench", someone, by=someone, now=now)) for _run in range(runs)
    ]
    yield row("sweep, nothing due", took, "one row written", least, queries_of(nothing))


def telling(crowd, now, runs=3):
    """Measure the sweep that tells all of a meeting, and the same again, turn by turn with the bare SQL."""
    from django.db import connection, transaction

    from bench.__main__ import queries_of, row, timed
    from congregation.models import Mail, Notice
    from hall import sweep

    crowd.meet(now + timedelta(hours=12))
    number = len(crowd.people)
    assert sweep.due(now=now)["meetings reminded of"] == len(crowd.crews)
    tables = [model._meta.db_table for model in (Notice, Mail)]
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"CREATE TEMPORARY TABLE kept_{table} AS SELECT * FROM {table}")

    def insert():
        with transaction.atomic(), connection.cursor() as cursor:
            for table in tables:
                cursor.execute(
                    f"INSERT INTO {table} SELECT * FROM kept_{table} WHERE true ON CONFLICT DO NOTHING"
                )

    def forget():
        with connection.cursor() as cursor:
            for table in reversed(tables):
                cursor.execute(f"DELETE FROM {table}")
        tidy()

    def tell():
        assert sweep.due(now=now)["meetings reminded of"] == len(crowd.crews)

    def again():
        assert not any(sweep.due(now=now).values())

    told, told_bare, dup, dup_bare = [], [], [], []
    for _run in range(runs):
        forget()
        told_bare.append(timed(insert))
        dup_bare.append(timed(insert))
        forget()
        told.append(timed(tell))
        tidy()
        dup.append(timed(again))
        assert Notice.objects.count() == Mail.objects.count() == number
    forget()
    statements = queries_of(tell)
    yield row(f"sweep, {number:,} told", told, "INSERT … SELECT", told_bare, statements)
    yield row("the same again, 0 told", dup, "INSERT … SELECT", dup_bare, queries_of(again))


def taking(now, runs=3):
    """Measure two workers who take all mails, turn by turn with two who do only that."""
    from bench.__main__ import row
    from congregation.models import Mail

    times = {"ours": [], "bare": []}
    number = Mail.objects.count()
    for _run in range(runs):
        for how, into in times.items():
            Mail.objects.update(taken_until=None)
            tidy()
            workers = [worker("take", how, now.isoformat()) for _one in range(WORKERS)]
            for one in workers:
                assert one.stdout.readline() == "ready\n"
            began = time.perf_counter()
            for one in workers:
                one.stdin.write("go\n")
                one.stdin.flush()
            taken = sum(int(one.stdout.readline()) for one in workers)
            into.append(time.perf_counter() - began)
            for one in workers:
                one.communicate()
            assert taken == number, (taken, number)
    yield row(f"{number:,} mails taken by 2", times["ours"], "SKIP LOCKED", times["bare"])


def memory(now):
    """Return how many MB a process holds before a sweep that tells all, and at most."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM congregation_mail")
        cursor.execute("DELETE FROM congregation_notice")
    said, _nothing = worker("sweep", now.isoformat()).communicate()
    told = json.loads(said)
    return {"before": told["before"], "peak": told["peak"]}


if __name__ == "__main__":
    main()
