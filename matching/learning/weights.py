"""From what was learned to what a rule set can have: weights that add up, and thresholds."""

import copy
from collections.abc import Mapping
from decimal import ROUND_FLOOR, Decimal
from typing import Any

import numpy as np

from matching.engine.arrays import Bools, Floats

PLACES = 4
# No field that had weight loses all of it: what it tells would vanish from the page too.
LEAST = 0.01


def from_evidence(ratios: Floats) -> Floats:
    """
    Return each field's part of a score that grows with the evidence, adding up to 1.

    `ratios` are the bits of each field and level, ``(n_fields, n_levels)``, "differs" first and
    "agrees" last. With two levels a pair's evidence is a constant plus the sum of what each field
    has from differing to agreeing, times its likeness: these ranges, as parts of their sum, are
    the weights under which the score orders pairs as the evidence does.
    """
    return parts(np.maximum(ratios[:, -1] - ratios[:, 0], 0.0))


def parts(amounts: Floats) -> Floats:
    """Return amounts as parts of 1, none less than `LEAST`; all alike where there is nothing."""
    total = amounts.sum()
    shares = amounts / total if total > 0 else np.full(len(amounts), 1 / len(amounts))
    raised: Floats = np.maximum(shares, LEAST)
    # What the raised take, the others give, in proportion.
    free = shares > LEAST
    if bool(free.any()):
        left = 1 - float(raised[~free].sum())
        raised[free] = LEAST + (shares[free] - LEAST) * (
            (left - LEAST * free.sum()) / float((shares[free] - LEAST).sum())
        )
    return raised / raised.sum()


def rounded(weights: Floats, total: float) -> list[float]:
    """
    Return weights to four places that add up to `total` exactly.

    The largest remainders are rounded up (Hamilton's method); of equal ones the first.
    """
    step = Decimal(1).scaleb(-PLACES)
    whole = Decimal(str(round(total, PLACES)))
    exact = [Decimal(repr(float(part))) * whole for part in weights / weights.sum()]
    down = [one.quantize(step, rounding=ROUND_FLOOR) for one in exact]
    lacking = int((whole - sum(down, Decimal(0))) / step)
    order = sorted(range(len(exact)), key=lambda at: (down[at] - exact[at], at))
    for at in order[:lacking]:
        down[at] += step
    return [float(one) for one in down]


def revised(
    definition: Mapping[str, Any],
    *,
    weights: Mapping[str, float],
    auto_at: float,
    review_at: float,
) -> dict[str, Any]:
    """
    Return rules with other weights and thresholds, and nothing else changed.

    A pass that drops pairs below the rule set's own `review_at` goes with it; one with a
    threshold of its own keeps that.
    """
    made = copy.deepcopy(dict(definition))
    before = definition.get("review_at", 0.75)
    for field in made["fields"]:
        if field["name"] in weights:
            field["weight"] = weights[field["name"]]
    for step in made["passes"]:
        if step.get("min_score") == before:
            step["min_score"] = review_at
    return made | {"auto_at": auto_at, "review_at": review_at}


def lowest_safe(scores: Floats, doubt: Floats, *, most_false: float) -> float | None:
    """
    Return the lowest score from which on no more than `most_false` of the pairs are false.

    `doubt` is how probably each pair is false, 0 to 1. None where no score is high enough. Pairs
    of one score stand or fall together.
    """
    if not len(scores):
        return None
    order = np.argsort(-scores, kind="stable")
    ranked, mean = scores[order], np.cumsum(doubt[order]) / np.arange(1, len(scores) + 1)
    last_of_its_score = np.append(ranked[1:] != ranked[:-1], True)
    safe = np.flatnonzero((mean <= most_false) & last_of_its_score)
    return float(ranked[safe[-1]]) if len(safe) else None


def best_balance(scores: Floats, sureness: Floats) -> float | None:
    """
    Return the score from which on to pair at all: where the expected F1 is highest.

    `sureness` is how probably each pair is true. The lower of two that are as good.
    """
    if not len(scores):
        return None
    order = np.argsort(-scores, kind="stable")
    ranked, true = scores[order], np.cumsum(sureness[order])
    f1 = 2 * true / (np.arange(1, len(scores) + 1) + true[-1])
    f1[:-1][ranked[1:] == ranked[:-1]] = -1
    return float(ranked[len(f1) - 1 - int(np.argmax(f1[::-1]))])


def as_many(scores: Floats, count: int) -> float | None:
    """Return the score that `count` of the pairs reach, or more where several have it."""
    if not 0 < count <= len(scores):
        return None
    return float(np.sort(scores)[::-1][count - 1])


def floor_to(score: float) -> float:
    """Return a threshold that what scored so still reaches, to four places."""
    return float(Decimal(repr(score)).quantize(Decimal(1).scaleb(-PLACES), rounding=ROUND_FLOOR))


def at_or_above(scores: Floats, threshold: float) -> Bools:
    """Tell the scores that reach a threshold, as the engine rounds them."""
    reached: Bools = scores.round(9) >= threshold
    return reached
