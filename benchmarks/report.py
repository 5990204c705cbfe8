"""
Measure everything and write docs/performance.md, its chart and its raw figures.

    make bench                                  all of it, about 25 minutes on two cores
    make bench ARGS="--only engine"             one section again, the others kept
    make bench ARGS="--rows 10000 --runs 1"     a quick try, written to var/bench instead

Only a whole measurement (a million rows, three runs) may replace the page in docs/.
"""

import argparse
import json
import sys
from collections.abc import Callable
from subprocess import SubprocessError
from typing import Any

from benchmarks import machine, page
from benchmarks.goals import MILLION, Results
from benchmarks.process import ROOT, MeasurementFailed

SIZES = (10_000, 100_000, MILLION)
ENOUGH_RUNS = 3
SQLITE_ROWS = 100_000

Measured = list[dict[str, Any]]


class Skipped(Exception):
    """A section cannot be measured here; the sentence says why and what would help."""


def main() -> None:
    """Measure the sections asked for, then write the page from these and the kept ones."""
    asked = _arguments()
    whole = asked.rows >= MILLION and asked.runs >= ENOUGH_RUNS
    folder = ROOT / ("docs" if whole or asked.render else "var/bench")
    folder.mkdir(parents=True, exist_ok=True)
    raw = folder / "performance.json"
    results: Results = json.loads(raw.read_text()) if raw.exists() else {}
    for section in () if asked.render else asked.only or SECTIONS:
        results[section] = _measured(section, asked.rows, asked.runs)
        results["machine"] = machine.here()
        # Kept after each section: an interrupted evening loses one, not all.
        raw.write_text(json.dumps(results, indent=1) + "\n")
    page.write(results, folder)
    print(f"\n{page.goals_table(results)}\n\nWritten to {folder.relative_to(ROOT)}/performance.md")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure everything and write the page about it.")
    parser.add_argument("--rows", type=int, default=MILLION, help="largest size a side (1000000)")
    parser.add_argument("--runs", type=int, default=ENOUGH_RUNS, help="runs of each figure (3)")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, help="measure these again only")
    parser.add_argument("--render", action="store_true", help="measure nothing, write the page")
    return parser.parse_args()


def _measured(section: str, rows: int, runs: int) -> dict[str, Any]:
    print(f"Measuring {section} ...", flush=True)
    try:
        measured = SECTIONS[section](rows, runs)
    except Skipped as why:
        print(f"  {why}", file=sys.stderr)
        return {**machine.stamp(), "skipped": str(why), "measured": []}
    except (MeasurementFailed, SubprocessError, ImportError) as problem:
        print(f"  {problem}", file=sys.stderr)
        return {**machine.stamp(), "skipped": "This measurement failed.", "measured": []}
    return {**machine.stamp(), "measured": measured}


def _sizes(rows: int) -> list[int]:
    return [size for size in SIZES if size < rows] + [rows]


def _engine(rows: int, runs: int) -> Measured:
    from benchmarks import engine

    return [engine.measure(size, runs, shape) for size in _sizes(rows) for shape in ("many", "one")]


def _splink(rows: int, runs: int) -> Measured:
    from benchmarks import splink_duckdb

    if not splink_duckdb.is_installed():
        raise Skipped(splink_duckdb.MISSING)
    measured = [splink_duckdb.measure(size, runs, "narrow") for size in _sizes(rows)]
    return [*measured, *(splink_duckdb.measure(size, 1, "wide") for size in _sizes(rows))]


def _ingest(rows: int, runs: int) -> Measured:
    _need_postgres()
    from benchmarks import ingest

    return [{"rows": rows, **ingest.measure(rows=rows, runs=runs)}]


def _database(rows: int, runs: int) -> Measured:
    _need_postgres()
    from benchmarks import database

    return [{"rows": rows, **database.measure(rows=rows, runs=runs)}]


def _sqlite(rows: int, runs: int) -> Measured:
    from benchmarks import two_feeds

    return [two_feeds.measure(rows=min(rows, SQLITE_ROWS), runs=runs)]


def _need_postgres() -> None:
    from tests.postgres import PostgresMissing, binaries

    try:
        binaries()
    except PostgresMissing as missing:
        raise Skipped(f"No Postgres server is here, so this was not measured: {missing}.") from None


SECTIONS: dict[str, Callable[[int, int], Measured]] = {
    "engine": _engine,
    "splink": _splink,
    "ingest": _ingest,
    "database": _database,
    "sqlite": _sqlite,
}

if __name__ == "__main__":
    main()
