"""One against many without a reference: rows that add up to one, found by a bounded search."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np
import pandas as pd

from matching.engine.arrays import Bools, Rows
from matching.engine.blocking import in_blocks
from matching.engine.grouping import Proposal, agreeing, found_groups, grouping_of
from matching.engine.groups import total_by
from matching.engine.result import Found
from matching.engine.rules import Pass
from matching.engine.table import Table

AMBIGUOUS, PRICE_UNKNOWN, CUT_SHORT = "ambiguous", "price_unknown", "search_cut"


@dataclass
class Budget:
    """How many more steps a search may take."""

    steps: int

    def spend(self) -> bool:
        """Take one step; tell whether there was one left."""
        self.steps -= 1
        return self.steps >= 0


def subsets(
    quantities: list[int],
    target: int,
    most: int,
    budget: Budget,
    *,
    gaps: list[int] | None = None,
    allowed: int = 0,
) -> Iterator[tuple[int, ...]]:
    """
    Yield the places of at least two positive quantities that add up to `target`.

    `quantities` fall in size. At most `most` are taken; the search ends when the budget does.
    With `gaps`, one a quantity, those taken must also come to at most `allowed` either way.
    """
    gaps = gaps or [0] * len(quantities)
    left, highest, lowest = (
        list(accumulate([0, *values[::-1]]))[::-1]
        for values in (quantities, [max(gap, 0) for gap in gaps], [min(gap, 0) for gap in gaps])
    )
    stack: list[tuple[int, int, int, tuple[int, ...]]] = [(0, target, 0, ())]
    while stack and budget.spend():
        at, missing, gap, taken = stack.pop()
        if missing == 0:
            if len(taken) > 1 and abs(gap) <= allowed:
                yield taken
            continue
        if left[at] < missing or len(taken) == most:
            continue
        if gap + highest[at] < -allowed or gap + lowest[at] > allowed:
            continue
        stack.append((at + 1, missing, gap, taken))
        if quantities[at] <= missing:
            stack.append((at + 1, missing - quantities[at], gap + gaps[at], (*taken, at)))


@dataclass(frozen=True)
class Sought:
    """
    A row and the rows that may add up to it, the largest first.

    `gaps` is each leg's quantity times how far its price is from the one's, and `allowed` what
    they may come to together; None where a price is unknown.
    """

    one: int
    legs: list[int]
    quantities: list[int]
    target: int
    gaps: list[int] | None
    allowed: int

    def without(self, taken: set[int]) -> "Sought":
        """Leave out the legs that another one has taken."""
        kept = [at for at, leg in enumerate(self.legs) if leg not in taken]
        if len(kept) == len(self.legs):
            return self
        legs, quantities = ([values[at] for at in kept] for values in (self.legs, self.quantities))
        gaps = None if self.gaps is None else [self.gaps[at] for at in kept]
        return replace(self, legs=legs, quantities=quantities, gaps=gaps)


def add_up(table: Table, step: Pass, free: Bools) -> Found:
    """
    Group one free row with rows of the other side whose quantities add up to it exactly.

    The average price must agree within the price's tolerance, and the legs must agree with the one
    where the rules say a group must. A group is AUTO only if no other set of rows would do.
    """
    candidates = in_blocks(table, step.blocks, step.max_rows, free)
    edges = _edges(table, step, candidates.a, candidates.b)
    kept: list[Proposal] = []
    reasons: list[str] = []
    taken: set[int] = set()
    whole, cut = Budget(step.most), 0
    for every in _sought(table, edges):
        sought = every.without(taken)
        if sought.one in taken or len(sought.legs) < 2:
            continue
        allowed = min(step.budget, whole.steps)
        budget = Budget(allowed)
        found, reason = _search(table, step, sought, budget)
        whole.steps -= allowed - max(budget.steps, 0)
        cut += budget.steps < 0
        if found:
            kept.append(Proposal(sought.one, found, exact=True))
            reasons.append(step.review or reason)
            taken |= {sought.one, *found}
    return found_groups(
        table, kept, np.array(reasons, dtype=object), len(edges), candidates.cut + cut
    )


def _edges(table: Table, step: Pass, a: Rows, b: Rows) -> pd.DataFrame:
    """Return (one, leg) for the candidates of which one may be part of the other."""
    group, quantity, price = grouping_of(table)
    part = quantity.known[a] & quantity.known[b] & agreeing(table, a, b)
    part &= ~(price.similarity(a, b) == 0)
    for name in group.agree:
        part &= ~table.fields[name].differs(a, b)
    for name, least in step.require.items():
        part &= ~(table.fields[name].similarity(a, b) < least)
    a, b = a[part], b[part]
    larger = (quantity.units[a] > quantity.units[b]).astype(bool)
    smaller = (quantity.units[a] < quantity.units[b]).astype(bool)
    edges = pd.DataFrame({
        "one": np.concatenate([a[larger], b[smaller]]),
        "leg": np.concatenate([b[larger], a[smaller]]),
    })  # fmt: skip
    positive: Bools = (quantity.units[edges["leg"].to_numpy()] > 0).astype(bool)
    return edges.loc[positive]


def _sought(table: Table, edges: pd.DataFrame) -> Iterator[Sought]:
    """Yield each one whose possible legs can suffice, those with the fewest first."""
    _, quantity, price = grouping_of(table)
    one, leg = edges["one"].to_numpy(), edges["leg"].to_numpy()
    if not len(one):
        return
    order = np.lexsort((table.rank[leg], -quantity.order[leg], one))
    one, leg = one[order], leg[order]
    starts = np.flatnonzero(np.diff(one, prepend=-1))
    ones, stops = one[starts], np.append(starts[1:], len(one))
    known = np.logical_and.reduceat(price.known[leg], starts) & price.known[ones]
    apart = price.units[leg] - price.units[one]
    allowed = price.allowed(ones, ones)
    suffice = (total_by(starts, quantity.units[leg]) >= quantity.units[ones]).astype(bool)
    suffice &= stops - starts > 1
    # An average lies between the lowest and the highest of what it is made of.
    between = (np.minimum.reduceat(apart, starts) <= allowed).astype(bool)
    between &= (np.maximum.reduceat(apart, starts) >= -allowed).astype(bool)
    worth = np.flatnonzero(suffice & (between | ~known))
    for at in worth[np.lexsort((table.rank[ones[worth]], (stops - starts)[worth]))].tolist():
        here = slice(starts[at], stops[at])
        quantities = [int(units) for units in quantity.units[leg[here]]]
        target = int(quantity.units[ones[at]])
        gaps = [q * int(gap) for q, gap in zip(quantities, apart[here].tolist(), strict=True)]
        yield Sought(
            one=int(ones[at]),
            legs=leg[here].tolist(),
            quantities=quantities,
            target=target,
            gaps=gaps if known[at] else None,
            allowed=int(allowed[at]) * target if known[at] else 0,
        )


def _search(
    table: Table, step: Pass, sought: Sought, budget: Budget
) -> tuple[tuple[int, ...], str]:
    """Return the best set of legs, and why a person must look at it."""
    _, _, price = grouping_of(table)
    fitting: dict[tuple[int, ...], tuple[int, ...]] = {}
    for places in subsets(
        sought.quantities, sought.target, step.max_legs, budget,
        gaps=sought.gaps, allowed=sought.allowed,
    ):  # fmt: skip
        found = tuple(sought.legs[place] for place in places)
        if _price_fits(table, sought, found):
            fitting.setdefault(tuple(sorted(int(table.content[leg]) for leg in found)), found)
    if not fitting:
        return (), ""
    best = min(fitting.values(), key=lambda found: (len(found), [table.rank[leg] for leg in found]))
    if len(fitting) > 1:
        return best, AMBIGUOUS
    if not price.known[[sought.one, *best]].all():
        return best, PRICE_UNKNOWN
    return best, CUT_SHORT if budget.steps < 0 else ""


def _price_fits(table: Table, sought: Sought, legs: tuple[int, ...]) -> bool:
    """Tell whether the legs' average price agrees with the one's; an unknown price may."""
    _, quantity, price = grouping_of(table)
    if sought.gaps is not None or not price.known[[sought.one, *legs]].all():
        return True
    value = sum(int(quantity.units[leg]) * int(price.units[leg]) for leg in legs)
    row = np.array([sought.one])
    allowed = int(price.allowed(row, row)[0])
    return abs(value - sought.target * int(price.units[sought.one])) <= allowed * sought.target
