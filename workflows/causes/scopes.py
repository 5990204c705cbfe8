"""
Where a form of differences holds: the place of which it takes in most, and little else.

The place is the one whose harmonic mean of *coverage* (how much of what is there shows the form)
and *share* (how much of the form is there) is best; a term more has to earn its keep. A form that
takes in less than half of a place is no mechanism of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from workflows.causes.significance import binomial
from workflows.causes.units import PLACES, Bools, Ints, Units

LEAST_SUPPORT = 5
LEAST_COVERAGE = 0.5
MOST_VALUES = 8
A_TERM = 0.02
A_VALUE = 0.01
# One trade in a hundred goes wrong by itself, however quiet the rest of the feed is.
ORDINARY = 0.01

Term = tuple[str, tuple[object, ...]]


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


def best_scope(
    units: Units, marked: Bools, eligible: Bools | None = None
) -> tuple[Scope | None, int]:
    """Return the place of a form, if it has one, and how many places were tried."""
    could = np.ones(len(units), dtype=bool) if eligible is None else eligible | marked
    days = units.days
    first, last = days[marked].min(), days[marked].max()
    could &= (days >= first) & (days <= last)
    best, best_score, tried = None, 0.0, 0
    for terms, members in _places(units, marked, could):
        tried += 1
        k, n = int((marked & members).sum()), int((could & members).sum())
        if k < LEAST_SUPPORT or k < LEAST_COVERAGE * n:
            continue
        score = 2 * k / (n + int(marked.sum()))
        score -= sum(A_TERM + A_VALUE * (len(values) - 1) for _, values in terms)
        if score > best_score:
            best, best_score = (terms, members, k, n), score
    if best is None:
        return None, tried
    terms, members, k, n = best
    total, all_marked = int(could.sum()), int(marked.sum())
    outside = (all_marked - k) / (total - n) if total > n else 0.0
    p_value = binomial(k, n, max(ORDINARY, outside))
    return Scope(terms, k, n, all_marked, len(units), could & members, p_value), tried


def _places(units: Units, marked: Bools, could: Bools) -> Iterator[tuple[tuple[Term, ...], Bools]]:
    """Yield everywhere, then each place that holds a good part of what is marked."""
    yield (), np.ones(len(units), dtype=bool)
    least = max(LEAST_SUPPORT, int(0.3 * marked.sum()))
    often: dict[str, Ints] = {}
    for name in PLACES:
        codes = units.codes[name]
        counts = np.bincount(codes[marked & (codes >= 0)], minlength=len(units.values[name]))
        often[name] = np.flatnonzero(counts >= least)
        for code in often[name]:
            yield ((name, (units.values[name][code],)),), codes == code
        yield from _several(units, name, counts, could)
    for one, two in combinations(PLACES, 2):
        for code in often[one]:
            for other in often[two]:
                members = (units.codes[one] == code) & (units.codes[two] == other)
                terms = (one, (units.values[one][code],)), (two, (units.values[two][other],))
                yield terms, members


def _several(
    units: Units, name: str, counts: Ints, could: Bools
) -> Iterator[tuple[tuple[Term, ...], Bools]]:
    """Yield the place of all values that the form takes in most of, if they are several but few."""
    codes = units.codes[name]
    there = np.bincount(codes[could & (codes >= 0)], minlength=len(counts))
    mostly = np.flatnonzero((counts >= 2) & (counts >= LEAST_COVERAGE * there))
    if 1 < len(mostly) <= MOST_VALUES:
        values = tuple(units.values[name][code] for code in mostly)
        yield ((name, values),), np.isin(codes, mostly)
