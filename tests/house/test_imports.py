"""What the web and the worker never load: it lives in a child process that exits."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAVY = {"numpy", "scipy", "highspy"}


def loaded(script):
    """Which of the heavy packages a process has loaded in the end."""
    done = subprocess.run(
        [sys.executable, "-c", f"{script}\nimport sys\nprint(*sys.modules, sep='\\n')"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return HEAVY & set(done.stdout.split())


def test_all_that_the_web_and_the_worker_import():
    assert not loaded(
        """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import django
django.setup()
import config.celery, config.urls, config.wsgi, hall.tasks, hall.trying
config.celery.app.loader.import_default_modules()
"""
    )


def test_putting_crews_together():
    assert not loaded(
        """
from crews.planning.planner import plan
from tests.crews.pools import made_up, puzzle_of
assert plan(puzzle_of(made_up(12)), seconds=1, seed=0)
"""
    )
