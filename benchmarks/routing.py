"""
Time routing a hundred thousand new breaks by the default rules, in Postgres.

On a throw-away server, filled by `routing.sql`: all breaks are routed to teams and people, each
with its event in the history, and then once more, when nothing is left to do. Prints JSON: seconds
of both, the CPU time of this process and of the server among them, statements, peak memory.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from benchmarks.filled import filled
from benchmarks.process import peak_mib, python

# Seconds for a hundred thousand breaks.
GOAL, GOAL_ROWS = 20, 100_000


def main() -> int:
    """Measure what the command line asks for and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=GOAL_ROWS, help="breaks to route (100000)")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        print(json.dumps(_measure()))
        return 0
    with filled("routing.sql", rows=asked.rows) as env:
        told = json.loads(python(env, "-m", "benchmarks.routing", "--measure"))
    told["reached"] = told["first"]["seconds"] <= GOAL * asked.rows / GOAL_ROWS
    print(json.dumps({"rows": asked.rows, **told}, indent=2))
    return 0


def _measure() -> dict[str, Any]:
    """Route twice in this process, on the database that the environment names."""
    import django

    django.setup()
    import pandas as pd  # noqa: F401  loaded once a process, with the first table written
    from django.utils import timezone

    from workflows.services.routing import route_breaks

    # What is read and compiled once a process.
    route_breaks(break_ids=[], at=timezone.now())
    first, second = _timed(), _timed()
    return {"first": first, "second": second, "peak_mib": round(peak_mib())}


def _timed() -> dict[str, Any]:
    from django.db import connection
    from django.utils import timezone

    from workflows.services.routing import route_open

    statements = 0

    def count(execute: Any, *arguments: Any) -> Any:
        nonlocal statements
        statements += 1
        return execute(*arguments)

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    server = _cpu_of(backend)
    began, cpu = perf_counter(), process_time()
    with connection.execute_wrapper(count):
        done = route_open(at=timezone.now())
    return {
        "seconds": round(perf_counter() - began, 2),
        "cpu_seconds": round(process_time() - cpu, 2),
        "server_cpu_seconds": round(_cpu_of(backend) - server, 2),
        "statements": statements,
        **done.figures(),
    }


def _cpu_of(pid: int) -> float:
    """Return the CPU seconds of a process of this machine."""
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
