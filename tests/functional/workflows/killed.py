"""
One step of the main job in a process that kills itself at a named function.

``python -m tests.functional.workflows.killed STEPS [MODULE:FUNCTION[:after]]``, where STEPS are
some of ``ingest,reconcile,dump``; the last prints what the database holds as JSON. With ``after``
the process dies when the function has returned.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import django

DAY = date(2026, 3, 4)
EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"


def die_at(point: str) -> None:
    """Let the process be killed, unwarned, when it comes to a function or has left it."""
    module_name, function, *after = point.split(":")
    module = import_module(module_name)
    real = getattr(module, function)
    if not callable(real):
        raise TypeError(f"{point} is no function")

    def die(*given: Any, **named: Any) -> None:
        if after:
            real(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(module, function, die)


def ingest() -> None:
    from django.utils import timezone

    from connectors.services import receive_file
    from trades.models import Source

    for code in ("oms", "custodian"):
        source = Source.objects.get(code=code)
        receive_file(path=EXAMPLES / f"{code}.csv", source=source, by=None, at=timezone.now())


def reconcile() -> None:
    from datetime import timedelta

    from django.utils import timezone

    from workflows.services.starting import reconciliation_between, start_reconciliation

    start_reconciliation(
        reconciliation=reconciliation_between(source1="oms", source2="custodian"),
        from_date=DAY,
        to_date=DAY,
        by=None,
        # The lease of a killed run has run out by then.
        at=timezone.now() + timedelta(minutes=5) * int(os.environ.get("LATER", "0")),
        inline=True,
        partitions=int(os.environ.get("PARTITIONS", "0")),
    )


def business() -> dict[str, Iterable[tuple]]:
    """Return what the database says of the business, without keys and times."""
    from breaks.models import BreakEvent, TradeBreak
    from matching.models import MatchLeg, ReconciliationRun
    from trades.models import Trade

    return {
        "trades": Trade.objects.values_list("source__code", "source_trade_id", "version", "digest"),
        "legs": MatchLeg.objects.filter(is_live=True).values_list(
            "side", "trade__source_trade_id", "match__kind", "match__status", "match__score"
        ),
        "breaks": TradeBreak.objects.values_list(
            "break_type", "status", "left_value", "right_value", "exposure", "version", "times_seen"
        ),
        "events": BreakEvent.objects.values_list("trade_break__break_type", "kind", "sequence"),
        "runs": ReconciliationRun.objects.values_list("status", "breaks_identified"),
    }


def dump() -> None:
    rows = {name: sorted(map(str, values)) for name, values in business().items()}
    sys.stdout.write(json.dumps(rows))


STEPS = {"ingest": ingest, "reconcile": reconcile, "dump": dump}


def main(known: Mapping[str, Callable[[], None]]) -> None:
    """Do the steps that the command line names, and die at the points it names."""
    django.setup()
    steps, *points = sys.argv[1:]
    for point in points:
        die_at(point)
    for step in steps.split(","):
        known[step]()


if __name__ == "__main__":
    main(STEPS)
