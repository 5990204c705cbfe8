"""
What is known of a trade before the other side reports it, as columns a model reads.

`features_of` computes them for serving and `features_of_sightings`, which it calls, for training:
there is no other place. A feature rests on the trade as it was at a moment and on what had
happened before it, so what comes later changes no row of the past.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from django.db.models import QuerySet

from predictions.past import DAY_US, KINDS, WINDOW, Past, past_of, us
from predictions.sightings import as_known, as_now
from trades.models import Account, Counterparty, Instrument, Source, Trade

# A rate counts so many trades at the rate of all beside those of its own.
STRENGTH = 50
# As a share of the price: farther than this is as far as any.
FARTHEST_PCT = 1000.0
NOBODY, NEVER = -1, np.iinfo(np.int64).max


@dataclass(frozen=True)
class Feature:
    """
    One column: its name, what an analyst calls it, and of what kind it is.

    `typical` tells how the value is found that it is put back to, to say what it does to a
    probability: the median, or the most common one.
    """

    name: str
    words: str
    kind: Literal["number", "word"] = "number"

    @property
    def typical(self) -> Literal["median", "most_common"]:
        return "median" if self.kind == "number" else "most_common"


_word = partial(Feature, kind="word")
FEATURES: tuple[Feature, ...] = (
    _word("source", "Source"),
    _word("counterparty", "Counterparty"),
    _word("account", "Account"),
    _word("instrument", "Instrument"),
    _word("asset_class", "Asset class"),
    _word("side", "Side"),
    _word("currency", "Currency"),
    Feature("quantity", "Quantity"),
    Feature("price", "Price"),
    Feature("notional", "Quantity times price"),
    Feature("hour", "Hour of execution, at the source"),
    Feature("weekday", "Day of the week, Monday is 0"),
    Feature("month_end", "Days to the end of the month"),
    Feature("quarter_end", "Days to the end of the quarter"),
    Feature("settlement_days", "Days to settlement"),
    Feature("amendments", "Amendments so far"),
    Feature("missing_fields", "Fields missing from the report"),
    Feature("price_off_range_pct", "Price outside the instrument's recent range, %"),
    Feature("source_rate", "Past break rate of the source"),
    Feature("counterparty_rate", "Past break rate of the counterparty"),
    Feature("account_rate", "Past break rate of the account"),
    Feature("instrument_rate", "Past break rate of the instrument"),
    Feature("counterparty_last_break_days", "Days since the counterparty's last break"),
)
NAMES = tuple(feature.name for feature in FEATURES)
WORDS = tuple(feature.name for feature in FEATURES if feature.kind == "word")
NUMBERS = tuple(feature.name for feature in FEATURES if feature.kind == "number")


def features_of(
    trades: QuerySet[Trade] | Iterable[Trade], *, known_at: datetime | None = None
) -> pd.DataFrame:
    """
    Return the features of trades, one row each with its key as index, by what was known then.

    Without `known_at` that is the moment at which each trade's current version was loaded. Trades
    that are not saved are described as well; they are numbered from -1 downwards. The columns are
    `NAMES`: words are text, empty where unknown, and numbers are floats, NaN where unknown.
    """
    sights = as_now(trades) if known_at is None else as_known(trades, known_at)
    frame = features_of_sightings(sights)
    unsaved = frame.index < 0
    if unsaved.any():
        frame.index = pd.Index(np.where(unsaved, -np.cumsum(unsaved), frame.index), name="trade")
    return frame


def features_of_sightings(sights: pd.DataFrame, past: Past | None = None) -> pd.DataFrame:
    """Return the features of sightings, in their order; `past` if it is at hand already."""
    sights = sights.reset_index(drop=True)
    past = past_of(sights) if past is None else past
    columns: dict[str, Any] = _names(sights)
    for name in ("asset_class", "side", "currency"):
        columns[name] = sights[name].astype("str")
    columns |= {name: sights[name] for name in ("quantity", "price")}
    columns["notional"] = sights["quantity"] * sights["price"]
    columns |= _times(sights)
    columns["amendments"] = sights["version"].astype(float) - 1
    columns["missing_fields"] = sights["missing"].astype(float)
    columns["price_off_range_pct"] = _off_range(sights, past)
    columns |= _rates(sights, past)
    columns["counterparty_last_break_days"] = _since_last_break(sights, past)
    frame = pd.DataFrame(columns)[list(NAMES)]
    frame.index = pd.Index(sights["trade"].to_numpy(), name="trade")
    return frame


def _names(sights: pd.DataFrame) -> dict[str, pd.Series]:
    """Return what the reference data calls source, counterparty, account and instrument."""
    wanted = {name: sorted(set(sights[name].tolist()) - {NOBODY}) for name in KINDS}
    names: dict[str, dict[int, str]] = {
        "source": dict(Source.objects.values_list("pk", "code")),
        "counterparty": dict(
            Counterparty.objects.filter(pk__among=wanted["counterparty"]).values_list("pk", "name")
        ),
        "account": dict(
            Account.objects.filter(pk__among=wanted["account"]).values_list("pk", "code")
        ),
        "instrument": {
            one.pk: str(one) for one in Instrument.objects.filter(pk__among=wanted["instrument"])
        },
    }
    return {
        name: pd.Series([known.get(key, "") for key in sights[name].tolist()], dtype="str")
        for name, known in names.items()
    }


def _times(sights: pd.DataFrame) -> dict[str, Any]:
    days = sights["trade_date"].dt
    in_quarter = days.to_period("Q").dt.end_time.dt.normalize()
    return {
        "hour": _hours(sights),
        "weekday": days.day_of_week.astype(float),
        "month_end": (days.days_in_month - days.day).astype(float),
        "quarter_end": (in_quarter - sights["trade_date"]).dt.days.astype(float),
        "settlement_days": (sights["settlement_date"] - sights["trade_date"]).dt.days.astype(float),
    }


def _hours(sights: pd.DataFrame) -> pd.Series:
    """Return the time of day at the source's own place, in hours; NaN where it is not known."""
    hours = pd.Series(np.nan, index=sights.index)
    for key, zone in Source.objects.values_list("pk", "timezone"):
        here = sights["source"] == key
        if here.any():
            there = sights.loc[here, "executed_at"].dt.tz_convert(ZoneInfo(zone)).dt
            hours[here] = there.hour + there.minute / 60
    return hours


def _off_range(sights: pd.DataFrame, past: Past) -> pd.Series:
    """Return how far a price lies outside the recent range, in percent of the nearer end."""
    low, high = past.reports.range_before(sights, _days(sights))
    price = sights["price"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.where(price < low, (low - price) / low, (price - high) / high)
    return pd.Series(np.clip(off * 100, 0, FARTHEST_PCT), index=sights.index)


def _days(sights: pd.DataFrame) -> Any:
    return us(sights["received_at"]) // DAY_US


def _rates(sights: pd.DataFrame, past: Past) -> dict[str, Any]:
    """Return the share of trades that broke, drawn towards that of all where they are few."""
    base = _counts(sights, past, "all")
    usual = (base[0] + 1) / (base[1] + STRENGTH)
    rates = {}
    for name in KINDS:
        broken, came = _counts(sights, past, name)
        rates[f"{name}_rate"] = np.minimum((broken + STRENGTH * usual) / (came + STRENGTH), 1.0)
    return rates


def _counts(sights: pd.DataFrame, past: Past, name: str) -> tuple[Any, Any]:
    """Return how many trades broke and how many came, without the trade itself."""
    things = np.zeros(len(sights), dtype=np.int64) if name == "all" else sights[name].to_numpy()
    days, now = _days(sights), us(sights["at"])
    window_us = int(WINDOW.total_seconds()) * 1_000_000
    came = past.reports.came[name].count(things, days - WINDOW.days, days)
    broken = past.broke[name].count(things, now - window_us, now + 1)
    own = np.array([past.first_break.get(key, NEVER) for key in sights["trade"].tolist()])
    itself = (own <= now) & (own >= now - window_us)
    return np.maximum(broken - itself, 0), came


def _since_last_break(sights: pd.DataFrame, past: Past) -> pd.Series:
    """Return the days since the last break of the counterparty, NaN if none is known of."""
    parties, now = sights["counterparty"].to_numpy(), us(sights["at"])
    last = past.broke["counterparty"].last(parties, now + 1)
    days = pd.Series((now - last) / DAY_US, index=sights.index)
    return days.where((sights["counterparty"] != NOBODY) & (days <= WINDOW.days))
