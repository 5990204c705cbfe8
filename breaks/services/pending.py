"""The rows that say which trades wait, kept in step with what a scope wants."""

from collections.abc import Mapping

from breaks.models import PendingTrade
from breaks.services.scope import Scope
from breaks.services.wanted import Wait
from matching.models import ReconciliationRun
from trades.services.bulk import batches

BATCH = 5_000


def write_pending(
    *, scope: Scope, pending: Mapping[int, Wait], run: ReconciliationRun | None
) -> None:
    """Make the pending rows of a scope those of `pending` (by trade key), naming the run."""
    there = scope.pending()
    for some in batches(row.pk for key, row in there.items() if key not in pending):
        PendingTrade.objects.filter(pk__in=some).delete()
    changed, same, fresh = [], [], []
    for key, wait in pending.items():
        if (row := there.get(key)) is None:
            fresh.append(_row(scope, key, wait, run))
        elif (row.reason, row.until) != (wait.reason, wait.until):
            row.reason, row.until, row.run = wait.reason, wait.until, run or row.run
            changed.append(row)
        elif run is not None and row.run_id != run.pk:
            same.append(row.pk)
    PendingTrade.objects.bulk_update(changed, ["reason", "until", "run"], batch_size=BATCH)
    for some in batches(same):
        PendingTrade.objects.filter(pk__in=some).update(run=run)
    PendingTrade.objects.bulk_create(fresh, batch_size=BATCH)


def _row(scope: Scope, key: int, wait: Wait, run: ReconciliationRun | None) -> PendingTrade:
    return PendingTrade(
        reconciliation=scope.reconciliation,
        trade_id=key,
        run=run,
        reason=wait.reason,
        until=wait.until,
    )
