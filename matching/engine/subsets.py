"""One against many without a reference: rows that add up to one, found by a bounded search."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from matching.engine.arrays import Bools, Rows
from matching.engine.blocking import in_blocks
from matching.engine.grouping import Proposal, agreeing, found_groups, grouping_of
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
    quantities: list[int], target: int, most: int, budget: Budget
) -> Iterator[tuple[int, ...]]:
    """
    Yield the places of at least two positive quantities that add up to `target`.

    `quantities` fall in size. At most `most` are taken; the search ends when the budget does.
    """
    left = np.cumsum([0, *quantities[::-1]], dtype=object)[::-1]
    stack: list[tuple[int, int, tuple[int, ...]]] = [(0, target, ())]
    while stack and budget.spend():
        at, missing, taken = stack.pop()
        if missing == 0:
            if len(taken) > 1:
                yield taken
            continue
        if at == len(quantities) or left[at] < missing or len(taken) == most:
            continue
        stack.append((at + 1, missing, taken))
        if quantities[at] <= missing:
            stack.append((at + 1, missing - quantities[at], (*taken, at)))


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
    for one, legs in _by_one(table, edges):
        legs_left = [leg for leg in legs if leg not in taken]
        if one in taken or len(legs_left) < 2:
            continue
        budget = Budget(min(step.budget, whole.steps))
        found, reason = _search(table, step, one, legs_left, budget)
        whole.steps -= (
            step.budget - max(budget.steps, 0) if whole.steps >= step.budget else whole.steps
        )
        cut += budget.steps < 0
        if found:
            kept.append(Proposal(one, found, exact=True))
            reasons.append(step.review or reason)
            taken |= {one, *found}
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


def _by_one(table: Table, edges: pd.DataFrame) -> Iterator[tuple[int, list[int]]]:
    """Yield each one with its possible legs, those with the fewest first, if they can suffice."""
    _, quantity, _ = grouping_of(table)
    legs_of: dict[int, list[int]] = {}
    for one, leg in zip(edges["one"].tolist(), edges["leg"].tolist(), strict=True):
        legs_of.setdefault(one, []).append(leg)
    for one in sorted(legs_of, key=lambda row: (len(legs_of[row]), table.rank[row])):
        legs = sorted(legs_of[one], key=lambda row: (-quantity.units[row], table.rank[row]))
        if sum(int(quantity.units[leg]) for leg in legs) >= quantity.units[one]:
            yield one, legs


def _search(
    table: Table, step: Pass, one: int, legs: list[int], budget: Budget
) -> tuple[tuple[int, ...], str]:
    """Return the best set of legs, and why a person must look at it."""
    _, quantity, price = grouping_of(table)
    quantities = [int(quantity.units[leg]) for leg in legs]
    fitting: dict[tuple[int, ...], tuple[int, ...]] = {}
    for places in subsets(quantities, int(quantity.units[one]), step.max_legs, budget):
        found = tuple(legs[place] for place in places)
        if _price_gap(table, one, found) is not False:
            fitting.setdefault(tuple(sorted(int(table.content[leg]) for leg in found)), found)
    if not fitting:
        return (), ""
    best = min(fitting.values(), key=lambda found: (len(found), [table.rank[leg] for leg in found]))
    if len(fitting) > 1:
        return best, AMBIGUOUS
    if not price.known[[one, *best]].all():
        return best, PRICE_UNKNOWN
    return best, CUT_SHORT if budget.steps < 0 else ""


def _price_gap(table: Table, one: int, legs: tuple[int, ...]) -> bool | None:
    """Tell whether the legs' average price agrees with the one's, None where it is unknown."""
    _, quantity, price = grouping_of(table)
    if not price.known[[one, *legs]].all():
        return None
    value = sum(int(quantity.units[leg]) * int(price.units[leg]) for leg in legs)
    whole = int(quantity.units[one])
    row = np.array([one])
    allowed = int(price.allowed(row, row)[0])
    return abs(value - whole * int(price.units[one])) <= allowed * whole
