import logging
from datetime import date

from celery import shared_task
from django.utils import timezone

from breaks.services.roots import RootRefused, write_due_roots
from matching.services.claims import RunNotClaimable, ScopeBusy
from workflows.services import daily
from workflows.services.escalation import check_sla
from workflows.services.notifications import send_due, tell_failed_runs
from workflows.services.reconciling import reconcile
from workflows.services.recovering import wake_stale_work
from workflows.services.remediation.rerunning import request_due_runs
from workflows.services.routing import route_open
from workflows.services.starting import queue_due_reconciliations
from workflows.services.waking import wake_pipeline

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


@shared_task(name="tasks.daily_pipeline", bind=True, max_retries=None, ignore_result=True)
def daily_pipeline(
    self,
    *,
    pipeline_id: int | None = None,
    business_date: str | None = None,
    **_later_arguments: object,
) -> None:
    """
    Run one queued pipeline; without one, queue that of a date, or all that are due.

    A date is written as 2026-03-04.
    """
    now = timezone.now()
    if pipeline_id is None:
        if business_date is None:
            queued = daily.queue_due_pipelines(at=now)
        else:
            day = date.fromisoformat(business_date)
            queued = [daily.request_pipeline(business_date=day, by=None, at=now)]
        for run in queued:
            wake_pipeline(run.pk)
        return
    try:
        ended = daily.run_pipeline(pipeline_id=pipeline_id, at=now)
    except daily.NotClaimable as taken:
        logger.info("%s", taken)
    except daily.Busy as busy:
        # Somebody is at what it needs: look again when they may have ended.
        raise self.retry(countdown=5, exc=busy) from busy
    else:
        logger.info("%s ended %s %s", ended, ended.status, ended.error)


@shared_task(name="tasks.recover_stale_work", ignore_result=True)
def recover_stale_work(**_later_arguments: object) -> None:
    """Wake the work whose message or worker was lost, and queue what remediations wait for."""
    if queued := request_due_runs(at=timezone.now()):
        logger.info("queued %s runs that remediations wait for", queued)
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


@shared_task(name="tasks.check_sla_breaches", ignore_result=True)
def check_sla_breaches(**_later_arguments: object) -> None:
    """Escalate what is overdue; a second one at the same time finds nothing left to do."""
    if fired := check_sla(at=timezone.now()):
        logger.info("escalated %s", fired)


@shared_task(name="tasks.send_notifications", ignore_result=True)
def send_notifications(**_later_arguments: object) -> None:
    """Send what the outbox holds; whoever claims a row sends it."""
    tell_failed_runs(at=timezone.now())
    sent = send_due()
    if sent.dead:
        logger.warning("%s notifications could not be delivered; see the list", sent.dead)


@shared_task(name="tasks.watch_predictions", ignore_result=True)
def watch_predictions(**_later_arguments: object) -> None:
    """Hold what was foreseen against what came, and tell of the limits the model is past."""
    from predictions.registry import ModelAbsent, ModelAltered
    from workflows.services.doubting import watch_and_tell

    try:
        crossed = watch_and_tell(at=timezone.now())
    except (ModelAbsent, ModelAltered) as refusal:
        logger.info("%s", refusal)
    else:
        logger.info("the model passed %s limits", len(crossed))


@shared_task(name="tasks.find_causes", ignore_result=True)
def find_causes(**_later_arguments: object) -> None:
    """Look for the causes of live breaks; one that is looked for already is left alone."""
    from workflows.services.causes import analyse_due

    for analysis in analyse_due(at=timezone.now()):
        logger.info(
            "%s: %s of %s breaks explained",
            analysis, analysis.breaks_explained, analysis.breaks_read,
        )  # fmt: skip
