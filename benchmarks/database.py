"""
Time a reconciliation from and to Postgres against the bare COPY of the same rows.

On a throw-away server, one run after the other: the run in a process of its own; a second run with
nothing new; COPY out of the trades the run read; COPY of the matches and legs it made into
tables with the same indexes and foreign keys, commit included. Prints JSON: seconds, peak memory
in MiB, and the ratios.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.process import medians, peak_mib, python

FROM, TO = date(2026, 3, 2), date(2026, 3, 6)
CODE = "left-right"
# What a match and a leg refer to, before them.
MADE = ("matching_reconciliationrun", "matching_match", "matching_matchleg")
TRADES = """COPY (
    SELECT id, source_trade_id, version, state, trade_date, settlement_date, executed_at,
        instrument_id, symbol, isin, cusip, sedol, figi, security_name, asset_class, side, quantity,
        price, currency, gross_amount, commission, fees, accrued_interest, net_amount,
        counterparty_id, counterparty_name, counterparty_lei, counterparty_bic, account_id,
        account_code, venue, order_ref, block_ref, execution_ref, source_id
    FROM trades_trade ORDER BY id) TO STDOUT (FORMAT csv)"""


def main() -> int:
    """Measure what the command line asks for and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000, help="deals to report (200000)")
    parser.add_argument("--runs", type=int, default=1, help="measurements to make (1)")
    parser.add_argument("--reconcile", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    told = _reconcile() if asked.reconcile else measure(asked.rows, asked.runs)
    print(json.dumps(told, indent=None if asked.reconcile else 2))
    return 0


def measure(rows: int, runs: int) -> dict[str, Any]:
    """
    Return the medians of `runs` measurements over `rows` deals, about as many trades a side.

    `first` and `second` are the runs (seconds, timings by step, peak_mib, counts), `bare_out` and
    `bare_in` seconds, `ratio` the first over both bare ones and `second_share` the second's share
    of the first.
    """
    from tests import postgres
    from tests.processes import outside_env

    with postgres.server() as server, tempfile.TemporaryDirectory() as place:
        env = outside_env(Path(place), DATABASE_URL=f"{server}/filled", LOG_LEVEL="WARNING")
        _execute(server, "postgres", "CREATE DATABASE filled")
        python(env, "manage.py", "migrate", "--verbosity=0")
        _execute(server, "filled", f"SET bench.rows = {rows}", Path(__file__).with_suffix(".sql"))
        # Outside a transaction; as autovacuum would have done by the time of a run.
        _execute(server, "filled", "VACUUM ANALYZE")
        measured = [_once(server, env, Path(place)) for _ in range(runs)]
    return {"rows": rows, "runs": runs, **medians(measured)}


def _once(server: str, env: dict[str, str], place: Path) -> dict[str, Any]:
    told: dict[str, Any] = {}
    with _copy_of_filled(server, "ours"):
        ours = env | {"DATABASE_URL": f"{server}/ours"}
        for name in ("first", "second"):
            told[name] = json.loads(python(ours, "-m", "benchmarks.database", "--reconcile"))
        files = [_dumped(f"{server}/ours", table, place) for table in MADE]
    with _copy_of_filled(server, "bare"):
        told["bare_out"] = _copied_out(f"{server}/bare")
        told["bare_in"] = _copied_in(f"{server}/bare", files)
    told["ratio"] = round(told["first"]["seconds"] / (told["bare_out"] + told["bare_in"]), 2)
    told["second_share"] = round(told["second"]["seconds"] / told["first"]["seconds"], 3)
    return told


def _reconcile() -> dict[str, Any]:
    """Reconcile in this process, on the database that the environment names."""
    import django

    django.setup()
    from django.utils import timezone

    from matching.models import Reconciliation
    from matching.services.runs import request_run
    from workflows.services.reconciling import reconcile

    between = Reconciliation.objects.get(code=CODE)
    run = request_run(
        reconciliation=between, from_date=FROM, to_date=TO, by=None, at=timezone.now()
    )
    began = time.perf_counter()
    run = reconcile(run_id=run.pk, at=timezone.now())
    return {
        "seconds": round(time.perf_counter() - began, 2),
        "timings": run.timings,
        "peak_mib": round(peak_mib()),
        "trades": [run.left_trades, run.right_trades],
        "matches": run.auto_matched + run.manual_review,
        "breaks": run.breaks_identified,
    }


def _copied_out(url: str) -> float:
    import psycopg

    began = time.perf_counter()
    with psycopg.connect(url) as connection, connection.cursor().copy(TRADES) as rows:
        for _ in rows:
            pass
    return round(time.perf_counter() - began, 2)


def _copied_in(url: str, files: list[tuple[str, Path]]) -> float:
    import psycopg

    began = time.perf_counter()
    with psycopg.connect(url) as connection:
        for statement, path in files:
            with path.open("rb") as source, connection.cursor().copy(statement) as rows:
                while block := source.read(1 << 20):
                    rows.write(block)
    return round(time.perf_counter() - began, 2)


def _dumped(url: str, table: str, place: Path) -> tuple[str, Path]:
    """Write a table to a file; return the statement that reads it, and the file."""
    import psycopg

    path = place / table
    statement = f"COPY {table} TO STDOUT"
    with (
        path.open("wb") as target,
        psycopg.connect(url) as connection,
        connection.cursor().copy(statement) as rows,
    ):
        for row in rows:
            target.write(row)
    return f"COPY {table} FROM STDIN", path


@contextmanager
def _copy_of_filled(server: str, name: str) -> Iterator[None]:
    _execute(server, "postgres", f"CREATE DATABASE {name} TEMPLATE filled")
    yield
    _execute(server, "postgres", f"DROP DATABASE {name} WITH (FORCE)")


def _execute(server: str, database: str, *statements: str | Path) -> None:
    import psycopg

    with psycopg.connect(f"{server}/{database}", autocommit=True) as connection:
        for one in statements:
            connection.execute(one.read_text() if isinstance(one, Path) else one)


if __name__ == "__main__":
    sys.exit(main())
