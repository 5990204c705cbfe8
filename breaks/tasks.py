import logging

from celery import shared_task
from django.utils import timezone

from breaks.services import sla
from breaks.services.sla.recalculating import ChangeNotClaimable

logger = logging.getLogger(__name__)


@shared_task(name="tasks.recalculate_due_times", ignore_result=True)
def recalculate_due_times(*, change_id: int, **_later_arguments: object) -> None:
    """Carry out one change of due times, from where it was left."""
    try:
        done = sla.carry_out(change_id=change_id, at=timezone.now())
    except ChangeNotClaimable as taken:
        logger.info("%s", taken)
    else:
        logger.info("%s: moved %s of %s due times", done, done.moved, done.looked_at)


@shared_task(name="tasks.refresh_calendars", ignore_result=True)
def refresh_calendars(**_later_arguments: object) -> None:
    """Read the days of every exchange again; due times follow where they have changed."""
    for change in sla.refresh_calendars(at=timezone.now()):
        logger.info("%s: %s due times to look at", change, change.to_look_at)
