"""Pair the affected trades again as if a fix were in force, for the answer alone."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from matching import engine
from workflows.causes.units import Bools

Fix = dict[str, Any]
Frames = tuple[pd.DataFrame, pd.DataFrame]
MONEY = ("price", "gross_amount", "commission", "fees", "accrued_interest", "net_amount")
COLUMN = {"PRICE": "price", "QUANTITY": "quantity", "NET_AMOUNT": "net_amount"}


def cleared(breaks: pd.DataFrame, left: pd.DataFrame, right: pd.DataFrame, rules: engine.RuleSet,
            fix: Fix) -> Bools | None:  # fmt: skip
    """
    Tell of each break whether it would be gone under a fix; None where no pairing can tell.

    `breaks` has break_type, left and right (trade keys, -1 for none); the frames hold the affected
    trades under the engine's canonical columns. A difference is gone where its trades are paired
    and do not differ so, a missing trade where it is paired.
    """
    change = CHANGES.get(fix.get("kind", ""))
    if change is None:
        return None
    left, right = change(left.copy(), right.copy(), fix)
    result = engine.reconcile(left, right, rules)
    match_of = result.legs.set_index("row")["match_id"]
    differing = set(zip(result.differences["match_id"], result.differences["kind"], strict=True))
    there = set(left.index) | set(right.index)
    gone = []
    for kind, one, two in zip(breaks["break_type"], breaks["left"], breaks["right"], strict=True):
        trades = [trade for trade in (one, two) if trade in there]
        matches = {match_of.get(trade) for trade in trades}
        if None in matches or len(matches) > 1:
            gone.append(False)
            continue
        gone.append(not any((match, kind) in differing for match in matches))
    return np.array(gone, dtype=bool)


def _factor(left: pd.DataFrame, right: pd.DataFrame, fix: Fix) -> Frames:
    factor = Decimal(fix["factor"])
    column = COLUMN.get(fix.get("field", "PRICE"), "price")
    return left, right.assign(**{column: _each(right[column], lambda value: value / factor)})


def _rate(left: pd.DataFrame, right: pd.DataFrame, fix: Fix) -> Frames:
    """Convert what was converted at the stale rate at the one in force."""
    if "stale_rate" not in fix:
        return left, right
    by = Decimal(fix["rate"]) / Decimal(fix["stale_rate"])
    frame = right if fix["stale_side"] == "right" else left
    columns = {name: _each(frame[name], lambda value: value * by) for name in MONEY}
    frame = frame.assign(**columns)
    return (left, frame) if fix["stale_side"] == "right" else (frame, right)


def _alias(left: pd.DataFrame, right: pd.DataFrame, fix: Fix) -> Frames:
    column = fix["kind"].removesuffix("_alias")
    renamed = right[column] == fix["alias"]
    right = right.assign(**{column: right[column].astype(object).where(~renamed, fix["name"])})
    # What identifies the new name would still contradict the old one.
    for scheme in ("counterparty_lei", "counterparty_bic") if column == "counterparty" else ():
        right[scheme] = right[scheme].astype(object).where(~renamed, None)
    return left, right


def _settlement(left: pd.DataFrame, right: pd.DataFrame, fix: Fix) -> Frames:
    return left, _back(right, "settlement_date", int(fix["business_days"]))


def _trade_date(left: pd.DataFrame, right: pd.DataFrame, fix: Fix) -> Frames:
    return left, _back(right, "trade_date", int(fix["business_days"]))


def _timezone(left: pd.DataFrame, right: pd.DataFrame, fix: Fix) -> Frames:
    at = right["executed_at"]
    moved = at - pd.Timedelta(minutes=int(fix["minutes"]))
    days = (moved.dt.floor("D") - at.dt.floor("D")).fillna(pd.Timedelta(0))
    on = pd.to_datetime(right["trade_date"].astype(object)) + days
    return left, right.assign(executed_at=moved, trade_date=on.dt.date)


def _side(left: pd.DataFrame, right: pd.DataFrame, _fix: Fix) -> Frames:
    other = {"BUY": "SELL", "SELL": "BUY"}
    return left, right.assign(side=right["side"].astype(object).map(other))


def _net(left: pd.DataFrame, right: pd.DataFrame, fix: Fix) -> Frames:
    """Put the costs into the net that has them not."""
    frame = left if fix["side"] == "right" else right
    costs = pd.Series(Decimal(0), index=frame.index, dtype=object)
    for name in fix["costs"]:
        costs = costs + _each(frame[name], _same).map(lambda value: value or Decimal(0))
    signed = costs.where(frame["side"].astype(object) == "BUY", -costs)
    fixed = frame.assign(net_amount=_each(frame["net_amount"], _same) + signed)
    return (fixed, right) if fix["side"] == "right" else (left, fixed)


def _cancel(left: pd.DataFrame, right: pd.DataFrame, fix: Fix) -> Frames:
    gone = fix["trades"]
    return left.drop(index=gone, errors="ignore"), right.drop(index=gone, errors="ignore")


def _back(frame: pd.DataFrame, column: str, days: int) -> pd.DataFrame:
    dates = pd.to_datetime(frame[column].astype(object)).to_numpy("datetime64[D]")
    known = ~np.isnat(dates)
    moved = dates.copy()
    moved[known] = np.busday_offset(dates[known], -days, roll="forward" if days < 0 else "backward")
    return frame.assign(**{column: pd.Series(moved, index=frame.index).dt.date})


def _each(column: pd.Series, change: Callable[[Decimal], Decimal]) -> pd.Series:
    values = [None if value is None or value is pd.NA or value != value else change(Decimal(value))  # noqa: PLR0124
              for value in column.tolist()]  # fmt: skip
    return pd.Series(values, index=column.index, dtype=object)


def _same(value: Decimal) -> Decimal:
    return value


CHANGES: dict[str, Callable[[pd.DataFrame, pd.DataFrame, Fix], Frames]] = {
    "price_unit": _factor,
    "unit_factor": _factor,
    "fx_rate": _rate,
    "account_alias": _alias,
    "counterparty_alias": _alias,
    "settlement_offset": _settlement,
    "trade_date_offset": _trade_date,
    "timezone": _timezone,
    "flip_side": _side,
    "net_includes": _net,
    "cancel_duplicates": _cancel,
}
