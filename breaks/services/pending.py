"""The rows that say which trades wait, kept in step with what a scope wants."""

from collections import defaultdict
from collections.abc import Mapping

from breaks.models import PendingTrade
from breaks.services.scope import Scope
from breaks.services.wanted import Wait
from matching.models import ReconciliationRun
from trades.services.columns import table_of, write_table


def write_pending(
    *, scope: Scope, pending: Mapping[int, Wait], run: ReconciliationRun | None
) -> None:
    """Make the pending rows of a scope those of `pending` (by trade key), naming the run."""
    rows = scope.pending().order_by().values_list("trade", "reason", "until", "run")
    there = {trade: (reason, until, seen) for trade, reason, until, seen in rows}
    ours = PendingTrade.objects.filter(reconciliation=scope.reconciliation)
    if gone := sorted(there.keys() - pending.keys()):
        ours.filter(trade__among=gone).delete()
    changed: dict[Wait, list[int]] = defaultdict(list)
    for key in pending.keys() & there.keys():
        reason, until, seen = there[key]
        wait = pending[key]
        if (reason, until) != (wait.reason, wait.until) or (run is not None and seen != run.pk):
            changed[wait].append(key)
    named = {"run": run} if run is not None else {}
    for wait, keys in changed.items():
        same = ours.filter(trade__among=sorted(keys))
        same.update(reason=wait.reason, until=wait.until, **named)
    fresh = sorted(pending.keys() - there.keys())
    table = table_of(
        PendingTrade,
        len(fresh),
        reconciliation_id=scope.reconciliation.pk,
        trade_id=fresh,
        run_id=None if run is None else run.pk,
        reason=[str(pending[key].reason) for key in fresh],
        until=[pending[key].until for key in fresh],
    )
    write_table(PendingTrade, table)
