"""Dates that are off by the same number of business days, or moved by a clock in another zone."""

import numpy as np
import pandas as pd

from workflows.causes.forms import Evidence, Form
from workflows.causes.places import LEAST_SUPPORT
from workflows.causes.units import Bools, Ints

QUARTER, DAY = 15, 24 * 60
CLOCKS_APART = 3  # minutes by which two clocks of one zone may be apart


def shifts(evidence: Evidence) -> list[Form]:
    """Return the shifts that settlement dates and trade dates share."""
    return [*_settlement(evidence), *_trade_dates(evidence)]


def _settlement(evidence: Evidence) -> list[Form]:
    breaks = evidence.of_type("SETTLEMENT_DATE")
    days = _business_days(evidence, breaks)
    found = []
    for shift in np.unique(days):
        alike = breaks[days == shift]
        if len(alike) < LEAST_SUPPORT or not shift:
            continue
        cycles = [_cycle(evidence, alike, side) for side in ("left", "right")]
        figures = {"business_days": int(shift), "left_cycle": cycles[0], "right_cycle": cycles[1]}
        fix = {"kind": "settlement_offset", "business_days": int(shift)}
        key = ("settlement_date", int(shift))
        found.append(Form("SETTLEMENT_CYCLE", key, alike, figures, None, fix, len(np.unique(days))))
    return found


def _business_days(evidence: Evidence, breaks: Ints) -> Ints:
    """Return how many business days right is after left; 0 where a date cannot be read."""
    rows = evidence.desk.breaks.iloc[breaks]
    left, right = (
        pd.to_datetime(rows[name], errors="coerce", format="ISO8601").to_numpy("datetime64[D]")
        for name in ("left_value", "right_value")
    )
    known = ~np.isnat(left) & ~np.isnat(right)
    days = np.zeros(len(breaks), dtype=np.int64)
    days[known] = np.busday_count(left[known], right[known], holidays=list(evidence.desk.holidays))
    return days


def _cycle(evidence: Evidence, breaks: Ints, side: str) -> int | None:
    """Return how many business days after the trade date a side mostly settles."""
    trades = evidence.trades(breaks, side)[["trade_date", "settlement_date"]].dropna()
    if trades.empty:
        return None
    on, settles = (
        trades[name].to_numpy("datetime64[D]") for name in ("trade_date", "settlement_date")
    )
    days = np.busday_count(on, settles, holidays=list(evidence.desk.holidays))
    return int(pd.Series(days).mode().iloc[0])


def _trade_dates(evidence: Evidence) -> list[Form]:
    breaks = evidence.of_type("TRADE_DATE")
    minutes = _clock_shift(evidence, breaks)
    found = []
    zones = minutes[(minutes != 0) & (minutes % DAY != 0)]
    for shift in np.unique(zones):
        alike = breaks[minutes == shift]
        if len(alike) < LEAST_SUPPORT:
            continue
        figures = {"minutes": int(shift)}
        fix = {"kind": "timezone", "minutes": int(shift)}
        would_move = _crosses_midnight(evidence, int(shift))
        key = ("trade_date", int(shift))
        form = Form("TIMEZONE_SHIFT", key, alike, figures, would_move, fix, len(np.unique(zones)))
        found.append(form)
    rest = breaks[(minutes == 0) | (minutes % DAY == 0)]
    days = _business_days(evidence, rest)
    for shift in np.unique(days[days != 0]):
        alike = rest[days == shift]
        if len(alike) >= LEAST_SUPPORT:
            figures = {"business_days": int(shift)}
            fix = {"kind": "trade_date_offset", "business_days": int(shift)}
            found.append(Form("DATE_SHIFT", ("trade_date", int(shift)), alike, figures, None, fix))
    return found


def _clock_shift(evidence: Evidence, breaks: Ints) -> Ints:
    """Return by how many quarters of an hour, in minutes, right's clock is ahead; 0 for neither."""
    left, right = (
        evidence.trades(breaks, side)["executed_at"].reset_index(drop=True)
        for side in ("left", "right")
    )
    apart = (right - left).dt.total_seconds().to_numpy(dtype=np.float64) / 60
    apart = np.where(np.isnan(apart), 0, apart)
    quarters = np.round(apart / QUARTER) * QUARTER
    return np.where(np.abs(apart - quarters) <= CLOCKS_APART, quarters, 0).astype(np.int64)


def _crosses_midnight(evidence: Evidence, minutes: int) -> Bools:
    """Tell the units whose date such a shift of the clock would change, at the left's place."""
    at = evidence.units.frame["executed_at"] + evidence.desk.zone
    moved = (at + pd.Timedelta(minutes=minutes)).dt.floor("D")
    crosses: Bools = (moved.notna() & (moved != at.dt.floor("D"))).to_numpy()
    return crosses
