"""Which rows quote the same reference, and how telling that is."""

import numpy as np

from matching.engine.arrays import Bools, Rows
from matching.engine.blocking import Candidates, distinct, join
from matching.engine.rules import Pass
from matching.engine.table import Table


def sharing(table: Table, step: Pass, free: Bools) -> tuple[Candidates, Bools]:
    """
    Return the free pairs that share a reference, and which of them share a specific one.

    A reference is specific if over both whole sides one left and one right row alone quote it:
    an order number on many fills tells a group, not a pair.
    """
    every = table.quotes(step.form)
    single = ((every.lefts == 1) & (every.rights == 1))[every.keys]
    usable = free[every.rows] & table.telling(step)[every.keys]
    told = join(every.rows[usable & single], every.keys[usable & single], table, [], step.window)
    vague = usable & ~single
    group = join(every.rows[vague], every.keys[vague], table, _by_terms(table), step.window)
    a, b = distinct(
        np.concatenate([told.a, group.a]), np.concatenate([told.b, group.b]), table.size
    )
    specific = np.isin(a * table.size + b, told.a * table.size + told.b)
    return Candidates(a, b, told.cut + group.cut), specific


def _by_terms(table: Table) -> list[Rows]:
    """Sort the rows of a vague reference by their terms, for the nearest ones to meet."""
    group = table.rules.grouping
    names = () if group is None else (group.side, group.quantity, group.price)
    return [table.fields[name].order for name in names]
