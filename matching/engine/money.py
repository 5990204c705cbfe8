"""Which currency and unit each row's prices and amounts are in."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd

from matching.engine.arrays import Bools, Rows, Units
from matching.engine.columns import Numbers, Texts, read_numbers, read_texts
from matching.engine.exact import multiply, to_float
from matching.engine.rules import Currency, RuleSet


@dataclass(frozen=True)
class Money:
    """
    Each joint row's currency, in major units' codes, and its rate to the base.

    `price_places` and `amount_places` are the powers of ten by which the row's prices and amounts
    are below the major unit: 2 for a price in pence, 0 for one in pounds.
    """

    currencies: Texts
    rates: list[Fraction]
    price_places: Rows
    amount_places: Rows

    def in_major_units(self, numbers: Numbers, unit: str) -> Numbers:
        """Return the numbers of a field, whose `unit` says what they are, in major units."""
        places = self.price_places if unit == "price" else self.amount_places
        most = int(places.max()) if len(places) and unit else 0
        if not most:
            return numbers
        factors: Units = 10 ** (most - places)
        return Numbers(multiply(numbers.units, factors), numbers.scale + most, numbers.known)


def read_money(left: pd.DataFrame, right: pd.DataFrame, rules: RuleSet) -> Money:
    """Read the currency of every row, and tell which rows are in a minor unit."""
    rows = len(left) + len(right)
    if rules.currency is None:
        nothing = np.zeros(rows, dtype=np.int64)
        return Money(Texts(nothing - 1, []), [], nothing, nothing)
    spelled = read_texts(left, right, rules.currency.column)
    units = [_unit(value, rules.currency) for value in spelled.values]
    codes = [code for code, _ in units]
    places = np.array([*(places for _, places in units), 0], dtype=np.int64)[spelled.codes]
    majors = spelled.apply(dict(zip(spelled.values, codes, strict=True)).__getitem__)
    rates = [Fraction(rules.currency.fx.get(code, 1)) for code in majors.values]
    amounts = np.where(_amounts_in_minor(left, right, rules, places > 0), places, 0)
    return Money(majors, rates, places, amounts)


def _unit(spelled: str, currency: Currency) -> tuple[str, int]:
    """Return the major currency of a code and how many places it lies below it."""
    # GBp and GBP differ in case alone, so the code as spelled goes first.
    minor = currency.minor.get(spelled) or currency.minor.get(spelled.upper())
    if minor is None:
        return spelled.upper(), 0
    return minor.of, -minor.factor.adjusted()


def _amounts_in_minor(
    left: pd.DataFrame, right: pd.DataFrame, rules: RuleSet, minor: Bools
) -> Bools:
    """
    Tell the rows whose own amounts are in the minor unit too, as quantity times price shows.

    The amount is compared with the product as quoted and with a hundredth of it, and the nearer by
    ratio decides; without a known amount, amounts are taken to be in the major unit.
    """
    told = np.zeros(len(minor), dtype=bool)
    if rules.grouping is None or rules.currency is None or not bool(minor.any()):
        return told
    quantity, price = (
        _floats(left, right, rules.field(name).sources[0])
        for name in (rules.grouping.quantity, rules.grouping.price)
    )
    product = np.abs(quantity * price)
    for column in reversed(rules.currency.told_by):
        amount = np.abs(_floats(left, right, column))
        known = ~np.isnan(amount) & ~np.isnan(product)
        told = np.where(known, amount > product / 10, told)
    return told & minor


def _floats(
    left: pd.DataFrame, right: pd.DataFrame, column: str
) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    numbers = read_numbers(left, right, column)
    return to_float(numbers.units, numbers.scale, numbers.known)
