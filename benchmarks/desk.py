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

import sys
from typing import Any

from benchmarks.browsing import browse

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
    return browse(
        "benchmarks.desk",
        __doc__,
        scripts=("desk.sql",),
        sizes={"rows": (1_000_000, "breaks")},
        addresses=_addresses,
        is_good=_is_good,
    )


def _addresses() -> dict[str, str]:
    pages = {page: QUEUE + query for page, query in PAGES.items()}
    pages["dashboard"] = DASHBOARD
    return pages | {page: f"{QUEUE}{key}/change/" for page, key in WORKBENCH.items()}


def _is_good(page: dict[str, Any]) -> bool:
    if page["address"].endswith("/change/"):
        return page["p95"] <= GOAL_WORKBENCH
    if page["address"] == DASHBOARD:
        return page["p95"] <= GOAL_DASHBOARD and page["queries"] <= GOAL_DASHBOARD_QUERIES
    return page["p95"] <= GOAL_QUEUE and page["queries"] <= GOAL_QUERIES


if __name__ == "__main__":
    sys.exit(main())
