"""Whose a run is: claimed by a conditional UPDATE, held under a lease, renewed by progress."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from matching.choices import RunStatus
from matching.models import ReconciliationRun, RunPartition
from trades.leases import LEASE, held, take

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
    left_behind = ReconciliationRun.objects.filter(
        reconciliation__runs=run_id, status=RunStatus.RUNNING, lease_expires_at__lt=at
    ).exclude(pk=run_id)
    try:
        with transaction.atomic():
            left_behind.update(status=RunStatus.QUEUED, lease_expires_at=None)
            asked = ReconciliationRun.objects.filter(pk=run_id)
            claimed = take(asked, at=at, progress_pct=0, is_merging=False, error="")
            if claimed:
                # Of an attempt before, whose worker was lost: its trades may have changed since.
                RunPartition.objects.filter(run=run_id).delete()
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
        held(run).update(
            status=RunStatus.FAILED, error=GIVEN_UP, finished_at=at, lease_expires_at=None
        )
        raise RunNotClaimable(f"Run {run_id} was tried {MAX_ATTEMPTS} times.")
    return run


def report_progress(run: ReconciliationRun, step: str, progress_pct: int) -> None:
    """
    Say what the run is doing and renew its lease; raises LeaseLost if it was taken over.

    It is called at every step and pass; while a run writes, its transaction holds the row.
    """
    lease = timezone.now() + LEASE
    if not held(run).update(step=step, progress_pct=progress_pct, lease_expires_at=lease):
        raise LeaseLost(f"Run {run.pk} was taken over by another worker.")
