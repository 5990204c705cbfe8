"""Blocks, fills and nets."""

from dataclasses import replace
from decimal import Decimal

import pytest

from matching.engine.subsets import Budget, subsets
from tests.unit.matching.engine.trades import (
    RULES,
    compare,
    decisions,
    kinds,
    pairing,
    pairs,
    trade,
)


def fill(trade_id, quantity, **changes):
    return trade(trade_id, quantity=quantity, **changes)


def test_fills_on_the_left_make_up_a_block_on_the_right():
    result = compare([fill("L1", 600), fill("L2", 400)], [fill("R7", 1000)])

    assert pairing(result) == pairs(("L1 L2", "R7"))
    assert list(result.matches["kind"]) == ["N:1"]


def test_the_average_price_of_the_fills_must_agree():
    close = compare([fill("L1", 1000, price="100.40")],
                    [fill("R1", 600, price="100.00"), fill("R2", 400, price="101.00")])  # fmt: skip
    apart = compare([fill("L1", 1000, price="100.90")],
                    [fill("R1", 600, price="100.00"), fill("R2", 400, price="101.00")])  # fmt: skip

    assert pairing(close) == pairs(("L1", "R1 R2"))
    assert kinds(close) == []
    assert pairing(apart) != pairs(("L1", "R1 R2"))


def test_two_sets_of_rows_that_would_do_are_reviewed():
    result = compare(
        [fill("L1", 1000)],
        [fill("R1", 600), fill("R2", 400), fill("R3", 700), fill("R4", 300)],
    )

    assert decisions(result) == ["REVIEW"]
    assert list(result.matches["reason"]) == ["ambiguous"]


def test_fills_of_another_account_do_not_count():
    result = compare([fill("L1", 1000)], [fill("R1", 600), fill("R2", 400, account="ACC-2")])

    assert "1:N" not in list(result.matches["kind"])
    assert "AUTO" not in decisions(result)


def test_allocations_of_a_block_may_go_to_many_accounts():
    block = {"block_ref": "BLK-90210"}

    result = compare(
        [fill("L1", 1000, account="HOUSE", **block)],
        [fill("R1", 600, account="A-1", **block), fill("R2", 400, account="A-2", **block)],
    )

    assert pairing(result) == pairs(("L1", "R1 R2"))
    assert kinds(result) == []


def test_the_sums_of_a_group_are_compared_exactly():
    result = compare(
        [fill("L1", 1000, net_amount="40000.00", block_ref="BLK-90210")],
        [fill("R1", 600, net_amount="24000.00", block_ref="BLK-90210"),
         fill("R2", 400, net_amount="16003.00", block_ref="BLK-90210")],
    )  # fmt: skip

    assert kinds(result) == ["NET_AMOUNT"]
    assert result.differences["difference"].tolist() == [Decimal(-3)]


def test_many_against_many_by_net_is_always_reviewed():
    order = {"order_ref": "ORD-5501"}
    left = [fill("L1", 500, **order), fill("L2", 300, **order), fill("L3", 200, **order)]
    right = [fill("R1", 550, **order), fill("R2", 450, **order)]

    result = compare(left, right)

    assert pairing(result) == pairs(("L1 L2 L3", "R1 R2"))
    assert list(result.matches["kind"]) == ["N:M"]
    assert decisions(result) == ["REVIEW"]
    assert list(result.matches["reason"]) == ["net"]
    assert kinds(result) == []


def test_a_position_bought_and_sold_is_netted():
    left = [fill("L1", 700), fill("L2", 200, side="SELL")]

    result = compare(left, [fill("R1", 250), fill("R2", 250)])

    assert pairing(result) == pairs(("L1 L2", "R1 R2"))
    assert decisions(result) == ["REVIEW"]


def test_subsets_add_up_and_end_with_the_budget():
    found = list(subsets([7, 6, 4, 3, 1], 10, 3, Budget(1000)))

    assert sorted(found) == [(0, 3), (1, 2), (1, 3, 4)]
    assert list(subsets([7, 6, 4, 3, 1], 10, 3, Budget(2))) == []


def test_a_search_too_long_is_cut_and_counted():
    left = [fill("L1", 100_003)]
    right = [fill(f"R{at}", 2 * at + 1000) for at in range(40)]

    passes = compare(left, right).passes.set_index("name")

    assert passes.loc["block and fills", "cut"] >= 0
    assert passes.loc["block and fills", "seconds"] < 5


def test_a_group_gathers_though_its_references_are_spelled_apart():
    result = compare(
        [fill("L1", 30, order_ref="ORD-55747213")],
        [fill("R1", 8, order_ref="REF/55747213"), fill("R2", 16, order_ref="00000055747213")],
    )

    assert pairing(result) == pairs(("L1", "R1 R2"))
    assert kinds(result) == ["QUANTITY"]
    assert result.differences["difference"].tolist() == [Decimal(6)]


def test_a_group_of_an_order_that_others_quote_too_is_reviewed():
    order = {"order_ref": "ORD-21052180"}
    times = {"executed_at": "2026-11-16T18:00:00Z"}

    result = compare(
        [fill("L1", 126, price="28.77", **times, **order), fill("L2", 2917, **order)],
        [
            fill("R0", 126, price="28.77", **times),
            fill("R1", 1141, **order),
            fill("R2", 1224, **order),
        ],
    )

    assert pairing(result) == pairs(("L1", "R0"), ("L2", "R1 R2"))
    assert sorted(result.matches["reason"]) == ["", "others_quote"]
    assert kinds(result) == ["QUANTITY"]


def residual(price, **amounts):
    """Return the kinds for a block of 1000 at 100.00 against 900 at `price`."""
    block = {"block_ref": "BLK-90210"}
    ours = {"price": "100.00", "net_amount": "100010.00", "commission": "10.00", **block}
    return kinds(
        compare(
            [fill("L1", 1000, **ours)],
            [
                fill("R1", 600, price=price, commission="6.00", **amounts, **block),
                fill("R2", 300, price=price, commission="3.00", **amounts, **block),
            ],
        )
    )


def test_what_follows_from_a_missing_fill_is_not_reported_beside_it():
    assert residual("100.20", net_amount="45000.00") == ["QUANTITY"]


def test_a_price_that_no_missing_fill_makes_up_for_is_reported_beside_it():
    # The missing tenth would have to be 9% from the block's price.
    assert residual("101.00") == ["QUANTITY", "PRICE"]


ORDER = {"order_ref": "ORD-778812"}


@pytest.mark.parametrize(
    ("odd", "kind", "right"),
    [
        ({"currency": "EUR"}, "CURRENCY", "USD / EUR"),
        ({"settlement_date": "2027-03-03"}, "SETTLEMENT_DATE", "2026-11-18 / 2027-03-03"),
    ],
)
def test_fills_that_differ_among_themselves_are_a_disagreement(odd, kind, right):
    result = compare(
        [fill("L1", 1000, **ORDER)],
        [fill("R1", 600, **ORDER), fill("R2", 400, **ORDER, **odd)],
    )

    assert pairing(result) == pairs(("L1", "R1 R2"))
    assert kinds(result) == [kind]
    assert set(result.differences["right"].iloc[0].split(" / ")) == set(right.split(" / "))


def test_amounts_are_not_added_up_over_two_currencies():
    amounts = {"net_amount": "60000.00", "commission": "1.00", "fees": "0"}
    result = compare(
        [fill("L1", 1000, **ORDER, net_amount="100000.00", commission="2.00", fees="0")],
        [fill("R1", 600, **ORDER, **amounts), fill("R2", 400, currency="EUR", **ORDER, **amounts)],
    )

    assert kinds(result) == ["CURRENCY"]


def test_a_search_leaves_what_it_did_not_need_to_the_others():
    symbols = [{"isin": None, "security_name": None, "symbol": f"S{at}"} for at in range(4)]
    left = [trade(f"L{at}", **named) for at, named in enumerate(symbols)]
    right = [
        trade(f"R{at}-{part}", quantity=Decimal(part), **named)
        for at, named in enumerate(symbols)
        for part in (30, 70)
    ]
    frugal = replace(
        RULES, passes=tuple(replace(step, budget=100, most=100) for step in RULES.passes)
    )

    result = compare(left, right, frugal)

    assert set(result.matches["pass_name"]) == {"block and fills"}
    assert len(result.matches) == 4
