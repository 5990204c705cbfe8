"""
Time the reports' API over a million breaks and five million trades in Postgres.

On a throw-away server, filled by `desk.sql` and `reports.sql`: summary, aging, runs and root cause
without a filter, of a month, and of one team, asked for through Django's test client as an analyst
of two teams and as a supervisor. Prints JSON as `benchmarks.desk` does, and takes its options;
``--trades N`` makes that many.
"""

import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.browsing import browse

# Milliseconds at the 95th percentile.
GOAL, GOAL_CAUSES = 300, 3_000


def main() -> int:
    """Measure what the command line asks for and print it."""
    return browse(
        "benchmarks.reports",
        __doc__,
        scripts=("desk.sql", "reports.sql"),
        sizes={"rows": (1_000_000, "breaks"), "trades": (5_000_000, "trades")},
        addresses=_addresses,
        is_good=_is_good,
    )


def _addresses() -> dict[str, str]:
    from breaks.models import Team

    today = datetime.now(UTC).date()
    month = f"from_date={today - timedelta(days=30)}&to_date={today}"
    team = Team.objects.order_by("pk").values_list("code", flat=True)[0]
    scopes = {"all": "", "a month": f"?{month}", "a team": f"?team={team}"}
    # Runs are nobody's team's.
    return {
        f"{report}, {scope}": f"/api/v1/reports/{report}{query}"
        for report in ("summary", "aging", "runs", "root-cause")
        for scope, query in scopes.items()
        if (report, scope) != ("runs", "a team")
    }


def _is_good(one: dict[str, Any]) -> bool:
    goal = GOAL_CAUSES if "root-cause" in one["address"] else GOAL
    return bool(one["status"] == 200 and one["p95"] <= goal)


if __name__ == "__main__":
    sys.exit(main())
