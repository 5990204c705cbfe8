"""
Learn from pairs people decided on: how much each field's likeness made them say yes.

A logistic model of the decisions by the fields' likenesses, none of which may count against a
match, fitted by penalised likelihood. The penalty pulls towards the rules in force (a Gaussian
prior around them, in proportion): few decisions move them little, many as far as they say. So the
fit of no decisions is the old rules, and one odd decision changes next to nothing.
"""

from dataclasses import dataclass

import numpy as np

from matching.engine.arrays import Bools, Floats
from matching.learning.weights import parts

# How firmly the old rules stand: about as this many decisions do.
FIRMNESS = 25.0
FOLDS = 5
_ROUNDS = 2_000
_STAND_INS = 4


@dataclass(frozen=True)
class Decided:
    """The model: log-odds of a match are `bias` and `slope` times its score under `weights`."""

    bias: float
    slope: float
    weights: Floats

    def probability(self, likeness: Floats) -> Floats:
        """Return how probably people would say yes to pairs, ``(n_pairs, n_fields)``."""
        return _logistic(self.bias + self.slope * scores(likeness, self.weights))

    def score_at(self, sureness: float) -> float:
        """Return the score from which on people say yes with that probability."""
        return (float(np.log(sureness / (1 - sureness))) - self.bias) / self.slope


def scores(likeness: Floats, weights: Floats) -> Floats:
    """Return the engine's score: the weighted mean of the known likenesses, 0 with none."""
    known = (~np.isnan(likeness)) @ weights
    total = np.nan_to_num(likeness) @ weights
    found: Floats = np.divide(total, known, out=np.zeros(len(likeness)), where=known > 0)
    return found.round(9)


def fit(likeness: Floats, right: Bools, before: Floats, *, firmness: float = FIRMNESS) -> Decided:
    """
    Fit the model to decided pairs; `before` are the weights in force.

    An unknown likeness stands in as the pair's score: it says neither more nor less than the
    others do, as in the engine. The score is that of the old weights first, then of those found.
    Deterministic.

    :raises ValueError: if all decisions are alike.
    """
    if bool(right.all()) or not bool(right.any()):
        raise ValueError("all decisions are alike; nothing tells what sets them apart")
    old = before / before.sum()
    yes = right.astype(np.float64)
    base = scores(likeness, old)
    # How steep the old score is says on which scale the weights are.
    bias, slope = _line(base, yes)
    centre = slope * old
    pull = firmness * len(old) / max(slope, 1.0) ** 2
    counts = centre
    for _ in range(_STAND_INS):
        told = np.where(np.isnan(likeness), base[:, None], likeness)
        bias, counts = _descend(told, yes, bias, centre, pull)
        base = scores(likeness, parts(counts))
    return Decided(bias, float(counts.sum()), parts(counts))


def out_of_fold(likeness: Floats, right: Bools, before: Floats) -> tuple[Floats, Floats]:
    """
    Return for each pair its score and its probability by a model that was not told of it.

    Every fifth pair of either answer makes a fold; the pairs' order decides which.
    """
    fold = np.zeros(len(right), dtype=np.int64)
    for answer in (True, False):
        where = np.flatnonzero(right == answer)
        fold[where] = np.arange(len(where)) % FOLDS
    score, sure = np.zeros(len(right)), np.zeros(len(right))
    for at in range(FOLDS):
        inside = fold != at
        if bool(right[inside].all()) or not bool(right[inside].any()):
            model = fit(likeness, right, before)
        else:
            model = fit(likeness[inside], right[inside], before)
        score[~inside] = scores(likeness[~inside], model.weights)
        sure[~inside] = model.probability(likeness[~inside])
    return score, sure


def _line(score: Floats, yes: Floats) -> tuple[float, float]:
    """Fit yes against the score by Newton's method; at least a slope of 1, a gentle ridge."""
    design = np.column_stack([np.ones(len(score)), score])
    ridge = np.diag([1e-6, 0.01])
    at = np.array([0.0, 1.0])
    for _ in range(100):
        p = _logistic(design @ at)
        step = np.linalg.solve(
            design.T @ (design * (p * (1 - p))[:, None]) + ridge,
            design.T @ (yes - p) - ridge @ at,
        )
        # Half a step at most of what would overshoot where the answers part cleanly.
        at += step * min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-12))
        if float(np.abs(step).max()) < 1e-10:
            break
    if at[1] >= 1.0:
        return float(at[0]), float(at[1])
    # The old score says nothing, or the wrong way round: begin flat, at the share of yes.
    share = float(np.clip(yes.mean(), 0.01, 0.99))
    return float(np.log(share / (1 - share)) - score.mean()), 1.0


def _descend(
    told: Floats, yes: Floats, bias: float, centre: Floats, pull: float
) -> tuple[float, Floats]:
    """Projected gradient descent with the step of the steepest curvature (Nesterov's momentum)."""
    design = np.column_stack([np.ones(len(told)), told])
    steepest = float(np.linalg.eigvalsh(design.T @ design / 4)[-1]) + pull
    at = np.concatenate([[bias], centre])
    aim = np.concatenate([[0.0], centre])
    drawn = np.concatenate([[0.0], np.full(len(centre), pull)])
    ahead, momentum = at.copy(), 1.0
    for _ in range(_ROUNDS):
        slope = design.T @ (_logistic(design @ ahead) - yes) + drawn * (ahead - aim)
        new = ahead - slope / steepest
        new[1:] = np.maximum(new[1:], 0.0)
        faster = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = new + (momentum - 1) / faster * (new - at)
        done = float(np.abs(new - at).max()) < 1e-9
        at, momentum = new, faster
        if done:
            break
    return float(at[0]), at[1:]


def _logistic(log_odds: Floats) -> Floats:
    found: Floats = 1 / (1 + np.exp(-np.clip(log_odds, -500, 500)))
    return found
