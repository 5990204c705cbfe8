from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breaks.choices import BreakType
from breaks.exposure import Exposure, Position, Rates, exposure_of
from trades.models import Trade

DAY = date(2026, 3, 4)
USD = Rates("USD", {})
RATES = Rates(
    "USD",
    {
        "GBP": [(date(2026, 1, 1), Decimal("1.2")), (date(2026, 3, 4), Decimal("1.25"))],
        "EUR": [(date(2026, 3, 5), Decimal("1.1"))],
    },
)
NOTIONAL = (
    BreakType.MISSING_LEFT,
    BreakType.MISSING_RIGHT,
    BreakType.SIDE,
    BreakType.CURRENCY,
    BreakType.INSTRUMENT,
    BreakType.STATE,
    BreakType.DUPLICATE,
)


def a_trade(quantity="100", price="10", currency="USD", side="BUY", asset_class=""):
    return Trade(
        asset_class=asset_class,
        side=side,
        quantity=Decimal(quantity),
        price=None if price is None else Decimal(price),
        currency=currency,
    )


def exposure(break_type, left=(), right=(), difference=None, *, rates=USD, day=DAY) -> Exposure:
    return exposure_of(
        break_type=BreakType(break_type),
        left=Position.of(left) if left else None,
        right=Position.of(right) if right else None,
        difference=None if difference is None else Decimal(difference),
        trade_date=day,
        rates=rates,
    )


def test_every_type_has_an_exposure_or_says_why_not():
    for kind in BreakType:
        found = exposure(kind, [a_trade()], [a_trade()], difference="1")
        assert (found.amount is None) == bool(found.note)


@pytest.mark.parametrize("kind", NOTIONAL)
def test_of_these_the_notional_is_at_risk(kind):
    assert exposure(kind, [a_trade()]).amount == 1000
    assert exposure(kind, right=[a_trade()]).amount == 1000


def test_of_two_notionals_the_larger_counts():
    assert exposure("STATE", [a_trade()], [a_trade(price="11")]).amount == 1100
    assert exposure("STATE", [a_trade(price="11")], [a_trade()]).amount == 1100


def test_one_side_without_a_price_leaves_the_other():
    assert exposure("SIDE", [a_trade(price=None)], [a_trade()]).amount == 1000


@pytest.mark.parametrize(
    ("kind", "difference", "amount"),
    [
        ("QUANTITY", "-1", "10"),
        ("PRICE", "-0.5", "50"),
        ("NET_AMOUNT", "-12.34", "12.34"),
        ("FEES", "3", "3"),
        ("ACCRUED_INTEREST", "0.01", "0.01"),
        ("ACCOUNT", None, "0"),
        ("COUNTERPARTY", None, "0"),
        ("SETTLEMENT_DATE", "1", "0"),
        ("TRADE_DATE", "1", "0"),
    ],
)
def test_the_difference_in_money(kind, difference, amount):
    found = exposure(kind, [a_trade()], [a_trade()], difference)
    assert found == Exposure(Decimal(amount), "USD")


def test_the_residual_of_a_group():
    block, fills = [a_trade("1000")], [a_trade("600"), a_trade("300", price="10.3")]
    assert exposure("QUANTITY", block, fills, "100").amount == Decimal(1010)


def test_a_group_averages_by_quantity_and_nets_sides():
    position = Position.of([a_trade("300", "10"), a_trade("100", "14", side="SELL")])
    assert (position.quantity, position.price) == (200, 11)


def test_uses_the_rate_in_force_on_the_trade_date():
    pounds = [a_trade(currency="GBP")]
    assert exposure("SIDE", pounds, rates=RATES).amount == 1250
    assert exposure("SIDE", pounds, rates=RATES, day=date(2026, 3, 3)).amount == 1200


def test_pence_count_a_hundredth():
    left, right = [a_trade(price="1000", currency="GBX")], [a_trade(currency="GBP")]
    assert exposure("SIDE", left, right, rates=RATES).amount == 1250
    assert exposure("PRICE", left, right, "0.5", rates=RATES).amount == Decimal("62.5")


@pytest.mark.parametrize(
    ("left", "note"),
    [
        (a_trade(price=None), "No price was reported"),
        (a_trade(currency=""), "No currency was reported"),
        (a_trade(currency="EUR"), "No FX rate from EUR to USD on or before 2026-03-04: add one"),
        (a_trade(currency="JPY"), "No FX rate from JPY"),
        (a_trade("9" * 18, "9" * 18), "more digits than can be kept"),
    ],
)
def test_unknown_stays_unknown_and_says_why(left, note):
    found = exposure("MISSING_RIGHT", [left], rates=RATES)
    assert found.amount is None
    assert note in found.note
    assert len(found.note) <= 200


def test_a_price_difference_means_nothing_across_currencies():
    found = exposure("PRICE", [a_trade()], [a_trade(currency="GBP")], "1", rates=RATES)
    assert found.amount is None
    assert "GBP and USD" in found.note


def test_a_late_report_puts_nothing_at_risk_yet():
    found = exposure("TIMING")
    assert found.amount is None
    assert found.note


def test_large_numbers_keep_every_digit():
    found = exposure("SIDE", [a_trade("12345678901.0123456789", "1234567")])
    exact = 123456789010123456789 * 1234567
    assert str(found.amount).replace(".", "") == str(exact)


@given(
    st.decimals("0.0000000001", "10000", places=10), st.decimals("0.0000000001", "10000", places=10)
)
def test_is_the_exact_product_rounded_once(quantity, price):
    found = exposure("SIDE", [a_trade(str(quantity), str(price))])
    scaled = int(quantity * 10**10) * int(price * 10**10)
    whole, rest = divmod(scaled, 10**10)
    half = 5 * 10**9
    rounded = whole + (rest > half or (rest == half and whole % 2))
    assert int(found.amount.scaleb(10)) == rounded


def test_a_bond_is_quoted_in_percent_of_par():
    bond = a_trade(quantity="100000", price="99.5", asset_class="FIXED_INCOME")
    untold = a_trade(quantity="100000", price="99.25")

    assert exposure("MISSING_LEFT", [bond]).amount == 99_500
    assert exposure("PRICE", [bond], [untold], difference="0.25").amount == 250
