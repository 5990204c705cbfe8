"""Into how many partitions a reconciliation is split changes nothing but the speed."""

import hashlib
import os
import subprocess
import sys
from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.engine import partitions, reconcile
from matching.engine.homes import find_homes, spread
from matching.engine.reconcile import read_table
from tests.unit.matching.engine.feeds import dirty_feeds
from tests.unit.matching.engine.test_busy_blocks import one_instrument
from tests.unit.matching.engine.test_properties import FEEDS, frame
from tests.unit.matching.engine.test_references import MICROSOFT
from tests.unit.matching.engine.trades import RULES, compare, pairing, pairs, trade
from tests.unit.matching.engine.trades import frame as trades_frame

ROOT = Path(__file__).resolve().parents[4]
PROGRAM = """
from tests.unit.matching.engine.test_partitions import digest
print(digest({partitions}))
"""


def told(result):
    """Return all that a result says, in no order and without the numbers of its matches."""
    about = defaultdict(list)
    for name in ("legs", "differences", "alternatives"):
        for match_id, *rest in getattr(result, name).astype(object).itertuples(index=False):
            about[match_id].append((name, *map(str, rest)))
    matches = sorted(
        (*map(str, rest), *sorted(about[match_id]))
        for match_id, *rest in result.matches.itertuples(index=False)
    )
    left = [sorted(result.unmatched_left), sorted(result.unmatched_right)]
    counts = result.passes.drop(columns="seconds").to_numpy().tolist()
    return matches, left, counts


def in_partitions(left, right, count, **more):
    return partitions.reconcile_in_partitions(left, right, RULES, partitions=count, **more)


def dirty():
    feeds = dirty_feeds(400, seed=5, instruments=8, accounts=3)
    return feeds.left, feeds.right


def wandering():
    """Return feeds whose references often lead to another instrument or day, rightly or not."""
    left, right = dirty()
    right = right.copy()
    right.loc[right.index[::7], "trade_date"] = "2026-11-05"
    right.loc[right.index[::5], "order_ref"] = left["order_ref"].to_numpy()[: len(right[::5])]
    return left, right


def counted_through():
    """Return feeds in which both systems number their trades from one, in different orders."""
    left, right = dirty()
    numbered = [side.assign(trade_id=[str(n) for n in range(len(side))]) for side in (left, right)]
    return numbered[0], numbered[1]


def one_pair():
    return one_instrument(600)


def digest(count):
    """Return a digest of what the dirty feeds come to in so many partitions."""
    return hashlib.sha256(str(told(in_partitions(*dirty(), count))).encode()).hexdigest()


@pytest.mark.parametrize("feeds", [dirty, wandering, counted_through, one_pair])
@pytest.mark.parametrize("count", [1, 4, 16])
def test_any_number_of_partitions_gives_the_same_result(feeds, count):
    left, right = feeds()

    assert told(in_partitions(left, right, count)) == told(reconcile(left, right, RULES))


@pytest.mark.thorough
def test_the_result_of_partitions_is_the_same_under_three_hash_seeds():
    seen = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM.format(partitions=count)],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, check=True, cwd=ROOT,
        ).stdout.strip()
        for seed, count in (("0", 1), ("1", 4), ("4711", 16))
    }  # fmt: skip

    assert seen == {digest(4)}


@settings(max_examples=40, deadline=None)
@given(left=FEEDS, right=FEEDS, count=st.integers(1, 4))
def test_any_feeds_come_out_the_same_in_any_number_of_partitions(left, right, count):
    left, right = frame(left, "L"), frame(right, "R")

    assert told(in_partitions(left, right, count)) == told(reconcile(left, right, RULES))


def test_refused_pairs_are_refused_in_partitions_too():
    left, right = trades_frame(trade("L1")), trades_frame(trade("R1"))
    refused = pd.DataFrame({"left": ["L1"], "right": ["R1"]})

    assert in_partitions(left, right, 2, refused=refused).matches.empty


def test_most_of_an_ordinary_feed_is_paired_at_home():
    left, right = dirty()
    homes = partitions.locate(left, right, RULES)

    settled = [
        partitions.settle(left.loc[part.left.index], right.loc[part.right.index], RULES, homes=part)
        for part in homes.split(4)
    ]

    assert len(settled) == 4
    assert sum(len(one.matches) for one in settled) >= 0.85 * len(left)


def test_partitions_are_about_as_large_as_each_other():
    parts = partitions.locate(*dirty(), RULES).split(4)

    sizes = [len(part.left) + len(part.right) for part in parts]
    assert max(sizes) <= 1.1 * min(sizes)


@pytest.mark.parametrize("quoted", ["OMS-778120", "REF/778120", "000778120"])
def test_a_partner_by_reference_on_another_day_goes_before_a_twin_at_home(quoted):
    left = [trade("OMS-778120", account=None)]
    right = [
        trade("C1", order_ref=quoted, trade_date="2026-11-17", account="ACC-1"),
        trade("C2", account=None),
    ]

    result = compare(left, right)

    assert pairing(result) == pairs(("OMS-778120", "C1"))


def test_a_rival_that_waits_for_a_look_beyond_home_holds_a_pair_back():
    left = [
        trade("L1", account="ACC-1"),
        trade("L2", account="ACC-2", order_ref="BASKET-77"),
        trade("L3", **MICROSOFT, order_ref="BASKET-77", price="7.00"),
    ]
    right = [
        trade("R1", account=None),
        trade("R3", **MICROSOFT, order_ref="BASKET-77", price="7.00"),
    ]

    result = compare(left, right)

    assert sorted(result.matches["reason"]) == ["", "near_tie"]


PENCE = {**MICROSOFT, "currency": "GBX", "net_amount": None}
BY_THE_ROW = {
    # Each with a row of another home whose numbers have more places than any in this one.
    "averages": (
        [
            trade("L1", order_ref="ORD-55012", quantity=Decimal(300), price=Decimal(50)),
            trade("L2", **PENCE, price=Decimal("1.0123456789")),
        ],
        [
            trade("R1", order_ref="ORD-55012", quantity=Decimal(100), price=Decimal("100.11")),
            trade("R2", order_ref="ORD-55012", quantity=Decimal(200), price=Decimal("100.12")),
            trade("R3", **PENCE, price=Decimal("1.0123456789")),
        ],
    ),
    "tolerances": (
        [
            trade("L1", currency="GBP", net_amount=Decimal(10_000)),
            trade("L2", **MICROSOFT, net_amount=Decimal("1.000000000001")),
        ],
        [
            trade("R1", currency="GBP", net_amount=Decimal(10_010)),
            trade("R2", **MICROSOFT, net_amount=Decimal(1)),
        ],
    ),
    "ties": (
        [
            *(trade(f"L{fees}", fees=Decimal(fees)) for fees in range(4)),
            trade("L9", **MICROSOFT, fees=Decimal("1E-20")),
        ],
        [
            *(trade(f"R{fees}", fees=Decimal(fees)) for fees in range(3)),
            trade("R9", **MICROSOFT, fees=Decimal("1E-20")),
        ],
    ),
}


@pytest.mark.parametrize(("left", "right"), BY_THE_ROW.values(), ids=BY_THE_ROW)
def test_what_is_told_of_rows_does_not_depend_on_the_digits_of_others(left, right):
    assert RULES.currency is not None
    rules = replace(RULES, currency=replace(RULES.currency, fx={"GBP": Decimal("1.07")}))
    frames = trades_frame(*left), trades_frame(*right)

    parted = partitions.reconcile_in_partitions(*frames, rules, partitions=2)

    assert told(parted) == told(reconcile(*frames, rules))


def test_a_row_without_a_home_holds_back_nobody_who_lacks_a_term():
    left = trades_frame(trade("L1", price=None), trade("L2", trade_date=None))
    table = read_table(left, trades_frame(trade("R1", price=None)), RULES, None)
    home, waits = find_homes(table)
    by_terms = next(step for step in RULES.passes if step.name == "exact economics")

    spread(table.seen_from(home=home), by_terms, np.ones(3, dtype=bool), waits)

    assert waits.tolist() == [False, True, False]


def test_a_wait_spreads_along_a_chain_of_references():
    numbers = range(300)
    left = [trade(f"L{n}", order_ref=f"A{n}", execution_ref=f"A{n + 1}") for n in numbers]
    right = [trade(f"R{n}", order_ref=f"A{n}") for n in numbers]
    right[-1]["trade_date"] = "2026-11-17"
    table = read_table(trades_frame(*left), trades_frame(*right), RULES, None)
    home, waits = find_homes(table)
    apart = int(waits.sum())

    spread(table.seen_from(home=home), RULES.passes[0], np.ones(table.size, dtype=bool), waits)

    assert (apart, int(waits.sum())) == (3, 600)


@pytest.mark.parametrize("home", [(), RULES.home])
def test_rules_by_which_no_pass_runs_at_home_leave_all_to_the_merge(home):
    passes = tuple(replace(step, at_home=False) for step in RULES.passes)
    rules = replace(RULES, passes=passes, home=home)
    frames = trades_frame(trade("L1")), trades_frame(trade("R1"))

    parted = partitions.reconcile_in_partitions(*frames, rules, partitions=2)

    assert told(parted) == told(reconcile(*frames, rules))
    assert len(parted.matches) == 1
