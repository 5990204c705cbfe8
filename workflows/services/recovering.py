"""Find the work whose message or worker was lost."""

from collections.abc import Callable
from datetime import datetime

from celery import current_app
from django.db.models import Q, QuerySet

from breaks.services import sla
from connectors.choices import DeliveryStatus
from connectors.models import Delivery
from matching.models import Calibration, ReconciliationRun
from matching.services import calibrating
from matching.services.claims import STALE_AFTER, abandoned
from predictions.models import TrainingRun
from predictions.services import training
from workflows.models import PipelineRun
from workflows.services.daily import asking
from workflows.services.waking import wake_analysis, wake_pipeline, wake_run


def wake_stale_work(*, at: datetime) -> int:
    """
    Send a message again for work that waits too long or whose worker is gone; return how many.

    Waking a row twice does no harm: only one worker can claim it.
    """
    deliveries = Delivery.objects.filter(
        Q(status=DeliveryStatus.QUEUED, received_at__lt=at - STALE_AFTER)
        | Q(status=DeliveryStatus.RUNNING, lease_expires_at__lt=at)
    )
    # Its package loads pandas, which the other faces that import this need not wait for.
    from workflows.services.causes import left_waiting

    left_behind: tuple[tuple[QuerySet, Callable[[int], None]], ...] = (
        (deliveries, _wake_delivery),
        (ReconciliationRun.objects.filter(abandoned(at)), wake_run),
        (PipelineRun.objects.filter(asking.abandoned(at)), wake_pipeline),
        (sla.unfinished(at), _wake_change),
        (TrainingRun.objects.filter(training.abandoned(at)), training.wake),
        (Calibration.objects.filter(calibrating.abandoned(at)), calibrating.wake),
        (left_waiting(at), wake_analysis),
    )
    woken = 0
    for rows, wake in left_behind:
        for key in rows.values_list("pk", flat=True):
            wake(key)
            woken += 1
    return woken


def _wake_delivery(delivery_id: int) -> None:
    current_app.send_task("tasks.run_ingestion", kwargs={"delivery_ids": [delivery_id]})


def _wake_change(change_id: int) -> None:
    current_app.send_task("tasks.recalculate_due_times", kwargs={"change_id": change_id})
