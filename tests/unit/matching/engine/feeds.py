"""Two seeded feeds of the same trades, as dirty as real ones, with the truth about them."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import pandas as pd

NAMES = {
    "Goldman Sachs & Co. LLC": ["GOLDMAN SACHS AND CO", "Goldman, Sachs & Co"],
    "J.P. Morgan Securities plc": ["JPMORGAN SECURITIES PLC", "JP Morgan Secs"],
    "Morgan Stanley & Co. International plc": ["Morgan Stanley Intl", "MORGAN STANLEY INTL PLC"],
    "Barclays Bank PLC": ["BARCLAYS BANK", "Barclays Bk Plc"],
    "Deutsche Bank AG": ["DEUTSCHE BANK A.G.", "Deutsche Bk AG"],
    "UBS AG": ["UBS A.G.", "UBS"],
    "BNP Paribas SA": ["BNP PARIBAS", "B.N.P. Paribas S.A."],
    "Citigroup Global Markets Inc.": ["CITIGROUP GLOBAL MKTS INC", "Citigroup Global Markets"],
    "Credit Agricole CIB": ["CRÉDIT AGRICOLE CIB", "Credit Agricole C.I.B."],
    "Société Générale": ["SOCIETE GENERALE SA", "Societe Generale"],
}  # fmt: skip
FIRST_DAY = date(2026, 11, 2)


@dataclass
class Feeds:
    """Both frames, the true pairs of ids, and the errors planted: (kind, left id)."""

    left: pd.DataFrame
    right: pd.DataFrame
    pairs: set[tuple[str, str]] = field(default_factory=set)
    planted: set[tuple[str, str]] = field(default_factory=set)


def dirty_feeds(trades: int, seed: int, *, instruments: int = 300, accounts: int = 40) -> Feeds:
    """Return an OMS's and a custodian's view of the same trades."""
    random = Random(seed)  # noqa: S311 - a seeded feed, no secret
    book = [_instrument(random, at) for at in range(instruments)]
    feeds = Feeds(pd.DataFrame(), pd.DataFrame())
    left, right = [], []
    for at in range(trades):
        trade = _trade(random, book, at, accounts)
        ours, theirs = _oms(trade), _custodian(random, trade)
        fate = random.random()
        if fate < 0.01:
            left.append(ours)
            continue
        if fate < 0.02:
            right.append(theirs[0] | {"order_ref": None})
            continue
        if fate < 0.04:
            theirs = _fills(random, theirs[0])
        elif fate < 0.05:
            _spoil(random, theirs[0], "price", feeds, ours["trade_id"])
        elif fate < 0.06:
            _spoil(random, theirs[0], "quantity", feeds, ours["trade_id"])
        left.append(ours)
        right.extend(theirs)
        feeds.pairs |= {(ours["trade_id"], one["trade_id"]) for one in theirs}
    random.shuffle(right)
    feeds.left = pd.DataFrame(left, dtype=object).set_index("trade_id", drop=False)
    feeds.right = pd.DataFrame(right, dtype=object).set_index("trade_id", drop=False)
    return feeds


def _instrument(random: Random, at: int) -> dict[str, object]:
    cusip = f"{at:06d}10{at % 10}"
    return {
        "isin": f"US{cusip}{at % 10}",
        "cusip": cusip,
        "symbol": f"S{at:03d}",
        "price": Decimal(random.randint(500, 50_000)) / 100,
    }


def _trade(
    random: Random, book: list[dict[str, object]], at: int, accounts: int
) -> dict[str, object]:
    instrument = random.choice(book)
    day = FIRST_DAY + timedelta(days=random.choice([0, 1, 2, 3, 4]))
    drift = Decimal(random.randint(-150, 150)) / 10_000
    price = (instrument["price"] * (1 + drift)).quantize(Decimal("0.01"))
    return {
        **instrument,
        "number": at,
        "day": day,
        "moment": datetime(day.year, day.month, day.day, 14, tzinfo=UTC)
        + timedelta(seconds=random.randint(0, 6 * 3600)),
        "side": random.choice(["BUY", "SELL"]),
        "quantity": Decimal(random.choice([100, 200, 500, 1000, 10 * random.randint(1, 500)])),
        "price": price,
        "counterparty": random.choice(list(NAMES)),
        "account": random.randint(1, accounts),
    }


def _oms(trade: dict[str, object]) -> dict[str, object]:
    gross = trade["quantity"] * trade["price"]
    return {
        "trade_id": f"OMS-{trade['number']:07d}",
        "trade_date": trade["day"].isoformat(),
        "settlement_date": (trade["day"] + timedelta(days=2)).isoformat(),
        "executed_at": trade["moment"].isoformat(),
        "symbol": trade["symbol"],
        "isin": trade["isin"],
        "side": trade["side"],
        "quantity": trade["quantity"],
        "price": trade["price"],
        "currency": "USD",
        "net_amount": gross + 10,
        "commission": Decimal(10),
        "counterparty": trade["counterparty"],
        "account": f"ACC-{trade['account']:04d}",
        "order_ref": f"ORD-{trade['number']:07d}",
    }


def _custodian(random: Random, trade: dict[str, object]) -> list[dict[str, object]]:
    row = _oms(trade)
    number = trade["number"]
    moment = trade["moment"] + timedelta(seconds=random.choice([0, 0, 0, 1, 2]))
    row |= {
        "trade_id": f"C{random.getrandbits(40):012X}",
        "isin": None,
        "symbol": None,
        "cusip": trade["cusip"],
        "executed_at": moment.isoformat() if random.random() < 0.7 else None,
        "counterparty": random.choice(NAMES[trade["counterparty"]]),
        "account": random.choice([f"ACC{trade['account']:04d}", f"acc-{trade['account']}", None]),
        "order_ref": random.choice(
            [f"ORD-{number:07d}", f"REF/{number}", f"{number:09d}", None, None]
        ),
    }
    return [row]


def _fills(random: Random, row: dict[str, object]) -> list[dict[str, object]]:
    parts = random.choice([2, 2, 3])
    quantity = int(row["quantity"])
    cuts = sorted(random.sample(range(1, quantity), parts - 1)) if quantity > parts else []
    sizes = [stop - start for start, stop in zip([0, *cuts], [*cuts, quantity], strict=True)]
    shared = row["order_ref"] if random.random() < 0.5 else None
    return [
        row
        | {
            "trade_id": f"{row['trade_id']}-{at}",
            "quantity": Decimal(size),
            "net_amount": size * row["price"] + (10 if at == 0 else 0),
            "commission": Decimal(10 if at == 0 else 0),
            "order_ref": shared,
        }
        for at, size in enumerate(sizes)
    ]


def _spoil(random: Random, row: dict[str, object], name: str, feeds: Feeds, left_id: str) -> None:
    share = Decimal(random.randint(20, 900)) / 10_000
    old = row[name]
    row[name] = (old * (1 + share)).quantize(Decimal("0.01") if name == "price" else Decimal(1))
    if row[name] == old:
        row[name] += 1
    row["net_amount"] = row["quantity"] * row["price"] + 10
    feeds.planted.add((name.upper(), left_id))
