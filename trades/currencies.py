"""Currencies quoted in a minor unit: London quotes pence, Johannesburg cents, Tel Aviv agorot."""

from decimal import Decimal

# code as reported -> (ISO 4217 currency, its size in that currency)
MINOR_UNITS: dict[str, tuple[str, Decimal]] = {
    "GBX": ("GBP", Decimal("0.01")),
    "GBp": ("GBP", Decimal("0.01")),
    "ZAC": ("ZAR", Decimal("0.01")),
    "ZAc": ("ZAR", Decimal("0.01")),
    "ILA": ("ILS", Decimal("0.01")),
}


def major_unit(currency: str) -> tuple[str, Decimal]:
    """Return the ISO currency a code stands for, and the size of one reported unit in it."""
    return MINOR_UNITS.get(currency, (currency, Decimal(1)))
