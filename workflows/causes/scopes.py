"""
Where a form of differences holds: the place of which it takes in most, and little else.

The place is the one whose harmonic mean of *coverage* (how much of what is there shows the form)
and *share* (how much of the form is there) is best; a term more has to earn its keep. A form that
takes in less than half of a place is no mechanism of it.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from workflows.causes.places import LEAST_SUPPORT, Place, Term
from workflows.causes.significance import binomial
from workflows.causes.units import PLACES, Bools, Units

LEAST_COVERAGE = 0.5
MOST_VALUES = 8
DEEPEST = 2
A_TERM = 0.02
A_VALUE = 0.01
# One trade in a hundred goes wrong by itself, however quiet the rest of the feed is.
ORDINARY = 0.01


@dataclass(frozen=True)
class Scope:
    """
    A place, `terms` all of which hold there, none being everywhere; `k` of its `n` units show the
    form, of all `total` units that there are `marked` do. `p_value` is not corrected.
    """

    terms: tuple[Term, ...]
    k: int
    n: int
    marked: int
    total: int
    members: Bools
    p_value: float

    @property
    def coverage(self) -> float:
        return self.k / self.n

    @property
    def lift(self) -> float:
        """Its rate as a multiple of that of everything."""
        return (self.k / self.n) / (self.marked / self.total)


@dataclass(frozen=True)
class _Candidate:
    """A place by its terms, with who is there: of `n` that could, `k` show the form."""

    terms: tuple[Term, ...]
    members: Bools
    k: int
    n: int
    score: float


def best_scope(
    units: Units, marked: Bools, eligible: Bools | None = None
) -> tuple[Scope | None, int]:
    """Return the place of a form, if it has one, and how many places were tried."""
    could = np.ones(len(units), dtype=bool) if eligible is None else eligible | marked
    days = units.days
    could &= (days >= days[marked].min()) & (days <= days[marked].max())
    everyone = np.ones(len(units), dtype=bool)
    found = [_candidate((), everyone, marked, could)]
    tried = 1
    for size in range(1, DEEPEST + 1):
        for names in combinations(PLACES, size):
            place, more = _best_of(units, Place.of(units, names), marked, could)
            found.append(place)
            tried += more
    found += [_several(units, name, marked, could) for name in PLACES]
    best = max((one for one in found if one), key=lambda one: one.score, default=None)
    if best is None:
        return None, tried
    total, all_marked = int(could.sum()), int(marked.sum())
    outside = (all_marked - best.k) / (total - best.n) if total > best.n else 0.0
    p_value = binomial(best.k, best.n, max(ORDINARY, outside))
    members = could & best.members
    scope = Scope(best.terms, best.k, best.n, all_marked, len(units), members, p_value)
    return scope, tried


def _best_of(
    units: Units, place: Place, marked: Bools, could: Bools
) -> tuple[_Candidate | None, int]:
    """Return the best of a combination of dimensions, and how many there were of it."""
    wanted, k = place.often(marked)
    if not len(wanted):
        return None, 0
    n, _ = place.counts(wanted, could)
    scores = np.where(k >= LEAST_COVERAGE * n, 2 * k / (n + int(marked.sum())), -1.0)
    best = int(np.argmax(scores))
    if scores[best] < 0:
        return None, len(wanted)
    terms = place.terms(units, int(wanted[best]))
    return _candidate(terms, place.codes == wanted[best], marked, could), len(wanted)


def _several(units: Units, name: str, marked: Bools, could: Bools) -> _Candidate | None:
    """Return the place of all values that the form takes in most of, if they are a few."""
    codes = units.codes[name]
    size = len(units.values[name])
    counts = np.bincount(codes[marked & (codes >= 0)], minlength=size)
    there = np.bincount(codes[could & (codes >= 0)], minlength=size)
    mostly = np.flatnonzero((counts >= 2) & (counts >= LEAST_COVERAGE * there))
    if not 1 < len(mostly) <= MOST_VALUES:
        return None
    values = tuple(units.values[name][code] for code in mostly)
    return _candidate(((name, values),), np.isin(codes, mostly), marked, could)


def _candidate(
    terms: tuple[Term, ...], members: Bools, marked: Bools, could: Bools
) -> _Candidate | None:
    k, n = int((marked & members).sum()), int((could & members).sum())
    if k < LEAST_SUPPORT or k < LEAST_COVERAGE * n:
        return None
    score = 2 * k / (n + int(marked.sum()))
    score -= sum(A_TERM + A_VALUE * (len(values) - 1) for _, values in terms)
    return _Candidate(terms, members, k, n, score)
