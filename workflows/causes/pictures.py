"""What a finding's page draws, as counts: by hour, by day, by place, and how values spread."""

from typing import Any

import numpy as np
import pandas as pd

from workflows.causes.finding import Finding
from workflows.causes.forms import Evidence
from workflows.causes.inputs import Desk
from workflows.causes.units import NUMBERED, WORDED
from workflows.causes.words import NOUN

MOST_BARS = 8
FACTORED = {
    "PENCE_POUNDS", "STALE_FX", "FX_CONVERSION", "PRICE_FACTOR", "QUANTITY_FACTOR", "AMOUNT_FACTOR",
}  # fmt: skip
SHIFTED = {"SETTLEMENT_CYCLE": "SETTLEMENT_DATE", "DATE_SHIFT": "TRADE_DATE"}


def pictures(finding: Finding, evidence: Evidence) -> dict[str, Any]:
    """Return the counts that a finding's page draws; JSON."""
    return {
        "by_hour": _counted(finding, evidence, "hour"),
        "by_day": _counted(finding, evidence, "day"),
        "places": _places(finding, evidence),
        "spread": _spread(finding, evidence),
    }


def _counted(finding: Finding, evidence: Evidence, dimension: str) -> list[list[Any]]:
    """Return, by value in order, how many units there are and how many the finding has."""
    codes, values = evidence.units.codes[dimension], evidence.units.values[dimension]
    known = codes >= 0
    there = np.bincount(codes[known], minlength=len(values))
    ours = np.bincount(codes[known & finding.units], minlength=len(values))
    rows = zip(values, there.tolist(), ours.tolist(), strict=True)
    return [list(row) for row in sorted(rows, key=lambda row: str(row[0]).zfill(10)) if row[1]]


def _places(finding: Finding, evidence: Evidence) -> list[dict[str, Any]]:
    """Return the values of the dimension a finding is told by, those with the most of it first."""
    units = evidence.units
    dimension = finding.terms[0][0] if finding.terms else ""
    if dimension not in (*NUMBERED, *WORDED):
        return []
    codes, values = units.codes[dimension], units.values[dimension]
    known = codes >= 0
    there = np.bincount(codes[known], minlength=len(values))
    ours = np.bincount(codes[known & finding.units], minlength=len(values))
    everywhere = finding.units.sum() / max(len(units), 1)
    order = np.lexsort((-there, -ours))[:MOST_BARS]
    return [
        {
            "dimension": NOUN[dimension],
            "name": _name(evidence.desk, dimension, values[at]),
            "breaks": int(ours[at]),
            "trades": int(there[at]),
            "lift": round(float(ours[at] / there[at] / everywhere), 2) if everywhere else None,
        }
        for at in order
        if there[at]
    ]


def _name(desk: Desk, dimension: str, value: Any) -> str:
    return desk.names.get(dimension, {}).get(value, str(value))


def _spread(finding: Finding, evidence: Evidence) -> list[list[Any]]:
    """Return how factor or shift spreads over the breaks of the field: label, count, ours."""
    ours = set(finding.breaks.tolist())
    if finding.mechanism in FACTORED:
        breaks = evidence.of_type(finding.figures["field"])
        left, right = evidence.numbers(breaks)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = right / left
        labels = [f"{value:.3g}" if value > 0 else "" for value in ratio]
    elif finding.mechanism in SHIFTED:
        breaks = evidence.of_type(SHIFTED[finding.mechanism])
        rows = evidence.desk.breaks.iloc[breaks]
        left_day, right_day = (
            pd.to_datetime(rows[name], errors="coerce", format="ISO8601")
            for name in ("left_value", "right_value")
        )
        labels = [
            f"{int(days):+d} d" if days == days else ""  # noqa: PLR0124  not a date
            for days in (right_day - left_day).dt.days
        ]
    else:
        return []
    frame = pd.DataFrame({"label": labels, "ours": [place in ours for place in breaks]})
    frame = frame[frame["label"] != ""]
    counts = frame.groupby("label")["ours"].agg(["size", "sum"])
    counts = counts.sort_values("size", ascending=False).head(12)
    return [[str(label), int(row["size"]), int(row["sum"])] for label, row in counts.iterrows()]
