"""
How unlikely so many breaks in one place are by accident.

``hypergeometric``: the one-sided test of Fisher (1935), that of n trades drawn without regard to
their breaks at least k are broken, where K of all N are. ``binomial``: at least k of n trades
broken where each is with chance p. ``holm``: Holm (1979), which bounds the chance of even one
false finding among all that were tried, whatever they have to do with each other.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]


def hypergeometric(k: Any, n: Any, broken: int, total: int) -> Floats:
    """Return the chance of k or more broken of n, where `broken` of `total` are."""
    return np.asarray(stats.hypergeom.sf(np.asarray(k) - 1, total, broken, np.asarray(n)))


def binomial(k: int, n: int, chance: float) -> float:
    """Return the chance of k or more of n, each with the same chance."""
    return float(stats.binom.sf(k - 1, n, chance))


def holm(p_values: Floats, *, tried: int) -> Floats:
    """
    Correct p-values, in their order, for `tried` hypotheses; those not given count as 1.

    The smallest is multiplied by `tried`, the next by one less, and none may be below one before.
    """
    order = np.argsort(p_values, kind="stable")
    steps = np.maximum(tried - np.arange(len(order)), 1)
    raised = np.minimum(np.maximum.accumulate(p_values[order] * steps), 1.0)
    corrected = np.empty_like(raised)
    corrected[order] = raised
    return corrected
