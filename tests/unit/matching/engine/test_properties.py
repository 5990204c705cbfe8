"""What holds for any two feeds."""

from decimal import Decimal

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.engine import reconcile
from tests.unit.matching.engine.trades import RULES

COLUMNS = [
    "isin",
    "trade_date",
    "side",
    "quantity",
    "price",
    "account",
    "execution_ref",
    "executed_at",
]
TRADES = st.tuples(
    st.sampled_from(["US0378331005", "US5949181045", None]),
    st.sampled_from(["2026-11-16", "2026-11-17"]),
    st.sampled_from(["BUY", "SELL"]),
    st.sampled_from([Decimal(100), Decimal(200), Decimal(300), Decimal("100.5")]),
    st.sampled_from([Decimal("10.00"), Decimal("10.01"), Decimal("10.50"), None]),
    st.sampled_from(["A-1", "A-2", None]),
    st.sampled_from(["X-90001", "X-90002", None]),
    st.sampled_from(["2026-11-16T23:59:00Z", "2026-11-17T00:00:30+00:00", None]),
)
FEEDS = st.lists(TRADES, max_size=8)


def frame(rows, prefix):
    return pd.DataFrame(
        rows, columns=COLUMNS, dtype=object, index=[f"{prefix}{at}" for at in range(len(rows))]
    )


@settings(max_examples=12, deadline=None)
@given(left=FEEDS, right=FEEDS)
def test_every_row_is_in_exactly_one_leg_or_unmatched(left, right):
    left, right = frame(left, "L"), frame(right, "R")

    result = reconcile(left, right, RULES)

    accounted = [*result.legs["row"], *result.unmatched_left, *result.unmatched_right]
    assert sorted(accounted) == sorted([*left.index, *right.index])
    assert set(result.legs.groupby("match_id")["side"].nunique()) <= {2}


@settings(max_examples=12, deadline=None)
@given(left=FEEDS, right=FEEDS)
def test_swapping_the_sides_mirrors_the_pairing(left, right):
    left, right = frame(left, "L"), frame(right, "R")

    one = reconcile(left, right, RULES)
    other = reconcile(right, left, RULES)

    assert _terms(one, left, right) == _terms(other, left, right)


@settings(max_examples=12, deadline=None)
@given(rows=st.lists(TRADES, min_size=1, max_size=8))
def test_a_feed_against_itself_agrees_throughout(rows):
    left, right = frame(rows, "L"), frame(rows, "R")

    result = reconcile(left, right, RULES)

    assert result.differences.empty


def _terms(result, left, right):
    """Return the matches by their rows' values: twins may stand in for each other."""
    rows = pd.concat([left, right])
    return sorted(
        sorted(str(rows.loc[label].tolist()) + label[0] for label in legs["row"])
        for _, legs in result.legs.groupby("match_id")
    )
