"""What the schedule wakes in this app."""

import logging

from django.conf import settings

from config import pulse
from config.celery import app
from congregation import clock
from hall.demo import starting
from hall.sweep import sweep as everything_due

log = logging.getLogger("tableful.tasks")


@app.task
def sweep() -> None:
    """Do everything that is due; not while a demo is being filled, since nobody is here yet."""
    if starting.is_filling():
        return
    try:
        everything_due(now=clock.now())
        pulse.beat(settings.DATA, "sweep")
    except Exception as error:
        log.error("sweep failed: %s", type(error).__name__)
        raise
