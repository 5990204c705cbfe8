"""What was truly done in the demo's week, before anybody reports it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from random import Random

from trades.choices import AssetClass, Side
from workflows.demo.market import Instrument
from workflows.demo.parties import ACCOUNTS, PARTIES, Book, Party

CENT = Decimal("0.01")
BASIS_POINT = Decimal("0.0001")
SIZES = (5_000, 20_000, 80_000, 300_000, 1_200_000)
BOOKS = {
    AssetClass.FIXED_INCOME: ("FI-1", "FI-2", "MA-1"),
    AssetClass.CRYPTO: ("DIG-1",),
    AssetClass.FX: ("OVL-1", "MA-1"),
}
BOOKS_BY_COUNTRY = {
    "US": ("USEQ-1", "USEQ-2", "GEQ-1", "GEQ-2", "MA-1"),
    "GB": ("UKEQ-1", "GEQ-1", "GEQ-2"),
    "JP": ("JPEQ-1", "GEQ-1"),
}
ELSEWHERE = ("EUEQ-1", "GEQ-1", "GEQ-2", "MA-1")
BOOK = {book.code: book for book in ACCOUNTS}


@dataclass(slots=True)
class Execution:
    """One execution as it happened: `price` as quoted, amounts in the ISO currency."""

    instrument: Instrument
    side: Side
    quantity: Decimal
    price: Decimal
    executed_at: datetime
    trade_date: date
    settlement_date: date
    party: Party
    book: Book
    order_ref: str
    execution_ref: str
    block_ref: str = ""
    commission: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    accrued_interest: Decimal = Decimal(0)

    @property
    def places(self) -> Decimal:
        """The smallest amount of its currency."""
        return Decimal(1) if self.instrument.currency == "JPY" else CENT

    @property
    def gross_amount(self) -> Decimal:
        worth = self.instrument.face * self.instrument.unit
        return (self.quantity * self.price * worth).quantize(self.places, ROUND_HALF_UP)

    @property
    def net_amount(self) -> Decimal:
        """What is paid or received: costs raise the one and lower the other."""
        costs = self.commission + self.fees
        signed = costs if self.side == Side.BUY else -costs
        return self.gross_amount + self.accrued_interest + signed


@dataclass(slots=True)
class Deal:
    """One business done, as executions booked by us and by the other side: one or several."""

    ours: list[Execution]
    theirs: list[Execution] = field(default_factory=list)

    @property
    def is_single(self) -> bool:
        return len(self.ours) == len(self.theirs) == 1


def deals(
    *, market: Sequence[Instrument], days: Sequence[date], count: int, splits: Decimal, rng: Random
) -> list[Deal]:
    """
    Return `count` deals spread over the business `days`, in order of time.

    `days` reach past the last trade date, so that settlement dates can be counted on them: the
    last five are for that only. `splits` is the share of deals booked as a block on one side and
    as its fills on the other.
    """
    trading_days = len(days) - 5
    made: list[Deal] = []
    for at in range(trading_days):
        wanted = count * (at + 1) // trading_days - len(made)
        orders = _orders(market, days, at, rng)
        today: list[Deal] = []
        while len(today) < wanted:
            today += [Deal([done], [done]) for done in next(orders)]
        del today[wanted:]
        blocks = max(round(wanted * splits), 1 if splits else 0)
        for index in rng.sample(range(wanted), blocks):
            _split(today[index], rng)
        today.sort(key=lambda deal: deal.ours[0].executed_at)
        made += today
    return made


def _orders(
    market: Sequence[Instrument], days: Sequence[date], at: int, rng: Random
) -> Iterator[list[Execution]]:
    """Yield the executions of one order after another; first some bonds and a share class."""
    drift = {id(one): Decimal(rng.randint(-250, 250)) * BASIS_POINT for one in market}
    bonds = [one for one in market if one.asset_class == AssetClass.FIXED_INCOME]
    classes = [one for one in market if one.sibling]
    wanted = [*rng.sample(bonds, 3), rng.choice(classes)]
    while True:
        single = bool(wanted)
        instrument = wanted.pop(0) if wanted else rng.choice(market)
        first = _execution(instrument, drift[id(instrument)], days, at, rng)
        done = [first]
        while not single and len(done) < 3 and rng.random() < 0.18:
            done.append(_another(first, rng))
        yield done


def _execution(
    instrument: Instrument, drift: Decimal, days: Sequence[date], at: int, rng: Random
) -> Execution:
    listing = instrument.listing
    minute = rng.randint(listing.opens, listing.closes)
    moment = datetime.combine(days[at], time(), UTC) + timedelta(
        minutes=minute, seconds=rng.randint(0, 59)
    )
    price = _on_tick(instrument, instrument.price * (1 + drift), rng)
    codes = BOOKS.get(instrument.asset_class) or BOOKS_BY_COUNTRY.get(listing.country, ELSEWHERE)
    done = Execution(
        instrument=instrument,
        side=rng.choice((Side.BUY, Side.SELL)),
        quantity=_quantity(instrument, price, rng),
        price=price,
        executed_at=moment,
        trade_date=days[at],
        settlement_date=days[at + listing.settles],
        party=rng.choice(PARTIES),
        book=BOOK[rng.choice(codes)],
        order_ref=f"ORD-{rng.randint(0, 10**8 - 1):08d}",
        execution_ref=f"{rng.randint(10**6, 10**9 - 1):010d}",
    )
    _charge(done, rng)
    return done


def _another(first: Execution, rng: Random) -> Execution:
    """Return a further execution of the same order, minutes later."""
    price = _on_tick(first.instrument, first.price, rng)
    more = replace(
        first,
        price=price,
        quantity=_quantity(first.instrument, price, rng),
        executed_at=first.executed_at + timedelta(seconds=rng.randint(20, 900)),
        execution_ref=f"{rng.randint(10**6, 10**9 - 1):010d}",
    )
    if more.executed_at.date() != first.executed_at.date():
        more.executed_at = first.executed_at
    _charge(more, rng)
    return more


def _on_tick(instrument: Instrument, about: Decimal, rng: Random) -> Decimal:
    moved = about * (1 + Decimal(rng.randint(-30, 30)) * BASIS_POINT)
    ticks = (moved / instrument.tick).to_integral_value(ROUND_HALF_UP)
    return max(ticks, Decimal(1)) * instrument.tick


def _quantity(instrument: Instrument, price: Decimal, rng: Random) -> Decimal:
    wanted = Decimal(rng.choice(SIZES) * rng.randint(60, 160)) / 100
    exact = wanted / instrument.dollars(Decimal(1), price)
    if instrument.asset_class == AssetClass.CRYPTO:
        return exact.quantize(BASIS_POINT)
    lot = 1000 if instrument.asset_class in {AssetClass.FIXED_INCOME, AssetClass.FX} else 1
    if lot == 1 and exact >= 200 and rng.random() < 0.55:
        lot = 100
    return max(int(exact) // lot, 1) * Decimal(lot)


def _charge(done: Execution, rng: Random) -> None:
    """Set commission, fees and accrued interest, to the smallest amount of the currency."""
    kind = done.instrument.asset_class
    gross = done.gross_amount
    if kind in {AssetClass.EQUITY, AssetClass.CRYPTO}:
        rate = Decimal(rng.choice((2, 3, 5, 8))) * BASIS_POINT
        done.commission = (gross * rate).quantize(done.places, ROUND_HALF_UP)
        stamp = done.instrument.listing.country == "GB" and done.side == Side.BUY
        levy = Decimal(50) if stamp else Decimal("0.3")
        done.fees = (gross * levy * BASIS_POINT).quantize(done.places, ROUND_HALF_UP)
    if done.instrument.coupon:
        days = (done.trade_date - done.instrument.last_coupon).days % 182
        yearly = done.quantity * done.instrument.coupon / 100
        done.accrued_interest = (yearly * days / 360).quantize(CENT, ROUND_HALF_UP)


def _split(deal: Deal, rng: Random) -> None:
    """Book the deal as a block on one side and as two to four fills of it on the other."""
    block = deal.ours[0]
    parts = _parts(block.quantity, rng)
    if parts is None or block.instrument.coupon:
        return
    fills = []
    for part in parts:
        fill = replace(block, quantity=part, price=_on_tick(block.instrument, block.price, rng))
        fill.execution_ref = f"{rng.randint(10**6, 10**9 - 1):010d}"
        fill.executed_at = block.executed_at + timedelta(seconds=rng.randint(0, 240))
        if fill.executed_at.date() != block.executed_at.date():
            fill.executed_at = block.executed_at
        _charge(fill, rng)
        fills.append(fill)
    worth = sum((fill.quantity * fill.price for fill in fills), Decimal(0))
    block.price = (worth / block.quantity).quantize(Decimal("0.00000001"))
    block.commission = sum((fill.commission for fill in fills), Decimal(0))
    block.fees = sum((fill.fees for fill in fills), Decimal(0))
    block.block_ref = f"BLK{rng.randint(10**5, 10**6 - 1)}"
    for fill in fills:
        fill.block_ref = block.block_ref
    deal.ours, deal.theirs = ([block], fills) if rng.random() < 0.7 else (fills, [block])


def _parts(quantity: Decimal, rng: Random) -> list[Decimal] | None:
    """Return two to four parts in whole lots that add up, or None for too small a quantity."""
    lot = Decimal(100) if quantity % 100 == 0 else Decimal(1)
    lots = int(quantity / lot)
    if quantity != lots * lot or lots < 5:
        return None
    cuts = sorted(rng.sample(range(1, lots), rng.choice((1, 2, 2, 3))))
    edges = [0, *cuts, lots]
    return [lot * (end - start) for start, end in pairwise(edges)]
