"""
The engine alone beside a bare hash join, on the same generated rows.

    python -m benchmarks.engine --rows 100000 --runs 3 --shape many one

Every run is a process of its own, the engine's and the join's by turns. Each reads both CSV files
into the engine's frames (`read_seconds`), then works on them (`seconds`):

- the engine reconciles: pairs, compares the paired and lists differences and what is left over;
- the join is given what no desk has, every reference there and spelled alike, and merges the same
  whole frames on it, all columns carried: the floor under anything that pairs them.

So `seconds` is frames in memory to result in memory, and `file_seconds` is files to result, with
the same reader on both sides. The engine's answer is judged against the truth.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks import feeds
from benchmarks.judging import pairing
from benchmarks.process import in_child, medians, peak_mib, timed

# What is imported on first use is imported for these.
FEW = 100


def measure(rows: int, runs: int, shape: str = "many") -> dict[str, Any]:
    """Return the medians of the engine's and of the join's runs on one generated pair of feeds."""
    with tempfile.TemporaryDirectory(prefix="bench_engine_") as name:
        # In a child too: what a parent holds can count as its children's peak.
        made = ("--rows", rows, "--shape", shape, "--folder", name, "--clean")
        in_child("benchmarks.feeds", *made)
        taken: dict[str, list[dict[str, Any]]] = {"engine": [], "join": []}
        for _ in range(runs):
            for what, results in taken.items():
                results.append(in_child("benchmarks.engine", "--only", what, "--folder", name))
    engine, join = (medians(results) for results in taken.values())
    return {
        "rows": rows,
        "shape": shape,
        "runs": runs,
        "engine": engine,
        "join": join,
        "times_join": engine["seconds"] / join["seconds"],
        "times_join_with_files": engine["file_seconds"] / join["file_seconds"],
    }


def run_engine(folder: Path) -> dict[str, Any]:
    """Read both files, reconcile them, and judge the result."""
    from matching.default_rules import TRADE_RULES
    from matching.engine import RuleSet, reconcile

    rules = RuleSet.from_dict(TRADE_RULES)
    seconds: dict[str, float] = {}
    with timed(seconds, "read_seconds"):
        left, right = _frames(folder, "left.csv", "right.csv")
    before = peak_mib()
    reconcile(left[:FEW], right[:FEW], rules)
    with timed(seconds, "seconds"):
        result = reconcile(left, right, rules)
    peak = peak_mib()
    legs = result.legs.pivot_table(index="match_id", columns="side", values="row", aggfunc="first")
    found = pd.DataFrame({
        "left_id": left["trade_id"].reindex(legs["left"]).to_numpy(dtype=object),
        "right_id": right["trade_id"].reindex(legs["right"]).to_numpy(dtype=object),
    })  # fmt: skip
    kinds = result.differences.assign(left_id=result.differences["match_id"].map(found["left_id"]))
    return {
        **_with_files(seconds),
        "peak_mib": peak,
        "frames_mib": before,
        **pairing(folder / "truth.csv", found, kinds[["left_id", "kind"]]),
        "cut": int(result.passes["cut"].sum()),
        "passes": result.passes.set_index("name")["seconds"].round(3).to_dict(),
    }


def run_join(folder: Path) -> dict[str, Any]:
    """Read both files and merge them on the clean reference."""
    seconds: dict[str, float] = {}
    with timed(seconds, "read_seconds"):
        left, right = _frames(folder, "left.csv", "right_clean.csv")
    left[:FEW].merge(right[:FEW], on="execution_ref")
    with timed(seconds, "seconds"):
        joined = left.merge(right, on="execution_ref", suffixes=("", "_right"))
    return {**_with_files(seconds), "peak_mib": peak_mib(), "pairs": len(joined)}


def _frames(folder: Path, *names: str) -> list[pd.DataFrame]:
    frames: list[pd.DataFrame] = []
    for name in names:
        first = 1 + sum(map(len, frames))
        frames.append(feeds.engine_frame(feeds.read_csv(folder / name), first=first))
    return frames


def _with_files(seconds: dict[str, float]) -> dict[str, float]:
    return {**seconds, "file_seconds": seconds["read_seconds"] + seconds["seconds"]}


def main() -> None:
    """Print one line of JSON a size and shape; with --only, one run in this process."""
    parser = argparse.ArgumentParser(description="Time the engine beside a bare hash join.")
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--shape", nargs="+", default=["many", "one"])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=["engine", "join"])
    parser.add_argument("--folder", type=Path, help="the files of --only")
    given = parser.parse_args()
    if given.only:
        run = {"engine": run_engine, "join": run_join}[given.only]
        json.dump(run(given.folder), sys.stdout)
        return
    for rows in given.rows:
        for shape in given.shape:
            print(json.dumps(measure(rows, given.runs, shape)), flush=True)


if __name__ == "__main__":
    main()
