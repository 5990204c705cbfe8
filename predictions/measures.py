"""How well probabilities foresaw what happened, and the curves that show it; points are data."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from predictions.stability import BINS, calibration_error

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

PRECISION = 0.90
TOPS = {"precision_at_top_1_pct": 0.01, "precision_at_top_5_pct": 0.05}
# So many points draw a curve as well as any number.
POINTS = 120


def measure(probabilities: Floats, broke: Bools) -> dict[str, float]:
    """
    Return the metrics of probabilities against what happened; both classes have to be there.

    Recall at 0.90 precision is the largest share of all breaks that a list holds of which nine in
    ten break; 0 if there is no such list.
    """
    from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

    lengths, hits = _steps(probabilities, broke)
    precision, recall = hits / lengths, hits / hits[-1]
    good = recall[precision >= PRECISION]
    tops = {}
    for name, share in TOPS.items():
        length = max(1, round(share * len(broke)))
        # Of trades that are equally likely any may be in the list: the mean over all choices.
        tops[name] = float(np.interp(length, [0, *lengths], [0, *hits]) / length)
    return {
        "pr_auc": float(average_precision_score(broke, probabilities)),
        "roc_auc": float(roc_auc_score(broke, probabilities)),
        "brier": float(brier_score_loss(broke, probabilities)),
        "calibration_error": calibration_error(probabilities, broke),
        "recall_at_90_precision": float(good.max()) if len(good) else 0.0,
        **tops,
    }


def curves(probabilities: Floats, broke: Bools) -> dict[str, list[Any]]:
    """
    Return the points of both curves.

    `reliability` has for each tenth of the trades, the unlikeliest first, what was foreseen on
    average, the share that broke, and how many they are; `precision_recall` pairs of recall and
    precision.
    """
    order = np.argsort(probabilities, kind="stable")
    tenths = [part for part in np.array_split(order, BINS) if len(part)]
    reliability = [
        [float(probabilities[part].mean()), float(broke[part].mean()), len(part)] for part in tenths
    ]
    lengths, hits = _steps(probabilities, broke)
    precision, recall = hits / lengths, hits / hits[-1]
    places = np.unique(np.linspace(0, len(recall) - 1, POINTS).round().astype(int))
    if len(recall) > POINTS:
        # Evenly along the recall, where the curve is looked at.
        wanted = np.linspace(recall[0], recall[-1], POINTS)
        places = np.unique(np.searchsorted(recall, wanted).clip(max=len(recall) - 1))
    pairs = [[float(recall[at]), float(precision[at])] for at in places]
    return {"reliability": reliability, "precision_recall": pairs}


def _steps(probabilities: Floats, broke: Bools) -> tuple[Floats, Floats]:
    """Return how long each list of the likeliest is, and what of it broke; equal ones together."""
    order = np.argsort(-probabilities, kind="stable")
    ranked, hits = probabilities[order], np.cumsum(broke[order])
    ends = np.flatnonzero(np.append(np.diff(ranked) != 0, True))
    return (ends + 1).astype(float), hits[ends].astype(float)
