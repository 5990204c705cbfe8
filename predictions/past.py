"""
What had happened before a moment: trades that came, prices they had, breaks that were opened.

A trade counts from the day after it came (days in UTC), as it was first reported; a break from the
moment it was opened, whatever the date of its trade. Nothing here changes afterwards: what is read
of days that have ended may be kept.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd
from django.conf import settings
from django.db import connection
from django.db.models import Max, Q
from numpy.typing import NDArray

from breaks.choices import BreakStatus, BreakType
from breaks.models import TradeBreak
from matching.models import MatchLeg
from predictions.sightings import as_first_reported
from trades.models import Trade
from trades.services.columns import read_table

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# So far back rates are counted.
WINDOW = timedelta(days=90)
# The recent range of an instrument: between these shares of its last prices.
RECENT_PRICES, LEAST_PRICES, RANGE = 20, 5, (0.1, 0.9)
# A late file is the file's fault, and no trade's.
WORTH_FORESEEING = tuple(kind for kind in BreakType if kind != BreakType.TIMING)
KINDS = ("source", "counterparty", "account", "instrument")
DAY_US = 24 * 60 * 60 * 1_000_000


class Events:
    """Moments of many things, counted thing by thing between two moments."""

    def __init__(self, things: Ints, moments: Ints) -> None:
        self._things = np.unique(things)
        self._moments = np.unique(moments)
        self._last = len(self._moments) + 1
        keys = np.searchsorted(self._things, things) * self._last
        self._keys = np.sort(keys + np.searchsorted(self._moments, moments))

    def _place(self, things: Ints, before: Ints) -> Ints:
        """Return how many events, in order, come before that of a thing at a moment."""
        rank = np.searchsorted(self._things, things)
        return np.searchsorted(
            self._keys, rank * self._last + np.searchsorted(self._moments, before)
        ).astype(np.int64)

    def _known(self, things: Ints) -> NDArray[np.bool_]:
        return np.isin(things, self._things)

    def count(self, things: Ints, since: Ints, before: Ints) -> Ints:
        found = self._place(things, before) - self._place(things, since)
        return np.where(self._known(things), found, 0)

    def last(self, things: Ints, before: Ints) -> Floats:
        """Return the moment of the last event of each before a moment; NaN without one."""
        if not len(self._keys):
            return np.full(len(things), np.nan)
        rank = np.searchsorted(self._things, things)
        place = self._place(things, before) - 1
        key = self._keys[np.maximum(place, 0)]
        moment = self._moments[np.minimum(key % self._last, len(self._moments) - 1)]
        is_theirs = self._known(things) & (place >= 0) & (key // self._last == rank)
        return np.where(is_theirs, moment.astype(float), np.nan)


@dataclass(frozen=True)
class Reports:
    """The trades that came within some days, as they were first reported."""

    frame: pd.DataFrame

    @cached_property
    def came(self) -> dict[str, Events]:
        days = us(self.frame["at"]) // DAY_US
        every = {name: Events(self.frame[name].to_numpy(), days) for name in KINDS}
        return every | {"all": Events(np.zeros(len(days), dtype=np.int64), days)}

    @cached_property
    def _ranges(self) -> tuple[pd.Index, Ints, Floats, Floats]:
        priced = self.frame[self.frame["price"].notna() & (self.frame["instrument"] >= 0)]
        priced = priced.assign(day=us(priced["at"]) // DAY_US)
        priced = priced.sort_values(["instrument", "currency", "at", "trade"], kind="stable")
        names = pd.MultiIndex.from_frame(priced[["instrument", "currency"]])
        groups = names.unique()
        codes = groups.get_indexer(names).astype(np.int64)
        rolling = priced["price"].groupby(codes).rolling(RECENT_PRICES, min_periods=LEAST_PRICES)
        low, high = (rolling.quantile(share).to_numpy() for share in RANGE)
        return groups, codes * 100_000 + priced["day"].to_numpy(), low, high

    def range_before(self, sights: pd.DataFrame, days: Ints) -> tuple[Floats, Floats]:
        """Return between what the last prices before a day lay; NaN where there are too few."""
        groups, keys, low, high = self._ranges
        nothing = np.full(len(sights), np.nan)
        if not len(keys):
            return nothing, nothing
        names = pd.MultiIndex.from_frame(sights[["instrument", "currency"]])
        codes = groups.get_indexer(names).astype(np.int64)
        place = np.searchsorted(keys, codes * 100_000 + days) - 1
        held = np.maximum(place, 0)
        theirs = (codes >= 0) & (place >= 0) & (keys[held] // 100_000 == codes)
        return np.where(theirs, low[held], np.nan), np.where(theirs, high[held], np.nan)


@dataclass(frozen=True)
class Past:
    """Reports, and the first break of each trade that broke, with whose trade it was."""

    reports: Reports
    broken: pd.DataFrame

    @cached_property
    def broke(self) -> dict[str, Events]:
        moments = us(self.broken["opened_at"])
        every = {name: Events(self.broken[name].to_numpy(), moments) for name in KINDS}
        return every | {"all": Events(np.zeros(len(moments), dtype=np.int64), moments)}

    @cached_property
    def first_break(self) -> dict[int, int]:
        moments = us(self.broken["opened_at"]).tolist()
        return dict(zip(self.broken["trade"].tolist(), moments, strict=True))


def past_of(sights: pd.DataFrame) -> Past:
    """Return what had happened before these sightings, as far back as any of them looks."""
    if sights.empty:
        nothing = as_first_reported(Trade.objects.none())
        return Past(Reports(nothing), nothing.assign(opened_at=nothing["at"]))
    first = sights["received_at"].min().normalize() - WINDOW
    last_came = sights["received_at"].max().normalize()
    last = sights["at"].max()
    reports = _reports(first.to_pydatetime(), last_came.to_pydatetime())
    return Past(reports, _broken(first.to_pydatetime(), last.to_pydatetime()))


def us(moments: pd.Series) -> Ints:
    """Return moments as microseconds since 1970."""
    return moments.to_numpy(dtype="datetime64[us]").astype(np.int64)


_kept: dict[str, tuple[float, int, datetime, datetime, Reports]] = {}
_lock = Lock()


def _reports(first: datetime, before: datetime) -> Reports:
    """
    Return the trades that came from one day until another, kept for some time.

    What came on days that have ended does not change. More than was asked for does no harm, and
    a little more is read, so that tomorrow's question is answered too.
    """
    seconds = settings.PREDICTION_HISTORY_SECONDS
    if not seconds:
        return _read_reports(first, before)
    name, now = str(connection.settings_dict["NAME"]), time.monotonic()
    newest = Trade.objects.aggregate(newest=Max("pk"))["newest"] or 0
    with _lock:
        read_at, key, since, until, reports = _kept.get(name, (0.0, 0, before, first, None))
        fresh = now - read_at < seconds and newest >= key
        if reports is not None and fresh and since <= first and before <= until:
            return reports
        reports = _read_reports(first, before)
        _kept[name] = (now, newest, first, before, reports)
        return reports


def _read_reports(first: datetime, before: datetime) -> Reports:
    came = Trade.objects.filter(received_at__gte=first, received_at__lt=before)
    return Reports(as_first_reported(came))


def first_breaks(opened: Q) -> pd.DataFrame:
    """Return `trade` and `opened_at`: the first break worth foreseeing of each trade."""
    rows = TradeBreak.objects.filter(
        opened, status__in=BreakStatus.values, break_type__in=WORTH_FORESEEING
    )
    table = read_table(
        rows.order_by(), ["left_trade_id", "right_trade_id", "match_id", "opened_at"]
    ).to_pandas()
    ours = [
        table[["opened_at"]].assign(trade=table[name]).dropna()
        for name in ("left_trade_id", "right_trade_id")
    ]
    grouped = table[(table["left_trade_id"].isna() | table["right_trade_id"].isna())]
    if matches := grouped["match_id"].dropna().astype(np.int64).unique().tolist():
        legs = read_table(
            MatchLeg.objects.filter(match__among=matches).order_by(), ["match_id", "trade_id"]
        ).to_pandas()
        joined = grouped.merge(legs, on="match_id")
        ours.append(joined[["opened_at"]].assign(trade=joined["trade_id"]))
    found = pd.concat(ours, ignore_index=True)
    found["trade"] = found["trade"].astype(np.int64)
    return found.groupby("trade", as_index=False)["opened_at"].min()


def _broken(first: datetime, last: datetime) -> pd.DataFrame:
    """Return the trades that broke until a moment; one is known from its first break on."""
    found = first_breaks(Q(opened_at__gte=first, opened_at__lte=last))
    theirs: Any = as_first_reported(Trade.objects.filter(pk__among=found["trade"].tolist()))
    return theirs.merge(found, on="trade")
