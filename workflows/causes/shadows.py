"""Trades that both sides lack, and that are one business but for a single field."""

import numpy as np

from workflows.causes.forms import Evidence
from workflows.causes.units import Ints

# Without the instrument, which the two may name so differently that it is not known to be one:
# to the day, the quantity and the price, two lone trades are hardly ever equal by accident.
KEY = ("trade_date", "side", "quantity", "price")


def shadows(evidence: Evidence, lone: Ints, differing: str) -> Ints:
    """
    Return pairs of missing-trade breaks, by place: shaped ``(pairs, 2)``, left's trade first.

    The two trades agree on all of `KEY` but `differing`, on which they do not, and no other
    trade that somebody lacks does so too. Prices in pence and pounds count as equal.
    """
    rows = evidence.desk.breaks.iloc[lone]
    sides = []
    for name, other in (("left", "right"), ("right", "left")):
        here = (rows[name] >= 0).to_numpy() & (rows[other] < 0).to_numpy()
        trades = evidence.desk.trades.loc[rows[name].to_numpy()[here]]
        keyed = trades[list(KEY)].assign(
            place=lone[here],
            price=np.where(trades["currency"].isin(("GBX", "GBp")), 0.01, 1) * trades["price"],
        )
        sides.append(keyed.round({"price": 8, "quantity": 8}))
    on = [name for name in KEY if name != differing]
    sides = [side[~side.duplicated(on, keep=False)] for side in sides]
    both = sides[0].merge(sides[1], on=on, suffixes=("_left", "_right"))
    both = both[both[f"{differing}_left"] != both[f"{differing}_right"]]
    return both[["place_left", "place_right"]].to_numpy(dtype=np.int64)
