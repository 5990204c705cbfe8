"""
Why a trade is likely to break: what each of its features does to the log-odds.

The effect of a feature is the log-odds as they are less those of the same trade with that feature
put back to its typical value; above zero it makes a break likelier. All trades and features are
asked in one call of the model.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

# A probability is never held to be nearer to nought or one than this.
NEAREST = 1e-6
# So many are kept of a trade, and none that moves the odds by less.
MOST, LEAST_EFFECT = 6, 0.005
# Rows asked at a time: the memory of a call is bounded whatever is asked.
AT_A_TIME = 400_000


@dataclass(frozen=True, slots=True)
class Factor:
    """What one feature of a trade says, and the log-odds it adds."""

    feature: str
    value: Any
    effect: float


def log_odds(probabilities: np.ndarray) -> np.ndarray:
    held = np.clip(probabilities, NEAREST, 1 - NEAREST)
    return np.log(held) - np.log1p(-held)


def factors_of(
    frame: pd.DataFrame,
    probabilities: np.ndarray,
    *,
    typical: Mapping[str, Any],
    predict: Callable[[pd.DataFrame], np.ndarray],
) -> list[list[Factor]]:
    """
    Return the factors of each row of a frame: those that raise its odds, the largest first, then
    those that lower them.

    Only what differs from the typical is asked: the rest has no effect.
    """
    found: list[list[Factor]] = [[] for _ in range(len(frame))]
    names = [name for name in frame.columns if name in typical]
    if not len(frame) or not names:
        return found
    room = max(1, AT_A_TIME // len(names))
    odds = log_odds(probabilities)
    for start in range(0, len(frame), room):
        part = frame.iloc[start : start + room]
        for place, factor in _effects(part, odds[start : start + room], names, typical, predict):
            found[start + place].append(factor)
    return [sorted(each, key=_order)[:MOST] for each in found]


def _effects(
    part: pd.DataFrame,
    odds: np.ndarray,
    names: list[str],
    typical: Mapping[str, Any],
    predict: Callable[[pd.DataFrame], np.ndarray],
) -> list[tuple[int, Factor]]:
    differs = {name: np.flatnonzero(_differs(part[name], typical[name])) for name in names}
    asked = [(name, places) for name, places in differs.items() if len(places)]
    if not asked:
        return []
    every = np.concatenate([places for _, places in asked])
    put_back = part.iloc[every].reset_index(drop=True)
    begin = 0
    for name, places in asked:
        end = begin + len(places)
        column = put_back[name].array.copy()
        column[begin:end] = typical[name]
        put_back[name] = column
        begin = end
    effects = odds[every] - log_odds(predict(put_back))
    which = np.repeat([name for name, _ in asked], [len(places) for _, places in asked])
    kept = np.flatnonzero(np.abs(effects) >= LEAST_EFFECT)
    values = {name: part[name].tolist() for name, _ in asked}
    return [
        (int(every[at]), Factor(which[at], values[which[at]][every[at]], float(effects[at])))
        for at in kept
    ]


def _differs(column: pd.Series, usual: Any) -> np.ndarray:
    """Tell where a column is not as usual; two that are missing are alike."""
    if pd.isna(usual):
        return column.notna().to_numpy()
    return ~(column == usual).fillna(False).to_numpy(dtype=bool)


def _order(factor: Factor) -> tuple[bool, float]:
    return factor.effect < 0, -abs(factor.effect)
