"""
Time the pages of the desk over a million breaks in Postgres, as the people who work there.

On a throw-away server, filled by `desk.sql`: the queue at its first page and at page 10,000, each
of its tabs, searches, filters, the page of one break, and the dashboard, asked for through
Django's test client as an analyst of two teams and as a supervisor. Prints JSON: per page the p50
and p95 in ms, the mean of this process's own CPU time among it, and the number of queries; and the
pages that miss their goal. ``--slowest 3`` adds the slowest queries of each page with how long
they took; ``--database URL`` measures a database that is filled already, and ``--keep`` leaves the
server up until Ctrl-C, to look closer.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, process_time, sleep
from typing import Any

from benchmarks.process import ROOT

PEOPLE = ("analyst", "supervisor")
QUEUE = "/admin/breaks/tradebreak/"
PAGES = {
    "page 1": "",
    "page 10,000": "?p=10000",
    "tab mine": "?view=mine",
    "tab my team": "?view=team",
    "tab unassigned": "?view=unassigned",
    "tab overdue": "?view=overdue",
    "tab awaiting approval": "?view=approval",
    "tab all": "?view=all",
    "tab all, page 10,000": "?view=all&p=10000",
    "search a trade id": "?q=l-000123456",
    "search a reference": "?q=ORD77777",
    "search a name": "?q=broker+399",
    "search a common name": "?q=broker+1",
    "filter severity and type": "?severity__exact=CRITICAL&break_type__exact=ACCOUNT",
    "filter counterparty": "?counterparty=broker+250",
    "filter assignee": "?assignee=7",
    "filter exposure and date": "?exposure_from=500000&trade_date_from=2020-01-01",
    "filter due": "?due=hour",
}
DASHBOARD = "/admin/"
WORKBENCH = {"workbench, paired": 77, "workbench, missing": 500_123}
# Milliseconds at the 95th percentile, and queries of a page of the queue.
GOAL_QUEUE, GOAL_WORKBENCH, GOAL_QUERIES = 300, 200, 12
GOAL_DASHBOARD, GOAL_DASHBOARD_QUERIES = 500, 20


def main() -> int:
    """Measure what the command line asks for and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="breaks to make (1000000)")
    parser.add_argument("--times", type=int, default=20, help="requests a page (20)")
    parser.add_argument("--slowest", type=int, default=0, help="queries to show a page (0)")
    parser.add_argument("--database", help="URL of a database that is filled already")
    parser.add_argument("--keep", action="store_true", help="leave the server up until Ctrl-C")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        print(json.dumps(_measure(asked.times, asked.slowest)))
        return 0
    with _filled(asked.rows, asked.database) as url:
        print(json.dumps(_in_child(url, asked), indent=2), flush=True)
        if asked.keep:
            print(f"The server is up at {url} until Ctrl-C.", file=sys.stderr)
            _until_interrupted()
    return 0


@contextmanager
def _filled(rows: int, given: str | None) -> Iterator[str]:
    if given:
        yield given
        return
    from tests import postgres

    with postgres.server() as server:
        import psycopg

        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE filled")
        url = f"{server}/filled"
        with tempfile.TemporaryDirectory() as place:
            _python(_env(url, place), "manage.py", "migrate", "--verbosity=0")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"SET bench.rows = {rows}")
            connection.execute(Path(__file__).with_suffix(".sql").read_text())
            # As autovacuum would have done by then: it lets the pages read indexes alone.
            connection.execute("VACUUM ANALYZE")
        yield url


def _in_child(url: str, asked: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as place:
        told = _python(
            _env(url, place), "-m", "benchmarks.desk", "--measure",
            "--times", str(asked.times), "--slowest", str(asked.slowest),
        )  # fmt: skip
    pages: dict[str, Any] = json.loads(told)
    return {"pages": pages, "missed": [name for name, page in pages.items() if not _good(page)]}


def _good(page: dict[str, Any]) -> bool:
    if page["address"].endswith("/change/"):
        return page["p95"] <= GOAL_WORKBENCH
    if page["address"] == DASHBOARD:
        return page["p95"] <= GOAL_DASHBOARD and page["queries"] <= GOAL_DASHBOARD_QUERIES
    return page["p95"] <= GOAL_QUEUE and page["queries"] <= GOAL_QUERIES


def _env(url: str, place: str) -> dict[str, str]:
    from tests.processes import outside_env

    return outside_env(Path(place), DATABASE_URL=url, LOG_LEVEL="ERROR")


def _python(env: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | env, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def _measure(times: int, slowest: int) -> dict[str, Any]:
    """Ask for every page as everybody, in this process, on the database of the environment."""
    # As a worker of the web server is, with what it has loaded.
    from recon_project import wsgi  # noqa: F401  isort: skip
    from django.contrib.auth.models import User
    from django.test import Client

    found = {}
    for name in PEOPLE:
        browser = Client(headers={"host": "localhost"})
        browser.force_login(User.objects.get(username=name))
        addresses = {page: QUEUE + query for page, query in PAGES.items()}
        addresses["dashboard"] = DASHBOARD
        addresses |= {page: f"{QUEUE}{key}/change/" for page, key in WORKBENCH.items()}
        for page, address in addresses.items():
            found[f"{page}, {name}"] = _timed(browser, address, times, slowest)
    return found


def _timed(browser: Any, address: str, times: int, slowest: int) -> dict[str, Any]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        status = browser.get(address).status_code
    # Now: the next request empties the log that it reads from.
    queries = captured.captured_queries
    took, cpu = [], process_time()
    for _ in range(times):
        began = perf_counter()
        browser.get(address)
        took.append((perf_counter() - began) * 1_000)
    told = {
        "address": address,
        "status": status,
        "p50": round(median(took)),
        "p95": round(quantiles(took, n=20)[-1]),
        "cpu": round((process_time() - cpu) / times * 1_000),
        "queries": len(queries),
    }
    if slowest:
        by_time = sorted(queries, key=lambda one: -float(one["time"]))
        told["slowest"] = [f"{one['time']} s: {one['sql'][:2_000]}" for one in by_time[:slowest]]
    return told


def _until_interrupted() -> None:
    try:
        while True:
            sleep(1)
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    sys.exit(main())
