"""
Places that hold more breaks of a type than their trades explain.

Every value of every dimension and every pair of values of two is a hypothesis: of the n units
there, k are broken, where K of all N are. Tried are all with enough units to tell, and the test
is corrected for all of them. A finer place is told only where it explains what the coarser one
does not, and a coarser one only where something is left of it without the finer one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from workflows.causes.places import LEAST_SUPPORT, Place, Term
from workflows.causes.significance import holm, hypergeometric
from workflows.causes.units import DIMENSIONS, Bools, Units

LEAST_LIFT = 3.0
ALPHA = 0.01


@dataclass(frozen=True)
class Concentration:
    """`k` of the `n` units of a place have breaks of `kind`, `broken` of all `total` have."""

    kind: str
    terms: tuple[Term, ...]
    members: Bools
    k: int
    n: int
    broken: int
    total: int
    p_value: float

    @property
    def lift(self) -> float:
        return (self.k / self.n) / (self.broken / self.total)


def concentrations(
    units: Units, marks: dict[str, Bools], *, depth: int = 2
) -> tuple[list[Concentration], int]:
    """
    Return the places that hold too many breaks, best first, and how many were tried.

    `marks` tells, by type of break, the units that have one. The p-values are not corrected.
    """
    found: list[Concentration] = []
    tried = 0
    marks = {kind: mark for kind, mark in marks.items() if mark.sum() >= LEAST_SUPPORT}
    for size in range(1, depth + 1):
        for names in combinations(DIMENSIONS, size):
            place = Place.of(units, names)
            for kind, mark in marks.items():
                more, hypotheses = _of_place(units, place, kind, mark)
                tried += hypotheses
                found += more
    return sorted(found, key=lambda one: (one.p_value, len(one.terms))), tried


def _of_place(
    units: Units, place: Place, kind: str, mark: Bools
) -> tuple[list[Concentration], int]:
    wanted, k = place.often(mark)
    n, hypotheses = place.counts(wanted)
    broken, total = int(mark.sum()), len(units)
    p_values = hypergeometric(k, n, broken, total)
    lift = (k / n) / (broken / total) if len(k) else np.zeros(0)
    found = []
    for at in np.flatnonzero((p_values < ALPHA) & (lift >= LEAST_LIFT)):
        terms = place.terms(units, int(wanted[at]))
        members = place.codes == wanted[at]
        found.append(
            Concentration(
                kind, terms, members, int(k[at]), int(n[at]), broken, total, float(p_values[at])
            )
        )
    return found, hypotheses


def telling(
    found: list[Concentration], tried: int, marks: dict[str, Bools]
) -> Iterator[Concentration]:
    """Yield the significant ones that say more than those yielded before, best first."""
    if not found:
        return
    corrected = holm(np.array([one.p_value for one in found]), tried=tried)
    left = {kind: mark.copy() for kind, mark in marks.items()}
    gone = {kind: np.zeros(len(mark), dtype=bool) for kind, mark in marks.items()}
    for one, p_value in zip(found, corrected, strict=True):
        if p_value >= ALPHA:
            return
        if remains(one, left[one.kind], gone[one.kind], tried=tried):
            yield one
            left[one.kind] &= ~one.members
            gone[one.kind] |= one.members


def remains(one: Concentration, mark: Bools, gone: Bools, *, tried: int) -> bool:
    """Tell whether a place still holds too many once the units `gone` are left out everywhere."""
    here = one.members & ~gone
    k, n = int((mark & here).sum()), int(here.sum())
    broken, total = int((mark & ~gone).sum()), int((~gone).sum())
    if k < LEAST_SUPPORT or (k / n) / (broken / total) < LEAST_LIFT:
        return False
    return float(hypergeometric(k, n, broken, total)) * tried < ALPHA
