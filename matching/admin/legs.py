"""The legs of a group: every trade, what each side comes to, and how far the two are apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from matching.admin.comparison import relative
from trades.admin.cells import NOTHING, badge, day, link, money, number, short, signed
from trades.choices import Side
from trades.currencies import major_unit
from trades.models import Trade

LEG_HEAD = ("Source", "Trade", "Side", "Quantity", "Price", "Net amount", "Instrument", "Account",
            "Trade date")  # fmt: skip
LEG_NUMBERS = frozenset({3, 4, 5})
_STEP = Decimal("0.000001")


@dataclass(frozen=True)
class Total:
    """
    What the legs of one side come to.

    `quantity` is net, above zero for more bought than sold; `price` is the average by quantity,
    and `net_amount` the sum. Prices and amounts are in whole units of `currency`, and None where a
    leg has none or the legs are in several.
    """

    quantity: Decimal
    price: Decimal | None
    net_amount: Decimal | None
    currency: str

    @classmethod
    def of(cls, trades: Sequence[Trade]) -> "Total":
        units = [major_unit(trade.currency) for trade in trades]
        currency = units[0][0] if len({name for name, _ in units}) == 1 else ""
        quantity = sum((trade.quantity for trade in trades), Decimal(0))
        scaled = [(trade, size) for trade, (_, size) in zip(trades, units, strict=True)]
        prices = [(t.quantity, t.price * size) for t, size in scaled if t.price is not None]
        amounts = [t.net_amount * size for t, size in scaled if t.net_amount is not None]
        priced = currency and len(prices) == len(trades)
        value = sum((count * price for count, price in prices), Decimal(0))
        return cls(
            quantity=sum((_signed(trade) for trade in trades), Decimal(0)),
            price=value / quantity if priced else None,
            net_amount=sum(amounts, Decimal(0))
            if currency and len(amounts) == len(trades)
            else None,
            currency=currency,
        )


def leg_rows(legs: Sequence[Any]) -> list[list[Any]]:
    """Return the legs as rows, each side's sum beneath it, and last how far the sums are apart."""
    rows, totals = [], []
    for side in ("left", "right"):
        of_side = [leg for leg in legs if leg.side == side]
        rows += [_leg_row(leg.trade, leg.trade_version) for leg in of_side]
        if of_side:
            totals.append(Total.of([leg.trade for leg in of_side]))
        if len(of_side) > 1:
            rows.append(_sum_row(totals[-1], len(of_side)))
    if len(totals) == 2 and len(legs) > 2:
        rows.append(_apart_row(*totals))
    return rows


def _leg_row(trade: Trade, compared_version: int) -> list[Any]:
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


def _sum_row(total: Total, count: int) -> list[Any]:
    price: Any = NOTHING
    if total.price is not None:
        price = format_html(
            '<b title="average price">{}</b>', number(total.price.quantize(_STEP), places=2)
        )
    amount = money(total.net_amount, total.currency)
    return [
        "", format_html("<b>Sum of {}</b>", count), _word(total.quantity),
        format_html("<b>{}</b>", number(abs(total.quantity))), price,
        format_html("<b>{}</b>", amount), "", "", "",
    ]  # fmt: skip


def _apart_row(left: Total, right: Total) -> list[Any]:
    one_currency = left.currency == right.currency
    return [
        "",
        format_html('<b class="dk-apart">{}</b>', "Apart"),
        "",
        _apart(left.quantity, right.quantity),
        _apart(left.price, right.price, "price") if one_currency else NOTHING,
        _apart(left.net_amount, right.net_amount) if one_currency else NOTHING,
        "",
        "",
        "",
    ]


def _apart(ours: Decimal | None, theirs: Decimal | None, name: str = "") -> SafeString:
    if ours is None or theirs is None:
        return NOTHING
    less = ours - theirs
    shown = signed(less.quantize(_STEP) if name == "price" else less)
    if not less:
        return format_html('<span class="dk-num dk-soft">{}</span>', "agree")
    part = relative(less, theirs, name) if theirs else ""
    return format_html('<b class="dk-num dk-lit-cell">{} <small>{}</small></b>', shown, part)


def _signed(trade: Trade) -> Decimal:
    return trade.quantity if trade.side == Side.BUY else -trade.quantity


def _word(quantity: Decimal) -> str:
    return str(Side.BUY.label if quantity >= 0 else Side.SELL.label)
