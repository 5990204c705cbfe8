"""Exact numbers as whole units of a power of ten: int64 where they fit, Python integers else."""

from decimal import Decimal

import numpy as np

from matching.engine.arrays import Bools, Rows, Units

# Half of what int64 holds, so that one addition or subtraction can never overflow.
SAFE = 2**62


def magnitude(units: Units) -> int:
    """Return the largest absolute value, 0 for no values."""
    return max(abs(int(units.max())), abs(int(units.min()))) if len(units) else 0


def narrow(units: Units) -> Units:
    """Return the units as int64 if all of them fit safely, else as Python integers."""
    if units.dtype == object and magnitude(units) < SAFE:
        return units.astype(np.int64)
    return units


def multiply(left: Units, right: Units | int) -> Units:
    """Return the exact product, as Python integers where int64 could overflow."""
    other = np.asarray(right)
    plain = left.dtype.kind == other.dtype.kind == "i"
    if plain and magnitude(left) * magnitude(np.atleast_1d(other)) < SAFE:
        product: Units = left * other
        return product
    exact: Units = left.astype(object) * other.astype(object)
    return exact


def add(left: Units, right: Units) -> Units:
    """Return the exact sum; see `SAFE` for why int64 can hold it."""
    total: Units = left + right
    return narrow(total) if total.dtype == object else _widen(total)


def _widen(units: Units) -> Units:
    return units if magnitude(units) < SAFE else units.astype(object)


def rescale(units: Units, places: int) -> Units:
    """Return the units multiplied by ten to the power `places`, which is not negative."""
    return multiply(units, 10**places) if places else units


def places_of(units: Units, scale: int, least: int) -> Rows:
    """Return the decimal places each number needs, at least `least`, whatever its column's."""
    places: Rows = np.full(len(units), max(scale, least), dtype=np.int64)
    exact = units.astype(object)
    for fewer in range(scale - 1, least - 1, -1):
        places[(exact % 10 ** (scale - fewer) == 0).astype(bool)] = fewer
    return places


def aligned(
    left: Units, left_scale: int, right: Units, right_scale: int
) -> tuple[Units, Units, int]:
    """Return both numbers in units of the finer scale, and that scale."""
    scale = max(left_scale, right_scale)
    return rescale(left, scale - left_scale), rescale(right, scale - right_scale), scale


def floor_share(units: Units, share: Decimal) -> Units:
    """Return the whole units that `share` of each non-negative number comes to, rounded down."""
    numerator, denominator = share.as_integer_ratio()
    whole: Units = multiply(units, numerator) // denominator
    return whole


def whole_units(amount: Decimal, scale: int) -> int:
    """Return a non-negative amount in units of ten to the power ``-scale``, rounded down."""
    numerator, denominator = amount.as_integer_ratio()
    return int(numerator * 10**scale // denominator)


def to_decimal(units: int, scale: int) -> Decimal:
    """Return the exact decimal, without trailing zeros after the point."""
    while scale > 0 and units % 10 == 0:
        units, scale = units // 10, scale - 1
    # The tuple form ignores the context's precision, which arithmetic would round to.
    return Decimal((int(units < 0), tuple(int(digit) for digit in str(abs(units))), -scale))


def to_text(units: int, scale: int) -> str:
    """Return the number in plain notation, to the digit."""
    return format(to_decimal(units, scale), "f")


def to_float(
    units: Units, scale: int, known: Bools
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the numbers for similarities alone, never for a difference: NaN where unknown."""
    floats = units.astype(np.float64) / 10.0**scale
    return np.where(known, floats, np.nan)
