"""The life of a run: asked for, claimed by one worker, executed, closed."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from matching.choices import RunStatus
from matching.models import Reconciliation, ReconciliationRun
from matching.rules import active_rule_set
from matching.services.pairing import pair_scope

logger = logging.getLogger(__name__)

# Renewed at every step and pass; while a run writes, its transaction holds the row.
LEASE = timedelta(minutes=2)
# A run that nobody took for so long has lost its message, or there is no worker.
STALE_AFTER = timedelta(minutes=1)
MAX_ATTEMPTS = 5
GIVEN_UP = (
    f"Given up after {MAX_ATTEMPTS} attempts whose worker was lost each time, as when it runs out "
    "of memory. Reconcile fewer dates at once."
)


class ScopeBusy(Exception):
    """The scope is being reconciled; `run` is the run that has it, where it is known."""

    def __init__(self, sentence: str, run: ReconciliationRun | None = None) -> None:
        super().__init__(sentence)
        self.run = run


class RunNotClaimable(Exception):
    """Someone else has the run, or it has ended."""


class LeaseLost(Exception):
    """The run was taken over by another worker while this one was at it."""


def request_run(
    *, reconciliation: Reconciliation, from_date: date, to_date: date, by: Any, at: datetime
) -> ReconciliationRun:
    """
    Queue a run over the trade dates from `from_date` to `to_date`, both included.

    A run of the same scope that its worker left behind, or that none ever took, is returned to
    be taken over, under the rules that are active now.

    :raises ScopeBusy: if a run of the same scope is queued or running.
    :raises NoActiveRules: if the reconciliation's rule set has no active version.
    """
    rule_set = active_rule_set(reconciliation)
    try:
        with transaction.atomic():
            return ReconciliationRun.objects.create(
                reconciliation=reconciliation,
                rule_set=rule_set,
                from_date=from_date,
                to_date=to_date,
                requested_by=by,
                requested_at=at,
            )
    except IntegrityError as collision:
        holder = ReconciliationRun.objects.filter(
            reconciliation=reconciliation,
            from_date=from_date,
            to_date=to_date,
            status__in=[RunStatus.QUEUED, RunStatus.RUNNING],
        ).first()
        left_behind = ReconciliationRun.objects.filter(abandoned(at))
        if holder and left_behind.filter(pk=holder.pk).update(rule_set=rule_set):
            holder.rule_set = rule_set
            return holder
        raise ScopeBusy(
            f"{reconciliation.code} is already being reconciled for {from_date} to {to_date}"
            f"{f' by run {holder.pk}' if holder else ''}; wait until it ends.{_until(holder)}",
            holder,
        ) from collision


def _until(holder: ReconciliationRun | None) -> str:
    if holder is None or holder.lease_expires_at is None:
        return ""
    return f" If its worker is gone, run again after {holder.lease_expires_at:%H:%M:%S} UTC."


def abandoned(at: datetime) -> Q:
    """Tell the runs that no worker took in time, or whose worker is gone."""
    return Q(status=RunStatus.QUEUED, requested_at__lt=at - STALE_AFTER) | Q(
        status=RunStatus.RUNNING, lease_expires_at__lt=at
    )


def claim_run(*, run_id: int, at: datetime) -> ReconciliationRun:
    """
    Take a queued run, or a running one whose lease has run out, for the caller alone.

    Another scope's run whose lease has run out goes back to the queue and is not in the way.

    :raises RunNotClaimable: if it is neither, or was tried too often and is FAILED now.
    :raises ScopeBusy: if another run of the same reconciliation is running.
    """
    free = Q(status=RunStatus.QUEUED) | Q(status=RunStatus.RUNNING, lease_expires_at__lt=at)
    left_behind = ReconciliationRun.objects.filter(
        reconciliation__runs=run_id, status=RunStatus.RUNNING, lease_expires_at__lt=at
    ).exclude(pk=run_id)
    try:
        with transaction.atomic():
            left_behind.update(status=RunStatus.QUEUED, lease_expires_at=None)
            claimed = ReconciliationRun.objects.filter(free, pk=run_id).update(
                status=RunStatus.RUNNING,
                started_at=at,
                lease_expires_at=at + LEASE,
                fencing_token=F("fencing_token") + 1,
                progress_pct=0,
                error="",
            )
    except IntegrityError as collision:
        raise ScopeBusy(
            "Another run of this reconciliation is running; this one stays queued until it ends."
        ) from collision
    if not claimed:
        raise RunNotClaimable(f"Run {run_id} is not waiting to be run.")
    run: ReconciliationRun = ReconciliationRun.objects.select_related(
        "reconciliation__left_source", "reconciliation__right_source", "rule_set"
    ).get(pk=run_id)
    # Every claim takes a new token, so the token counts the attempts.
    if run.fencing_token > MAX_ATTEMPTS:
        _held(run).update(
            status=RunStatus.FAILED, error=GIVEN_UP, finished_at=at, lease_expires_at=None
        )
        raise RunNotClaimable(f"Run {run_id} was tried {MAX_ATTEMPTS} times.")
    return run


def _held(run: ReconciliationRun) -> Any:
    return ReconciliationRun.objects.filter(
        pk=run.pk, status=RunStatus.RUNNING, fencing_token=run.fencing_token
    )


def report_progress(run: ReconciliationRun, step: str, progress_pct: int) -> None:
    """Say what the run is doing and renew its lease; raises LeaseLost if it was taken over."""
    lease = timezone.now() + LEASE
    if not _held(run).update(step=step, progress_pct=progress_pct, lease_expires_at=lease):
        raise LeaseLost(f"Run {run.pk} was taken over by another worker.")


def execute_run(
    *,
    run_id: int,
    at: datetime,
    then: Callable[[ReconciliationRun], int] | None = None,
) -> ReconciliationRun:
    """
    Execute a queued run to its end and return it, SUCCEEDED.

    Matches and whatever `then` does with them (it opens the breaks and returns how many are
    live) are committed together with the status: a run killed anywhere has changed nothing.

    :raises RunNotClaimable: if another worker has it or it has ended.
    :raises ScopeBusy: if another run of the reconciliation is running.
    :raises Exception: whatever stopped it, after the run was marked FAILED with the reason.
    """
    run = claim_run(run_id=run_id, at=at)
    try:
        scope = pair_scope(run=run, on_progress=lambda step, pct: report_progress(run, step, pct))
        report_progress(run, "Writing matches and breaks", 70)
        with transaction.atomic():
            # Again inside the transaction: the row is locked and nobody can take the run over.
            report_progress(run, "Writing matches and breaks", 75)
            with _timed(run, "write"):
                scope.write(at=at)
            with _timed(run, "breaks"):
                run.breaks_identified = then(run) if then else 0
            scope.count()
            _succeed(run)
    except LeaseLost:
        raise
    except Exception as failure:
        reason = str(failure) or type(failure).__name__
        _held(run).update(
            status=RunStatus.FAILED, error=reason, finished_at=timezone.now(), lease_expires_at=None
        )
        logger.exception("run %s failed", run.pk)
        raise
    return run


@contextmanager
def _timed(run: ReconciliationRun, step: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    run.timings[step] = round(time.perf_counter() - began, 3)


def _succeed(run: ReconciliationRun) -> None:
    run.status = RunStatus.SUCCEEDED
    run.step, run.progress_pct = "", 100
    run.finished_at = timezone.now()
    run.lease_expires_at = None
    run.save()


def cancel_run(*, run_id: int, by: Any, at: datetime) -> ReconciliationRun:
    """
    Cancel a run that has not begun.

    :raises RunNotClaimable: if it is running or has ended.
    """
    cancelled = ReconciliationRun.objects.filter(pk=run_id, status=RunStatus.QUEUED).update(
        status=RunStatus.CANCELLED, finished_at=at, error=f"Cancelled by {by or 'the system'}."
    )
    if not cancelled:
        raise RunNotClaimable(f"Run {run_id} is not queued; only a queued run can be cancelled.")
    return ReconciliationRun.objects.get(pk=run_id)
