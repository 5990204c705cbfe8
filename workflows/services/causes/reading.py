"""The way from the desk's rows to the columns that causes are looked for in."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import Q, QuerySet
from numpy.typing import NDArray

from breaks.models import TradeBreak
from connectors.expectations import holidays
from matching.choices import LegSide
from matching.models import MatchLeg, Reconciliation
from matching.scope import of_asset_class
from trades.choices import TradeState
from trades.models import Account, Counterparty, FxRate, Instrument, Trade
from trades.services.columns import read_table, run_uncompiled
from workflows.causes import Desk, Rate

_NUMBERS = ("instrument_id", "counterparty_id", "account_id", "delivery_id")
_TEXT = ("asset_class", "side", "currency", "venue")
_FLOATS = ("quantity", "price", "commission", "fees")
_TIMES = ("trade_date", "settlement_date", "executed_at")
_BREAK = (
    "pk", "break_type", "left_trade_id", "right_trade_id", "left_value", "right_value",
    "difference", "exposure", "match_id",
)  # fmt: skip
# So long before and after their trade dates the dates of a break may lie.
SETTLING = timedelta(days=30)
# Rates this much older than the first trade may be what a source still converts at.
OLD_RATES = timedelta(days=45)


def live_breaks(
    reconciliation: Reconciliation, from_date: date, to_date: date
) -> QuerySet[TradeBreak]:
    """Return the live breaks of trades that causes are looked for in."""
    return (
        TradeBreak.objects.live()
        .filter(reconciliation=reconciliation, trade_date__range=(from_date, to_date))
        .filter(Q(left_trade__isnull=False) | Q(right_trade__isnull=False) | Q(match__isnull=False))
    )


def read_desk(reconciliation: Reconciliation, from_date: date, to_date: date) -> Desk:
    """Read the trades and live breaks of some days; a fixed number of queries."""
    run_uncompiled()
    breaks = _breaks(live_breaks(reconciliation, from_date, to_date))
    named = np.concatenate([breaks["left"].to_numpy(), breaks["right"].to_numpy()])
    trades = _trades(reconciliation, from_date, to_date, np.unique(named[named >= 0]))
    known = trades.index
    for side in ("left", "right"):
        breaks[side] = breaks[side].where(breaks[side].isin(known), -1)
    breaks = breaks[(breaks["left"] >= 0) | (breaks["right"] >= 0)]
    affected = trades.loc[trades.index.isin(named)]
    left = reconciliation.left_source
    noon = datetime.combine(from_date, time(12), ZoneInfo(left.timezone))
    return Desk(
        trades=trades,
        breaks=breaks,
        rates=_rates(reconciliation.base_currency, from_date, to_date),
        names=_names(affected),
        left=left.name,
        right=reconciliation.right_source.name,
        zone=noon.utcoffset() or timedelta(0),
        holidays=holidays(reconciliation.calendar, from_date - SETTLING, to_date + SETTLING),
    )


def _trades(
    reconciliation: Reconciliation, from_date: date, to_date: date, named: NDArray[np.int64]
) -> pd.DataFrame:
    sources = [reconciliation.left_source_id, reconciliation.right_source_id]
    within = Trade.objects.filter(
        of_asset_class(reconciliation),
        source__in=sources,
        trade_date__range=(from_date, to_date),
    ).exclude(state=TradeState.CANCELLED)
    columns = ["pk", "source_id", *_NUMBERS, *_TEXT, *_FLOATS, *_TIMES]
    tables = [read_table(within.order_by(), columns)]
    missing = np.setdiff1d(named, tables[0]["pk"].to_numpy())
    if len(missing):
        others = Trade.objects.filter(pk__among=missing.tolist())
        tables.append(read_table(others.order_by(), columns))
    table = pa.concat_tables(tables)
    frame = {"on_left": pc.equal(table["source_id"], sources[0]).to_numpy()}
    for name in _NUMBERS:
        frame[name.removesuffix("_id")] = pc.fill_null(table[name], -1).to_numpy()
    for name in _TEXT:
        frame[name] = pd.array(pc.fill_null(table[name], ""), dtype="str")
    for name in _FLOATS:
        frame[name] = pc.cast(table[name], pa.float64()).to_numpy()
    for name in _TIMES:
        frame[name] = _times(table[name])
    return pd.DataFrame(frame, index=pd.Index(table["pk"].to_numpy(), name="trade"))


def _times(column: pa.ChunkedArray) -> Any:
    kind = pa.timestamp("us", "UTC") if pa.types.is_timestamp(column.type) else pa.timestamp("s")
    return pd.Series(pc.cast(column, kind).to_pandas()).array


def _breaks(found: QuerySet[TradeBreak]) -> pd.DataFrame:
    table = read_table(found.order_by("pk"), list(_BREAK))
    frame = pd.DataFrame({
        "break_type": table["break_type"].to_pylist(),
        "left": pc.fill_null(table["left_trade_id"], -1).to_numpy(),
        "right": pc.fill_null(table["right_trade_id"], -1).to_numpy(),
        "left_value": pc.fill_null(table["left_value"], "").to_pylist(),
        "right_value": pc.fill_null(table["right_value"], "").to_pylist(),
        "difference": pd.Series(table["difference"].to_pylist(), dtype=object),
        "exposure": pd.Series(table["exposure"].to_pylist(), dtype=object),
        "match": pc.fill_null(table["match_id"], -1).to_numpy(),
    })  # fmt: skip
    frame.index = pd.Index(table["pk"].to_numpy(), name="break")
    return _with_first_legs(frame).drop(columns="match")


def _with_first_legs(breaks: pd.DataFrame) -> pd.DataFrame:
    """Stand, for the many trades of a group, the first one a side."""
    grouped = breaks[(breaks["match"] >= 0) & ((breaks["left"] < 0) | (breaks["right"] < 0))]
    if grouped.empty:
        return breaks
    keys = grouped["match"].unique().tolist()
    legs = MatchLeg.objects.filter(match__among=keys).order_by("trade_id")
    table = read_table(legs, ["match_id", "side", "trade_id"]).to_pandas()
    for name, side in (("left", LegSide.LEFT), ("right", LegSide.RIGHT)):
        first = table[table["side"] == side.value].groupby("match_id")["trade_id"].first()
        filled = breaks["match"].map(first).fillna(-1).astype(np.int64)
        breaks[name] = breaks[name].where(breaks[name] >= 0, filled)
    return breaks


def _rates(base: str, from_date: date, to_date: date) -> list[Rate]:
    """Return the FX table towards the base, from a while before the first trade on."""
    since = from_date - OLD_RATES
    rows = FxRate.objects.filter(base=base, as_of_date__lte=to_date)
    newest: dict[str, Rate] = {}
    within: list[Rate] = []
    for currency, on, rate in rows.order_by("as_of_date").values_list(
        "currency", "as_of_date", "rate"
    ):
        known = Rate(currency, on, float(rate))
        if on < since:
            newest[currency] = known
        else:
            within.append(known)
    return [*newest.values(), *within]


def _names(affected: pd.DataFrame) -> dict[str, dict[int, str]]:
    """Return what the reference data calls whatever a break has to do with."""
    parties = Counterparty.objects.filter(pk__among=_keys(affected["counterparty"]))
    accounts = Account.objects.filter(pk__among=_keys(affected["account"]))
    instruments = Instrument.objects.filter(pk__among=_keys(affected["instrument"]))
    return {
        "counterparty": dict(parties.values_list("pk", "name")),
        "account": dict(accounts.values_list("pk", "code")),
        "instrument": {one.pk: str(one) for one in instruments},
    }


def _keys(column: Iterable[int]) -> list[int]:
    return sorted({int(key) for key in column if key >= 0})
