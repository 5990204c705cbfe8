"""Two sides of a match side by side: which fields differ, and by how much."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from matching.models import MatchDifference, Reconciliation
from trades.admin.cells import (
    NOTHING,
    badge,
    day,
    digits,
    link,
    moment,
    money,
    number,
    short,
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
    so GBX 10,050 against GBP 100.50 stays dark.
    """
    lit = set(differing)
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
                differs=name in lit,
                gap=gap(ours, theirs) if name in lit else "",
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


def gap(ours: Any, theirs: Any) -> SafeString | str:
    """Write the size of a difference: absolute and relative for numbers, days for dates."""
    if isinstance(ours, Decimal) and isinstance(theirs, Decimal):
        less = ours - theirs
        if not theirs:
            return signed(less)
        part = Decimal(f"{less / theirs * 100:.4g}")
        return format_html("{} <small>{}%</small>", signed(less), signed(part))
    if isinstance(ours, date) and isinstance(theirs, date):
        days = (ours - theirs).days
        return f"{days:+d} day{'' if abs(days) == 1 else 's'}"
    return "differs"


def difference_rows(differences: Iterable[MatchDifference]) -> list[list[Any]]:
    """Return the engine's differences as table rows: field, left, right, difference, let pass."""
    return [
        [
            FIELDS.get(found.field, (found.field.replace("_", " ").capitalize(), ""))[0],
            value_text(found.left_value),
            value_text(found.right_value),
            signed(found.difference) if found.difference is not None else NOTHING,
            found.tolerance or NOTHING,
        ]
        for found in differences
    ]


def value_text(text: str) -> SafeString | str:
    """Show a value kept as text: a number with thousands separated, anything else as it is."""
    return digits(text) if text else NOTHING


def leg_row(trade: Trade, compared_version: int) -> list[Any]:
    """Return one leg as a table row; a leg amended since it was compared says so."""
    named: Any = link("trades_trade", trade.pk, trade.source_trade_id)
    if compared_version != trade.version:
        named = format_html("{} {}", named, badge("ESCALATED", "amended since"))
    return [
        trade.source.name,
        named,
        trade.get_side_display(),
        number(trade.quantity),
        number(trade.price, places=2),
        money(trade.net_amount, trade.currency),
        short(str(trade.instrument or trade.symbol), width="medium"),
        short(trade.account_code, width="medium"),
        day(trade.trade_date),
    ]


LEG_HEAD = ("Source", "Trade", "Side", "Quantity", "Price", "Net amount", "Instrument", "Account",
            "Trade date")  # fmt: skip
LEG_NUMBERS = frozenset({3, 4, 5})


def leg_rows(legs: Sequence[Any]) -> list[list[Any]]:
    """Return the legs as rows, with a sum beneath a side of more than one."""
    rows = []
    for side in ("left", "right"):
        of_side = [leg for leg in legs if leg.side == side]
        rows += [leg_row(leg.trade, leg.trade_version) for leg in of_side]
        if len(of_side) > 1:
            total = sum((leg.trade.quantity for leg in of_side), Decimal(0))
            rows.append([
                "", format_html("<b>Sum of {}</b>", len(of_side)), "",
                format_html("<b>{}</b>", number(total)), _average(of_side), "", "", "", "",
            ])  # fmt: skip
    return rows


def _average(legs: Sequence[Any]) -> Any:
    if any(leg.trade.price is None for leg in legs):
        return NOTHING
    quantity = sum((leg.trade.quantity for leg in legs), Decimal(0))
    value = sum((leg.trade.quantity * leg.trade.price for leg in legs), Decimal(0))
    average = (value / quantity).quantize(Decimal("0.000001"))
    return format_html('<b title="average price">{}</b>', number(average, places=2))


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
