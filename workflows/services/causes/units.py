"""A factor between two sources' figures, put right in how the file is read: as a layout's habit."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from breaks.models import TradeBreak
from connectors.models import Delivery, Feed, Layout
from connectors.units import power_of_ten
from trades.reports import plain
from workflows.models import RootCauseFinding
from workflows.services.causes.refusing import CauseRefused

COLUMN = {"PRICE": "price", "QUANTITY": "quantity", "NET_AMOUNT": "net_amount"}
LONDON = ["venue", ["XLON"]]


def is_of_a_layout(fix: Mapping[str, Any]) -> bool:
    """Tell whether a layout can say it: a power of ten, everywhere or on some currencies."""
    return _column(fix) is not None and _currencies(fix) is not None and _power(fix) is not None


def layout_fix(row: RootCauseFinding, fix: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """
    Return the LAYOUT_HABIT that reads the right source's figures in our units.

    :raises CauseRefused: if no one layout reads them, or other sources are read by it too.
    """
    column, currencies, power = _column(fix), _currencies(fix), _power(fix)
    if column is None or currencies is None or power is None:
        raise CauseRefused(f"No layout can say this. It is put right at the source: "
                           f"{row.fix_in_words}")  # fmt: skip
    layout = _layout(row)
    factors = _with(layout.unit_factors, column, currencies, power)
    return "LAYOUT_HABIT", {"key": layout.pk, "changes": {"unit_factors": factors}}


def _with(known: dict[str, str], column: str, currencies: list[str], power: int) -> dict[str, str]:
    """Return a layout's factors with one more on a column: what it had already counts too."""
    names = [f"{column} {currency}" for currency in currencies]
    names = names or [column, *(name for name in known if name.startswith(f"{column} "))]
    factors = dict(known)
    for name in names:
        factor = Decimal(factors.pop(name, known.get(column, "1"))).scaleb(power)
        if factor != 1:
            factors[name] = plain(factor)
        elif name != column and column in known and currencies:
            raise CauseRefused(f"The {column} has a factor that holds for every currency but "
                               "these: edit the layout's unit factors yourself.")  # fmt: skip
    return factors


def _column(fix: Mapping[str, Any]) -> str | None:
    if fix.get("kind") == "price_unit":
        return "price"
    return COLUMN.get(fix.get("field", ""))


def _power(fix: Mapping[str, Any]) -> int | None:
    return power_of_ten(fix.get("factor"))


def _currencies(fix: Mapping[str, Any]) -> list[str] | None:
    """Return the currencies it holds for, none for all; None where it holds for less than those."""
    terms = [list(term) for term in fix.get("where", ())]
    if fix.get("kind") == "price_unit":
        # Pence are of pounds, wherever they were found.
        terms = [term for term in terms if term != LONDON] or [["currency", ["GBP"]]]
    if not terms:
        return []
    if len(terms) > 1 or terms[0][0] != "currency":
        return None
    return [str(code) for code in terms[0][1]]


def _layout(row: RootCauseFinding) -> Layout:
    """Return the one layout by which the right source's trades of the finding were read."""
    source = row.reconciliation.right_source
    deliveries = (
        TradeBreak.objects.filter(cause_links__finding=row, right_trade__source=source)
        .order_by()
        .values_list("right_trade__delivery_id", flat=True)
        .distinct()
    )
    read = Layout.objects.filter(
        pk__in=Delivery.objects.filter(pk__in=deliveries).values("layout")
    ).order_by("pk")[:2]
    if len(read) != 1:
        found = "more than one layout" if read else "no layout"
        raise CauseRefused(
            f"{source} was read by {found} here, so the desk cannot say which to change: edit "
            f"the unit factors of its layout yourself. {row.fix_in_words}"
        )
    layout: Layout = read[0]
    others = (
        Feed.objects.filter(layout=layout).exclude(source=source).values_list("source__name"),
        Delivery.objects.filter(layout=layout).exclude(source=source).values_list("source__name"),
    )
    other = next((name for found in others for (name,) in found.order_by()[:1]), None)
    if other is not None:
        raise CauseRefused(
            f"The layout {layout} reads {other} too, whose figures would change with it: give "
            f"the feed of {source} a layout of its own first, then apply this."
        )
    return layout
