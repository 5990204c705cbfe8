"""A source's report of an execution: one row of its file, in canonical names."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random

from trades.choices import AssetClass, Side, TradeState
from workflows.demo import dirt
from workflows.demo.market import Instrument
from workflows.demo.trading import Execution


@dataclass(slots=True)
class Report:
    """What one source says of one execution; an empty or None value is not reported."""

    trade_id: str
    trade_date: date
    settlement_date: date | None
    executed_at: datetime | None
    symbol: str
    isin: str
    cusip: str
    sedol: str
    security_name: str
    asset_class: str
    side: Side
    quantity: Decimal
    price: Decimal
    currency: str
    gross_amount: Decimal
    commission: Decimal
    fees: Decimal
    accrued_interest: Decimal | None
    net_amount: Decimal
    counterparty: str
    counterparty_lei: str
    account: str
    venue: str
    order_ref: str
    block_ref: str
    execution_ref: str
    state: TradeState = TradeState.NEW
    portfolio: str = ""


CANONICAL = tuple(one.name for one in fields(Report) if one.name != "portfolio")

CUSTODIAN = {
    "TradeID": "trade_id", "TradeDate": "trade_date", "SettleDate": "settlement_date",
    "ExecTime": "executed_at", "Symbol": "symbol", "CUSIP": "cusip", "BuySellIndicator": "side",
    "Quantity": "quantity", "Price": "price", "GrossAmount": "gross_amount",
    "NetAmount": "net_amount", "Currency": "currency", "Counterparty": "counterparty",
    "Account": "account", "Portfolio": "portfolio", "Commission": "commission", "Fees": "fees",
    "Reference": "execution_ref", "OrderRef": "order_ref",
}  # fmt: skip


def by_oms(done: Execution, *, trade_id: str, rng: Random) -> Report:
    """Return our own report: ISINs, formal names, our references; money as the price is quoted."""
    report = _plain(done, trade_id)
    hundred = 1 / done.instrument.unit
    for name in ("gross_amount", "commission", "fees", "net_amount"):
        setattr(report, name, getattr(report, name) * hundred)
    report.currency = done.instrument.listing.currency
    report.cusip = ""
    if rng.random() < 0.04 and report.isin:
        report.symbol = ""
    if rng.random() < 0.01:
        report.counterparty = report.counterparty_lei = ""
    if rng.random() < 0.05:
        report.execution_ref = ""
    return report


def by_custodian(
    done: Execution, *, trade_id: str, refers: dirt.Reference, initials: bool, rng: Random
) -> Report:
    """
    Return the custodian's report: CUSIPs, its own account codes, names and references spelled
    its own way, prices in pounds where we quote pence, and a clock of its own.

    `refers` says how it quotes our references; with `initials`, some names are only those.
    """
    report = _plain(done, trade_id)
    _quote_in_major_unit(report, done.instrument)
    report.symbol = dirt.symbol(done.instrument.ticker, rng)
    if report.cusip and rng.random() < 0.35:
        report.symbol = ""
    report.isin = report.sedol = report.security_name = ""
    report.asset_class = report.counterparty_lei = report.venue = report.block_ref = ""
    report.accrued_interest = None
    report.counterparty = dirt.party(done.party, rng, initials=initials)
    report.account = done.book.elsewhere
    report.portfolio = done.book.name
    report.executed_at = dirt.clock(done.executed_at, rng)
    report.execution_ref = refers.execution(done.execution_ref, rng)
    report.order_ref = refers.order(done.order_ref, rng)
    _blank_some(report, rng)
    if done.instrument.currency != "JPY" and rng.random() < 0.1:
        report.net_amount += Decimal(rng.choice((-2, -1, 1, 2))) / 100
    return report


def by_prime_broker(done: Execution, *, trade_id: str, rng: Random) -> Report:
    """Return the prime broker's report, in canonical names and with accrued interest."""
    report = _plain(done, trade_id)
    _quote_in_major_unit(report, done.instrument)
    report.security_name = done.instrument.name.upper()
    report.counterparty = dirt.party(done.party, rng, initials=False)
    report.counterparty_lei = ""
    report.account = done.book.elsewhere
    report.executed_at = dirt.clock(done.executed_at, rng)
    report.execution_ref = dirt.reference(done.execution_ref, rng)
    report.order_ref = report.block_ref = ""
    return report


def as_text(report: Report, names: Iterable[str], *, side_words: Sequence[str] = ()) -> list[str]:
    """Return the named values as a file holds them; `side_words` are those for buy and sell."""
    words = dict(zip((Side.BUY, Side.SELL), side_words, strict=False))
    row = []
    for name in names:
        value = getattr(report, name)
        if name == "side":
            value = words.get(value, value.value)
        elif isinstance(value, Decimal):
            value = f"{value.normalize():f}"
        elif isinstance(value, datetime):
            value = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        row.append("" if value is None else str(value))
    return row


def _plain(done: Execution, trade_id: str) -> Report:
    instrument = done.instrument
    return Report(
        trade_id=trade_id,
        trade_date=done.trade_date,
        settlement_date=done.settlement_date,
        executed_at=done.executed_at,
        symbol=instrument.ticker,
        isin=instrument.isin,
        cusip=instrument.cusip,
        sedol=instrument.sedol,
        security_name=instrument.name,
        asset_class=instrument.asset_class.value,
        side=done.side,
        quantity=done.quantity,
        price=done.price,
        currency=instrument.currency,
        gross_amount=done.gross_amount,
        commission=done.commission,
        fees=done.fees,
        accrued_interest=done.accrued_interest if instrument.coupon else None,
        net_amount=done.net_amount,
        counterparty=done.party.name,
        counterparty_lei=done.party.lei,
        account=done.book.code,
        venue=instrument.listing.mic,
        order_ref=done.order_ref,
        block_ref=done.block_ref,
        execution_ref=done.execution_ref,
    )


def _quote_in_major_unit(report: Report, instrument: Instrument) -> None:
    report.price *= instrument.unit
    report.currency = instrument.currency


def _blank_some(report: Report, rng: Random) -> None:
    """Leave out, now and then, what the custodian need not report."""
    if rng.random() < 0.02:
        report.counterparty = ""
    if rng.random() < 0.02:
        report.account = ""
    if rng.random() < 0.03:
        report.executed_at = None
    if rng.random() < 0.01:
        report.settlement_date = None


def is_bond(report: Report) -> bool:
    return report.asset_class == AssetClass.FIXED_INCOME
