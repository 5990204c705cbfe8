"""
The units that can be broken, and where each belongs.

A unit is a trade of the left source with whatever the right one says of it, or a trade of the
right source that the left one lacks. So a break of a pair counts once, and a place holds as many
units as business was done there. Places are compared in the words of one source only: what the
left one lacks is looked at among the trades of the right one.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workflows.causes.inputs import Desk

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NUMBERED = ("counterparty", "account", "instrument")
WORDED = ("venue", "currency", "asset_class", "side")
DIMENSIONS = (*NUMBERED, *WORDED, "hour", "day")
# Days are where to look and not why: a finding's own days are told beside it.
PLACES = tuple(name for name in DIMENSIONS if name != "day")


@dataclass(frozen=True)
class Units:
    """
    ``frame`` is the trade each unit is told by, one row a unit. ``codes`` has each dimension as
    small numbers, -1 unknown, and ``values`` what each number stands for. ``of_break`` is the unit
    of each break, in the breaks' order.
    """

    frame: pd.DataFrame
    codes: dict[str, Ints]
    values: dict[str, list[object]]
    of_break: Ints

    def __len__(self) -> int:
        return len(self.frame)

    @cached_property
    def days(self) -> Ints:
        return self.frame["trade_date"].to_numpy("datetime64[D]").astype(np.int64)

    def marked(self, breaks: Ints) -> Bools:
        """Tell the units of these breaks, given by place."""
        found = np.zeros(len(self), dtype=bool)
        units = self.of_break[breaks]
        found[units[units >= 0]] = True
        return found

    def having(self, dimension: str, value: object) -> Bools:
        """Tell the units of one value of a dimension."""
        known = self.values[dimension]
        return self.codes[dimension] == (known.index(value) if value in known else -2)


def units_of(desk: Desk) -> Units:
    """Return the units of a desk: left's trades, and those of right's that left lacks."""
    left, right = desk.breaks["left"].to_numpy(), desk.breaks["right"].to_numpy()
    lone = np.unique(right[(left < 0) & (right >= 0)])
    rows = np.flatnonzero(desk.trades["on_left"].to_numpy())
    frame = desk.trades.iloc[np.concatenate([rows, desk.trades.index.get_indexer(pd.Index(lone))])]
    return _units(frame, np.where(left >= 0, left, right))


def units_of_side(desk: Desk, side: str) -> Units:
    """Return the trades of one source; a break in which it has none is of no unit."""
    frame = desk.trades[desk.trades["on_left"] == (side == "left")]
    return _units(frame, desk.breaks[side].to_numpy())


def _units(frame: pd.DataFrame, told_by: Ints) -> Units:
    codes, values = {}, {}
    for name in DIMENSIONS:
        codes[name], values[name] = _coded(_column(frame, name))
    return Units(frame, codes, values, frame.index.get_indexer(pd.Index(told_by)).astype(np.int64))


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    if name == "hour":
        return frame["executed_at"].dt.hour.fillna(-1).astype(np.int64)
    if name == "day":
        return _days(frame)
    return frame[name]


def _days(frame: pd.DataFrame) -> pd.Series:
    codes, days = pd.factorize(frame["trade_date"])
    texts = np.array([f"{day:%Y-%m-%d}" for day in days], dtype=object)
    return pd.Series(texts[codes], index=frame.index)


def _coded(column: pd.Series) -> tuple[Ints, list[object]]:
    codes, values = pd.factorize(column)
    known = [value.item() if isinstance(value, np.generic) else value for value in values]
    unknown = np.array([value in ("", -1) for value in known] or [False], dtype=bool)
    return np.where(unknown[codes], -1, codes).astype(np.int64), known
