"""`bin/bench [--json]`: measures, and prints a table."""

import argparse
import gzip
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parent.parent
SOUGHT = "q=haddat&topic=seeds&shared=2&minutes=90"
SET_HERE = {"DATABASE_URL", "REDIS_URL", "EMAIL_URL", "SECRET_KEY", "PORT", "TRUSTED_PROXIES"}


def main():
    """Set up a scratch installation, measure it, print, and leave nothing behind."""
    asked = argparse.ArgumentParser(prog="bin/bench", description=__doc__)
    asked.add_argument("--json", action="store_true", help="print JSON instead of a table")
    asked.add_argument("--many", action="store_true", help="also the sweep over 40,000 people")
    options = asked.parse_args()
    postgres = os.environ.get("DATABASE_URL", "")
    folder = tempfile.mkdtemp(prefix="tableful-bench.")
    for name in list(os.environ):
        # Nothing of an installation that is here is touched, or tells in the measurement.
        if name.startswith("TABLEFUL_") or name.removesuffix("_FILE") in SET_HERE:
            del os.environ[name]
    os.environ |= {
        "TABLEFUL_DATA": folder,
        "DJANGO_SETTINGS_MODULE": "bench.settings",
    }
    try:
        found = measure()
        if options.many:
            found["many"] = [
                very_many(folder),
                *([very_many(folder, postgres)] if postgres else []),
            ]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(found, indent=1) if options.json else table(found))


def very_many(folder, postgres=""):
    """Measure the sweep over very many in a process and a database of its own: SQLite, or one made for it beside another."""
    scratch = Path(folder) / "many"
    scratch.mkdir(exist_ok=True)
    there = os.environ | {"TABLEFUL_DATA": str(scratch)}
    if not postgres:
        return told(there)
    import psycopg

    name = f"tableful_bench_{os.getpid()}"
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            where = urlsplit(postgres)._replace(path=f"/{name}")
            return told(there | {"DATABASE_URL": urlunsplit(where)})
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def told(there):
    """Return what the process says that measures very many."""
    said = subprocess.run(
        [sys.executable, "-m", "bench.many"],
        env=there,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(said.stdout)


def measure():
    """Measure everything; return what `--json` prints."""
    began = time.monotonic()
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", run_syncdb=True, verbosity=0)
    call_command("createcachetable", verbosity=0)

    from bench import feeds
    from bench.world import CREWS, PEOPLE, World
    from congregation import clock

    world = World(clock.now())
    filled = time.monotonic() - began
    rows = [
        *pages(world),
        *we_met(world),
        *sweeps(world),
        *finding(world),
        *season(world),
        *feeds.measure(world, row, timed, queries_of),
    ]
    return {
        "python": platform.python_version(),
        "django": django.get_version(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "people": PEOPLE,
        "tables": CREWS,
        "rows": rows,
        "sizes": sizes(world),
        "crews": list(crews()),
        "seconds": {"filling": round(filled, 1), "all": round(time.monotonic() - began, 1)},
    }


def row(name, times, beside, bare, queries=None):
    """Return one line of the table: medians in milliseconds, and how many times as long as bare."""
    took, least = statistics.median(times) * 1000, statistics.median(bare) * 1000
    return {
        "name": name,
        "ms": round(took, 2),
        "beside": beside,
        "bare_ms": round(least, 2),
        "ratio": round(took / least, 1),
        "queries": queries,
        "runs": len(times),
    }


def timed(work):
    """Return how many seconds some work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def browser_of(person):
    """Return a signed-in browser."""
    from django.test import Client

    browser = Client()
    browser.force_login(person.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return browser


def queries_of(work):
    """Return how many statements some work sends to the database."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        work()
    return len(captured)


def pages(world, runs=11):
    """Measure the pages that grow with the congregation, turn by turn with the bare frame."""
    from django.urls import reverse

    home = reverse("home", args=["otaki"])
    crew = world.crews[0].get_absolute_url()
    asked = [
        ("People, 200 here", world.me, reverse("people", args=["otaki"])),
        ("People, all 200 shown", world.me, f"{reverse('people', args=['otaki'])}?page=9"),
        (
            "People, a slip in what is sought",
            world.me,
            f"{reverse('people', args=['otaki'])}?q=haddat",
        ),
        ("Pool, 200 looking", world.me, reverse("pool", args=["otaki"])),
        ("Pool, searched and sifted", world.me, f"{reverse('pool', args=['otaki'])}?{SOUGHT}"),
        ("Home, 5 crews", world.me, home),
        ("Hosts’ view, 40 crews", world.host, reverse("host", args=["otaki"])),
        ("A crew’s room", world.me, crew),
        ("Calendar, 5 crews", world.me, reverse("calendar", args=["otaki"])),
    ]
    for name, person, url in asked:
        browser = browser_of(person)

        def get(url=url, browser=browser):
            answer = browser.get(url)
            assert answer.status_code == 200, (url, answer.status_code)

        def frame(browser=browser):
            assert browser.get("/c/otaki/bench/frame/").status_code == 200

        get(), frame()
        queries = queries_of(get)
        took, bare = [], []
        for _run in range(runs):
            bare.append(timed(frame))
            took.append(timed(get))
        yield row(name, took, "the frame alone", bare, queries)


def we_met(world, runs=11):
    """Measure saying *We met*, turn by turn with writing one row."""
    from django.urls import reverse

    crew, browser = world.crews[0], browser_of(world.me)
    here = [str(seat.member_id) for seat in crew.seats.all()]
    said = {"here": here, "mood": "warm", "note": "Beans, and rain."}
    took, bare, queries = [], [], 0
    for number in range(runs + 2):
        past, _plan = world.meet(crew, world.now - timedelta(hours=30 + number))
        url = reverse("we-met", args=["otaki", past.pk])

        def post(url=url):
            answer = browser.post(url, said)
            assert answer.status_code == 302, answer.status_code

        def one_row():
            assert browser.post("/c/otaki/bench/row/").status_code == 302

        if number == 0:
            post(), one_row()
        elif number == 1:
            queries = queries_of(post)
        else:
            bare.append(timed(one_row))
            took.append(timed(post))
    yield row("We met, sent", took, "one row written", bare, queries)


def sweeps(world, runs=3):
    """Measure the sweep with nothing due and with 1,000 due notices, and handing over their mail."""
    from django.core import mail as sent
    from django.core.mail import EmailMessage, mailers

    from congregation import outbox
    from congregation.models import Mail, Notice
    from hall import sweep

    now = world.now
    while any(sweep.sweep(now=now).values()):
        pass

    def nothing():
        assert not any(sweep.sweep(now=now).values())

    took, bare = [], []
    for _run in range(11):
        bare.append(timed(lambda: insert(world, 1)))
        took.append(timed(nothing))
    yield row("Sweep, nothing due", took, "one notice inserted", bare, queries_of(nothing))

    soon = [
        world.meet(crew, now + timedelta(hours=2 + hour))
        for crew in world.crews
        for hour in range(5)
    ]
    told, bare, queries = [], [], None
    for _run in range(runs):
        forget(Mail, Notice)
        bare.append(timed(lambda: insert(world, 1000)))
        forget(Mail, Notice)
        told.append(timed(lambda: sweep.due(now=now)))
    number = Notice.objects.filter(about__in=[plan.pk for _meeting, plan in soon]).count()
    yield row(f"Sweep, {number:,} notices due", told, "1,000 notices inserted", bare, queries)

    handed, bare = [], []
    for _run in range(runs):
        sent.outbox = []
        handed.append(timed(lambda: outbox.deliver(now=now)))
        assert len(sent.outbox) == 200

        def send():
            line = mailers["post"]
            for _message in range(200):
                line.send_messages([EmailMessage("You meet soon", "Soon.", to=["a@b.example"])])

        bare.append(timed(send))
    yield row("Mail, a round of 200", handed, "200 bare messages", bare)


def insert(world, number):
    """Insert notices and their mail, and nothing else."""
    import uuid

    from django.db import connection, transaction

    at, nothing = world.now.replace(tzinfo=None), b""
    notices = [
        (uuid.uuid4().hex, world.congregation.pk.hex, person.pk.hex, uuid.uuid4().hex)
        for person in (world.people * 5)[:number]
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO congregation_notice"
            " (id, congregation_id, recipient_id, kind, about, occasion, made_at)"
            " VALUES (%s, %s, %s, 'bench.bench', %s, '', %s)",
            [(*notice, at) for notice in notices],
        )
        cursor.executemany(
            "INSERT INTO congregation_mail"
            ' (id, notice_id, kind, "to", content, state, attempts, made_at, due_at, fault)'
            " VALUES (%s, %s, 'bench.bench', '', %s, 'sent_', 0, %s, %s, '')",
            [(uuid.uuid4().hex, notice[0], nothing, at, at) for notice in notices],
        )


def forget(*models):
    """Delete all rows of these, outside of what is timed."""
    for model in models:
        model.objects.all().delete()


def finding(world, runs=11):
    """Measure putting 200 candidates in order for one person, turn by turn with reading their cards."""
    from crews import pool, ranking, suggesting
    from crews.models import Card

    room = pool.enter(world.me, now=world.now)
    others = list(room.others.values())
    assert len(others) == 199

    def cards():
        assert (
            len(Card.objects.visible_to(world.me).looking().values_list("member_id", "topics"))
            == 200
        )

    asked = [
        ("Ranking 199 candidates", lambda: ranking.order_pool(room.me, others, "seed")),
        ("Suggesting three of them", lambda: suggesting.suggest(room)),
        (
            "Suggesting, cards read and opened",
            lambda: suggesting.suggest(pool.enter(world.me, now=world.now)),
        ),
    ]
    for name, work in asked:
        work(), cards()
        queries, took, bare = queries_of(work), [], []
        for _run in range(runs):
            bare.append(timed(cards))
            took.append(timed(work))
        yield row(name, took, "their 200 rows read", bare, queries)


def season(world, runs=3):
    """Measure a season of 200: putting its tables together, beside the engine alone, and its pages."""
    from django.urls import reverse

    from crews import seasons
    from crews.models import Proposal, Season, Seeker
    from crews.planning.planner import plan

    now, took, bare = world.now, [], []
    for _run in range(runs):
        Season.objects.all().delete()
        one = Season.open(
            name="Summer", says_until=now + timedelta(days=1), closes_at=now + timedelta(days=30),
            by=world.host, now=now,
        )  # fmt: skip
        Seeker.objects.bulk_create(
            Seeker(**world.own, season=one, member=person, joined_at=now) for person in world.people
        )
        one.hurry(by=world.host, now=now)
        people = seasons.gather(one, on=now.date())
        puzzle = seasons._puzzle(one, people, now=now)
        bare.append(timed(lambda puzzle=puzzle: plan(puzzle, seconds=seasons.SECONDS, seed=0)))
        took.append(timed(lambda one=one: seasons.propose(one, now=now)))
    asked = Proposal.objects.count()
    yield row(f"Season of 200, {asked} tables", took, "the engine alone", bare)
    browser = browser_of(world.me)
    url = reverse("season", args=["otaki"])

    def get():
        assert browser.get(url).status_code == 200

    def frame():
        assert browser.get("/c/otaki/bench/frame/").status_code == 200

    get(), frame()
    queries, took, bare = queries_of(get), [], []
    for _run in range(11):
        bare.append(timed(frame))
        took.append(timed(get))
    yield row("Season’s page, of 200", took, "the frame alone", bare, queries)


def crews(longer=5):
    """Measure how near a second of putting crews together comes to what more time finds."""
    from crews.planning.planner import plan
    from crews.planning.puzzle import score
    from tests.crews.pools import case, made_up, puzzle_of

    pools = {name: case(name) for name in ("crews-40.json", "crews-90.json")}
    pools |= {f"made up, {people}": made_up(people) for people in (8, 24, 60, 120, 200)}
    for name, data in pools.items():
        puzzle = puzzle_of(data)
        began, spent = time.monotonic(), os.times()
        found = score(puzzle, plan(puzzle, seconds=1, seed=0))
        wall, now = time.monotonic() - began, os.times()
        best = score(puzzle, plan(puzzle, seconds=longer, seed=0))
        yield {
            "name": name,
            "people": len(puzzle.slots),
            "seconds": round(wall, 2),
            "processor_seconds": round(sum(now[:4]) - sum(spent[:4]), 2),
            "score": round(found, 2),
            "longer": round(best, 2),
            "share": round(1 - (best - found) / abs(best), 4),
        }


# What the style sheets ask for by themselves where letters are Latin and nobody chose others.
FONTS = {"fonts/figtree.woff2", "fonts/bricolage.woff2"}


def sizes(world):
    """Return what a first visit to home loads, in bytes: as it is, and as it is sent.

    Pages go with gzip, static files with brotli as `collectstatic` makes them; fonts are compressed already.
    """
    import brotli
    from django.conf import settings
    from django.urls import reverse

    page = browser_of(world.me).get(reverse("home", args=["otaki"]))
    static = Path(settings.STATICFILES_DIRS[0])
    # What a browser loads with the page, and not what a page only leads to.
    tags = re.findall(r"<(?:link|script|use|img)\b[^>]*>", page.text)
    asked = set(re.findall(rf'(?:href|src)="{settings.STATIC_URL}([^"#]+)', "".join(tags)))
    beside = {name for name in asked if name.endswith(".png")}  # kept for when it is an app
    found = {"home, the page": [len(page.content), len(gzip.compress(page.content, 6))]}
    kinds = {"style": ".css", "scripts": ".js", "icons": ".svg", "fonts": ".woff2"}
    for kind, ending in kinds.items():
        pairs = [
            (len(data), len(data) if kind == "fonts" else len(brotli.compress(data)))
            for name in sorted((asked | FONTS) - beside)
            if name.endswith(ending)
            for data in [(static / name).read_bytes()]
        ]
        found[f"home, {kind}"] = [sum(column) for column in zip(*pairs, strict=True)]
    found["home, all of it"] = [sum(column) for column in zip(*found.values(), strict=True)]
    return {name: {"bytes": plain, "sent": sent} for name, (plain, sent) in found.items()}


def table(found):
    """Return it for people to read."""
    lines = [
        f"{found['people']} people, {found['tables']} crews; Python {found['python']}, Django "
        f"{found['django']}, {found['processors']} × {found['machine']}; medians",
        "",
        f"{'':34}{'took':>12}{'bare':>12}{'ratio':>8}{'queries':>9}   beside",
    ]
    many = found.get("many", [])
    for one in chain(found["rows"], *(those["rows"] for those in many)):
        queries = "" if one["queries"] is None else one["queries"]
        lines.append(
            f"{one['name']:34}{one['ms']:>9.1f} ms{one['bare_ms']:>9.1f} ms"
            f"{one['ratio']:>7.1f}×{queries:>9}   {one['beside']}"
        )
    for one in many:
        held = one["memory"]
        lines.append(
            f"{one['database']}: {one['people']:,} people in {one['crews']:,} crews; telling them all, a "
            f"process goes from {held['before']} to {held['peak']} MB at most; filling took {one['filling']} s."
        )
    lines += ["", f"{'':34}{'as it is':>12}{'as sent':>12}"]
    for name, size in found["sizes"].items():
        lines.append(f"{name:34}{size['bytes'] / 1000:>9.1f} kB{size['sent'] / 1000:>9.1f} kB")
    lines += ["", f"{'Crews put together':34}{'took':>12}{'processors':>12}{'of the best':>14}"]
    for one in found["crews"]:
        lines.append(
            f"{one['name']:34}{one['seconds']:>10.2f} s{one['processor_seconds']:>10.2f} s"
            f"{one['share']:>13.1%}   of what five times as long finds"
        )
    lines += [
        "",
        f"Took {found['seconds']['all']} s, {found['seconds']['filling']} s of it filling.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
