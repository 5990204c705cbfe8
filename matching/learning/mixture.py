"""
Tell matches from the rest without being told any: a mixture of two sorts of pairs.

Fellegi and Sunter 1969, "A theory for record linkage": with m the probability of a comparison
level among matches and u that among other pairs, the evidence of a level is log2(m / u), and that
of a pair their sum over the fields, taken for independent. Winkler 1988, "Using the EM algorithm
for weight computation in the Fellegi-Sunter model of record linkage": m and the share of matches
are found by expectation-maximisation (Dempster, Laird and Rubin 1977). u is not fitted: of pairs
taken at random next to none match, so their levels are counted.
"""

from dataclasses import dataclass

import numpy as np

from matching.engine.arrays import Floats
from matching.learning.levels import COUNT, Levels, evidence

# How matches are thought to agree before anything was seen: mostly.
_BEGIN = np.array([0.05, 0.05, 0.10, 0.80])
_ROUNDS = 500
_STILL = 1e-7
_SMOOTHING = 0.5
# Two sorts of pairs are told apart by how fields go together, for which it takes three.
ENOUGH_FIELDS = 3


@dataclass(frozen=True)
class Mixture:
    """
    What was found: `share` of the pairs match, and `m` of each field and level among those.

    `m` and `u` are shaped ``(n_fields, COUNT)``, `expected` is the number of matches, `posterior`
    the probability of each row given that it is one.
    """

    share: float
    m: Floats
    u: Floats
    expected: float
    posterior: Floats

    @property
    def ratios(self) -> Floats:
        """The evidence of each field's levels, in bits."""
        return np.log2(self.m / self.u)


def fit(
    levels: Levels,
    counts: Floats,
    u: Floats,
    *,
    most_share: float = 1.0,
    begin: Floats | None = None,
) -> Mixture:
    """
    Fit the share of matches and m by expectation-maximisation.

    `levels` are distinct patterns, ``(n_patterns, n_fields)``, and `counts` how many pairs have
    each. Where there are `ENOUGH_FIELDS` to tell two sorts of pairs apart by, u is fitted too,
    from what is given: pairs chosen for agreeing on one thing are alike in others more often than
    pairs at random. No more than `most_share` of the pairs can match. Deterministic: it begins
    from `begin`, or the same guess always.

    :raises ValueError: if there is no pair, or the shapes do not fit.
    """
    total = float(counts.sum())
    if not total > 0:
        raise ValueError("there is no pair to learn from")
    if u.shape != (levels.shape[1], COUNT):
        raise ValueError(f"u is {u.shape} for {levels.shape[1]} fields of {COUNT} levels")
    # Which pattern has which level of which field; an unknown one counts for no level.
    there = np.stack([levels == level for level in range(COUNT)], axis=2).astype(np.float64)
    m = np.tile(_BEGIN, (levels.shape[1], 1)) if begin is None else begin
    share, posterior = min(0.3, most_share), np.zeros(len(levels))
    for _ in range(_ROUNDS):
        posterior = _posterior(share, m, u, levels)
        matched = posterior * counts
        # A hair away from 0 and 1, from where it could never move again.
        new_share = float(np.clip(matched.sum() / total, 1e-9, min(most_share, 1 - 1e-9)))
        new_m = _shares(matched, there)
        moved = max(abs(new_share - share), float(np.abs(new_m - m).max()))
        share, m = new_share, new_m
        if levels.shape[1] >= ENOUGH_FIELDS:
            new_u = _shares(counts - matched, there)
            moved, u = max(moved, float(np.abs(new_u - u).max())), new_u
        if moved < _STILL:
            break
    return Mixture(share, m, u, float((posterior * counts).sum()), posterior)


def _shares(weight: Floats, there: Floats) -> Floats:
    seen = np.einsum("p,pfl->fl", weight, there) + _SMOOTHING
    shares: Floats = seen / seen.sum(axis=1, keepdims=True)
    return shares


def _posterior(share: float, m: Floats, u: Floats, levels: Levels) -> Floats:
    return probability(evidence(np.log2(m / u), levels), share)


def probability(bits: Floats, share: float | Floats) -> Floats:
    """Return how probable a match is, by its evidence in bits and the share of matches at large."""
    odds = bits + np.log2(share / (1 - share))
    # Beyond this the answer is 0 or 1 to the last digit.
    certain: Floats = 1 / (1 + np.exp2(-np.clip(odds, -500, 500)))
    return certain
