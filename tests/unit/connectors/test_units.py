"""Figures in a source's units become ours, to the digit."""

from dataclasses import replace
from decimal import Decimal, localcontext

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from connectors.units import in_our_units, power_of_ten, powers
from tests.unit.connectors.test_rows import HABITS, read, reason


def habits(net_reversed=False, **units):
    return replace(HABITS, units=powers(units), net_reversed=net_reversed)


def test_a_price_in_cents_is_read_exactly():
    report = read(habits(price="100"), price="18,750.0001", quantity="10")

    assert (report.price, report.quantity) == (Decimal("187.500001"), Decimal(10))


def test_pence_are_only_of_the_currency_they_are_said_of():
    pence = replace(HABITS, units=powers({"price GBP": "100"}))

    assert read(pence, price="250", currency="gbp").price == Decimal("2.5")
    assert read(pence, price="250", currency="USD").price == Decimal(250)
    # GBX says of itself that it is pence, and is read as that elsewhere.
    assert read(pence, price="250", currency="GBX").price == Decimal(250)


def test_a_currencys_factor_goes_before_that_of_all():
    both = replace(HABITS, units=powers({"price": "10", "price GBP": "100"}))

    assert read(both, price="1000", currency="GBP").price == Decimal(10)
    assert read(both, price="1000", currency="USD").price == Decimal(100)


def test_lots_and_their_sign_are_read_together():
    report = read(
        replace(HABITS, units=powers({"quantity": "0.01"}), signed_quantity=True),
        side=None, quantity="(12)",
    )  # fmt: skip

    assert (report.side, report.quantity) == ("SELL", Decimal(1200))


def test_a_net_amount_of_the_other_sign_is_turned():
    turned = habits(net_reversed=True)

    assert read(turned, net_amount="-18,750.00").net_amount == Decimal(18750)
    assert read(turned, net_amount="18750").net_amount == Decimal(-18750)
    assert str(read(turned, net_amount="0").net_amount) == "0"
    assert read(turned, price="5").price == Decimal(5)


def test_what_no_longer_fits_is_refused_and_not_rounded():
    assert "decimals" in reason(habits(price="100"), price="1.123456789")
    assert "digits" in reason(habits(price="0.01"), price="123456789012345678")


@given(st.decimals(allow_nan=False, allow_infinity=False), st.integers(-8, 8))
def test_no_digit_is_lost_whatever_the_context(value, power):
    with localcontext(prec=3):
        there = in_our_units(value, power)
        assert in_our_units(there, -power).as_tuple() == value.as_tuple()


@pytest.mark.parametrize(
    "factor", ["1", "250", "-100", "0", "NaN", "Infinity", "", "x", "1e9", 0.1, True, None, []]
)
def test_only_powers_of_ten_are_factors(factor):
    with pytest.raises(ValidationError, match="power of ten"):
        powers({"price": factor})


@pytest.mark.parametrize(
    "name", ["", "side", "price ", " price", "price GB P", "price 12", "PRICE"]
)
def test_only_figures_have_units(name):
    with pytest.raises(ValidationError, match="is no figure"):
        powers({name: "100"})


def test_powers_are_read_however_they_are_written():
    assert [power_of_ten(one) for one in ("100", "1e+06", "0.01", "1.0E-4", 1000)] == [
        2, 6, -2, -4, 3
    ]  # fmt: skip
