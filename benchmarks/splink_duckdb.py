"""
Splink 5 on DuckDB over the same two files, set up as its documentation advises.

    python -m benchmarks.splink_duckdb --rows 100000 --runs 3 --blocking narrow

Splink is given what it needs to do well: identifiers, references, accounts and pairs are brought to
one spelling before it starts, probabilities of chance agreement come from random sampling and the
others from expectation maximisation, and each trade keeps its best partner where that is mutual.
It answers which trades are one deal; unlike the engine it does not compare what they say, list
differences or group fills, so it has less to do.

Every run is a process of its own, by turns with one of the engine on the same files. Splink's time
depends on its blocking. Narrow blocks hold the quantity or the price equal: enough for feeds with
one thing wrong at a time. Wide ones hold only instrument, date and side equal.

`read_seconds` is the files to tables, `seconds` the training, prediction and pairing from tables in
memory to pairs in memory, and `file_seconds` both.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks import feeds
from benchmarks.judging import pairing
from benchmarks.process import in_child, medians, peak_mib, timed

MISSING = "Splink is not installed here, so it was not compared; `make bench` installs it."
_ECONOMICS = ("instrument", "trade_date", "side")
_BY_QUANTITY, _BY_PRICE = (*_ECONOMICS, "quantity"), (*_ECONOMICS, "price")
BLOCKINGS = {
    "narrow": (("reference",), _BY_QUANTITY, _BY_PRICE),
    "wide": (("reference",), _ECONOMICS),
}
# Only pairs that are likelier one deal than not are kept.
LIKELY = 0.5

_CLEANED = """
    SELECT trade_id AS unique_id, trade_date, settlement_date, executed_at, side,
        quantity, price, net_amount, lower(counterparty) AS counterparty,
        {instrument} AS instrument,
        regexp_replace(account, '-0*', '-') AS account,
        nullif(ltrim(regexp_replace(execution_ref, '[^0-9]', '', 'g'), '0'), '') AS reference
    FROM {report}
"""
# A US ISIN contains the CUSIP.
_INSTRUMENT = {"isin": "substr(isin, 3, 9)", "cusip": "cusip", "": "replace(symbol, 'XBT', 'BTC')"}


def is_installed() -> bool:
    """Tell whether this environment has Splink."""
    return find_spec("splink") is not None


def measure(rows: int, runs: int, blocking: str, shape: str = "many") -> dict[str, Any]:
    """Return the medians of some runs on one generated pair of feeds, the engine's beside them."""
    with tempfile.TemporaryDirectory(prefix="bench_splink_") as folder:
        in_child("benchmarks.feeds", "--rows", rows, "--shape", shape, "--folder", folder)
        splink, engine = [], []
        for _ in range(runs):
            given = ("--folder", folder)
            splink.append(in_child("benchmarks.splink_duckdb", "--blocking", blocking, *given))
            engine.append(in_child("benchmarks.engine", "--only", "engine", *given))
    measured = {"splink": medians(splink), "engine": medians(engine)}
    times = {
        f"times_engine{more}": measured["splink"][name] / measured["engine"][name]
        for more, name in (("", "seconds"), ("_with_files", "file_seconds"))
    }
    return {"rows": rows, "shape": shape, "blocking": blocking, "runs": runs, **measured, **times}


def run(folder: Path, blocking: str) -> dict[str, Any]:
    """Read both files, train, predict and pair; then judge the pairs."""
    from splink import DuckDBAPI, Linker

    seconds: dict[str, float] = {}
    api = DuckDBAPI()
    with timed(seconds, "read_seconds"):
        sides = [_cleaned(api, folder, side) for side in ("left", "right")]
    linker = Linker(sides, _settings(BLOCKINGS[blocking]), log_level=None)
    with timed(seconds, "training_seconds"):
        _train(linker)
    with timed(seconds, "prediction_seconds"):
        scored = linker.inference.predict(threshold_match_probability=LIKELY)
    with timed(seconds, "pairing_seconds"):
        pairs = _mutually_best(api, scored.physical_name).df()
    seconds["seconds"] = sum(took for step, took in seconds.items() if step != "read_seconds")
    seconds["file_seconds"] = seconds["read_seconds"] + seconds["seconds"]
    return {**seconds, "peak_mib": peak_mib(), **pairing(folder / "truth.csv", pairs)}


def _cleaned(api: Any, folder: Path, side: str) -> Any:
    """Return one report as a Splink table, every value in the form that both sides can share."""
    connection = api.duckdb_con
    connection.register(f"{side}_report", feeds.read_csv(folder / f"{side}.csv"))
    named = {column[0] for column in connection.execute(f"DESCRIBE {side}_report").fetchall()}
    instrument = next(sql for name, sql in _INSTRUMENT.items() if name in named or not name)
    cleaned = _CLEANED.format(instrument=instrument, report=f"{side}_report")
    connection.execute(f"CREATE TABLE {side}_trades AS {cleaned}")
    return api.register(f"{side}_trades", table_name=side)


def _settings(blocks: Sequence[Sequence[str]]) -> Any:
    import splink.comparison_library as compare
    from splink import SettingsCreator, block_on

    return SettingsCreator(
        link_type="link_only",
        blocking_rules_to_generate_predictions=[block_on(*columns) for columns in blocks],
        comparisons=[
            compare.ExactMatch("reference"),
            compare.ExactMatch("instrument"),
            compare.ExactMatch("side"),
            compare.ExactMatch("account"),
            _near("quantity", 0.10),
            _near("price", 0.02),
            _near("net_amount", 0.02),
            compare.AbsoluteDateDifferenceAtThresholds(
                "settlement_date", input_is_string=False, metrics=["day"], thresholds=[3]
            ),
            compare.AbsoluteTimeDifferenceAtThresholds(
                "executed_at",
                input_is_string=False,
                metrics=["second", "minute"],
                thresholds=[5, 10],
            ),
            compare.JaroWinklerAtThresholds("counterparty", [0.9, 0.7]),
        ],
        retain_matching_columns=False,
    )


def _near(column: str, share: float) -> Any:
    """Compare numbers as equal, apart by at most a share of the left one, or different."""
    import splink.comparison_level_library as level
    import splink.comparison_library as compare

    apart = f"abs({column}_l - {column}_r) <= {share} * abs({column}_l)"
    return compare.CustomComparison(
        output_column_name=column,
        comparison_levels=[
            level.NullLevel(column),
            level.ExactMatchLevel(column),
            level.CustomLevel(apart, label_for_charts=f"within {share:.0%}"),
            level.ElseLevel(),
        ],
    )


def _train(linker: Any) -> None:
    """Train by the usual recipe: prior, u by random sampling, m by EM over two blockings."""
    from splink import block_on

    reference, quantity = block_on("reference"), block_on(*_BY_QUANTITY)
    training = linker.training
    # Half of the right side's references are there.
    training.estimate_probability_two_random_records_match([reference], recall=0.5)
    # A million pairs, its default: ten times as many take longer and pair these feeds no better.
    training.estimate_u_using_random_sampling(max_pairs=1e6, seed=feeds.SEED)
    # What the first blocking holds equal, the second one trains, and the other way round.
    for blocking in (reference, quantity):
        training.estimate_parameters_using_expectation_maximisation(blocking)


def _mutually_best(api: Any, scored: str) -> Any:
    """Return left_id and right_id of the pairs of which each is the other's best."""
    best = "row_number() OVER (PARTITION BY {} ORDER BY match_weight DESC, {}) = 1"
    # Splink names a pair's sides in the order of the tables' names, which here is left, right.
    of_left = best.format("unique_id_l", "unique_id_r")
    of_right = best.format("unique_id_r", "unique_id_l")
    return api.duckdb_con.sql(
        f"SELECT unique_id_l AS left_id, unique_id_r AS right_id FROM {scored} "  # noqa: S608
        f"QUALIFY {of_left} AND {of_right}"
    )


def main() -> None:
    """Print one line of JSON; with --folder, one run in this process over its files."""
    parser = argparse.ArgumentParser(description="Time Splink 5 on DuckDB.")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--shape", default="many")
    parser.add_argument("--blocking", choices=BLOCKINGS, default="narrow")
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    if not is_installed():
        sys.exit(MISSING)
    if given.folder:
        print(json.dumps(run(given.folder, given.blocking)))
    else:
        print(json.dumps(measure(given.rows, given.runs, given.blocking, given.shape)))


if __name__ == "__main__":
    main()
