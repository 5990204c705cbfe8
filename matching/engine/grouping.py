"""One against many by a shared reference: a block and its allocations, an order and its fills."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from matching.engine.arrays import Bools, Objects, Rows, Units
from matching.engine.exact import floor_share
from matching.engine.groups import merged, merged_scores, total_by
from matching.engine.numbers import NumberComparator
from matching.engine.result import AUTO, REVIEW, Found, no_alternatives, nothing_found
from matching.engine.rules import Grouping, Pass
from matching.engine.table import Table

OTHERS_QUOTE = "others_quote"
# Rows of one group trade on one day, or on two days around midnight.
_SAME_DAY = 0.5


@dataclass(frozen=True)
class Proposal:
    """
    One row and the rows of the other side that may make it up; `exact` if they add up.

    `reason` says why a person must look, empty if nobody need.
    """

    one: int
    many: tuple[int, ...]
    exact: bool
    reason: str = ""


def gather(table: Table, step: Pass, free: Bools) -> Found:
    """
    Group one free row with the many of the other side that quote the same reference.

    The legs must not contradict the one on identity or side. Their quantities add up to it, or
    miss it by at most the pass's `residual` share: then the rest is a difference of the match, and
    a person must look if others, paired before, quote the reference too.
    """
    edges = _edges(table, step, free)
    proposals = _proposals(table, step, edges)
    taken: set[int] = set()
    kept: list[Proposal] = []
    for proposal in sorted(proposals, key=lambda one: (not one.exact, table.rank[one.one])):
        rows = {proposal.one, *proposal.many}
        if not rows & taken:
            taken |= rows
            kept.append(proposal)
    reasons = np.array([step.review or one.reason for one in kept], dtype=object)
    return found_groups(table, kept, reasons, len(edges), 0)


def grouping_of(table: Table) -> tuple[Grouping, NumberComparator, NumberComparator]:
    """
    Return how the rules group, and the comparators of quantity and price.

    :raises TypeError: if these fields are no numbers.
    """
    group = table.rules.grouping
    quantity = table.fields[group.quantity] if group else None
    price = table.fields[group.price] if group else None
    if (
        group is None
        or not isinstance(quantity, NumberComparator)
        or not isinstance(price, NumberComparator)
    ):
        raise TypeError("groups need a grouping whose quantity and price are numbers")
    return group, quantity, price


def found_groups(
    table: Table, kept: list[Proposal], reasons: Objects, candidates: int, cut: int
) -> Found:
    """Return the groups as matches with their scores; those with a reason need REVIEW."""
    if not kept:
        return nothing_found(candidates, cut)
    legs = pd.DataFrame({
        "match": np.repeat(np.arange(len(kept)), [1 + len(one.many) for one in kept]),
        "row": np.array([row for one in kept for row in (one.one, *one.many)], dtype=np.int64),
    })  # fmt: skip
    return found_legs(table, legs, reasons, candidates, cut)


def found_legs(
    table: Table, legs: pd.DataFrame, reasons: Objects, candidates: int, cut: int
) -> Found:
    """Return groups given by their legs (match, row) as matches."""
    matches = pd.DataFrame({
        "score": merged_scores(merged(table, legs)), "reason": reasons,
        "decision": np.where(reasons == "", AUTO, REVIEW),
    })  # fmt: skip
    return Found(matches, legs, no_alternatives(), candidates, cut)


def _edges(table: Table, step: Pass, free: Bools) -> pd.DataFrame:
    """Return (key, one, leg, sole) for keys that one free row a side and several others quote."""
    every = table.quotes(step.form)
    code = every.keys
    on_left = every.rows < table.split
    usable = free[every.rows] & table.telling(step)[every.keys]
    full = (every.lefts, every.rights)
    now = [
        np.bincount(code[side & usable], minlength=len(every.lefts)) for side in (on_left, ~on_left)
    ]
    parts = []
    for one_side, one, many in ((on_left, 0, 1), (~on_left, 1, 0)):
        fits = (now[one] == 1) & (now[many] > 1) & (now[many] <= step.max_rows)
        if not bool(fits.any()):
            continue
        ones = np.flatnonzero(usable & one_side & fits[code])
        legs = np.flatnonzero(usable & ~one_side & fits[code])
        sole = (full[one] == now[one]) & (full[many] == now[many])
        pairs = pd.DataFrame({"key": code[ones], "one": every.rows[ones]}).merge(
            pd.DataFrame({"key": code[legs], "leg": every.rows[legs]}), on="key"
        )
        parts.append(pairs.assign(sole=sole[pairs["key"].to_numpy()]))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _proposals(table: Table, step: Pass, edges: pd.DataFrame) -> list[Proposal]:
    if edges.empty:
        return []
    _, quantity, _ = grouping_of(table)
    one, leg = edges["one"].to_numpy(), edges["leg"].to_numpy()
    edges = edges[agreeing(table, one, leg) & quantity.known[one] & quantity.known[leg]]
    edges = edges.sort_values("key", kind="stable")
    if edges.empty:
        return []
    starts = np.flatnonzero(np.diff(edges["key"].to_numpy(), prepend=-1))
    first = edges.iloc[starts]
    wanted: Units = quantity.units[first["one"].to_numpy()]
    rest = np.abs(total_by(starts, quantity.units[edges["leg"].to_numpy()]) - wanted)
    exact = (rest == 0).astype(bool)
    close = (rest <= floor_share(np.abs(wanted), step.residual)).astype(bool)
    several = np.diff(np.append(starts, len(edges))) > 1
    ones = first["one"].tolist()
    reasons = np.where(exact | first["sole"].to_numpy(), "", OTHERS_QUOTE)
    legs = np.split(edges["leg"].to_numpy(), starts[1:])
    return [
        Proposal(ones[at], tuple(legs[at].tolist()), bool(exact[at]), str(reasons[at]))
        for at in np.flatnonzero(several & (exact | close))
    ]


def agreeing(table: Table, one: Rows, leg: Rows) -> Bools:
    """Tell which legs contradict their one neither on identity, side nor day."""
    group, _, _ = grouping_of(table)
    agree: Bools = ~table.fields[group.side].differs(one, leg)
    if table.rules.identity:
        agree &= ~table.fields[table.rules.identity].differs(one, leg)
    for field in table.rules.fields:
        if field.compare == "date" and field.weight:
            agree &= ~(table.fields[field.name].similarity(one, leg) < _SAME_DAY)
    return agree
