"""How alike two values are, as one of a few levels: what the mixture counts."""

import numpy as np
import numpy.typing as npt

from matching.engine.arrays import Floats

Levels = npt.NDArray[np.int8]

# A likeness below the first is "differs", from the last on "agrees".
EDGES = (0.5, 0.9, 0.999)
NAMES = ("differs", "partly", "nearly", "agrees")
COUNT = len(NAMES)
UNKNOWN = -1


def levels_of(likeness: Floats) -> Levels:
    """Return the level of each likeness from 0 to 1, `UNKNOWN` where it is NaN; any shape."""
    found = np.searchsorted(EDGES, np.nan_to_num(likeness), side="right").astype(np.int8)
    return np.where(np.isnan(likeness), np.int8(UNKNOWN), found)


def patterns_of(levels: Levels) -> tuple[Levels, Floats, npt.NDArray[np.int64]]:
    """
    Return the distinct rows of levels, how often each occurs, and each row's place among them.

    `levels` is shaped ``(n_pairs, n_fields)``. A few hundred patterns stand for millions of pairs.
    """
    digits = COUNT + 1
    weights = digits ** np.arange(levels.shape[1], dtype=np.int64)
    coded = (levels.astype(np.int64) + 1) @ weights
    _, first, place, counts = np.unique(
        coded, return_index=True, return_inverse=True, return_counts=True
    )
    return levels[first], counts.astype(np.float64), place


def shares_of(levels: Levels, counts: Floats | None = None, *, smoothing: float = 0.5) -> Floats:
    """
    Return each field's share of pairs at each level among those known, ``(n_fields, COUNT)``.

    `counts` weighs the rows. `smoothing` pairs are added to each level: none was never seen only
    because too few were looked at.
    """
    weight = np.ones(len(levels)) if counts is None else counts
    found = [
        [float(weight[column == level].sum()) for level in range(COUNT)] for column in levels.T
    ]
    smoothed = np.array(found).reshape(levels.shape[1], COUNT) + smoothing
    return smoothed / smoothed.sum(axis=1, keepdims=True)


def evidence(ratios: Floats, levels: Levels) -> Floats:
    """Return each row's evidence; `ratios` is ``(n_fields, COUNT)``, unknown adds nothing."""
    padded = np.column_stack([ratios, np.zeros(len(ratios))])
    total: Floats = np.zeros(len(levels))
    for field in range(levels.shape[1]):
        total += padded[field, levels[:, field]]
    return total
