"""
The concentrations of a desk, in the words of each source, and what the signatures leave of them.

What a source lacks can only be looked for among the trades of the other: its own words for
accounts and counterparties are used of nothing else.
"""

from dataclasses import dataclass

import numpy as np

from workflows.causes.concentrations import Concentration, concentrations, remains, telling
from workflows.causes.finding import Finding
from workflows.causes.forms import Evidence
from workflows.causes.units import Bools, Ints, Units, units_of_side


@dataclass(frozen=True)
class Sight:
    """The breaks that are told by one source's trades, and the places that hold too many."""

    units: Units
    marks: dict[str, Bools]
    breaks: dict[str, Ints]
    found: list[Concentration]
    tried: int


def sights_of(evidence: Evidence, *, depth: int) -> list[Sight]:
    """Return what is seen from the left source, and from the right one of what left lacks."""
    left = evidence.desk.breaks["left"].to_numpy()
    sights = []
    for side, ours in (("left", left >= 0), ("right", left < 0)):
        if not ours.any():
            continue
        units = units_of_side(evidence.desk, side)
        breaks = {
            str(kind): here
            for kind in sorted(evidence.kinds[ours].unique())
            if len(here := np.flatnonzero((evidence.kinds == kind).to_numpy() & ours))
        }
        marks = {kind: units.marked(here) for kind, here in breaks.items()}
        found, tried = concentrations(units, marks, depth=depth)
        sights.append(Sight(units, marks, breaks, found, tried))
    return sights


def with_places(
    evidence: Evidence, findings: list[Finding], sights: list[Sight], tried: int
) -> list[Finding]:
    """Add the concentrations: those that the signatures leave standing, then those they explain."""
    tops = [one for one in findings if one.beneath is None]
    lesser = [one for one in findings if one.beneath is not None]
    standing: list[Finding] = []
    folded: list[Finding] = []
    for sight in sights:
        # The units of each finding by this source's trades.
        theirs = [
            sight.units.marked(np.flatnonzero(top.units[evidence.units.of_break])) for top in tops
        ]
        gone = np.logical_or.reduce([np.zeros(len(sight.units), dtype=bool), *theirs])
        for one in telling(sight.found, tried, sight.marks):
            found = _finding(evidence, sight, one, tried)
            shared = [int((one.members & units).sum()) for units in theirs]
            # A place that is a signature's own has its further breaks from there.
            if 2 * sum(shared) >= one.n or not remains(
                one, sight.marks[one.kind], gone, tried=tried
            ):
                folded.append(found.under(int(np.argmax(shared))))
            else:
                standing.append(found)
    standing.sort(key=lambda one: (-len(one.breaks), one.p_value))
    for top in standing:
        place = _half_held(top, tops)
        if place is None:
            tops.append(top)
        else:
            lesser.append(top.under(place))
    lesser += folded
    return [*tops, *lesser]


def _half_held(one: Finding, tops: list[Finding]) -> int | None:
    """Return the place of the first finding that holds half of another's units."""
    size = int(one.units.sum())
    held = (at for at, top in enumerate(tops) if 2 * int((top.units & one.units).sum()) >= size)
    return next(held, None)


def _finding(evidence: Evidence, sight: Sight, one: Concentration, tried: int) -> Finding:
    breaks = sight.breaks[one.kind]
    inside = breaks[one.members[sight.units.of_break[breaks]]]
    figures = {
        "field": one.kind, "showing": one.k, "of": one.n,
        "broken": one.broken, "total": one.total,
    }  # fmt: skip
    return Finding(
        mechanism="CONCENTRATION",
        key=(one.kind, *one.terms),
        terms=one.terms,
        breaks=inside,
        units=evidence.units.marked(inside),
        lift=one.lift,
        p_value=min(one.p_value * tried, 1.0),
        figures=figures,
    )
