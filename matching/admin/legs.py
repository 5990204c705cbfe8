"""The legs of a group: every trade, what each side comes to, and how far the two are apart."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from matching.admin.comparison import relative
from trades.admin.cells import NOTHING, badge, link, money, number, short, signed
from trades.admin.page import Panel
from trades.choices import Side
from trades.currencies import major_unit
from trades.models import Trade

_STEP = Decimal("0.000001")
# What is mostly the same for all legs of a group.
_WORDS: dict[str, Callable[[Trade], str]] = {
    "Instrument": lambda trade: str(trade.instrument or trade.symbol),
    "Account": lambda trade: str(trade.account or trade.account_code),
    "Trade date": lambda trade: trade.trade_date.isoformat(),
}


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


def legs_panel(legs: Sequence[Any], differing: Collection[str], note: str = "") -> Panel:
    """
    Show the legs, each side's sum beneath it, and last how far the sums are apart.

    `differing` are the engine's names of the fields that disagree: only they are lit. What all
    legs have in common is said once, above them.
    """
    trades = [leg.trade for leg in legs]
    apart, common = {}, []
    for label, said in _WORDS.items():
        values = {said(trade) for trade in trades}
        if len(values) > 1:
            apart[label] = said
        else:
            common += [value for value in values if value]
    rows, totals = [], []
    for side in ("left", "right"):
        of_side = [leg for leg in legs if leg.side == side]
        rows += [
            [*_leg_row(leg), *(short(said(leg.trade), width="medium") for said in apart.values())]
            for leg in of_side
        ]
        if of_side:
            totals.append(Total.of([leg.trade for leg in of_side]))
        if len(of_side) > 1:
            rows.append([*_sum_row(totals[-1], len(of_side)), *("" for _ in apart)])
    if len(totals) == 2 and len(legs) > 2:
        rows.append([*_apart_row(totals[0], totals[1], differing), *("" for _ in apart)])
    return Panel(
        title="Trades",
        note=" \u00b7 ".join(word for word in (note, *common) if word),
        head=("Source", "Trade", "Side", "Quantity", "Price", "Net amount", *apart),
        rows=rows,
        numeric=frozenset({3, 4, 5}),
    )


def _leg_row(leg: Any) -> list[Any]:
    """Return one leg as a table row; a leg amended since it was compared says so."""
    trade: Trade = leg.trade
    named: Any = link("trades_trade", trade.pk, trade.source_trade_id)
    if leg.trade_version != trade.version:
        named = format_html("{} {}", named, badge("ESCALATED", "amended since"))
    return [
        trade.source.name,
        named,
        trade.get_side_display(),
        number(trade.quantity),
        number(trade.price, places=2),
        money(trade.net_amount, trade.currency),
    ]


def _sum_row(total: Total, count: int) -> list[Any]:
    price: Any = NOTHING
    if total.price is not None:
        price = format_html(
            '<b title="average price">{}</b>', number(total.price.quantize(_STEP), places=2)
        )
    return [
        "",
        format_html("<b>Sum of {}</b>", count),
        _word(total.quantity),
        format_html("<b>{}</b>", number(abs(total.quantity))),
        price,
        format_html("<b>{}</b>", money(total.net_amount, total.currency)),
    ]


def _apart_row(left: Total, right: Total, differing: Collection[str]) -> list[Any]:
    quantities = (left.quantity, right.quantity)
    if (left.quantity < 0) == (right.quantity < 0):
        # Both sold, or both bought: the one with more is the larger.
        quantities = (abs(left.quantity), abs(right.quantity))
    pairs = {
        "quantity": quantities,
        "price": (left.price, right.price),
        "net_amount": (left.net_amount, right.net_amount),
    }
    if left.currency != right.currency:
        pairs |= {"price": (None, None), "net_amount": (None, None)}
    cells = (_apart(*pair, name, lit=name in differing) for name, pair in pairs.items())
    return ["", format_html('<span class="dk-soft">{}</span>', "Apart"), "", *cells]


def _apart(ours: Decimal | None, theirs: Decimal | None, name: str, *, lit: bool) -> SafeString:
    if ours is None or theirs is None:
        return NOTHING
    less = ours - theirs
    if not less:
        return format_html('<span class="dk-num dk-soft">{}</span>', "agree")
    shown = signed(less.quantize(_STEP) if name == "price" else less)
    return format_html(
        '<span class="dk-num {}">{} <small>{}</small></span>',
        "dk-lit-cell" if lit else "dk-soft",
        shown,
        relative(less, theirs, name) if theirs else "",
    )


def _signed(trade: Trade) -> Decimal:
    return trade.quantity if trade.side == Side.BUY else -trade.quantity


def _word(quantity: Decimal) -> str:
    return str(Side.BUY.label if quantity >= 0 else Side.SELL.label)
