"""One canonical trade report: what every connector makes of a row, and what is loaded."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from json.encoder import encode_basestring_ascii as quoted
from operator import attrgetter
from typing import Any

from trades.choices import Side, TradeState

# What a report says, value by value, as `as_text` writes it; the state comes last.
Content = tuple[str | None, ...]

_IS_CANCELLED = f'"{TradeState.CANCELLED.value}"]'


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeReport:
    """
    What one source says about one execution, typed and normalised but not resolved.

    Quantity is above zero, money is exact, `executed_at` is aware. Empty text and None mean
    the source did not say. `raw` is the row as it was sent and no part of the content.

    :raises ValueError: if a required value is missing or has the wrong type.
    """

    source_trade_id: str
    trade_date: date
    side: str
    quantity: Decimal
    settlement_date: date | None = None
    executed_at: datetime | None = None
    symbol: str = ""
    isin: str = ""
    cusip: str = ""
    sedol: str = ""
    figi: str = ""
    security_name: str = ""
    asset_class: str = ""
    price: Decimal | None = None
    currency: str = ""
    gross_amount: Decimal | None = None
    commission: Decimal | None = None
    fees: Decimal | None = None
    accrued_interest: Decimal | None = None
    net_amount: Decimal | None = None
    counterparty_name: str = ""
    counterparty_lei: str = ""
    counterparty_bic: str = ""
    account_code: str = ""
    venue: str = ""
    order_ref: str = ""
    block_ref: str = ""
    execution_ref: str = ""
    state: str = TradeState.NEW.value
    raw: dict[str, Any] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        if not self.source_trade_id:
            raise ValueError("a trade report needs the source's trade id")
        if self.side not in Side.values:
            raise ValueError(f"side is {self.side!r}, not BUY or SELL")
        if not isinstance(self.quantity, Decimal) or not self.quantity > 0:
            raise ValueError(f"quantity is {self.quantity!r}, not a Decimal above zero")
        if self.executed_at is not None and self.executed_at.tzinfo is None:
            raise ValueError("executed_at has no timezone")

    def content(self) -> Content:
        """Return all reported values as text, in the order of `value_fields`."""
        return tuple(as_text(value) for value in _values()(self))

    def digest(self) -> str:
        """Return the SHA-256 of the content: equal for 100 and 100.00, and for any column order."""
        return digests(self.content())[0]


def digests(content: Content) -> tuple[str, str]:
    """
    Return the SHA-256 of a content, and of the same content were the trade cancelled.

    By the second a report is known that comes after the cancellation of its very trade.
    """
    values = ["null" if value is None else quoted(value) for value in content]
    text = f"[{', '.join(values)}]"
    cancelled = text[: -len(values[-1]) - 1] + _IS_CANCELLED
    return (
        hashlib.sha256(text.encode()).hexdigest(),
        hashlib.sha256(cancelled.encode()).hexdigest(),
    )


@cache
def _values() -> Callable[[object], tuple[Any, ...]]:
    return attrgetter(*value_fields())


@cache
def value_fields() -> tuple[str, ...]:
    """Return the names of all reported values, without `raw`, in a fixed order."""
    return tuple(item.name for item in fields(TradeReport) if item.name != "raw")


def as_text(value: Decimal | date | datetime | str | None) -> str | None:
    """Return a reported value as text: money to the digit, times as ISO 8601 in UTC."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return plain(value)
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value.isoformat()


def plain(value: Decimal) -> str:
    """Return a Decimal without exponent and without zeros that say nothing."""
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
