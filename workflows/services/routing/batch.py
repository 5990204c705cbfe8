"""Routing a selection of the queue as a person asks for it, kept as a batch that can be undone."""

from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from breaks.models import ActBatch, BreakEvent, TradeBreak
from breaks.services.acting import check_actor
from breaks.services.batches import Row, unknown
from breaks.services.lifecycle import WorkRefused, check_live
from workflows.services.routing.many import route_breaks

ACT = "reroute"
CHANGED = "Somebody changed it meanwhile. Look at it again."


@transaction.atomic
def route_batch(*, selection: Mapping[int, int | None], by: User, at: datetime) -> ActBatch:
    """
    Route the breaks selected, each at the version seen (None: whatever it is), by the rules.

    The batch says of each what became of it, as those of other acts do.

    :raises WorkRefused: if the actor may not act.
    """
    check_actor(by)
    seen = TradeBreak.objects.visible_to(by).filter(pk__among=sorted(selection))
    held = seen.select_for_update(no_key=True).only("version", "status")
    found = {row.pk: row for row in held.order_by("pk")}
    refused = {
        pk: said
        for pk, version in selection.items()
        if (said := _refusal(found.get(pk), pk, version))
    }
    fit = [pk for pk in selection if pk not in refused]
    route_breaks(break_ids=fit, at=at, by=by)
    routed = TradeBreak.objects.filter(pk__among=sorted(fit))
    now = dict(routed.order_by().values_list("pk", "version"))
    events = BreakEvent.objects.filter(trade_break__among=sorted(fit), by=by, at=at)
    ours = set(events.order_by().values_list("trade_break", "sequence"))
    rows: list[Row] = []
    for pk in selection:
        row: Row = {"break": pk, "act": ACT, "version": now.get(pk), "said": refused.get(pk, "")}
        if pk in now and (pk, now[pk]) not in ours:
            row["unchanged"] = True
        rows.append(row)
    return ActBatch.objects.create(act=ACT, given={}, by=by, at=at, rows=rows)


def _refusal(row: TradeBreak | None, pk: int, version: int | None) -> str:
    if row is None:
        return unknown(pk)
    if version not in (None, row.version):
        return CHANGED
    try:
        check_live(row, "routed")
    except WorkRefused as refusal:
        return str(refusal)
    return ""
