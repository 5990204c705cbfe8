import logging

from celery import shared_task
from django.db import OperationalError
from django.utils import timezone

from connectors import services
from connectors.models import Feed

logger = logging.getLogger(__name__)


@shared_task(
    name="tasks.run_ingestion",
    acks_late=True,
    autoretry_for=(OperationalError,),
    retry_backoff=True,
    max_retries=5,
)
def run_ingestion(delivery_ids: list[int] | None = None) -> list[int]:
    """
    Execute queued deliveries; without ids, every enabled feed for yesterday and today.

    A second message for the same delivery changes nothing, and a fault in one holds up no other:
    it is back in the queue, where the sweep finds it. Returns the ids of what was done.
    """
    scheduled = delivery_ids is None
    services.end_interrupted(at=timezone.now())
    if delivery_ids is None:
        enabled = Feed.objects.filter(is_enabled=True).select_related("source")
        queued = services.queue_deliveries(feeds=enabled, by=None, at=timezone.now())
        delivery_ids = [delivery.pk for delivery in queued]
    done: list[int] = []
    for delivery_id in delivery_ids:
        try:
            finished = services.execute_delivery(delivery_id=delivery_id, at=timezone.now())
        except services.NotClaimable:
            continue
        except Exception:
            logger.exception("delivery %s broke off", delivery_id)
            continue
        done += [delivery.pk for delivery in finished]
    if scheduled:
        services.forget_empty_looks(delivery_ids=done)
    return done
