"""However many join at the same moment, no table is overfull, and nobody is shown an error."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from crews.models import Crew, Seat

ROOT = Path(__file__).resolve().parents[2]
LONG = bool(os.environ.get("TABLEFUL_LONG"))
PROCESSES, CREWS, SEATS = (40, 60, 8) if LONG else (12, 20, 8)


def address():
    """Where the database of this test run is, for another process."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    return (
        f"postgres://{database['USER']}:{database['PASSWORD']}"
        f"@{database['HOST']}:{database['PORT'] or 5432}/{database['NAME']}"
    )


@pytest.mark.django_db(transaction=True)
def test_processes_race_for_the_seats_of_all_crews(congregation, make_member, now, capsys):
    people = [make_member(f"Person{n} Sefo") for n in range(PROCESSES)]
    crews = [
        Crew.objects.create(
            congregation=congregation, name=f"Crew {n}", founded_at=now, seats_max=SEATS
        )
        for n in range(CREWS)
    ]
    environment = os.environ | {
        "DATABASE_URL": address(),
        "TABLEFUL_DATA": str(settings.DATA),
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }
    racers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.faults.seating"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in people
    ]
    try:
        for seed, (racer, person) in enumerate(zip(racers, people, strict=True)):
            asked = {"member": str(person.pk), "crews": [str(c.pk) for c in crews], "seed": seed}
            racer.stdin.write(json.dumps(asked) + "\n")
            racer.stdin.flush()
        for racer in racers:
            assert racer.stdout.readline() == "ready\n"
        began = time.monotonic()
        for racer in racers:
            racer.stdin.write("go\n")
            racer.stdin.flush()
        told = [json.loads(racer.communicate(timeout=300)[0]) for racer in racers]
        took = time.monotonic() - began
    finally:
        for racer in racers:
            if racer.poll() is None:
                racer.kill()
                racer.wait()

    with capsys.disabled():
        slowest = max(one["slowest"] for one in told)
        print(  # noqa: T201
            f"\n{connection.vendor}: {PROCESSES} processes × {CREWS} crews in {took:.1f} s, "
            f"{PROCESSES * CREWS / took:.0f} attempts a second, the slowest {slowest:.2f} s"
        )
    assert [words for one in told for words in one["other"]] == []
    assert sum(one["seats"] for one in told) == CREWS * SEATS
    assert sum(one["full"] for one in told) == (PROCESSES - SEATS) * CREWS
    assert set(Crew.objects.values_list("seats_taken", flat=True)) == {SEATS}
    seats = Seat.objects.taken()
    assert seats.count() == CREWS * SEATS
    for crew in crews:
        numbers = seats.filter(crew=crew).order_by("number").values_list("number", flat=True)
        assert list(numbers) == list(range(1, SEATS + 1))
