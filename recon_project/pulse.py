"""A worker's sign of life: a row it writes every few seconds, by a thread beside its work."""

import logging
import os
import socket
import threading
from datetime import datetime, timedelta
from typing import Any

from celery.signals import worker_ready, worker_shutdown
from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

EVERY_SECONDS = 10
FORGET_AFTER = timedelta(days=1)

logger = logging.getLogger(__name__)
_stopped = threading.Event()


def name_of_this_process() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"[:200]


def write_pulse(*, name: str, at: datetime) -> None:
    """Say that the worker `name` is alive; workers long silent are forgotten."""
    from recon_project.models import WorkerPulse

    WorkerPulse.objects.update_or_create(name=name, defaults={"seen_at": at})
    WorkerPulse.objects.filter(seen_at__lt=at - FORGET_AFTER).delete()


def forget_pulse(*, name: str) -> None:
    from recon_project.models import WorkerPulse

    WorkerPulse.objects.filter(name=name).delete()


# A solo worker runs its task in the main thread: a thread of its own beats on meanwhile.
@worker_ready.connect
def start(**_: Any) -> None:
    _stopped.clear()
    threading.Thread(target=_beat, name="pulse", daemon=True).start()


@worker_shutdown.connect
def stop(**_: Any) -> None:
    _stopped.set()


def _beat() -> None:
    name = name_of_this_process()
    while not _stopped.is_set():
        _quietly(lambda: write_pulse(name=name, at=timezone.now()))
        _stopped.wait(EVERY_SECONDS)
    _quietly(lambda: forget_pulse(name=name))
    connection.close()


def _quietly(write: Any) -> None:
    """Write, or log that the database would not: the next beat tries again."""
    try:
        close_old_connections()
        write()
    except DatabaseError as refusal:
        logger.warning("the worker's pulse was not written: %s", refusal)
