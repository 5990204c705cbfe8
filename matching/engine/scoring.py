"""The score: is this the same thing? Weighted likeness, what is unknown left out."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from matching.engine import hashing
from matching.engine.arrays import Bools, Floats, Rows
from matching.engine.rules import Pass
from matching.engine.table import Table

# Pairs that rank alike are told apart by their content, the same from either side.
_JITTER = 1e-9


@dataclass(frozen=True)
class Scored:
    """
    Pairs with their score; all arrays are shaped ``(n_pairs,)``.

    `known` is the share of the weight that is known on both sides. `rank` orders candidates: the
    score, plus what the tie weights tell, plus a hair of content.
    """

    a: Rows
    b: Rows
    score: Floats
    known: Floats
    rank: Floats
    identity: Floats

    def where(self, chosen: Bools | Rows) -> "Scored":
        """Return the chosen pairs only."""
        return Scored(
            self.a[chosen], self.b[chosen], self.score[chosen],
            self.known[chosen], self.rank[chosen], self.identity[chosen],
        )  # fmt: skip


def weighted(weights: Mapping[str, float], likeness: Mapping[str, Floats]) -> tuple[Floats, Floats]:
    """
    Return the weighted mean of the known likenesses, and the share of the weight that is known.

    A likeness of NaN is unknown: its weight is shared out over the others in proportion. With
    nothing known the score is 0.
    """
    size = len(next(iter(likeness.values())))
    total, known = np.zeros(size), np.zeros(size)
    for name, weight in weights.items():
        there = ~np.isnan(likeness[name])
        total += np.where(there, weight * np.nan_to_num(likeness[name]), 0.0)
        known += np.where(there, weight, 0.0)
    # Rounding makes sums like .95 come out a hair short of the threshold they should reach.
    score: Floats = np.divide(total, known, out=np.zeros(size), where=known > 0).round(9)
    return score, known / sum(weights.values())


def score_pairs(table: Table, a: Rows, b: Rows, step: Pass) -> Scored:
    """Score the pairs; keep those that are not refused and meet the pass's requirements."""
    fields = table.rules.fields
    if len(table.refused):
        allowed = ~np.isin(table.pack(a, b), table.refused)
        a, b = a[allowed], b[allowed]
    likeness: dict[str, Floats] = {}
    for name in step.require:
        likeness[name] = table.fields[name].similarity(a, b)
        kept = ~(likeness[name] < step.require[name])
        a, b = a[kept], b[kept]
        likeness = {name: values[kept] for name, values in likeness.items()}
    needed = [one.name for one in fields if one.weight or one.tie_weight]
    for name in needed:
        if name not in likeness:
            likeness[name] = table.fields[name].similarity(a, b)
    score, known = weighted({one.name: one.weight for one in fields if one.weight}, likeness)
    rank = score + _jitter(table, a, b)
    for one in fields:
        if one.tie_weight:
            rank += one.tie_weight * np.nan_to_num(likeness[one.name] - 0.5)
    identity = likeness.get(table.rules.identity, np.full(len(a), np.nan))
    lowest = table.rules.review_at if step.min_score is None else step.min_score
    kept = score >= lowest
    scored = Scored(a, b, score, known, rank, identity).where(kept)
    for names in step.any_of:
        scored = scored.where(_any_agrees(table, scored.a, scored.b, names))
    return scored


def _any_agrees(table: Table, a: Rows, b: Rows, names: tuple[str, ...]) -> Bools:
    """Tell the pairs in which a field of `names` agrees, or all of them are unknown."""
    agrees, known = np.zeros(len(a), dtype=bool), np.zeros(len(a), dtype=bool)
    for name in names:
        one = table.fields[name]
        both = one.known[a] & one.known[b]
        agrees |= both & ~one.differs(a, b)
        known |= both
    return agrees | ~known


def _jitter(table: Table, a: Rows, b: Rows) -> Floats:
    mixed = hashing.mix(table.content[a] + table.content[b])
    return mixed.astype(np.float64) / 2.0**64 * _JITTER
