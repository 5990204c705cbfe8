"""What is enough to pair two trades, what for a person to look, and what for neither."""

import pytest

from matching.engine import ColumnError
from tests.unit.matching.engine.trades import compare, decisions, kinds, pairing, pairs, trade

MICROSOFT = {"isin": "US5949181045", "symbol": "MSFT", "security_name": "Microsoft Corp"}
ODD = {"quantity": 67151, "price": "13.76", "net_amount": "923230.84"}


@pytest.mark.parametrize("pair", [("L2", "B2"), ("L2002", "B2002"), ("OMS-772002", "C00772002")])
def test_numbers_that_two_systems_count_through_do_not_pair_other_quantities(pair):
    left, right = pair

    result = compare(
        [trade("L1", quantity=100), trade(left, quantity=300)],
        [trade("R1", quantity=250), trade(right, quantity=600)],
    )

    assert "AUTO" not in decisions(result)


def test_numbers_counted_through_pair_where_quantity_and_price_agree():
    result = compare([trade("OMS-772002")], [trade("C00772002"), trade("C00772003", quantity=7)])

    assert pairing(result) == pairs(("OMS-772002", "C00772002"))
    assert decisions(result) == ["AUTO"]


def test_an_order_whose_block_is_one_of_its_fills_is_not_that_fill():
    result = compare(
        [trade("L1", quantity=287, order_ref="ORD-39988384")],
        [trade("R1", quantity=23, order_ref="ORD-39988384"), trade("R2", quantity=264)],
    )

    assert pairing(result) == pairs(("L1", "R1 R2"))
    assert kinds(result) == []


@pytest.mark.parametrize("column", ["order_ref", "block_ref"])
def test_an_order_alone_does_not_pair_a_quantity_out_of_all_proportion(column):
    reference = {column: "ORD-41505905"}

    result = compare(
        [trade("L1", quantity=200, price="20.915", **reference)],
        [trade("R7", quantity=8559, price="20.975", **reference)],
    )

    assert decisions(result) == ["REVIEW"]
    assert list(result.matches["reason"]) == ["order_alone"]


def test_an_order_a_quarter_hour_later_with_nothing_else_alike_does_not_pair():
    reference = {"order_ref": "ORD-41505905"}

    result = compare(
        [trade("L1", quantity=200, price="20.915", **reference)],
        [trade("R7", quantity=8559, price="20.975", executed_at="2026-11-16T15:15:00Z",
               **reference)],
    )  # fmt: skip

    assert pairing(result) == set()


@pytest.mark.parametrize("changes", [{"quantity": 8559}, {"price": "83.00"}])
def test_an_order_and_an_agreeing_term_pair(changes):
    reference = {"order_ref": "ORD-41505905"}

    result = compare([trade("L1", **reference)], [trade("R7", **reference, **changes)])

    assert decisions(result) == ["AUTO"]


def test_an_execution_pairs_though_quantity_and_price_are_apart():
    reference = {"execution_ref": "X-77120"}

    result = compare(
        [trade("L1", **reference)], [trade("R7", quantity=8559, price="83.00", **reference)]
    )

    assert decisions(result) == ["AUTO"]
    assert kinds(result) == ["QUANTITY", "PRICE"]


@pytest.mark.parametrize("other", ["970022448", "REF/970022448", "0000970022448"])
@pytest.mark.parametrize(
    ("changes", "kind", "decision"),
    [({"side": "SELL"}, "SIDE", "AUTO"), (MICROSOFT, "INSTRUMENT", "REVIEW")],
)
def test_a_contradiction_shows_though_the_reference_is_spelled_apart(
    other, changes, kind, decision
):
    result = compare(
        [trade("L1", execution_ref="0970022448")],
        [trade("R7", execution_ref=other, **changes)],
    )

    assert kinds(result) == [kind]
    assert decisions(result) == [decision]


@pytest.mark.parametrize(
    ("changes", "decision", "reason"),
    [
        ({"quantity": 7}, "AUTO", ""),
        ({"price": "50.00"}, "AUTO", ""),
        ({"quantity": 7, "price": "50.00"}, "REVIEW", "number_alone"),
        ({"quantity": 7, "side": "SELL"}, "REVIEW", "number_alone"),
    ],
)
def test_one_number_of_both_sides_pairs_if_a_term_agrees(changes, decision, reason):
    result = compare([trade("100231")], [trade("100231", **changes)])

    assert decisions(result) == [decision]
    assert list(result.matches["reason"]) == [reason]


def test_one_number_of_both_sides_and_nothing_else_does_not_pair():
    other = {"quantity": 7, "price": "50.00", "side": "SELL", **MICROSOFT}

    assert pairing(compare([trade("100231")], [trade("100231", **other)])) == set()


@pytest.mark.parametrize("changes", [{"quantity": 101}, {"price": "100.90"}])
def test_a_contradiction_with_a_reference_spelled_apart_needs_the_terms_to_agree(changes):
    result = compare(
        [trade("L1", execution_ref="0970022448")],
        [trade("R7", execution_ref="970022448", side="SELL", **changes)],
    )

    assert pairing(result) == set()


def test_other_isins_do_not_pair_by_numbers_counted_through():
    result = compare([trade("OMS-772002")], [trade("C00772002", **MICROSOFT)])

    assert pairing(result) == set()


@pytest.mark.parametrize(
    ("left", "right"),
    [("2026-11-17", "2026-11-18"), ("2026-11-20", "2026-11-23"), ("2026-11-22", "2026-11-20")],
)
def test_a_trade_date_one_business_day_off_is_proposed_where_all_else_agrees(left, right):
    result = compare(
        [trade("L1", trade_date=left, executed_at=f"{left}T16:29:12Z", **ODD)],
        [trade("R7", trade_date=right, executed_at=f"{right}T16:29:11Z", **ODD)],
    )

    assert decisions(result) == ["REVIEW"]
    assert kinds(result) == ["TRADE_DATE"]


@pytest.mark.parametrize(
    "changes",
    [{"trade_date": "2026-11-19"}, {"account": "ACC-9"}, {"quantity": 67152}, {"price": "13.90"}],
)
def test_a_trade_of_another_day_and_other_terms_does_not_pair(changes):
    other = {"trade_date": "2026-11-17", "executed_at": "2026-11-17T15:00:00Z", **ODD, **changes}

    assert pairing(compare([trade("L1", **ODD)], [trade("R7", **other)])) == set()


@pytest.mark.parametrize(
    ("left", "right", "reported"),
    [
        ("2026-11-16T23:59:00Z", "2026-11-17T00:01:00Z", []),
        # Midnight in New York, in Kathmandu (UTC+5:45), and where a date begins first and last.
        ("2026-11-17T04:59:30Z", "2026-11-17T05:00:00Z", []),
        ("2026-11-16T18:14:59Z", "2026-11-16T18:15:01Z", []),
        ("2026-11-16T09:59:00Z", "2026-11-16T10:01:00Z", []),
        ("2026-11-17T11:59:00Z", "2026-11-17T12:01:00Z", []),
        # No midnight between them, in the wrong order, one too early, one too late, too far.
        ("2026-11-16T15:00:00Z", "2026-11-16T15:00:00Z", ["TRADE_DATE"]),
        ("2026-11-16T15:01:00Z", "2026-11-16T15:02:00Z", ["TRADE_DATE"]),
        ("2026-11-17T00:01:00Z", "2026-11-16T23:59:00Z", ["TRADE_DATE"]),
        ("2026-11-16T09:44:00Z", "2026-11-16T09:46:00Z", ["TRADE_DATE"]),
        ("2026-11-17T12:14:00Z", "2026-11-17T12:16:00Z", ["TRADE_DATE"]),
        ("2026-11-16T23:57:00Z", "2026-11-17T00:03:00Z", ["TRADE_DATE"]),
    ],
)  # fmt: skip
def test_dates_are_one_only_where_a_midnight_parts_the_moments(left, right, reported):
    rows = (
        trade("L1", trade_date="2026-11-16", executed_at=left),
        trade("R7", trade_date="2026-11-17", executed_at=right),
    )

    assert kinds(compare([rows[0]], [rows[1]])) == reported
    assert kinds(compare([rows[1]], [rows[0]])) == reported


@pytest.mark.parametrize(
    ("zone", "reported"),
    [("America/New_York", []), ("UTC", ["TRADE_DATE"]), (None, ["TRADE_DATE"])],
)
def test_dates_are_one_where_each_is_right_at_its_own_place(zone, reported):
    moment = "2026-11-17T02:30:00Z"

    result = compare(
        [trade("L1", trade_date="2026-11-16", executed_at=moment, timezone=zone)],
        [trade("R7", trade_date="2026-11-17", executed_at=moment, timezone="UTC")],
    )

    assert kinds(result) == reported


@pytest.mark.parametrize("zone", ["Mars/Olympus", "America", "../UTC"])
def test_a_text_that_names_no_time_zone_is_refused(zone):
    with pytest.raises(ColumnError, match=f"timezone holds '{zone}', which is no time zone"):
        compare([trade("L1", timezone=zone)], [trade("R7")])


def test_a_ticker_alone_against_an_isin_alone_is_for_a_person_to_confirm():
    result = compare(
        [trade("L1", isin=None, security_name=None)],
        [trade("R1", symbol=None, security_name=None)],
    )

    assert decisions(result) == ["REVIEW"]
    assert list(result.matches["reason"]) == ["instrument_unknown"]
    assert kinds(result) == []


def test_a_ticker_alone_against_an_isin_alone_with_another_price_proves_nothing():
    result = compare(
        [trade("L1", isin=None, security_name=None)],
        [trade("R1", symbol=None, security_name=None, price="101.00")],
    )

    assert decisions(result) == []
