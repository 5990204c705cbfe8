"""Two sides of a match side by side: which fields differ, and by how much."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from matching.models import MatchDifference, Reconciliation
from trades.admin.cells import (
    NOTHING,
    day,
    digits,
    link,
    moment,
    signed,
)
from trades.models import Trade

_NUMBERS = {"quantity", "price", "gross_amount", "commission", "fees", "accrued_interest",
            "net_amount"}  # fmt: skip
_DATES = {"trade_date", "settlement_date"}

# Engine field -> (what the desk calls it, attribute that holds what was reported)
FIELDS: dict[str, tuple[str, str]] = {
    "side": ("Side", "side"),
    "quantity": ("Quantity", "quantity"),
    "price": ("Price", "price"),
    "currency": ("Currency", "currency"),
    "net_amount": ("Net amount", "net_amount"),
    "gross_amount": ("Gross amount", "gross_amount"),
    "commission": ("Commission", "commission"),
    "fees": ("Fees", "fees"),
    "accrued_interest": ("Accrued interest", "accrued_interest"),
    "instrument": ("Instrument", "instrument"),
    "isin": ("ISIN", "isin"),
    "cusip": ("CUSIP", "cusip"),
    "sedol": ("SEDOL", "sedol"),
    "symbol": ("Symbol", "symbol"),
    "trade_date": ("Trade date", "trade_date"),
    "settlement_date": ("Settles", "settlement_date"),
    "executed_at": ("Executed", "executed_at"),
    "counterparty": ("Counterparty", "counterparty_name"),
    "account": ("Account", "account_code"),
    "venue": ("Venue", "venue"),
    "state": ("State", "state"),
    "order_ref": ("Order", "order_ref"),
    "block_ref": ("Block", "block_ref"),
    "execution_ref": ("Execution", "execution_ref"),
}


MIXED = ("Reported", "Against")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One field of both sides; `differs` lights it, `gap` is the size of the difference."""

    label: str
    left: Any
    right: Any
    differs: bool = False
    gap: Any = ""


def side_names() -> tuple[str, str]:
    """Name the two sides of a list: by source where only one pair is compared."""
    pairs = list(Reconciliation.objects.select_related("left_source", "right_source")[:2])
    if len(pairs) == 1:
        return pairs[0].left_source.name, pairs[0].right_source.name
    return MIXED


def lines(left: Trade | None, right: Trade | None, differing: Iterable[str]) -> list[Line]:
    """
    Compare two trades field by field, the differing ones first; None is a side without a trade.

    `differing` are the engine's field names that disagree: it decides, not the text on the page,
    so GBX 10,050 against GBP 100.50 stays dark. As a mapping they carry the difference as it was
    measured, in one unit.
    """
    measured = differing if isinstance(differing, Mapping) else dict.fromkeys(differing)
    found = []
    for name, (label, attribute) in FIELDS.items():
        ours, theirs = _value(left, attribute), _value(right, attribute)
        if ours in (None, "") and theirs in (None, ""):
            continue
        found.append(
            Line(
                label=label,
                left=_shown(ours, name, left),
                right=_shown(theirs, name, right),
                differs=name in measured,
                gap=_size(measured[name], ours, theirs, name) if name in measured else "",
            )
        )
    return sorted(found, key=lambda line: not line.differs)


def compared(
    between: Reconciliation, left: Trade | None, right: Trade | None, differing: Iterable[str]
) -> dict[str, Any]:
    """Return the side-by-side table of two trades, headed by the sources' names."""
    return {
        "left": between.left_source.name,
        "right": between.right_source.name,
        "left_trade": _head(left),
        "right_trade": _head(right),
        "lines": lines(left, right, differing),
    }


def _head(trade: Trade | None) -> SafeString:
    if trade is None:
        return mark_safe('<span class="dk-unknown">not reported</span>')
    return link("trades_trade", trade.pk, trade.source_trade_id)


def _size(measured: Any, ours: Any, theirs: Any, name: str) -> SafeString | str:
    if measured is not None and measured.difference is not None:
        return size_of(measured, name)
    return gap(ours, theirs, name)


def size_of(measured: Any, name: str) -> SafeString | str:
    """Write the size of a difference kept as `difference`, `left_value` and `right_value`."""
    if measured.difference is None:
        return NOTHING
    ours, theirs = _number(measured.left_value), _number(measured.right_value)
    # Values in two units, pence and pounds, do not tell what part of them the difference is.
    one_unit = ours is not None and theirs is not None and ours - theirs == measured.difference
    return _measured(measured.difference, theirs if one_unit else None, name)


def gap(ours: Any, theirs: Any, name: str = "") -> SafeString | str:
    """Write the size of a difference: absolute and relative for numbers, days for dates."""
    if isinstance(ours, Decimal) and isinstance(theirs, Decimal):
        return _measured(ours - theirs, theirs, name)
    if isinstance(ours, date) and isinstance(theirs, date):
        days = (ours - theirs).days
        return f"{days:+d} day{'' if abs(days) == 1 else 's'}"
    return "differs"


def _measured(less: Decimal, against: Decimal | None, name: str) -> SafeString | str:
    if not against or not less:
        return signed(less)
    return format_html("{} <small>{}</small>", signed(less), relative(less, against, name))


def relative(less: Decimal, against: Decimal, name: str = "") -> str:
    """Write a difference as a part of a value: a price's in basis points below one percent."""
    part = less / abs(against) * 100
    if name == "price" and abs(part) < 1:
        return f"{signed(Decimal(f'{part * 100:.4g}'))} bps"
    return f"{signed(Decimal(f'{part:.4g}'))}%"


def _number(text: str) -> Decimal | None:
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def difference_rows(differences: Iterable[MatchDifference]) -> list[list[Any]]:
    """Return the engine's differences as table rows: field, left, right, difference, let pass."""
    return [
        [
            FIELDS.get(found.field, (found.field.replace("_", " ").capitalize(), ""))[0],
            value_text(found.left_value),
            value_text(found.right_value),
            size_of(found, found.field),
            let_pass(found.tolerance),
        ]
        for found in differences
    ]


def let_pass(text: str) -> SafeString:
    """Show a tolerance to four digits that count; its title has them all."""
    limit = _number(text) if text else None
    if limit is None:
        return NOTHING
    exact, brief = digits(limit), digits(Decimal(f"{limit:.4g}"))
    return format_html('<span class="dk-num" title="{}">{}</span>', exact, brief)


def value_text(text: str) -> SafeString | str:
    """Show a value kept as text: a number with thousands separated, anything else as it is."""
    return digits(text) if text else NOTHING


def _value(trade: Trade | None, attribute: str) -> Any:
    return None if trade is None else getattr(trade, attribute)


def _shown(value: Any, name: str, trade: Trade | None) -> Any:
    if value in (None, ""):
        return NOTHING
    if name in _NUMBERS:
        return digits(value, places=0 if name == "quantity" else 2)
    if name in _DATES:
        return day(value)
    if name == "executed_at":
        return moment(value)
    # What was reported, and beside it what the reference data takes it for.
    meant = getattr(trade, name, None) if name in ("counterparty", "account") else None
    if meant is not None and str(meant) != value:
        return format_html("<small>{}</small> {}", meant, value)
    return value
