"""One process that takes every free seat it can get, in an order of its own; see `test_seat_race`.

Reads JSON from its first line (member, crews, seed), says "ready", waits for "go", and prints what happened.
"""

import json
import os
import random
import sys
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def main():
    import django

    django.setup()
    from django.core.exceptions import ValidationError
    from django.db import connection

    from congregation import clock
    from congregation.models import Member
    from crews.models import Crew

    asked = json.loads(sys.stdin.readline())
    member = Member.objects.get(pk=asked["member"])
    crews = list(Crew.objects.filter(pk__in=asked["crews"]))
    random.Random(asked["seed"]).shuffle(crews)
    connection.ensure_connection()
    print("ready", flush=True)  # noqa: T201
    sys.stdin.readline()
    told = {"seats": 0, "full": 0, "other": [], "slowest": 0.0}
    for crew in crews:
        began = time.monotonic()
        try:
            crew.seat(member, by=None, now=clock.now())
            told["seats"] += 1
        except ValidationError as refusal:
            if refusal.messages == ["This table is full."]:
                told["full"] += 1
            else:
                told["other"].append(str(refusal))
        except Exception as error:
            told["other"].append(f"{type(error).__name__}: {error}")
        told["slowest"] = max(told["slowest"], time.monotonic() - began)
    print(json.dumps(told), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
