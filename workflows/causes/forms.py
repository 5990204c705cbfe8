"""A form that differences share, before it is known where it holds and whether that is chance."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from workflows.causes.inputs import Desk
from workflows.causes.units import Bools, Ints, Units, units_of

MISSING = ("MISSING_LEFT", "MISSING_RIGHT")


@dataclass(frozen=True)
class Form:
    """
    Breaks (by place) alike in a way; `key` tells which way, `figures` say it exactly.

    `eligible` are the units that could show it, all of them where it is None; `tried` is how many
    forms were looked through to find it. `attached`, shaped ``(pairs, 2)``, has breaks that go
    with one of the form's: where that one is, they are.
    """

    mechanism: str
    key: tuple[object, ...]
    breaks: Ints
    figures: dict[str, Any]
    eligible: Bools | None = None
    fix: dict[str, Any] = field(default_factory=dict)
    tried: int = 1
    attached: Ints = field(default_factory=lambda: np.zeros((0, 2), dtype=np.int64))


@dataclass(frozen=True)
class Evidence:
    """A desk with its units, and what the signatures read of its breaks, one row a break."""

    desk: Desk
    units: Units
    kinds: pd.Series

    @classmethod
    def of(cls, desk: Desk) -> "Evidence":
        return cls(desk, units_of(desk), desk.breaks["break_type"])

    def of_type(self, *types: str) -> Ints:
        """Return the places of the breaks of some types."""
        return np.flatnonzero(self.kinds.isin(types).to_numpy())

    def numbers(self, breaks: Ints) -> tuple[np.ndarray, np.ndarray]:
        """Return the left and right value of breaks as numbers; not a number is NaN."""
        rows = self.desk.breaks.iloc[breaks]
        left, right = (
            pd.to_numeric(rows[name], errors="coerce").to_numpy(dtype=np.float64)
            for name in ("left_value", "right_value")
        )
        return left, right

    def trades(self, breaks: Ints, side: str) -> pd.DataFrame:
        """Return the trade of breaks on a side, one row a break; a row of nothing where none is."""
        return self.desk.trades.reindex(self.desk.breaks[side].to_numpy()[breaks])
