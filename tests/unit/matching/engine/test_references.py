"""What a shared reference proves and what it does not."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.engine.normalise import code
from matching.engine.quotes import FORMS
from tests.unit.matching.engine.trades import compare, decisions, kinds, pairing, pairs, trade

MICROSOFT = {"isin": "US5949181045", "symbol": "MSFT", "security_name": "Microsoft Corp"}


@pytest.mark.parametrize(
    ("text", "core"),
    [
        ("OMS-000123", "123"), ("REF/123", "123"), ("123", "123"), ("t-0045a", "45A"),
        ("ALLWORDS", "ALLWORDS"), ("N/A", None), ("0000", None), ("", None), (None, None),
    ],
)  # fmt: skip
def test_the_core_of_a_reference(text, core):
    assert FORMS["core"](pa.array([text], pa.large_string())).to_pylist() == [core]


@given(st.text(alphabet="aZ09-/. ñ", max_size=8))
def test_the_form_of_references_is_that_of_codes(text):
    assert FORMS["code"](pa.array([text], pa.large_string())).to_pylist() == [code(text) or None]


def test_a_trade_id_quoted_as_the_other_sides_reference_pairs():
    result = compare([trade("OMS-778120")], [trade("C1", order_ref="oms 778120", price="91.00")])

    assert pairing(result) == pairs(("OMS-778120", "C1"))
    assert kinds(result) == ["PRICE"]
    assert decisions(result) == ["AUTO"]


def test_equal_trade_ids_of_different_instruments_do_not_pair_by_themselves():
    result = compare([trade("100231")], [trade("100231", **MICROSOFT)])

    assert decisions(result) == ["REVIEW"]


def test_equal_trade_ids_never_win_over_the_trades_own_terms():
    left = [trade("100231"), trade("100232", **MICROSOFT)]
    right = [trade("100231", **MICROSOFT), trade("100232")]

    result = compare(left, right)

    assert pairing(result) == pairs(("100231", "100232"), ("100232", "100231"))
    assert kinds(result) == []


def test_a_reference_whose_trades_contradict_on_everything_is_reviewed():
    other = {
        "side": "SELL",
        "quantity": 7,
        "price": "3.00",
        "trade_date": "2026-11-02",
        **MICROSOFT,
    }

    result = compare(
        [trade("L1", execution_ref="X-77120")], [trade("R7", execution_ref="X-77120", **other)]
    )

    assert decisions(result) == ["REVIEW"]


def test_a_reference_of_many_fills_pairs_each_with_its_own():
    fills = [
        {"quantity": 100 * n, "price": f"{100 + n}.00", "order_ref": "ORD-5501"} for n in (1, 2, 3)
    ]
    left = [trade(f"L{at}", **fill) for at, fill in enumerate(fills)]
    right = [trade(f"R{at}", **fill) for at, fill in reversed(list(enumerate(fills)))]

    result = compare(left, right)

    assert pairing(result) == pairs(("L0", "R0"), ("L1", "R1"), ("L2", "R2"))


def test_a_short_core_does_not_pair_trades_apart_in_quantity():
    result = compare([trade("OMS-12")], [trade("C-12", quantity=110), trade("C-13")])

    assert pairing(result) == pairs(("OMS-12", "C-13"))
