"""
Time the engine alone: N x N rows, many instruments and one, medians of some runs.

    .venv/bin/python benchmarks/engine.py --rows 100000 --runs 3

The rows are made here from one seed, as columns: 1% are missing on either side, 1% have a wrong
price, half of the right side's references are missing and the others spelled apart. The bare hash
join on the reference, on the same rows with clean references, is timed beside it.
"""

import argparse
import json
import resource
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from matching.default_rules import TRADE_RULES
from matching.engine import RuleSet, reconcile

MONEY = pd.ArrowDtype(pa.decimal128(38, 10))


def feeds(rows: int, instruments: int, seed: int = 20261122) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return two feeds whose true pairs share an index label."""
    random = np.random.default_rng(seed)
    number = np.arange(rows)
    which = random.integers(0, instruments, rows)
    days = pd.Timestamp("2026-11-16") + pd.to_timedelta(random.integers(0, 5, rows), unit="D")
    times = days.tz_localize("UTC") + pd.to_timedelta(
        random.integers(0, 86_400_000, rows), unit="ms"
    )
    cents = 10_000 + which % 977 * 50 + random.integers(-100, 100, rows)
    text = pd.Series(number).astype("str")
    cusip = pd.Series(which + 1).astype("str").str.zfill(9)
    left = pd.DataFrame({
        "trade_id": "OMS-" + text.str.zfill(9),
        "trade_date": days,
        "executed_at": times,
        "isin": "US" + cusip + "0",
        "side": np.where(random.random(rows) < 0.5, "BUY", "SELL"),
        "quantity": pd.Series(random.integers(1, 5_000, rows)).astype(MONEY),
        "price": decimals(cents),
        "currency": "USD",
        "counterparty": "Broker " + pd.Series(which % 40).astype("str") + " Ltd",
        "account": "ACC-" + pd.Series(which % 25).astype("str"),
        "order_ref": "ORD-" + text.str.zfill(9),
    })  # fmt: skip
    wrong = random.random(rows) < 0.01
    right = left.assign(
        trade_id="C" + pd.Series(random.permutation(rows) + 10**9).astype("str"),
        isin=None,
        cusip=cusip,
        price=decimals(np.where(wrong, cents + random.integers(5, 60, rows), cents)),
        counterparty=left["counterparty"].str.upper().str.replace("LTD", "LIMITED"),
        order_ref=("REF/" + text).where(random.random(rows) < 0.5),
    )
    kept = random.random((2, rows)) >= 0.01
    return left[kept[0]], right[kept[1]].sample(frac=1, random_state=seed)


def decimals(cents: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> pd.Series:
    """Return whole cents as exact decimals of two places."""
    text = pd.Series(cents).astype("str").str.zfill(3)
    return (text.str[:-2] + "." + text.str[-2:]).astype(MONEY)


def median_seconds(run: Callable[[], object], runs: int) -> float:
    """Return the median wall time of some runs."""
    seconds = []
    for _ in range(runs):
        began = perf_counter()
        run()
        seconds.append(perf_counter() - began)
    return statistics.median(seconds)


def measure(rows: int, instruments: int, runs: int) -> dict[str, object]:
    """Return the seconds, the pairing's precision and recall, and what was cut."""
    rules = RuleSet.from_dict(TRADE_RULES)
    left, right = feeds(rows, instruments)
    joined = median_seconds(lambda: join(left, right), runs)
    seconds = median_seconds(lambda: reconcile(left, right, rules), runs)
    result = reconcile(left, right, rules)
    legs = result.legs.groupby(["match_id", "side"])["row"].first().unstack()
    correct = int((legs["left"] == legs["right"]).sum())
    return {
        "rows": rows,
        "instruments": instruments,
        "engine_seconds": round(seconds, 2),
        "bare_join_seconds": round(joined, 2),
        "precision": round(correct / len(legs), 6),
        "recall": round(correct / len(left.index.intersection(right.index)), 6),
        "cut": int(result.passes["cut"].sum()),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "passes": result.passes.set_index("name")["seconds"].round(2).to_dict(),
    }


def join(left: pd.DataFrame, right: pd.DataFrame) -> pd.DataFrame:
    """Join on a clean reference: the floor that no engine can pass."""
    clean = right[["quantity", "price"]].assign(order_ref=left["order_ref"].reindex(right.index))
    return left[["order_ref", "quantity", "price"]].merge(clean, on="order_ref")


def main() -> None:
    """Print one line of JSON a measurement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--instruments", type=int, nargs="+", default=[2_000, 1])
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    for rows in given.rows:
        for instruments in given.instruments:
            print(json.dumps(measure(rows, instruments, given.runs)), flush=True)


if __name__ == "__main__":
    main()
