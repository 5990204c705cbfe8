"""A file that came twice under other ids: trades that repeat those of an earlier delivery."""

from typing import Any

import numpy as np
import pandas as pd

from workflows.causes.finding import Finding
from workflows.causes.forms import MISSING, Evidence
from workflows.causes.places import LEAST_SUPPORT
from workflows.causes.scopes import LEAST_COVERAGE, ORDINARY
from workflows.causes.significance import binomial

SAME = ("instrument", "trade_date", "executed_at", "side", "quantity", "price", "counterparty")


def duplicates(evidence: Evidence) -> tuple[list[Finding], int]:
    """Return the deliveries that mostly repeat another one, and how many were tried."""
    lone = evidence.of_type("DUPLICATE", *MISSING)
    rows = evidence.desk.breaks.iloc[lone]
    key = rows["left"].where(rows["left"] >= 0, rows["right"]).to_numpy()
    trades = evidence.desk.trades
    if len(lone) < LEAST_SUPPORT or not (trades["delivery"] >= 0).any():
        return [], 0
    repeats = _repeats(trades, key)
    sizes = trades["delivery"].value_counts().to_dict()
    found = []
    groups = repeats.groupby(["later", "earlier"])
    for pair, alike in groups:
        both: Any = pair
        delivery, first = int(both[0]), int(both[1])
        k, n = alike["repeat"].nunique(), sizes[delivery]
        if k < LEAST_SUPPORT or k < LEAST_COVERAGE * n:
            continue
        breaks = lone[np.isin(key, alike["trade"].unique())]
        units = evidence.units.marked(breaks)
        outside = (repeats["repeat"].nunique() - k) / max(len(trades) - n, 1)
        side = "left" if bool(trades.loc[alike["trade"].iloc[0], "on_left"]) else "right"
        figures = {
            "side": side, "delivery": delivery, "first_delivery": first,
            "repeated": int(k), "of": n,
        }  # fmt: skip
        fix = {"kind": "cancel_duplicates", "delivery": delivery, "side": side}
        found.append(
            Finding(
                mechanism="DUPLICATE_FILE",
                key=(side, delivery),
                terms=(),
                breaks=breaks,
                units=units,
                lift=(k / n) / (repeats["repeat"].nunique() / len(trades)),
                p_value=binomial(k, n, max(ORDINARY, outside)),
                figures=figures,
                fix=fix,
            )
        )
    return found, groups.ngroups


def _repeats(trades: pd.DataFrame, lone: np.ndarray) -> pd.DataFrame:
    """
    Return the lone trades that another delivery of their source holds too.

    Either of two alike may be the one that found its counterpart: `repeat` is the one of the
    `later` delivery, whichever is lone.
    """
    on = ["on_left", *SAME]
    columns = trades[[*on, "delivery"]].rename_axis("trade").reset_index()
    ours = columns[columns["trade"].isin(lone)]
    others = columns[columns["instrument"].isin(ours["instrument"])]
    both = ours.merge(others, on=on, suffixes=("", "_other"))
    both = both[both["delivery"] != both["delivery_other"]]
    is_later = both["delivery"] > both["delivery_other"]
    return both.assign(
        later=both[["delivery", "delivery_other"]].max(axis=1),
        earlier=both[["delivery", "delivery_other"]].min(axis=1),
        repeat=both["trade"].where(is_later, both["trade_other"]),
    )
