import logging

from celery import shared_task
from django.utils import timezone

from matching.services.claims import RunNotClaimable, ScopeBusy
from workflows.pipeline import reconcile
from workflows.services import queue_due_reconciliations, wake_stale_work

logger = logging.getLogger(__name__)


@shared_task(name="tasks.run_reconciliation", bind=True, max_retries=None, ignore_result=True)
def run_reconciliation(self, *, run_id: int | None = None, **_later_arguments: object) -> None:
    """Execute one queued run; without one, queue every enabled reconciliation."""
    if run_id is None:
        runs = queue_due_reconciliations(at=timezone.now())
        logger.info("queued %s reconciliations", len(runs))
        return
    try:
        reconcile(run_id=run_id, at=timezone.now())
    except RunNotClaimable as taken:
        logger.info("%s", taken)
    except ScopeBusy as busy:
        # Another scope of the same reconciliation is running: look again when it may have ended.
        raise self.retry(countdown=5, exc=busy) from busy


@shared_task(name="tasks.recover_stale_work", ignore_result=True)
def recover_stale_work(**_later_arguments: object) -> None:
    """Wake the work whose message or worker was lost."""
    if woken := wake_stale_work(at=timezone.now()):
        logger.warning("woke %s pieces of work whose message or worker was lost", woken)
