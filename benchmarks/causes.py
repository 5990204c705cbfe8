"""
Time the search for root causes: a million trades, thirty thousand breaks, on a throw-away Postgres.

    python -m benchmarks.causes
    python -m benchmarks.causes --rows 100000 --breaks 3000

`causes.sql` makes the desk: four mechanisms are in it, and noise. Measured is the service whole
(read, look, try the fixes, write) and the pure part alone, over the same columns in memory. Wall
and CPU seconds are both told: on a busy machine only the CPU's say anything. Prints JSON, with
what was found, and ends with 1 where a mechanism was not found or the goal was missed.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from time import perf_counter, process_time
from typing import Any

from benchmarks.filled import filled
from benchmarks.process import peak_mib, python

GOAL_SECONDS = 30
PLANTED = {"PENCE_POUNDS", "SETTLEMENT_CYCLE", "SIDE_FLIPPED", "ACCOUNT_RENAMED"}
FROM, TO = date(2026, 3, 2), date(2026, 3, 6)


def main() -> int:
    """Measure what the command line asks for and print it."""
    parser = argparse.ArgumentParser(description="Time the search for root causes.")
    parser.add_argument("--rows", type=int, default=1_000_000, help="trades, both sides (1000000)")
    parser.add_argument("--breaks", type=int, default=30_000, help="live breaks (30000)")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        print(json.dumps(_measure()))
        return 0
    with filled("causes.sql", rows=asked.rows, breaks=asked.breaks) as env:
        told: dict[str, Any] = json.loads(python(env, "-m", "benchmarks.causes", "--measure"))
    told |= {"missed": sorted(PLANTED - set(told["mechanisms"])), "goal_seconds": GOAL_SECONDS}
    print(json.dumps(told, indent=2))
    return int(bool(told["missed"]) or told["service"]["cpu"] > GOAL_SECONDS)


def _measure() -> dict[str, Any]:
    """Analyse the filled desk in this process, then look at the same columns again."""
    import django

    django.setup()
    from django.utils import timezone

    from matching.models import Reconciliation
    from workflows.causes import look
    from workflows.models import RootCauseFinding
    from workflows.services.causes import analyse
    from workflows.services.causes.reading import read_desk

    between = Reconciliation.objects.get(code="left-right")
    with _timed() as service:
        analysis = analyse(reconciliation=between, from_date=FROM, to_date=TO, at=timezone.now())
    peak = peak_mib()
    desk = read_desk(between, FROM, TO)
    with _timed() as pure:
        look(desk)
    found = RootCauseFinding.objects.filter(beneath=None).order_by("place")
    return {
        "trades": analysis.trades_read,
        "breaks": analysis.breaks_read,
        "hypotheses": analysis.hypotheses,
        "service": service,
        "steps": analysis.timings,
        "pure": pure,
        "peak_mib": round(peak),
        "mechanisms": [one.mechanism for one in found],
        "found": [f"{one.headline}: {one.break_count}, clears {one.would_clear}" for one in found],
    }


@contextmanager
def _timed() -> Iterator[dict[str, float]]:
    took: dict[str, float] = {}
    wall, cpu = perf_counter(), process_time()
    yield took
    took |= {"wall": round(perf_counter() - wall, 1), "cpu": round(process_time() - cpu, 1)}


if __name__ == "__main__":
    sys.exit(main())
