import logging

from celery import shared_task
from django.utils import timezone

from breaks.services.roots import RootRefused, write_due_roots
from matching.services.claims import RunNotClaimable, ScopeBusy
from workflows.pipeline import reconcile
from workflows.services.routing import route_open
from workflows.services.starting import queue_due_reconciliations, wake_stale_work

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


@shared_task(name="tasks.route_breaks", ignore_result=True)
def route_breaks(**_later_arguments: object) -> None:
    """Route the live breaks that are new, changed or wait for somebody; the others stay."""
    done = route_open(at=timezone.now())
    if done.moved or done.overtaken:
        logger.info("routed: %s", done.figures())


@shared_task(name="tasks.write_history_root", ignore_result=True)
def write_history_root(**_later_arguments: object) -> None:
    """Write the daily root of the history if it is due; one that must wait is due again later."""
    try:
        for root in write_due_roots(at=timezone.now()):
            # In the log as well: a line there is a copy that no change of the database reaches.
            logger.info("root of %s: %s", root.day, root.digest)
    except RootRefused as refusal:
        logger.warning("%s", refusal)
