"""
A simulated history of trades, some of which break, with the probability of each known.

Nothing in it is from a market or a desk. Some drivers are planted (who trades with whom, where, in
what, when, how complete the report is, a price outside the recent range, an amendment, a notional)
and each trade then breaks or not by the throw of a coin so weighted: what is left is noise that no
model can foresee. `truth` is the weight by trade and version, given what the report shows then.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
END = datetime(2026, 6, 1, tzinfo=UTC)
PARTIES, ACCOUNTS, INSTRUMENTS = 40, 25, 300
# Shares of trades: amended within hours, priced outside the range, without a settlement date.
AMENDED, OFF_PRICE, UNSETTLED, UNPLACED = 0.04, 0.03, 0.06, 0.10
AMENDMENT_EFFECT = 1.6


@dataclass(frozen=True)
class History:
    """
    Trades as columns, whether each broke and when, and the true probabilities.

    `truth` has two columns: of the version first reported, and of the amended one.
    """

    trades: pd.DataFrame
    broke: NDArray[np.bool_]
    opened_at: Any
    truth: Floats
    end: datetime


def simulate(*, trades: int, days: int, base_rate: float, seed: int) -> History:
    """Return so many trades on the weekdays of so many days, of which that share breaks."""
    chance = np.random.default_rng(seed)
    frame = _reports(chance, trades, days)
    odds = _drivers(chance, frame)
    level = _level(odds, base_rate)
    first, amended = _chance(odds + level), _chance(odds + level + AMENDMENT_EFFECT)
    # Whoever sees the first report does not know yet whether it will be amended.
    unknown = (1 - AMENDED) * first + AMENDED * amended
    is_amended = frame["amended_at"].notna().to_numpy()
    broke = chance.random(trades) < np.where(is_amended, amended, first)
    morning = frame["received_at"].dt.normalize() + pd.Timedelta(hours=30)
    late = pd.to_timedelta(chance.choice([0, 24, 48], trades, p=[0.8, 0.15, 0.05]), unit="h")
    return History(frame, broke, morning + late, np.column_stack([unknown, amended]), END)


def _reports(chance: np.random.Generator, count: int, days: int) -> pd.DataFrame:
    dates = pd.bdate_range(END - timedelta(days=days), END - timedelta(days=1)).tz_localize(None)
    day = np.sort(chance.integers(0, len(dates), count))
    minute = np.clip(chance.normal(13.5 * 60, 150, count), 7 * 60, 21 * 60).astype(int)
    trade_date = dates[day].normalize()
    executed = trade_date.tz_localize("UTC") + pd.to_timedelta(minute, unit="min")
    received = executed + pd.to_timedelta(chance.integers(5, 40, count), unit="min")
    instrument = _popular(chance, INSTRUMENTS, count)
    quantity = np.round(np.exp(chance.normal(6, 1.2, count))).astype(int) + 1
    level = np.exp(chance.normal(4, 0.8, INSTRUMENTS))
    walk = np.exp(np.cumsum(chance.normal(0, 0.004, (len(dates), INSTRUMENTS)), axis=0))
    off = chance.random(count) < OFF_PRICE
    away = np.where(off, chance.choice([-1, 1], count) * chance.uniform(0.06, 0.15, count), 0)
    price = level[instrument] * walk[day, instrument] * (1 + away + chance.normal(0, 0.001, count))
    settles = chance.choice([0, 1, 2, 3], count, p=[0.05, 0.15, 0.7, 0.1])
    amended = chance.random(count) < AMENDED
    amended_at = received + pd.to_timedelta(chance.integers(30, 180, count), unit="min")
    frame = pd.DataFrame({
        "trade_date": trade_date,
        "executed_at": executed,
        "received_at": received,
        "amended_at": pd.Series(amended_at).where(amended),
        "settle_days": settles,
        "has_settlement": chance.random(count) >= UNSETTLED,
        "has_venue": chance.random(count) >= UNPLACED,
        "counterparty": _popular(chance, PARTIES, count),
        "account": _popular(chance, ACCOUNTS, count),
        "instrument": instrument,
        "buys": chance.random(count) < 0.5,
        "quantity": quantity,
        "price": np.round(price, 4),
        "off": off,
    })  # fmt: skip
    return frame.sort_values("received_at", kind="stable").reset_index(drop=True)


def _popular(chance: np.random.Generator, things: int, count: int) -> Any:
    """Return which of some things each trade is of: the first few are of most."""
    weights = 1 / (np.arange(things) + 3)
    return chance.choice(things, count, p=weights / weights.sum())


def _drivers(chance: np.random.Generator, frame: pd.DataFrame) -> Floats:
    """Return what each trade's report adds to its log-odds, above the level of all."""
    party, account = chance.normal(0, 0.9, PARTIES), chance.normal(0, 0.4, ACCOUNTS)
    instrument = chance.normal(0, 0.3, INSTRUMENTS)
    notional = np.log(frame["quantity"] * frame["price"])
    hour = frame["executed_at"].dt.hour
    odds = (
        party[frame["counterparty"]]
        + account[frame["account"]]
        + instrument[frame["instrument"]]
        + 2.8 * frame["off"]
        + 1.5 * ~frame["has_settlement"]
        + 0.8 * ~frame["has_venue"]
        + 1.3 * (frame["settle_days"] == 0) * frame["has_settlement"]
        + 0.8 * (hour >= 17)
        + 0.7 * (frame["trade_date"].dt.days_in_month - frame["trade_date"].dt.day <= 1)
        + 0.4 * (notional - notional.mean()) / notional.std()
        + 1.2 * frame["off"] * frame["buys"]
    )
    return np.asarray(odds, dtype=float)


def _chance(odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-odds)))


def _level(odds: Floats, base_rate: float) -> float:
    """Return what to add to all log-odds for that share to break on average."""
    low, high = -20.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        rate = (1 - AMENDED) * _chance(odds + middle) + AMENDED * _chance(
            odds + middle + AMENDMENT_EFFECT
        )
        low, high = (middle, high) if rate.mean() < base_rate else (low, middle)
    return middle


def load(history: History) -> int:
    """Write a history into the desk's database; return the key of its first trade."""
    from django.db.models import Max

    from breaks.models import TradeBreak
    from matching.models import Reconciliation
    from trades.models import Account, Counterparty, Instrument, Source, Trade, TradeVersion
    from trades.services.columns import table_of, write_table

    frame, count = history.trades, len(history.trades)
    left, right = (Source.objects.get(code=code) for code in ("oms", "custodian"))
    between, _ = Reconciliation.objects.get_or_create(
        code="simulated",
        defaults={"name": "Simulated", "left_source": left, "right_source": right,
                  "base_currency": "USD"},
    )  # fmt: skip
    parties = _made(Counterparty, [{"name": f"Broker {n:02}"} for n in range(PARTIES)])
    accounts = _made(Account, [{"code": f"FUND{n:02}"} for n in range(ACCOUNTS)])
    papers = _made(Instrument, [{"name": f"Paper {n:03}"} for n in range(INSTRUMENTS)])
    first = (Trade.objects.aggregate(last=Max("pk"))["last"] or 0) + 1
    keys = np.arange(first, first + count)
    amended = frame["amended_at"].notna()
    changed = frame["amended_at"].where(amended, frame["received_at"])
    settles = frame["trade_date"] + pd.to_timedelta(frame["settle_days"], unit="D")
    names = [f"Broker {n:02}" for n in frame["counterparty"]]
    codes = [f"FUND{n:02}" for n in frame["account"]]
    prices = [Decimal(f"{value:.4f}") for value in frame["price"]]
    sizes = [Decimal(value) for value in frame["quantity"].tolist()]
    blank = ("isin", "cusip", "sedol", "figi", "security_name", "counterparty_lei",
             "counterparty_bic", "block_ref", "execution_ref", "symbol")  # fmt: skip
    values: dict[str, Any] = {
        "source_trade_id": [f"S{key:09}" for key in keys],
        "trade_date": frame["trade_date"].dt.date.tolist(),
        "settlement_date": settles.dt.date.where(frame["has_settlement"], None).tolist(),
        "executed_at": frame["executed_at"].tolist(),
        "side": np.where(frame["buys"], "BUY", "SELL").tolist(),
        "quantity": sizes,
        "price": prices,
        "currency": ["USD"] * count,
        "asset_class": ["EQUITY"] * count,
        "counterparty_name": names,
        "account_code": codes,
        "venue": np.where(frame["has_venue"], "XNYS", "").tolist(),
        "order_ref": [f"O{key}" for key in keys],
        "net_amount": [size * price for size, price in zip(sizes, prices, strict=True)],
    }
    write_table(
        Trade,
        table_of(
            Trade, count, id=keys, source_id=left.pk, **values, **dict.fromkeys(blank, ""),
            version=np.where(amended, 2, 1), state=np.where(amended, "AMENDED", "NEW").tolist(),
            instrument_id=np.array(papers)[frame["instrument"]],
            counterparty_id=np.array(parties)[frame["counterparty"]],
            account_id=np.array(accounts)[frame["account"]],
            raw="{}", digest=[f"{key:064x}" for key in keys],
            received_at=frame["received_at"].tolist(), changed_at=changed.tolist(),
        ),
    )  # fmt: skip
    places = np.flatnonzero(amended)
    written = {name: [column[at] for at in places] for name, column in values.items()}
    write_table(
        TradeVersion,
        table_of(
            TradeVersion, len(places), trade_id=keys[places], version=1,
            values=_as_json(written, blank), digest=[f"{key:063x}v" for key in keys[places]],
            valid_from=frame["received_at"].iloc[places].tolist(),
            replaced_at=frame["amended_at"].iloc[places].tolist(),
        ),
    )  # fmt: skip
    broken = np.flatnonzero(history.broke)
    opened = history.opened_at.iloc[broken].tolist()
    write_table(
        TradeBreak,
        table_of(
            TradeBreak, len(broken), reconciliation_id=between.pk, left_trade_id=keys[broken],
            fingerprint=[f"{key:064x}" for key in keys[broken]], break_type="MISSING_RIGHT",
            category="ECONOMIC", severity="HIGH", status="OPEN", field="", left_value="",
            right_value="", tolerance="", currency="", exposure_note="", reason_code="",
            trade_date=[values["trade_date"][at] for at in broken], opened_at=opened,
            last_seen_at=opened, times_seen=1, clock_from=opened, clock_spent_us=0,
            due_at=opened, rank=0, version=1,
        ),
    )  # fmt: skip
    return int(first)


def _made(model: Any, rows: list[dict[str, str]]) -> list[int]:
    return [model.objects.get_or_create(**row)[0].pk for row in rows]


def _as_json(columns: dict[str, list[Any]], blank: tuple[str, ...]) -> list[str]:
    from trades.reports import as_text

    rest = dict.fromkeys(blank, "")
    return [
        json.dumps({name: as_text(value) for name, value in zip(columns, row, strict=True)} | rest)
        for row in zip(*columns.values(), strict=True)
    ]
