"""What a finding's fix would clear: its trades paired again by the engine, and nothing written."""

from typing import Any

import numpy as np

from matching import engine
from matching.frames import trades_frame
from matching.models import MatchLeg
from trades.models import Trade
from trades.services.columns import read_table
from workflows.causes import Desk, Finding
from workflows.causes.units import Bools
from workflows.causes.whatif import CHANGES, cleared

# Beyond so many breaks a fix is tried on the first of them only, and the rest is taken alike.
MOST_TRIED = 20_000


def try_fix(finding: Finding, desk: Desk, rules: engine.RuleSet) -> Bools | None:
    """
    Tell of each break of a finding whether its fix would clear it; None where nothing can tell.

    What a source left out is taken to agree once it is sent.
    """
    kind = finding.fix.get("kind")
    if kind == "resend":
        return np.ones(len(finding.breaks), dtype=bool)
    if kind not in CHANGES:
        return None
    breaks = desk.breaks.iloc[finding.breaks[:MOST_TRIED]]
    keys = np.unique(np.concatenate([breaks["left"].to_numpy(), breaks["right"].to_numpy()]))
    again = _of_delivery(finding, desk) if "delivery" in finding.fix else []
    keys = np.union1d(keys[keys >= 0], again).astype(np.int64)
    on_left = desk.trades["on_left"].reindex(keys).fillna(False).to_numpy(dtype=bool)
    partners = _partners(keys)
    left, right = (
        trades_frame(Trade.objects.filter(pk__among=sorted({*part.tolist(), *more})))
        for part, more in ((keys[on_left], partners[0]), (keys[~on_left], partners[1]))
    )
    found = cleared(breaks, left, right, rules, finding.fix | {"trades": again})
    if found is None or len(found) == len(finding.breaks):
        return found
    rest = np.resize(found, len(finding.breaks))
    return np.asarray(rest, dtype=bool)


def _partners(keys: Any) -> tuple[list[int], list[int]]:
    """Return the other trades of the matches that these are in, left and right."""
    matches = (
        MatchLeg.objects.filter(trade__among=keys.tolist(), is_live=True)
        .order_by()
        .values_list("match", flat=True)
        .distinct()
    )
    legs = MatchLeg.objects.filter(match__among=list(matches), is_live=True).order_by()
    table = read_table(legs, ["side", "trade_id"]).to_pydict()
    sides: dict[str, list[int]] = {"left": [], "right": []}
    for side, trade in zip(table["side"], table["trade_id"], strict=True):
        sides[str(side).lower()].append(trade)
    return sides["left"], sides["right"]


def _of_delivery(finding: Finding, desk: Desk) -> list[int]:
    trades = desk.trades
    ours: list[int] = trades.index[trades["delivery"] == finding.fix["delivery"]].tolist()
    return ours
