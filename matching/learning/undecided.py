"""Learn from the pairs themselves, where nobody has decided on enough of them."""

import math
from dataclasses import dataclass, replace

import numpy as np

from matching.engine.arrays import Bools, Floats
from matching.engine.table import Table
from matching.learning.intervals import clopper_pearson
from matching.learning.levels import COUNT, Levels, evidence, levels_of, patterns_of, shares_of
from matching.learning.mixture import fit, probability
from matching.learning.pairs import Session, at_random, likeness_of, sessions, weighted_fields

# Fewer rows a side, and pairs taken at random hold too many matches to count u on.
LEAST_ROWS = 200
LEAST_PAIRS = 50
REFITS = 100
_SEED = 20_260_304


class TooLittle(Exception):
    """There is too little to learn from; the sentence says of what, and what to do."""


@dataclass(frozen=True)
class _Seen:
    """One session's patterns, of all weighted fields, with which of them it may tell of."""

    levels: Levels
    counts: Floats
    free: Bools
    by_reference: bool
    most_share: float


@dataclass(frozen=True)
class Learned:
    """
    What the pairs say: `m` and `u` of each weighted field and level, ``(n_fields, COUNT)``.

    `share_by_reference` is the share of true matches among pairs that share a specific reference,
    None where there are too few; `refits` are m found again on resampled pairs.
    """

    names: tuple[str, ...]
    m: Floats
    u: Floats
    pairs: int
    expected: float
    share_by_reference: float | None
    refits: tuple[Floats, ...]

    @property
    def ratios(self) -> Floats:
        """The evidence of each field's levels, in bits."""
        return np.log2(self.m / self.u)

    def doubt(self, levels: Levels, share: float | Floats, *, m: Floats | None = None) -> Floats:
        """Return how probably pairs are false; `share` of pairs found like them match."""
        ratios = np.log2((self.m if m is None else m) / self.u)
        return 1 - probability(evidence(ratios, levels), share)

    def score_at(self, sureness: float, share: float) -> float:
        """
        Return the score at which a pair matches with that probability.

        The score under `weights.from_evidence` is the evidence, drawn out from all fields
        differing at 0 to all agreeing at 1.
        """
        lowest, highest = self.ratios[:, 0], self.ratios[:, -1]
        reach = float(np.maximum(highest - lowest, 0.0).sum())
        wanted = np.log2(sureness / (1 - sureness)) - np.log2(share / (1 - share))
        return float(wanted - lowest.sum()) / reach if reach else 1.0

    def false_rate(self, levels: Levels, share: float | Floats) -> tuple[float, float, float]:
        """
        Return the expected share of false pairs, with an interval of 95%.

        It spans what refits on resampled pairs expect of these pairs, resampled as well, and what
        as many pairs of other days may hold by chance (Clopper-Pearson): of a few thousand without
        a doubtful one the next few thousand may have some. It tells how sure the figures are under
        the model, and not whether its fields are as independent as it takes them to be.
        """
        if not len(levels):
            return 0.0, 0.0, 1.0
        drawing = np.random.default_rng(_SEED)
        places = [drawing.integers(len(levels), size=len(levels)) for _ in self.refits]
        again = [
            float(self.doubt(levels, share, m=m)[at].mean())
            for m, at in zip(self.refits, places, strict=True)
        ]
        expected = float(self.doubt(levels, share).mean())
        low, high = np.percentile([*again, expected], [2.5, 97.5])
        count = expected * len(levels)
        rare_low, _ = clopper_pearson(math.floor(count), len(levels))
        _, rare_high = clopper_pearson(math.ceil(count), len(levels))
        return expected, min(float(low), rare_low), max(float(high), rare_high)


def learn(table: Table, *, refits: int = REFITS) -> Learned:
    """
    Learn how telling each weighted field is from a table's own candidate pairs.

    u is counted on pairs taken at random. m is fitted by expectation-maximisation one session at
    a time, each over the fields that its candidates were not chosen for agreeing on, and averaged
    by the matches each session is thought to hold. Deterministic.

    :raises TooLittle: if there are too few rows or pairs, or a field could differ nowhere.
    """
    names = tuple(one.name for one in weighted_fields(table.rules))
    rows = min(table.split, table.size - table.split)
    if rows < LEAST_ROWS:
        raise TooLittle(
            f"There are only {rows} rows on one side to learn from, and {LEAST_ROWS} a side are "
            "needed: take more days."
        )
    u = shares_of(levels_of(likeness_of(table, *at_random(table))))
    seen = [
        _seen(table, one) for one in sessions(table) if len(one.a) >= LEAST_PAIRS and any(one.free)
    ]
    if not seen:
        raise TooLittle(
            f"Fewer than {LEAST_PAIRS} pairs are alike enough to learn from: are these the same "
            "days' trades on both sides?"
        )
    m, expected, by_reference = _fitted(seen, u, names)
    return Learned(
        names=names,
        m=m,
        u=u,
        pairs=int(sum(one.counts.sum() for one in seen)),
        expected=expected,
        share_by_reference=by_reference,
        refits=tuple(_refitted(seen, u, names, m, refits)),
    )


def _seen(table: Table, session: Session) -> _Seen:
    levels, counts, _ = patterns_of(levels_of(likeness_of(table, session.a, session.b)))
    # A row has one partner at most.
    most = min(len(np.unique(session.a)), len(np.unique(session.b))) / len(session.a)
    return _Seen(levels, counts, np.array(session.free), session.by_reference, most)


def _fitted(
    seen: list[_Seen], u: Floats, names: tuple[str, ...], begin: Floats | None = None
) -> tuple[Floats, float, float | None]:
    """Return m averaged over the sessions, the most matches one holds, and that by reference."""
    total, weight = np.zeros((len(u), COUNT)), np.zeros(len(u))
    most, by_reference = 0.0, None
    for one in seen:
        free = np.flatnonzero(one.free)
        found = fit(
            one.levels[:, free],
            one.counts,
            u[free],
            most_share=one.most_share,
            begin=None if begin is None else begin[free],
        )
        total[free] += found.expected * found.m
        weight[free] += found.expected
        most = max(most, found.expected)
        if one.by_reference:
            by_reference = found.share
    if len(lacking := np.flatnonzero(weight < 1)):
        words = ", ".join(names[at] for at in lacking)
        raise TooLittle(
            f"No match is to be found in which {words} could differ, so nothing tells how much "
            "weight it should have: take more days, or learn from decisions."
        )
    return total / weight[:, None], most, by_reference


def _refitted(
    seen: list[_Seen], u: Floats, names: tuple[str, ...], m: Floats, refits: int
) -> list[Floats]:
    drawing = np.random.default_rng(_SEED)
    found = []
    for _ in range(refits):
        again = [replace(one, counts=_resampled(drawing, one.counts)) for one in seen]
        found.append(_fitted(again, u, names, m)[0])
    return found


def _resampled(drawing: np.random.Generator, counts: Floats) -> Floats:
    return drawing.multinomial(int(counts.sum()), counts / counts.sum()).astype(np.float64)
