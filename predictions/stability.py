"""
How far a population lies from another: the population stability index, and calibration error.

Numbers are binned by the deciles of the reference, or one by one where there are few; words by its
commonest. What is missing has a bin of its own, as has what the reference never had.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

DECILES, FEW, COMMONEST = 10, 20, 20
# An empty bin would make the index infinite.
LEAST_SHARE = 1e-4
BINS = 10


@dataclass(frozen=True)
class Spread:
    """How a feature is spread: `bins` are edges or words, `shares` one a bin and the missing."""

    bins: list[Any]
    shares: list[float]


def spread_of(column: pd.Series) -> Spread:
    """Return how a reference is spread."""
    bins = _edges(column) if _is_number(column) else _words(column)
    return Spread(bins, shares_in(column, bins))


def shares_in(column: pd.Series, bins: Sequence[Any]) -> list[float]:
    """Return which share of a column falls into each bin of a reference; the missing come last."""
    missing = column.isna().to_numpy()
    if _is_number(column):
        places = np.searchsorted(bins, column.to_numpy(dtype=float, na_value=np.nan), side="right")
        count = len(bins) + 1
    else:
        known = {word: at for at, word in enumerate(bins)}
        count = len(bins) + 1
        words = column.astype(object).tolist()
        places = np.array([known.get(str(word), count - 1) for word in words], dtype=int)
    places = np.where(missing, count, places)
    total = max(len(column), 1)
    return [float(share) for share in np.bincount(places, minlength=count + 1) / total]


def stability(expected: Sequence[float], actual: Sequence[float]) -> float:
    """Return the population stability index of two spreads over the same bins."""
    was = np.clip(np.asarray(expected, dtype=float), LEAST_SHARE, None)
    now = np.clip(np.asarray(actual, dtype=float), LEAST_SHARE, None)
    return float(np.sum((now - was) * np.log(now / was)))


def calibration_error(probabilities: np.ndarray, broke: np.ndarray) -> float:
    """
    Return how far probabilities lie from the share that broke, on average over the rows.

    Rows are held against one another in bins of equal count, likelier after less likely: most
    trades are unlikely to break, and bins of equal width would put nearly all of them into one.
    """
    order = np.argsort(probabilities, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if len(part)]
    gaps = [abs(probabilities[part].mean() - broke[part].mean()) * len(part) for part in parts]
    return float(sum(gaps) / max(len(probabilities), 1))


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _edges(column: pd.Series) -> list[float]:
    values = column.dropna().to_numpy(dtype=float)
    if not len(values):
        return []
    distinct = np.unique(values)
    if len(distinct) <= FEW:
        between = (distinct[1:] + distinct[:-1]) / 2
        edges = np.concatenate([distinct[:1], between, [np.nextafter(distinct[-1], np.inf)]])
    else:
        edges = np.quantile(values, np.linspace(0, 1, DECILES + 1)[1:-1])
    return [float(edge) for edge in np.unique(edges)]


def _words(column: pd.Series) -> list[str]:
    counts = column.dropna().astype(str).value_counts()
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [str(word) for word, _ in ranked[:COMMONEST]]
