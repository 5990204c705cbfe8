"""Net amounts that differ by exactly the costs: one side's net has them in, the other's has not."""

import numpy as np
from numpy.typing import NDArray

from workflows.causes.forms import Evidence, Form
from workflows.causes.places import LEAST_SUPPORT
from workflows.causes.units import Bools, Ints

# Sources round their nets by a cent or two.
CENTS = 0.021
KINDS = {"commission": ("commission",), "fees": ("fees",), "costs": ("commission", "fees")}
UNITS = (1.0, 0.01)  # as reported, or in pence where the difference is in pounds


def commissions(evidence: Evidence) -> list[Form]:
    """Return the nets that differ by the commission, the fees, or both."""
    breaks = evidence.of_type("NET_AMOUNT")
    if len(breaks) < LEAST_SUPPORT:
        return []
    gaps = np.abs(
        np.array(
            [float(gap or 0) for gap in evidence.desk.breaks["difference"].iloc[breaks]],
            dtype=np.float64,
        )
    )
    found, taken = [], np.zeros(len(breaks), dtype=bool)
    for kind, columns in KINDS.items():
        hit = np.zeros(len(breaks), dtype=bool)
        for side in ("left", "right"):
            cost = _sum(evidence, breaks, side, columns)
            for unit in UNITS:
                hit |= (cost * unit > CENTS) & (np.abs(gaps - cost * unit) <= CENTS)
        hit &= ~taken
        if hit.sum() < LEAST_SUPPORT:
            continue
        taken |= hit
        alike = breaks[hit]
        figures = {"costs": list(columns), "net_has_them": _whose(evidence, alike)}
        fix = {"kind": "net_includes", "costs": list(columns), "side": figures["net_has_them"]}
        form = Form("COMMISSION_IN_NET", (kind,), alike, figures, _charged(evidence, columns), fix)
        found.append(form)
    return found


def _sum(
    evidence: Evidence, breaks: Ints, side: str, columns: tuple[str, ...]
) -> NDArray[np.float64]:
    trades = evidence.trades(breaks, side)
    total: NDArray[np.float64] = trades[list(columns)].fillna(0).to_numpy().sum(axis=1)
    return total


def _charged(evidence: Evidence, columns: tuple[str, ...]) -> Bools:
    """Tell the units whose costs are large enough to show in a net."""
    frame = evidence.units.frame
    costs: NDArray[np.float64] = frame[list(columns)].fillna(0).to_numpy().sum(axis=1)
    pence = frame["currency"].isin(("GBX", "GBp")).to_numpy()
    charged: Bools = np.where(pence, costs / 100, costs) > 2
    return charged


def _whose(evidence: Evidence, breaks: Ints) -> str:
    """Return the side whose net has the costs in: dearer when bought, cheaper when sold."""
    left, right = evidence.numbers(breaks)
    side = evidence.units.frame["side"].to_numpy()[evidence.units.of_break[breaks]]
    left_has = np.where(side == "BUY", left > right, left < right)
    return "left" if 2 * left_has.sum() >= len(breaks) else "right"
