"""Compare exact numbers within tolerances."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd

from matching.engine import hashing
from matching.engine.arrays import Bools, Floats, Hashes, Rows, Units
from matching.engine.columns import Numbers, read_numbers, read_texts
from matching.engine.exact import (
    add,
    floor_share,
    places_of,
    rescale,
    to_decimal,
    to_float,
    to_text,
)
from matching.engine.fields import Field
from matching.engine.money import Money
from matching.engine.normalise import upper
from matching.engine.tolerances import Limit, Tolerance

# The places to which a tolerance is reported, or more where its two numbers have more.
REPORTED_PLACES = 10
# The likeness of numbers outside their tolerance stays below that of numbers that agree.
NEARLY = 0.99
# Numbers of up to so many places hash alike, in whatever units their column came.
_HASHED_PLACES = 18
_WORD = 2**64


class NumberComparator:
    """
    A number, or the sum of several columns, compared exactly.

    Where one side lacks one of the columns, the pair agrees if either the totals do (one side may
    report only a total) or the columns that both sides have.
    """

    def __init__(self, field: Field, left: pd.DataFrame, right: pd.DataFrame, money: Money) -> None:
        self.field = field
        self.money = money
        parts = [
            money.in_major_units(read_numbers(left, right, column), field.unit)
            for column in field.sources
        ]
        self.scale = max(part.scale for part in parts)
        self.parts = [
            Numbers(rescale(part.units, self.scale - part.scale), self.scale, part.known)
            for part in parts
        ]
        self.known = np.logical_or.reduce([part.known for part in parts])
        self.units = self.parts[0].units
        for part in self.parts[1:]:
            self.units = add(self.units, part.units)
        self.floats = to_float(self.units, self.scale, self.known)
        self.content = self._hashes()
        self.block = self.content
        self.order = self._order()
        self.overridden = [_rows_with(override.when, left, right) for override in field.overrides]

    def similarity(self, a: Rows, b: Rows) -> Floats:
        """Return 1 within tolerance, falling to 0 at a relative distance of `zero_at`."""
        left, right = self.floats[a], self.floats[b]
        larger = np.maximum(np.abs(left), np.abs(right))
        apart = np.abs(left - right) / np.where(larger == 0, 1.0, larger)
        zero_at = self.field.zero_at or np.inf
        near = np.clip(1 - apart / zero_at, 0.0, NEARLY) if self.field.zero_at else 0.0 * apart
        likeness = np.where(self.differs(a, b), near, 1.0)
        return np.where(self.known[a] & self.known[b], likeness, np.nan)

    def differs(self, a: Rows, b: Rows) -> Bools:
        """Tell which pairs lie further apart than their tolerance."""
        apart: Bools = self.known[a] & self.known[b] & (self.units[a] != self.units[b]).astype(bool)
        # Nearly all are equal, and what a tolerance allows is only asked of the others.
        unequal = np.flatnonzero(apart)
        a, b = a[unequal], b[unequal]
        allowed = self.allowed(a, b)
        beyond: Bools = (np.abs(self.units[a] - self.units[b]) > allowed).astype(bool)
        if len(self.parts) > 1:
            beyond &= ~self._common_agree(a, b, allowed)
        apart[unequal] = beyond
        return apart

    def allowed(self, a: Rows, b: Rows, *, finer: int = 0) -> Units:
        """Return the tolerance of each pair in units of ``10 ** -(scale + finer)``."""
        left, right = (np.abs(rescale(self.units[rows], finer)) for rows in (a, b))
        small, large = np.minimum(left, right), np.maximum(left, right)
        choice = np.zeros(len(a), dtype=np.int64)
        for at in reversed(range(len(self.overridden))):
            choice[self.overridden[at][a] | self.overridden[at][b]] = at + 1
        tolerances = [self.field.tolerance, *(one.tolerance for one in self.field.overrides)]
        currencies = self.money.currencies.codes
        code = np.where(currencies[a] >= 0, currencies[a], currencies[b])
        total: Units = np.zeros(len(a), dtype=small.dtype)
        for at, tolerance in enumerate(tolerances):
            for chosen, rate in self._by_rate(choice == at, code, tolerance):
                total[chosen] = _within(
                    tolerance, small[chosen], large[chosen], rate, self.scale + finer
                )
        return total

    def texts(self, rows: Rows) -> list[str]:
        """Return the numbers in plain notation, to the digit."""
        pairs = zip(self.units[rows].tolist(), self.known[rows], strict=True)
        return [to_text(units, self.scale) if known else "" for units, known in pairs]

    def gaps(self, a: Rows, b: Rows) -> list[Decimal | None]:
        """Return the left number minus the right one."""
        return [
            to_decimal(int(gap), self.scale) for gap in (self.units[a] - self.units[b]).tolist()
        ]

    def tolerances(self, a: Rows, b: Rows) -> list[Decimal | None]:
        """Return what was allowed, to `REPORTED_PLACES` or those of the numbers."""
        finer = max(REPORTED_PLACES - self.scale, 0)
        allowed = self.allowed(a, b, finer=finer).tolist()
        # Not to the places of the column: those depend on which other rows are looked at.
        left, right = (places_of(self.units[rows], self.scale, REPORTED_PLACES) for rows in (a, b))
        return [
            to_decimal(int(units) // 10 ** (self.scale + finer - places), places)
            for units, places in zip(allowed, np.maximum(left, right).tolist(), strict=True)
        ]

    def _common_agree(self, a: Rows, b: Rows, allowed: Units) -> Bools:
        gap: Units = np.zeros(len(a), dtype=np.int64)
        shared = np.zeros(len(a), dtype=bool)
        complete = np.ones(len(a), dtype=bool)
        for part in self.parts:
            both = part.known[a] & part.known[b]
            gap = gap + np.where(both, part.units[a] - part.units[b], 0)
            shared |= both
            complete &= both
        agree: Bools = shared & ~complete & (np.abs(gap) <= allowed).astype(bool)
        return agree

    def _by_rate(
        self, chosen: Bools, code: Rows, tolerance: Tolerance
    ) -> list[tuple[Bools, Fraction]]:
        if not bool(chosen.any()):
            return []
        if not tolerance.in_base:
            return [(chosen, Fraction(1))]
        rates = [*self.money.rates, Fraction(1)]
        return [(chosen & (code == one), rates[one]) for one in np.unique(code[chosen])]

    def _hashes(self) -> Hashes:
        if self.scale <= _HASHED_PLACES:
            return self._hashed(self.units, self.scale)
        finest = 10 ** (self.scale - _HASHED_PLACES)
        exact = self.units.astype(object)
        hashes = self._hashed(exact // finest, _HASHED_PLACES)
        finer = np.flatnonzero((exact % finest != 0).astype(bool))
        hashes[finer] = hashing.of_texts(self.texts(finer))
        return hashes

    def _hashed(self, units: Units, scale: int) -> Hashes:
        words = units % _WORD if units.dtype == object else units
        # Modulo a word it is the same number at any scale, even where it overflows.
        even = words.astype(np.uint64) * np.uint64(10 ** (_HASHED_PLACES - scale))
        return hashing.of_ints(even.view(np.int64), self.known)

    def _order(self) -> Rows:
        if self.units.dtype != object:
            return self.units
        return np.unique(self.units, return_inverse=True)[1].astype(np.int64)


def _within(tolerance: Tolerance, small: Units, large: Units, rate: Fraction, scale: int) -> Units:
    """Return each pair's limit in units; `rate` converts the row's currency to the base."""
    allowed: Units = np.zeros(len(small), dtype=small.dtype)
    left = np.ones(len(small), dtype=bool)
    for limit in tolerance.limits:
        here = left
        if limit.up_to is not None:
            here = left & (large <= _converted(limit.up_to, rate, scale)).astype(bool)
        allowed[here] = _limit(limit, small[here], rate, scale)
        left = left & ~here
    return allowed


def _limit(limit: Limit, small: Units, rate: Fraction, scale: int) -> Units:
    whole = None if limit.absolute is None else _converted(limit.absolute, rate, scale)
    if limit.percent is None:
        return np.full(len(small), whole, dtype=small.dtype)
    share = floor_share(small, limit.percent / 100)
    return share if whole is None else np.minimum(share, whole)


def _converted(amount: Decimal, rate: Fraction, scale: int) -> int:
    return int(Fraction(amount) / rate * 10**scale)


def _rows_with(when: object, left: pd.DataFrame, right: pd.DataFrame) -> Bools:
    hits = np.ones(len(left) + len(right), dtype=bool)
    for column, value in dict(when).items():  # type: ignore[call-overload]
        texts = read_texts(left, right, column).apply(upper)
        wanted = texts.values.index(upper(value)) if upper(value) in texts.values else -2
        hits &= texts.codes == wanted
    return hits
