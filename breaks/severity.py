"""How bad a break is: by its type, then raised, never lowered, by the money at risk."""

from collections.abc import Sequence
from decimal import Decimal

from breaks.choices import BreakType, Severity
from breaks.exposure import WIDE, Position
from breaks.models import ExposureThreshold

# From the worst down.
ORDER = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)

DEFAULT: dict[BreakType, Severity] = {
    BreakType.MISSING_LEFT: Severity.HIGH,
    BreakType.MISSING_RIGHT: Severity.HIGH,
    BreakType.SIDE: Severity.CRITICAL,
    BreakType.QUANTITY: Severity.CRITICAL,
    BreakType.PRICE: Severity.HIGH,
    BreakType.NET_AMOUNT: Severity.MEDIUM,
    BreakType.FEES: Severity.MEDIUM,
    BreakType.ACCRUED_INTEREST: Severity.MEDIUM,
    BreakType.CURRENCY: Severity.HIGH,
    BreakType.INSTRUMENT: Severity.CRITICAL,
    BreakType.SETTLEMENT_DATE: Severity.MEDIUM,
    BreakType.TRADE_DATE: Severity.MEDIUM,
    BreakType.ACCOUNT: Severity.LOW,
    BreakType.COUNTERPARTY: Severity.LOW,
    BreakType.DUPLICATE: Severity.HIGH,
    BreakType.STATE: Severity.HIGH,
    BreakType.TIMING: Severity.LOW,
}

Thresholds = Sequence[tuple[Severity, Decimal]]


def current_thresholds() -> Thresholds:
    """Read the thresholds as (severity, exposure from which it holds), in the base currency."""
    rows = ExposureThreshold.objects.values_list("severity", "at_least")
    return [(Severity(severity), at_least) for severity, at_least in rows]


def severity_of(
    *,
    break_type: BreakType,
    left: Position | None,
    right: Position | None,
    difference: Decimal | None,
    exposure: Decimal | None,
    thresholds: Thresholds,
) -> Severity:
    """
    Return a break's severity; an unknown `exposure` raises nothing.

    A price off by 1% or less of the smaller price is MEDIUM; further off, or by a share that
    cannot be told, HIGH.
    """
    severity = DEFAULT[break_type]
    if break_type == BreakType.PRICE and _within_one_percent(left, right, difference):
        severity = Severity.MEDIUM
    reached = [worse for worse, at_least in thresholds if _reaches(exposure, at_least)]
    return min((severity, *reached), key=ORDER.index)


def _reaches(exposure: Decimal | None, at_least: Decimal) -> bool:
    return exposure is not None and exposure >= at_least


def _within_one_percent(
    left: Position | None, right: Position | None, difference: Decimal | None
) -> bool:
    prices = [side.price for side in (left, right) if side is not None and side.price is not None]
    if len(prices) < 2 or difference is None:
        return False
    return WIDE.multiply(abs(difference), Decimal(100)) <= min(abs(price) for price in prices)
