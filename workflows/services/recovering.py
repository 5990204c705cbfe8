"""Find the work whose message or worker was lost."""

from datetime import datetime

from celery import current_app
from django.db.models import Q

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
from workflows.services.waking import wake_pipeline, wake_run


def wake_stale_work(*, at: datetime) -> int:
    """
    Send a message again for work that waits too long or whose worker is gone; return how many.

    Waking a row twice does no harm: only one worker can claim it.
    """
    runs = ReconciliationRun.objects.filter(abandoned(at)).values_list("pk", flat=True)
    deliveries = Delivery.objects.filter(
        Q(status=DeliveryStatus.QUEUED, received_at__lt=at - STALE_AFTER)
        | Q(status=DeliveryStatus.RUNNING, lease_expires_at__lt=at)
    ).values_list("pk", flat=True)
    for run_id in runs:
        wake_run(run_id)
    changes = sla.unfinished(at).values_list("pk", flat=True)
    for change_id in changes:
        current_app.send_task("tasks.recalculate_due_times", kwargs={"change_id": change_id})
    if deliveries:
        kwargs = {"delivery_ids": list(deliveries)}
        current_app.send_task("tasks.run_ingestion", kwargs=kwargs)
    pipelines = PipelineRun.objects.filter(asking.abandoned(at)).values_list("pk", flat=True)
    for pipeline_id in pipelines:
        wake_pipeline(pipeline_id)
    trainings = TrainingRun.objects.filter(training.abandoned(at)).values_list("pk", flat=True)
    for training_id in trainings:
        training.wake(training_id)
    learning = Calibration.objects.filter(calibrating.abandoned(at)).values_list("pk", flat=True)
    for calibration_id in learning:
        calibrating.wake(calibration_id)
    started = (runs, deliveries, changes, pipelines, trainings, learning)
    return sum(len(rows) for rows in started)
