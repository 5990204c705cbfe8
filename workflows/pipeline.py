"""The steps of the main job, called in the order they happen."""

from datetime import datetime

from breaks.services.opening import open_breaks
from matching.models import ReconciliationRun
from matching.services.runs import execute_run


def reconcile(*, run_id: int, at: datetime) -> ReconciliationRun:
    """
    Execute a queued run: pair and compare its trades, then open its breaks, in one commit.

    :raises RunNotClaimable: if another worker has it or it has ended.
    :raises ScopeBusy: if another run of the reconciliation is running.
    """
    return execute_run(
        run_id=run_id,
        at=at,
        then=lambda run, unpaired: open_breaks(run=run, unpaired=unpaired, at=at),
    )
