"""The Celery app and the whole schedule. Celery is the wake-up call; the database owns what is due."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from celery import Celery, signals
from django.conf import settings

from config import pulse
from config import queue as _folder  # noqa: F401  the broker and the schedule that are named here

app = Celery("tableful")
_queue = settings.DATA / "queue"
if settings.REDIS_URL:
    _broker = {
        "broker_url": settings.REDIS_URL,
        "broker_transport_options": {"socket_timeout": 5, "socket_connect_timeout": 2},
    }
else:
    for _name in ("messages", "processed"):
        (_queue / _name).mkdir(parents=True, exist_ok=True, mode=0o700)
    _broker = {
        "broker_url": "folder://localhost//",
        "broker_transport_options": {
            "data_folder_in": str(_queue / "messages"),
            "data_folder_out": str(_queue / "messages"),
            "processed_folder": str(_queue / "processed"),
            "control_folder": str(_queue / "control"),
            "store_processed": False,
        },
    }
app.conf.update(
    **_broker,
    task_ignore_result=True,
    task_acks_late=True,
    task_publish_retry=False,
    task_default_queue="tableful",
    task_always_eager=False,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    timezone="UTC",
    beat_scheduler="config.queue:Schedule",
    beat_schedule={
        # A sweep that comes late or twice does no harm, so an unclaimed one may expire.
        "hand over mail": {
            "task": "congregation.tasks.deliver",
            "schedule": 5.0,
            "options": {"expires": 5},
        },
        "sweep": {"task": "hall.tasks.sweep", "schedule": 30.0, "options": {"expires": 30}},
    },
)
app.autodiscover_tasks()


# For `bin/serve --check` and the operator's page.


@signals.task_postrun.connect(weak=False)
def _worked(**_: Any) -> None:
    pulse.beat(settings.DATA, "worker")


@signals.beat_init.connect(weak=False)
def _schedules(**_: Any) -> None:
    signals.after_task_publish.connect(
        lambda **_: pulse.beat(settings.DATA, "schedule"), weak=False
    )
