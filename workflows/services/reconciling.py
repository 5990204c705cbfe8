"""Execute a run: its trades are paired and compared, its breaks opened, and then routed."""

from collections.abc import Callable
from datetime import datetime

from breaks.services.opening import open_breaks
from matching.models import ReconciliationRun
from matching.services.runs import execute_run
from workflows.services.routing import route_run


def reconcile(
    *, run_id: int, at: datetime, watcher: Callable[[], None] = lambda: None
) -> ReconciliationRun:
    """
    Execute a queued run: pair and compare its trades and open its breaks, then route them.

    The first is one commit. What a killed worker left unrouted, `tasks.route_breaks` finds.

    `watcher` is called as it goes on, outside of any transaction.

    :raises RunNotClaimable: if another worker has it or it has ended.
    :raises ScopeBusy: if another run of the reconciliation is running.
    """
    run = execute_run(
        run_id=run_id,
        at=at,
        then=lambda run, unpaired: open_breaks(run=run, unpaired=unpaired, at=at),
        watcher=watcher,
    )
    route_run(run=run, at=at)
    return run
