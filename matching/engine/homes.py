"""
Where a row is at home: its business date and instrument, or whatever the rules say.

Most rows have their partner at home, and what is found there needs no look at any other home. So
the passes marked `at_home` run there first, home by home, before every pass runs over all that is
left. Which homes are looked at together changes nothing: a home is the unit of a partition.
"""

import numpy as np
import pandas as pd

from matching.engine import hashing
from matching.engine.arrays import Bools, Hashes, Rows
from matching.engine.blocking import key_of
from matching.engine.graph import components
from matching.engine.references import sharing
from matching.engine.rules import Pass
from matching.engine.scoring import score_pairs
from matching.engine.table import Table

_BY_REFERENCE = ("reference", "shared")


def find_homes(table: Table) -> tuple[Hashes, Bools]:
    """
    Return each joint row's home, 0 for none, and which rows must wait for a look beyond it.

    A row waits if a pass at home would have paired it with a row of another home by a reference,
    or may have gathered it: of a reference that many quote nobody can tell.
    """
    if not table.rules.at_home:
        return np.full(table.size, hashing.UNKNOWN), np.ones(table.size, dtype=bool)
    home = key_of(table, table.rules.home, np.arange(table.size))
    waits = home == hashing.UNKNOWN
    for step in table.rules.at_home:
        if step.kind in _BY_REFERENCE:
            _wait(table, step, home, waits)
    return home, waits


def spread(table: Table, step: Pass, free: Bools, waits: Bools) -> None:
    """Let all free rows wait that a pass could pair with a row that waits, and so on."""
    if not bool((waits & free).any()):
        return
    rows, keys = _links(table, step, free)
    order = np.argsort(rows, kind="stable")
    again = np.flatnonzero(rows[order][1:] == rows[order][:-1])
    # A row with several keys joins them; whoever has one of the joined is within reach.
    count = int(keys.max(initial=-1)) + 1
    joined = components(keys[order[again]], keys[order[again + 1]], count)[keys]
    reached = np.zeros(count, dtype=bool)
    reached[joined[waits[rows]]] = True
    waits[rows[reached[joined]]] = True


def _wait(table: Table, step: Pass, home: Hashes, waits: Bools) -> None:
    """Let the rows wait that a pass by reference would have looked for in another home."""
    every = table.quotes(step.form)
    first = np.zeros(len(every.lefts), dtype=np.uint64)
    first[every.keys] = home[every.rows]
    wanders = np.zeros(len(first), dtype=bool)
    wanders[every.keys[home[every.rows] != first[every.keys]]] = True
    if step.kind == "shared":
        wanders &= (every.lefts > 1) | (every.rights > 1)
        waits[every.rows[wanders[every.keys]]] = True
        return
    quoting = np.zeros(table.size, dtype=bool)
    quoting[every.rows[wanders[every.keys]]] = True
    seen, _ = sharing(table, step, quoting)
    apart = home[seen.a] != home[seen.b]
    met = score_pairs(table, seen.a[apart], seen.b[apart], step)
    waits[met.a] = True
    waits[met.b] = True


def _links(table: Table, step: Pass, free: Bools) -> tuple[Rows, Rows]:
    """Return the free rows with the keys by which a pass could pair them, as whole numbers."""
    if step.kind in _BY_REFERENCE:
        every = table.quotes(step.form)
        there = free[every.rows]
        return every.rows[there], every.keys[there]
    mine = np.flatnonzero(free)
    rows, keys, count = [], [], 0
    for block in step.blocks:
        key = key_of(table, block.equal, mine)
        known = key != hashing.UNKNOWN
        code, distinct = pd.factorize(key[known])
        rows.append(mine[known])
        keys.append(code.astype(np.int64) + count)
        count += len(distinct)
    return np.concatenate(rows), np.concatenate(keys)
