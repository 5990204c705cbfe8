"""The cases that other systems get wrong, each by its own name."""

from decimal import Decimal
from itertools import permutations

import pandas as pd
import pytest

from matching.engine import reconcile
from tests.unit.matching.engine.trades import (
    RULES,
    compare,
    decisions,
    frame,
    kinds,
    pairing,
    pairs,
    trade,
)

BERKSHIRE = {"isin": None, "security_name": "Berkshire Hathaway Inc."}


def only(result, name):
    rows = result.differences[result.differences["field"] == name]
    assert len(rows) == 1
    return rows.iloc[0]


def test_price_off_by_0_94_percent_pairs_with_a_price_difference():
    result = compare([trade("L1")], [trade("R7", price="100.94")])

    assert pairing(result) == pairs(("L1", "R7"))
    assert kinds(result) == ["PRICE"]
    assert only(result, "price")["difference"] == Decimal("-0.94")


@pytest.mark.parametrize("order", list(permutations(["near", "exact", "other"])))
def test_exact_quantity_wins_over_a_near_one_whatever_the_row_order(order):
    rows = {
        "near": trade("near", quantity=101),
        "exact": trade("exact", quantity=100),
        "other": trade("other", quantity=99),
    }

    result = compare([trade("L1")], [rows[name] for name in order])

    assert pairing(result) == pairs(("L1", "exact"))
    assert decisions(result) == ["AUTO"]
    assert kinds(result) == []


def test_price_0_001_against_0_0015_is_a_difference_never_rounding():
    result = compare([trade("L1", price="0.001")], [trade("R7", price="0.0015")])

    assert kinds(result) == ["PRICE"]
    assert only(result, "price")["difference"] == Decimal("-0.0005")


@pytest.mark.parametrize("other", ["BRK.B", "BRK/B", "BRK B", "BRK-B"])
def test_share_classes_never_pair_without_a_shared_reference(other):
    left = [trade("L1", symbol="BRK.A", **BERKSHIRE)]

    result = compare(left, [trade("R7", symbol=other, **BERKSHIRE)])

    assert pairing(result) == set()


def test_share_classes_with_a_shared_reference_are_an_instrument_difference():
    left = [trade("L1", symbol="BRK.A", execution_ref="X-77120", **BERKSHIRE)]

    result = compare(left, [trade("R7", symbol="BRK.B", execution_ref="X-77120", **BERKSHIRE)])

    assert pairing(result) == pairs(("L1", "R7"))
    assert kinds(result) == ["INSTRUMENT"]
    assert decisions(result) == ["REVIEW"]


@pytest.mark.parametrize("other", ["BRK/A", "BRK A", "BRK-A", "brk.a"])
def test_spellings_of_one_share_class_are_one(other):
    left = [trade("L1", symbol="BRK.A", **BERKSHIRE)]

    result = compare(left, [trade("R7", symbol=other, **BERKSHIRE)])

    assert pairing(result) == pairs(("L1", "R7"))
    assert kinds(result) == []


def test_two_minutes_across_midnight_pair_without_a_date_difference():
    left = [trade("L1", trade_date="2026-11-16", executed_at="2026-11-16T23:59:00+00:00")]

    result = compare(
        left, [trade("R7", trade_date="2026-11-17", executed_at="2026-11-17T00:01:00Z")]
    )

    assert pairing(result) == pairs(("L1", "R7"))
    assert decisions(result) == ["AUTO"]
    assert kinds(result) == []


def test_adjacent_dates_without_times_are_a_date_difference():
    left = [trade("L1", trade_date="2026-11-16", executed_at=None)]

    result = compare(left, [trade("R7", trade_date="2026-11-17")])

    assert pairing(result) == pairs(("L1", "R7"))
    assert kinds(result) == ["TRADE_DATE"]
    assert only(result, "trade_date")["difference"] == Decimal(-1)


@pytest.mark.parametrize("reference", [{}, {"block_ref": "BLK-90210"}])
def test_block_of_1000_against_600_and_400_is_one_match(reference):
    result = compare(
        [trade("L1", quantity=1000, **reference)],
        [trade("R1", quantity=600, **reference), trade("R2", quantity=400, **reference)],
    )

    assert pairing(result) == pairs(("L1", "R1 R2"))
    assert list(result.matches["kind"]) == ["1:N"]
    assert decisions(result) == ["AUTO"]
    assert kinds(result) == []


def test_block_of_1000_against_600_and_300_leaves_a_quantity_difference_of_100():
    result = compare(
        [trade("L1", quantity=1000, block_ref="BLK-90210")],
        [
            trade("R1", quantity=600, block_ref="BLK-90210"),
            trade("R2", quantity=300, block_ref="BLK-90210"),
        ],
    )

    assert pairing(result) == pairs(("L1", "R1 R2"))
    assert kinds(result) == ["QUANTITY"]
    assert only(result, "quantity")["difference"] == Decimal(100)


def test_buy_against_sell_pairs_only_with_a_shared_reference():
    apart = compare([trade("L1", side="BUY")], [trade("R7", side="SELL")])
    shared = compare(
        [trade("L1", side="BUY", execution_ref="X-77120")],
        [trade("R7", side="SELL", execution_ref="X-77120")],
    )

    assert pairing(apart) == set()
    assert pairing(shared) == pairs(("L1", "R7"))
    assert kinds(shared) == ["SIDE"]


def test_settlement_currency_account_and_isin_all_different_is_never_a_quiet_match():
    changes = {"settlement_date": "2026-11-25", "currency": "EUR", "account": "ACC-9",
               "isin": "US5949181045", "symbol": None, "security_name": None}  # fmt: skip

    apart = compare([trade("L1")], [trade("R7", **changes)])
    shared = compare(
        [trade("L1", order_ref="X-77120")], [trade("R7", order_ref="X-77120", **changes)]
    )

    assert pairing(apart) == set()
    assert decisions(shared) == ["REVIEW"]
    assert set(kinds(shared)) == {"SETTLEMENT_DATE", "CURRENCY", "ACCOUNT", "INSTRUMENT"}


def test_two_identical_fills_a_side_are_two_matches():
    result = compare([trade("L1"), trade("L2")], [trade("R1"), trade("R2")])

    assert len(result.matches) == 2
    assert decisions(result) == ["AUTO", "AUTO"]
    assert len(result.unmatched_left) == len(result.unmatched_right) == 0


def test_three_identical_fills_against_two_leave_one_missing():
    result = compare([trade("L1"), trade("L2"), trade("L3")], [trade("R1"), trade("R2")])

    assert decisions(result) == ["AUTO", "AUTO"]
    assert len(result.unmatched_left) == 1


@pytest.mark.parametrize(
    "column", ["counterparty", "account", "currency", "settlement_date", "price"]
)
def test_a_value_missing_on_one_side_still_pairs_and_does_not_differ(column):
    result = compare([trade("L1")], [trade("R7", **{column: None})])

    assert pairing(result) == pairs(("L1", "R7"))
    assert decisions(result) == ["AUTO"]
    assert kinds(result) == []


def test_a_trade_cancelled_on_one_side_is_a_state_difference():
    result = compare([trade("L1")], [trade("R7", state="CANCELLED")])

    assert pairing(result) == pairs(("L1", "R7"))
    assert kinds(result) == ["STATE"]


def test_an_amended_trade_whose_terms_agree_does_not_differ():
    assert kinds(compare([trade("L1")], [trade("R7", state="AMENDED")])) == []


def test_the_live_trade_is_paired_before_the_cancelled_one():
    result = compare([trade("L1")], [trade("R1", state="CANCELLED"), trade("R2")])

    assert pairing(result) == pairs(("L1", "R2"))
    assert decisions(result) == ["AUTO"]


@pytest.mark.parametrize("pence", ["GBX", "GBp"])
def test_gbx_10050_against_gbp_100_50_does_not_differ(pence):
    left = trade(
        "L1", currency=pence, price="10050", gross_amount="10050.00", net_amount="10060.00"
    )
    right = trade(
        "R7", currency="GBP", price="100.50", gross_amount="10050.00", net_amount="10060.00"
    )

    result = compare([left], [right])

    assert decisions(result) == ["AUTO"]
    assert kinds(result) == []


def test_amounts_in_pence_are_scaled_when_the_row_itself_says_so():
    left = trade("L1", currency="GBX", price="10050", gross_amount="1005000", net_amount="1006000")
    right = trade(
        "R7", currency="GBP", price="100.50", gross_amount="10050.00", net_amount="10060.00"
    )

    assert kinds(compare([left], [right])) == []


def test_a_near_tie_between_different_candidates_is_reviewed_with_both_shown():
    left = [trade("L1", executed_at=None)]
    right = [trade("R1", price="100.90", account=None), trade("R2", price="99.10", account=None)]

    result = compare(left, right)

    assert decisions(result) == ["REVIEW"]
    assert list(result.matches["reason"]) == ["near_tie"]
    shown = set(result.legs[result.legs["side"] == "right"]["row"]) | set(
        result.alternatives["row"]
    )
    assert shown == {"R1", "R2"}


def test_a_refused_pair_is_not_made_again():
    left, right = frame(trade("L1")), frame(trade("R1"), trade("R2"))
    refused = pd.DataFrame({"left": ["L1", "gone"], "right": ["R1", "R2"]})

    assert pairing(reconcile(left, right, RULES, refused=refused)) == pairs(("L1", "R2"))
    assert pairing(reconcile(left, right.iloc[:1], RULES, refused=refused)) == set()


def test_24_digit_amounts_survive_to_the_digit():
    left = trade("L1", net_amount="123456789012345678901234.56")
    right = trade("R7", net_amount="123456789012345678901334.67", price=None)

    net = only(compare([left], [right]), "net_amount")

    assert net["left"] == "123456789012345678901234.56"
    assert net["right"] == "123456789012345678901334.67"
    assert net["difference"] == Decimal("-100.11")
