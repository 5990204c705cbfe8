"""The life of a run: asked for, claimed by one worker, executed, closed."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from matching.choices import RunStatus
from matching.models import Reconciliation, ReconciliationRun
from matching.rules import active_rule_set
from matching.services.claims import (
    LeaseLost,
    RunNotClaimable,
    ScopeBusy,
    abandoned,
    claim_run,
    report_progress,
)
from matching.services.pairing import pair_scope
from matching.services.partitions import forget
from trades.leases import held

logger = logging.getLogger(__name__)


def request_run(
    *,
    reconciliation: Reconciliation,
    from_date: date,
    to_date: date,
    by: Any,
    at: datetime,
    partitions: int = 0,
) -> ReconciliationRun:
    """
    Queue a run over the trade dates from `from_date` to `to_date`, both included.

    It is split into so many `partitions`, or with 0 into as many as its size calls for.

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
                partition_count=partitions,
            )
    except IntegrityError as collision:
        holder = ReconciliationRun.objects.filter(
            reconciliation=reconciliation,
            from_date=from_date,
            to_date=to_date,
            status__in=[RunStatus.QUEUED, RunStatus.RUNNING],
        ).first()
        left_behind = ReconciliationRun.objects.filter(abandoned(at))
        renewed = {"rule_set": rule_set, "partition_count": partitions}
        if holder and left_behind.filter(pk=holder.pk).update(**renewed):
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


def execute_run(
    *,
    run_id: int,
    at: datetime,
    then: Callable[[ReconciliationRun, list[int]], int] | None = None,
    watcher: Callable[[], None] = lambda: None,
) -> ReconciliationRun:
    """
    Execute a queued run to its end and return it, SUCCEEDED.

    `watcher` is called as it goes on, outside of any transaction.

    Matches and whatever `then` does with them (it is given the keys of the trades left over,
    opens the breaks and returns how many are live) are committed together with the status: a run
    killed anywhere has changed nothing.

    :raises RunNotClaimable: if another worker has it or it has ended.
    :raises ScopeBusy: if another run of the reconciliation is running.
    :raises Exception: whatever stopped it, after the run was marked FAILED with the reason.
    """
    run = claim_run(run_id=run_id, at=at)

    def tell(step: str, progress_pct: int) -> None:
        report_progress(run, step, progress_pct)
        watcher()

    try:
        scope = pair_scope(run=run, on_progress=tell)
        tell("Writing matches and breaks", 70)
        with transaction.atomic():
            # Again inside the transaction: the row is locked and nobody can take the run over.
            report_progress(run, "Writing matches and breaks", 75)
            with _timed(run, "write"):
                scope.write(at=at)
            with _timed(run, "breaks"):
                run.breaks_identified = then(run, scope.unpaired) if then else 0
            scope.count()
            _succeed(run)
    except LeaseLost:
        raise
    except Exception as failure:
        reason = str(failure) or type(failure).__name__
        if held(run).update(
            status=RunStatus.FAILED, error=reason, finished_at=timezone.now(), lease_expires_at=None
        ):
            forget(run)
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
