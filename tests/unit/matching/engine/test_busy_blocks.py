"""However many rows share a key, the candidates grow no faster than the rows."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from matching.engine import reconcile
from tests.unit.matching.engine.trades import RULES


def one_instrument(rows, seed=7):
    """Return fills of one pair, day and side, seconds apart, alike but for their times."""
    random = np.random.default_rng(seed)
    times = pd.Timestamp("2026-11-16", tz="UTC") + pd.to_timedelta(np.arange(rows) * 2, unit="s")
    frame = pd.DataFrame({
        "symbol": "BTC/USD",
        "trade_date": "2026-11-16",
        "executed_at": times,
        "side": "BUY",
        "quantity": [Decimal(int(q)) for q in random.integers(1, 4, rows)],
        "price": [Decimal(int(p)) for p in random.integers(100, 103, rows)],
        "currency": "USD",
    })  # fmt: skip
    return frame, frame.assign(symbol="XXBTZUSD").sample(frac=1, random_state=seed)


@pytest.fixture(scope="module")
def runs():
    return {rows: reconcile(*one_instrument(rows), RULES) for rows in (1_000, 4_000)}


def test_candidates_grow_with_the_rows_not_with_their_square(runs):
    small, large = (runs[rows].passes["candidates"].sum() for rows in (1_000, 4_000))

    assert large <= 4.5 * small


def test_what_was_cut_is_counted(runs):
    assert (runs[4_000].passes["cut"] > 0).any()


def test_the_neighbours_in_time_still_pair_rightly(runs):
    legs = runs[4_000].legs.pivot(index="match_id", columns="side", values="row")

    assert len(legs) == 4_000
    assert (legs["left"] == legs["right"]).all()


def test_a_busy_heap_of_twins_pairs_completely():
    frame, _ = one_instrument(500)
    twins = frame.assign(
        executed_at=frame["executed_at"].iloc[0], quantity=Decimal(1), price=Decimal(1)
    )
    narrow = replace(RULES, passes=tuple(replace(step, window=2) for step in RULES.passes))

    result = reconcile(twins, twins, narrow)

    assert len(result.matches) == 500
    assert set(result.matches["decision"]) == {"AUTO"}


@pytest.mark.parametrize(
    "shared", [{"order_ref": "ORD-55012"}, {"account": "ACC-1"}, {"counterparty": "Broker Ltd"}]
)
def test_no_value_that_every_row_has_makes_candidates_grow_faster_than_rows(shared):
    seen = {}
    for rows in (500, 2_000):
        left, right = (side.assign(**shared) for side in one_instrument(rows))
        seen[rows] = reconcile(left, right, RULES).passes["candidates"].sum()

    assert seen[2_000] <= 4.5 * seen[500]
