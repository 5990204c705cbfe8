"""Near ties: pairs that could as well have been made another way."""

import numpy as np
import pandas as pd

from matching.engine.arrays import Bools, Hashes, Rows
from matching.engine.scoring import Scored

ALTERNATIVES = 5


def near_ties(scored: Scored, chosen: Bools, content: Hashes, margin: float) -> Bools:
    """
    Tell which chosen pairs have a rival within `margin` that is not a twin.

    A rival is another candidate of one of its rows that is left free, or one whose exchange with
    the rival's own pair loses less than `margin`. Exchanging twins (equal content) changes
    nothing, so twins are no rivals.
    """
    a, b, rank = scored.a, scored.b, scored.rank
    tied = np.zeros(len(a), dtype=bool)
    picked, others = np.flatnonzero(chosen), np.flatnonzero(~chosen)
    if not len(others):
        return tied
    made = np.full(int(max(a.max(), b.max())) + 1, -1, dtype=np.int64)
    made[a[picked]], made[b[picked]] = picked, picked
    of_a, of_b = made[a[others]], made[b[others]]
    for mine, free, rows in ((of_a, of_b, b), (of_b, of_a, a)):
        rival = (mine >= 0) & (free < 0)
        rival &= content[rows[others]] != content[rows[mine]]
        rival &= rank[others] >= rank[mine] - margin
        tied[mine[rival]] = True
    both = (of_a >= 0) & (of_b >= 0)
    first, second, edge = of_a[both], of_b[both], others[both]
    back = _edge_of(a, b, a[second], b[first])
    swap = back >= 0
    swap &= rank[edge] + rank[back] >= rank[first] + rank[second] - margin
    swap &= (content[a[first]] != content[a[second]]) & (content[b[first]] != content[b[second]])
    tied[first[swap]] = True
    tied[second[swap]] = True
    return tied


def alternatives(scored: Scored, chosen: Bools, review: Bools) -> pd.DataFrame:
    """
    Return the best other candidates of the pairs under `review`.

    Columns: ``edge`` (which pair), ``row`` (the joint row that could take part instead), ``score``.
    """
    a, b = scored.a, scored.b
    made = np.full(int(max(a.max(), b.max())) + 1, -1, dtype=np.int64)
    shown = np.flatnonzero(chosen & review)
    made[a[shown]], made[b[shown]] = shown, shown
    others = np.flatnonzero(~chosen)
    parts = [
        pd.DataFrame({
            "edge": made[mine[others]], "row": theirs[others],
            "score": scored.score[others], "rank": scored.rank[others], "side": side,
        })
        for side, (mine, theirs) in enumerate(((a, b), (b, a)))
    ]  # fmt: skip
    every = pd.concat(parts)
    every = every[every["edge"] >= 0].sort_values(
        ["edge", "side", "rank"], ascending=[True, True, False]
    )
    return every.groupby(["edge", "side"]).head(ALTERNATIVES)[["edge", "row", "score"]]


def _edge_of(a: Rows, b: Rows, wanted_a: Rows, wanted_b: Rows) -> Rows:
    """Return the place of each wanted pair among the pairs, -1 where it is none of them."""
    width = int(b.max()) + 1
    packed = a * width + b
    order = np.argsort(packed)
    wanted = wanted_a * width + wanted_b
    place = np.minimum(np.searchsorted(packed[order], wanted), len(packed) - 1)
    return np.where(packed[order][place] == wanted, order[place], -1)
