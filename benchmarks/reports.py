"""
Time the reports' API over a million breaks and five million trades in Postgres.

On a throw-away server, filled by `desk.sql` and `reports.sql`: summary, aging, runs and root cause
without a filter, of a month, and of one team, asked for through Django's test client as an analyst
of two teams and as a supervisor. Prints JSON as `benchmarks.desk` does, and takes its options;
``--trades N`` makes that many.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.desk import PEOPLE, _env, _filled, _python, _timed, _until_interrupted

# Milliseconds at the 95th percentile.
GOAL, GOAL_CAUSES = 300, 3_000


def main() -> int:
    """Measure what the command line asks for and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="breaks to make (1000000)")
    parser.add_argument("--trades", type=int, default=5_000_000, help="trades to make (5000000)")
    parser.add_argument("--times", type=int, default=20, help="requests a report (20)")
    parser.add_argument("--slowest", type=int, default=0, help="queries to show a report (0)")
    parser.add_argument("--database", help="URL of a database that is filled already")
    parser.add_argument("--keep", action="store_true", help="leave the server up until Ctrl-C")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        print(json.dumps(_measure(asked.times, asked.slowest)))
        return 0
    with _with_a_year(asked) as url:
        print(json.dumps(_in_child(url, asked), indent=2), flush=True)
        if asked.keep:
            print(f"The server is up at {url} until Ctrl-C.", file=sys.stderr)
            _until_interrupted()
    return 0


@contextmanager
def _with_a_year(asked: argparse.Namespace) -> Iterator[str]:
    with _filled(asked.rows, asked.database) as url:
        if not asked.database:
            import psycopg

            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(f"SET bench.trades = {asked.trades}")
                connection.execute(Path(__file__).with_suffix(".sql").read_text())
                connection.execute("VACUUM ANALYZE")
        yield url


def _in_child(url: str, asked: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as place:
        told = _python(
            _env(url, place), "-m", "benchmarks.reports", "--measure",
            "--times", str(asked.times), "--slowest", str(asked.slowest),
        )  # fmt: skip
    reports: dict[str, Any] = json.loads(told)
    return {"reports": reports, "missed": [name for name, one in reports.items() if not _good(one)]}


def _good(one: dict[str, Any]) -> bool:
    goal = GOAL_CAUSES if "root-cause" in one["address"] else GOAL
    return one["status"] == 200 and one["p95"] <= goal


def _measure(times: int, slowest: int) -> dict[str, Any]:
    """Ask for every report as everybody, in this process, on the database of the environment."""
    # As a worker of the web server is, with what it has loaded.
    from recon_project import wsgi  # noqa: F401  isort: skip
    from django.contrib.auth.models import User
    from django.test import Client

    from breaks.models import Team

    today = datetime.now(UTC).date()
    month = f"from_date={today - timedelta(days=30)}&to_date={today}"
    team = Team.objects.order_by("pk").values_list("code", flat=True)[0]
    scopes = {"all": "", "a month": f"?{month}", "a team": f"?team={team}"}
    found = {}
    for name in PEOPLE:
        browser = Client(headers={"host": "localhost"})
        browser.force_login(User.objects.get(username=name))
        for report in ("summary", "aging", "runs", "root-cause"):
            for scope, query in scopes.items():
                if report == "runs" and scope == "a team":
                    continue
                address = f"/api/v1/reports/{report}{query}"
                found[f"{report}, {scope}, {name}"] = _timed(browser, address, times, slowest)
    return found


if __name__ == "__main__":
    sys.exit(main())
