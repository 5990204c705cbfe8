"""
How much money a disagreement puts at risk, in the reconciliation's base currency.

============================================  =================================================
MISSING_LEFT, MISSING_RIGHT, SIDE, CURRENCY,  the notional: quantity x price, the larger of the
INSTRUMENT, STATE, DUPLICATE                  two sides where both are known
QUANTITY                                      the difference in quantity x price (larger side's)
PRICE                                         the difference in price x quantity (larger side's)
NET_AMOUNT, FEES, ACCRUED_INTEREST            the difference itself
SETTLEMENT_DATE, TRADE_DATE, ACCOUNT,         nothing: the money agrees
COUNTERPARTY
TIMING                                        unknown until the report is in
============================================  =================================================

Bonds are quoted in percent of par: at 99.5 a quantity of 1,000 is worth 995. All of it is exact
Decimal, rounded once, half to even, to the ten places a column holds. What cannot be known stays
unknown (None), with a note that says why and what to do.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

from django.db.models import DateField, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from breaks.choices import BreakType
from breaks.reported import ReportedTrade
from trades.choices import AssetClass, Side
from trades.currencies import major_unit
from trades.fields import DIGITS, PLACES
from trades.models import FxRate

# Four columns' worth of digits: quantity x price x unit x rate loses none before the rounding.
WIDE = Context(prec=5 * DIGITS, rounding=ROUND_HALF_EVEN)
STEP = Decimal(1).scaleb(-PLACES)
TOO_LARGE = Decimal(10) ** (DIGITS - PLACES)
PERCENT = Decimal("0.01")

MONEY_AGREES = frozenset(
    {
        BreakType.SETTLEMENT_DATE,
        BreakType.TRADE_DATE,
        BreakType.ACCOUNT,
        BreakType.COUNTERPARTY,
    }
)
AMOUNTS = frozenset({BreakType.NET_AMOUNT, BreakType.FEES, BreakType.ACCRUED_INTEREST})

NO_PRICE = "No price was reported: send the trade again with one, or run again once a source does."
NO_CURRENCY = "No currency was reported: send the trade again with one, then run again."
MIXED = "The sides are in different currencies ({}): settle the currency first, then run again."
NO_RATE = "No FX rate from {} to {} on or before {}: add one under FX rates, then run again."
LATE = "The report is late: what it puts at risk is known once it is in."
NO_DIFFERENCE = "The difference is not a number, so its money value cannot be told."
OVERFLOW = "The exposure has more digits than can be kept: check quantity, price and FX rate."


@dataclass(frozen=True, slots=True)
class Exposure:
    """Money at risk in `currency`; None where unknown, and then `note` says why."""

    amount: Decimal | None
    currency: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Position:
    """
    What one side of a break adds up to.

    `quantity` nets buys against sells, `price` is the average weighted by quantity, in whole
    units of `currency` (pence become pounds, percent of par becomes a price). `point` is what one
    point of a reported price is worth in that: a hundredth for bonds. Empty `currency`: not
    reported.
    """

    quantity: Decimal
    price: Decimal | None
    currency: str
    point: Decimal = Decimal(1)

    @classmethod
    def of(cls, legs: Sequence[ReportedTrade]) -> "Position":
        """Add up one or more trades of one side; the currency of mixed ones is unknown."""
        currencies = {major_unit(leg.currency)[0] for leg in legs}
        with localcontext(WIDE):
            signed = (leg.quantity if leg.side == Side.BUY else -leg.quantity for leg in legs)
            net = abs(sum(signed, Decimal(0)))
            priced = [(leg.quantity, _price(leg)) for leg in legs]
            price = None
            if all(each is not None for _, each in priced):
                gross = sum((quantity for quantity, _ in priced), Decimal(0))
                price = sum((q * (p or Decimal(0)) for q, p in priced), Decimal(0)) / gross
        return cls(
            quantity=net,
            price=price,
            currency=currencies.pop() if len(currencies) == 1 else "",
            point=min(_point(leg) for leg in legs),
        )


def _price(leg: ReportedTrade) -> Decimal | None:
    return None if leg.price is None else leg.price * major_unit(leg.currency)[1] * _point(leg)


def _point(leg: ReportedTrade) -> Decimal:
    return PERCENT if leg.asset_class == AssetClass.FIXED_INCOME else Decimal(1)


class Rates:
    """The FX table towards one base currency, read once for a range of trade dates."""

    def __init__(self, base: str, rates: dict[str, list[tuple[date, Decimal]]]) -> None:
        self.base = base
        self._rates = rates

    @classmethod
    def load(cls, *, base: str, from_date: date, to_date: date) -> "Rates":
        """Read, in one query, every rate in force on a day from `from_date` to `to_date`."""
        towards = FxRate.objects.filter(base=base, as_of_date__lte=to_date)
        before = towards.filter(currency=OuterRef("currency"), as_of_date__lte=from_date)
        first = Subquery(before.order_by("-as_of_date").values("as_of_date")[:1])
        since = Coalesce(first, Value(from_date), output_field=DateField())
        rows = towards.annotate(since=since).filter(Q(as_of_date__gte=F("since")))
        rates: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
        for currency, on, rate in rows.order_by("as_of_date").values_list(
            "currency", "as_of_date", "rate"
        ):
            rates[currency].append((on, rate))
        return cls(base, dict(rates))

    def on(self, currency: str, day: date) -> Decimal | None:
        """Return what one unit of a currency was worth in the base on a day; None if unknown."""
        if currency == self.base:
            return Decimal(1)
        known = self._rates.get(currency, [])
        place = bisect_right(known, day, key=lambda entry: entry[0])
        return known[place - 1][1] if place else None

    def convert(self, amount: Decimal | None, currency: str, day: date) -> Exposure:
        """Bring an amount (None: no price to tell it by) into the base, or say why it cannot be."""
        if amount is None:
            return self.unknown(NO_PRICE)
        if not currency:
            return self.unknown(NO_CURRENCY)
        iso, size = major_unit(currency)
        if (rate := self.on(iso, day)) is None:
            return self.unknown(NO_RATE.format(iso, self.base, day))
        with localcontext(WIDE):
            converted = abs(amount * size * rate)
            if converted >= TOO_LARGE:
                return self.unknown(OVERFLOW)
            return Exposure(converted.quantize(STEP), self.base)

    def unknown(self, note: str) -> Exposure:
        return Exposure(None, self.base, note)


def exposure_of(
    *,
    break_type: BreakType,
    left: Position | None,
    right: Position | None,
    difference: Decimal | None,
    trade_date: date,
    rates: Rates,
) -> Exposure:
    """
    Return the money a disagreement puts at risk; see the table at the head of this module.

    `left` and `right` are None for a side that did not report. `difference` is left less right,
    a price or amount in whole units of the currency.
    """
    if break_type == BreakType.TIMING:
        return rates.unknown(LATE)
    if break_type in MONEY_AGREES:
        return Exposure(Decimal(0), rates.base)
    sides = [side for side in (left, right) if side is not None]
    if break_type in AMOUNTS | {BreakType.QUANTITY, BreakType.PRICE}:
        if difference is None:
            return rates.unknown(NO_DIFFERENCE)
        if break_type != BreakType.QUANTITY:
            return _in_common_currency(break_type, sides, difference, trade_date, rates)
    known = [
        rates.convert(
            _times(side.quantity if difference is None else difference, side.price)
            if break_type == BreakType.QUANTITY
            else _times(side.quantity, side.price),
            side.currency,
            trade_date,
        )
        for side in sides
    ]
    return _largest(known)


def _in_common_currency(
    break_type: BreakType,
    sides: list[Position],
    difference: Decimal,
    trade_date: date,
    rates: Rates,
) -> Exposure:
    """Weigh a difference of prices or amounts, which means nothing across two currencies."""
    currencies = sorted({side.currency for side in sides if side.currency})
    if len(currencies) > 1:
        return rates.unknown(MIXED.format(" and ".join(currencies)))
    factor = Decimal(1)
    if break_type == BreakType.PRICE:
        factor = max(side.quantity for side in sides) * min(side.point for side in sides)
    return rates.convert(_times(difference, factor), "".join(currencies), trade_date)


def _times(first: Decimal, second: Decimal | None) -> Decimal | None:
    return None if second is None else WIDE.multiply(first, second)


def _largest(found: list[Exposure]) -> Exposure:
    """Return the largest known exposure; the first side's note if none is known."""
    known = [each for each in found if each.amount is not None]
    return max(known, key=lambda each: each.amount or Decimal(0)) if known else found[0]
