"""
Two systems' reports of the same deals, made from one seed, and which of them belong together.

    python -m benchmarks.feeds --rows 10000 --shape many --folder /tmp/feeds

The left system (an OMS) names instruments by ISIN and ticker, the right one (a custodian) by CUSIP;
names, accounts and times differ in the ways two systems' do. Half of the right side's references
are missing, two in five of the others spelled apart. The truth says which trades are one deal and
which were reported wrongly.
"""

import argparse
import csv
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from benchmarks.deals import SHAPES, Deals, Ints, Shape, draw, securities
from workflows.demo.parties import PARTIES

SEED = 20261122
# What went wrong with a deal, one thing at most, and how often. Other than the missing ones these
# are kinds of the engine's differences, and only the right side is wrong.
FAULTS = {
    "": 0.96,
    "MISSING_RIGHT": 0.01,
    "MISSING_LEFT": 0.01,
    "PRICE": 0.01,
    "QUANTITY": 0.005,
    "SETTLEMENT_DATE": 0.005,
}
EXACT = ("quantity", "price", "gross_amount", "commission", "fees", "net_amount")
ENGINE_MONEY = pa.decimal128(38, 10)
_TYPES = {
    **dict.fromkeys(EXACT, ENGINE_MONEY),
    **dict.fromkeys(("trade_date", "settlement_date"), pa.date32()),
    "executed_at": pa.timestamp("us", tz="UTC"),
}


@dataclass(frozen=True)
class Feeds:
    """
    Both reports under the canonical column names, and the truth with one row a deal.

    ``truth``: left_id and right_id (the trade ids, null where that side is missing), reference
    (as the left side spells it) and fault (one of `FAULTS`).
    """

    left: pa.Table
    right: pa.Table
    truth: pa.Table

    def write(self, folder: Path) -> None:
        """Write left.csv, right.csv and truth.csv into a folder, made where it is not there."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in vars(self).items():
            write_csv(table, folder / f"{name}.csv")

    def frames(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return both reports as `matching.frames` makes them, each row under its own number."""
        return (
            engine_frame(self.left, first=1),
            engine_frame(self.right, first=1 + len(self.left)),
        )

    def with_clean_references(self) -> "Feeds":
        """Return the same feeds, every reference there and as the left side spells it."""
        known = self.truth["right_id"].combine_chunks()
        place = pc.index_in(self.right["trade_id"], value_set=known)
        at = self.right.schema.get_field_index("execution_ref")
        clean = self.truth["reference"].take(place)
        return replace(self, right=self.right.set_column(at, "execution_ref", clean))


def generate(rows: int, shape: str = "many", seed: int = SEED) -> Feeds:
    """Return the feeds of so many deals; `shape` is one of `SHAPES`."""
    random = np.random.default_rng(seed)
    busy = SHAPES[shape]
    deals = draw(rows, busy, random)
    fault = random.choice(list(FAULTS), rows, p=list(FAULTS.values()))
    number = np.arange(rows)
    custodian_number = random.permutation(rows)
    reference = _numbered("EX-", 510_000_000 + number)

    left = _report(deals, busy)
    left["trade_id"] = _numbered("OMS-", 20_000_000 + number)
    left["counterparty"] = pa.array([party.name for party in PARTIES]).take(pa.array(deals.party))
    left["account"] = _numbered("FUND-", deals.account + 1)
    left["execution_ref"] = reference

    right = _report(_reported_by_custodian(deals, fault, random), busy)
    right["trade_id"] = _numbered("C", 7_000_000_000 + custodian_number)
    right["counterparty"] = _spelled_apart(deals.party, random)
    right["account"] = _numbered("FUND-", deals.account + 1, width=4)
    right["execution_ref"] = _seldom_quoted(reference, number, random)

    if busy.instruments > 1:
        listed = securities().take(pa.array(deals.instrument))
        left |= {
            "isin": listed["isin"],
            "symbol": listed["symbol"],
            "security_name": listed["name"],
        }
        right |= {"cusip": listed["cusip"], "security_name": listed["custodian_name"]}
    else:
        left["symbol"] = pa.repeat("BTC/USD", rows)
        right["symbol"] = pa.repeat("XBT/USD", rows)

    on_left, on_right = fault != "MISSING_LEFT", fault != "MISSING_RIGHT"
    # The custodian lists in the order of its own numbers, which is none of ours.
    order = np.argsort(custodian_number)
    truth = pa.table({
        "left_id": pc.if_else(on_left, left["trade_id"], None),
        "right_id": pc.if_else(on_right, right["trade_id"], None),
        "reference": reference,
        "fault": fault,
    })  # fmt: skip
    return Feeds(
        left=pa.table(left).filter(pa.array(on_left)).combine_chunks(),
        right=pa.table(right).take(pa.array(order[on_right[order]])).combine_chunks(),
        truth=truth,
    )


def _report(deals: Deals, shape: Shape) -> dict[str, pa.Array]:
    """Return what every system says of a deal; amounts follow from price and quantity."""
    one = 10**shape.places
    gross = (deals.quantity * deals.price + one // 2) // one
    commission = 100 + gross // 10_000
    fees = np.where(deals.buys, 0, gross // 36_000)
    costs = commission + fees
    return {
        "trade_date": pa.array(deals.trade_date),
        "settlement_date": pa.array(deals.settlement_date),
        "executed_at": pa.array(deals.executed_ms).cast(pa.timestamp("ms", tz="UTC")),
        "side": pa.array(np.where(deals.buys, "BUY", "SELL")),
        "quantity": exact(deals.quantity, shape.places),
        "price": exact(deals.price, 2),
        "currency": pa.repeat("USD", len(gross)),
        "gross_amount": exact(gross, 2),
        "commission": exact(commission, 2),
        "fees": exact(fees, 2),
        "net_amount": exact(np.where(deals.buys, gross + costs, gross - costs), 2),
        "state": pa.repeat("NEW", len(gross)),
    }


def _reported_by_custodian(deals: Deals, fault: np.ndarray, random: np.random.Generator) -> Deals:
    """Return the deals with the planted faults, and times some milliseconds to seconds later."""
    rows = len(fault)
    apart = np.maximum(5, deals.price * random.integers(1, 21, rows) // 1_000)
    price = deals.price + np.where(random.random(rows) < 0.5, apart, -apart)
    quantity = deals.quantity + deals.quantity // random.integers(5, 21, rows) + 1
    settlement = np.busday_offset(deals.settlement_date, random.integers(1, 3, rows))
    later = np.power(10, random.uniform(0.5, 3.7, rows)).astype(np.int64)
    return replace(
        deals,
        price=np.where(fault == "PRICE", price, deals.price),
        quantity=np.where(fault == "QUANTITY", quantity, deals.quantity),
        settlement_date=np.where(fault == "SETTLEMENT_DATE", settlement, deals.settlement_date),
        executed_ms=deals.executed_ms + later,
    )


def _spelled_apart(party: Ints, random: np.random.Generator) -> pa.Array:
    """Return each party by one of its other spellings."""
    spellings = [spelling for one in PARTIES for spelling in one.spellings[1:]]
    count = np.array([len(one.spellings) - 1 for one in PARTIES])
    first = np.cumsum(count) - count
    return pa.array(spellings).take(pa.array(first[party] + random.integers(0, count[party])))


def _seldom_quoted(reference: pa.Array, number: Ints, random: np.random.Generator) -> pa.Array:
    """Return the reference where the custodian has it: half, two in five of them spelled apart."""
    digits = 510_000_000 + number
    choice = random.choice(4, len(number), p=[0.5, 0.3, 0.1, 0.1])
    return pc.choose(
        pa.array(choice),
        pa.nulls(len(number), pa.string()),
        reference,
        _numbered("REF/", digits),
        _numbered("EX-", digits, width=14),
    )


def _numbered(prefix: str, number: Ints, width: int = 0) -> pa.Array:
    """Return numbers as text behind a prefix, with leading zeros up to `width` digits."""
    digits = pc.utf8_lpad(pa.array(number).cast(pa.string()), width, "0")
    return pc.binary_join_element_wise(prefix, digits, "")


def exact(units: Ints, places: int) -> pa.Array:
    """Return whole units of ``10 ** -places`` as decimals, without a float or a text between."""
    # A decimal128 is a two's complement integer of two words: the units, then their sign.
    words = np.stack([units, units >> 63], axis=1).astype("<i8")
    return pa.Array.from_buffers(
        pa.decimal128(38, places), len(units), [None, pa.py_buffer(words.tobytes())]
    )


def engine_frame(table: pa.Table, *, first: int) -> pd.DataFrame:
    """Return a report with the engine's types, its rows numbered from `first`."""
    schema = pa.schema([
        pa.field(name, _TYPES.get(name, pa.string())) for name in table.column_names
    ])  # fmt: skip
    frame = table.cast(schema).to_pandas(types_mapper=pd.ArrowDtype)
    frame["executed_at"] = frame["executed_at"].astype("datetime64[us, UTC]")
    frame.index = pd.RangeIndex(first, first + len(frame), name="trade")
    return frame


def write_csv(table: pa.Table, path: Path) -> None:
    """Write a table with a header, quoted only where it must be."""
    options = pyarrow.csv.WriteOptions(quoting_style="needed")
    pyarrow.csv.write_csv(table, path, write_options=options)


def read_csv(path: Path) -> pa.Table:
    """Return a report's file as a table of the engine's types, empty text being null."""
    with path.open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    return pyarrow.csv.read_csv(
        path,
        convert_options=pyarrow.csv.ConvertOptions(
            column_types={name: _TYPES.get(name, pa.string()) for name in header},
            strings_can_be_null=True,
        ),
    )


def main() -> None:
    """Write the feeds of one size and shape into a folder."""
    parser = argparse.ArgumentParser(description="Write two feeds and the truth about them.")
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--shape", choices=SHAPES, default="many")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--clean", action="store_true", help="right_clean.csv too, to join on")
    given = parser.parse_args()
    feeds = generate(given.rows, given.shape, given.seed)
    feeds.write(given.folder)
    if given.clean:
        write_csv(feeds.with_clean_references().right, given.folder / "right_clean.csv")
    print(json.dumps({"left": len(feeds.left), "right": len(feeds.right)}))


if __name__ == "__main__":
    main()
