"""Deals drawn from one seed, as columns: what was truly traded, before any system reports it."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from stdnum import cusip, isin

from workflows.demo.parties import PARTIES

Ints = NDArray[np.int64]
Days = NDArray[np.datetime64]

DAY_MS = 86_400_000
# A week without a holiday, with the Monday after it to settle on.
MONDAY = np.datetime64("2026-03-16", "D")
ACCOUNTS = 25
_KINDS = ("Amber Boreal Cobalt Delta Ember Falcon Granite Harbor Indigo Juniper Keystone Lumen "
          "Meridian Nimbus Orchard Pioneer Quarry Ridge Sierra Tundra Umber Vertex Willow Xenon "
          "Yarrow Zephyr Alder Bristol Cascade Dover Everest Fjord Garnet Halcyon Ivory Jasper "
          "Kestrel Larch Monarch Northern")  # fmt: skip
_TRADES = ("Aerospace Airlines Analytics Beverages Biosciences Cable Chemicals Components "
           "Construction Dental Devices Diagnostics Electric Energy Engines Farms Foods Freight "
           "Gas Genetics Glass Health Hotels Instruments Insurance Labs Lighting Logistics Metals "
           "Mining Motors Networks Optics Paper Pharma Pipelines Plastics Power Rail Resources "
           "Retail Robotics Semiconductors Shipping Software Steel Systems Textiles Timber "
           "Water")  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """How busy a desk is: its instruments, days, accounts, and decimal places of a quantity."""

    instruments: int
    days: int
    accounts: int
    places: int
    opens_ms: int
    closes_ms: int
    settles_after: int


SHAPES = {
    # A broad equity desk: New York's hours in UTC, whole shares, settled the day after.
    "many": Shape(2_000, 5, ACCOUNTS, 0, 48_600_000, 72_000_000, 1),
    # A crypto desk: one pair, one account, one exchange, around the clock, to the satoshi.
    "one": Shape(1, 1, 1, 8, 0, DAY_MS - 10_000, 0),
}


@dataclass(frozen=True)
class Deals:
    """
    One element a deal in every array, in the order of execution.

    `quantity` is in units of ``10 ** -places``, `price` in cents, `executed_ms` in milliseconds
    since 1970 (UTC); `instrument`, `party` and `account` are places in the lists of names.
    """

    instrument: Ints
    buys: NDArray[np.bool_]
    quantity: Ints
    price: Ints
    trade_date: Days
    settlement_date: Days
    executed_ms: Ints
    party: Ints
    account: Ints


def draw(rows: int, shape: Shape, random: np.random.Generator) -> Deals:
    """Return so many deals of a desk of this shape."""
    # A few instruments are busy and most are not, as on any exchange.
    weight = 1 / (np.arange(shape.instruments) + 50)
    instrument = random.choice(shape.instruments, rows, p=weight / weight.sum())
    day = np.sort(random.integers(0, shape.days, rows))
    clock = random.integers(shape.opens_ms, shape.closes_ms, rows)
    executed_ms = np.sort((MONDAY.astype(np.int64) + day) * DAY_MS + clock)
    trade_date = MONDAY + day
    return Deals(
        instrument=instrument,
        buys=random.random(rows) < 0.5,
        quantity=_bitcoins(rows, random) if shape.places else _shares(rows, random),
        price=_walk(rows, random) if shape.places else _quotes(instrument, random),
        trade_date=trade_date,
        settlement_date=np.busday_offset(trade_date, shape.settles_after),
        executed_ms=executed_ms,
        party=random.integers(0, len(PARTIES) if shape.instruments > 1 else 1, rows),
        account=random.integers(0, shape.accounts, rows),
    )


def _shares(rows: int, random: np.random.Generator) -> Ints:
    """Return whole shares, most of them round lots."""
    lots = 100 * random.integers(1, 51, rows)
    return np.where(random.random(rows) < 0.6, lots, random.integers(1, 5_000, rows))


def _bitcoins(rows: int, random: np.random.Generator) -> Ints:
    """Return satoshis: mostly the odd rest of an order, three in ten a sum people ask for."""
    asked = 100_000 * np.array([1, 5, 10, 50, 100, 250, 500, 1_000])
    odd = np.exp(random.normal(np.log(5_000_000), 1.5, rows)).astype(np.int64) + 1_000
    return np.where(random.random(rows) < 0.3, random.choice(asked, rows), odd)


def _quotes(instrument: Ints, random: np.random.Generator) -> Ints:
    """Return cents, each near the usual price of its instrument."""
    usual = np.exp(random.uniform(np.log(500), np.log(50_000), instrument.max(initial=0) + 1))
    moved = usual[instrument] * (1 + 0.01 * random.standard_normal(len(instrument)))
    return np.rint(moved).astype(np.int64)


def _walk(rows: int, random: np.random.Generator) -> Ints:
    """Return cents that walk up and down from one execution to the next."""
    return 6_500_000 + np.cumsum(random.integers(-50, 51, rows))


def securities() -> pa.Table:
    """Return the 2,000 securities: isin, cusip and symbol, and name and custodian_name."""
    names = [f"{kind} {trade}" for trade in _TRADES.split() for kind in _KINDS.split()]
    bases = [f"{number:06d}10" for number in range(1, len(names) + 1)]
    cusips = [base + cusip.calc_check_digit(base) for base in bases]
    return pa.table({
        "isin": [f"US{code}{isin.calc_check_digit('US' + code)}" for code in cusips],
        "cusip": cusips,
        "symbol": [_ticker(number) for number in range(len(names))],
        "name": [f"{name} Inc." for name in names],
        "custodian_name": [f"{name} INCORPORATED COM".upper() for name in names],
    })  # fmt: skip


def _ticker(number: int) -> str:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return "".join(letters[number // 26**place % 26] for place in (3, 2, 1, 0))
