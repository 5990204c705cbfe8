"""In which units a source writes its numbers: by which power of ten they are larger than ours."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError

FIGURES = ("quantity", "price", "gross_amount", "commission", "fees", "accrued_interest",
           "net_amount")  # fmt: skip
# Beyond these no number keeps its digits.
LARGEST = 8


def power_of_ten(factor: Any) -> int | None:
    """Return the exponent of a power of ten other than one, or None of anything else."""
    if not isinstance(factor, str | int):
        return None
    try:
        value = Decimal(factor).normalize()
    except (InvalidOperation, ValueError):
        return None
    if not value.is_finite() or value.as_tuple().digits != (1,) or value < 0:
        return None
    power = value.adjusted()
    return power if power and abs(power) <= LARGEST else None


def powers(factors: Mapping[str, Any]) -> dict[str, int]:
    """
    Return the powers of ten that a layout's unit factors say, by column or column and currency.

    :raises ValidationError: if one names no figure, or its factor is no power of ten.
    """
    if not isinstance(factors, dict):
        raise ValidationError('Write an object, such as {"price": "100"}.')
    found = {}
    for name, factor in factors.items():
        column, apart, currency = name.partition(" ")
        is_code = currency.isalpha() and 3 <= len(currency) <= 4
        if column not in FIGURES or (apart and not is_code):
            raise ValidationError(
                f"{name!r} is no figure: write one of {', '.join(FIGURES)}, and after a space a "
                'currency where it holds for that only, such as "price GBP".'
            )
        power = power_of_ten(factor)
        if power is None:
            raise ValidationError(
                f"{name} has the factor {factor!r}: write a power of ten other than 1, from "
                f'1e-{LARGEST} to 1e{LARGEST} and as a text, such as "100" or "0.01".'
            )
        found[name] = power
    return found


def check_factors(factors: Any) -> None:
    """:raises ValidationError: if unit factors cannot be obeyed."""
    powers(factors)


def in_our_units(value: Decimal, power: int) -> Decimal:
    """Divide by a power of ten exactly: no digit is rounded, whatever the context."""
    sign, digits, exponent = value.as_tuple()
    return Decimal((sign, digits, int(exponent) - power))
