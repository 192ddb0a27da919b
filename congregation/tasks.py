"""What the schedule wakes in this app."""

import logging

from config.celery import app
from congregation import clock, outbox

log = logging.getLogger("tableful.tasks")


@app.task
def deliver() -> None:
    """Hand over the mail that is due."""
    try:
        outbox.deliver(now=clock.now())
    except Exception as error:
        log.error("deliver failed: %s", type(error).__name__)
        raise
