"""Small desks in columns: paired trades of both sides, with breaks put on some of them."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from workflows.causes import Desk

DAYS = pd.to_datetime(["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05", "2026-03-06"])


class Paired:
    """`count` trades a side; the i-th of left is key i, its partner is key count + i."""

    def __init__(self, count: int = 1_000, seed: int = 1) -> None:
        rng = np.random.default_rng(seed)
        self.count, self.rng = count, rng
        half = pd.DataFrame({
            "trade_date": DAYS[rng.integers(0, 5, count)],
            "instrument": rng.integers(0, 40, count),
            "counterparty": rng.integers(0, 15, count),
            "account": rng.integers(0, 10, count),
            "delivery": 1,
            "asset_class": "EQUITY",
            "venue": rng.choice(["XNYS", "XLON", "XETR"], count),
            "currency": "USD",
            "side": rng.choice(["BUY", "SELL"], count),
            "quantity": rng.integers(1, 5_000, count).astype(float),
            "price": rng.integers(100, 90_000, count) / 100,
            "commission": rng.integers(300, 9_000, count) / 100,
            "fees": 0.0,
        })  # fmt: skip
        half["settlement_date"] = half["trade_date"] + pd.Timedelta(days=2)
        minute = pd.to_timedelta(rng.integers(8 * 60, 20 * 60, count), unit="min")
        half["executed_at"] = (half["trade_date"] + minute).dt.tz_localize("UTC")
        left, right = half.assign(on_left=True), half.assign(on_left=False, delivery=2)
        self.trades = pd.concat([left, right], ignore_index=True)
        self.rows: list[dict[str, Any]] = []

    def breaks(
        self, kind: str, on: Any, values: Callable[[int], tuple[Any, Any]] = lambda _: ("a", "b")
    ) -> "Paired":
        """Put a break on the pairs of these places."""
        for place in np.asarray(on).tolist():
            left, right = values(place)
            missing = {"MISSING_RIGHT": "right", "MISSING_LEFT": "left"}.get(kind, "")
            self.rows.append({
                "break_type": kind,
                "left": -1 if missing == "left" else place,
                "right": -1 if missing == "right" else place + self.count,
                "left_value": str(left), "right_value": str(right),
                "difference": None, "exposure": Decimal(100),
            })  # fmt: skip
            if missing:
                gone = place if missing == "left" else place + self.count
                self.trades = self.trades.drop(index=gone)
        return self

    def places(self, **where: Any) -> np.ndarray:
        """Return the pairs whose left trade has these values."""
        left = self.trades.loc[self.trades["on_left"]]
        hit = np.ones(len(left), dtype=bool)
        for name, value in where.items():
            hit &= (left[name] == value).to_numpy()
        return left.index[hit].to_numpy()

    def some(self, count: int) -> np.ndarray:
        return self.rng.choice(self.count, count, replace=False)

    def desk(self, **more: Any) -> Desk:
        columns = ["break_type", "left", "right", "left_value", "right_value", "difference",
                   "exposure"]  # fmt: skip
        return Desk(self.trades, pd.DataFrame(self.rows, columns=columns), **more)
