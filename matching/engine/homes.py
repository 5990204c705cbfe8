"""
Where a row is at home: its business date and instrument, or whatever the rules say.

Most rows have their partner at home, and what is found there needs no look at any other home. So
the passes marked `at_home` run there first, home by home, before every pass runs over all that is
left. Which homes are looked at together changes nothing: a home is the unit of a partition.
"""

import numpy as np

from matching.engine import hashing
from matching.engine.arrays import Bools, Hashes, Rows
from matching.engine.blocking import key_of
from matching.engine.rules import Pass
from matching.engine.scoring import score_pairs
from matching.engine.table import Table


def find_homes(table: Table) -> tuple[Hashes, Bools]:
    """
    Return each joint row's home, 0 for none, and which rows must wait for a look beyond it.

    A row waits if it shares a reference with a row of another home that a pass at home would have
    paired it with, or may have: of a reference that many quote nobody can tell.
    """
    home = key_of(table, table.rules.home, np.arange(table.size))
    waits = home == hashing.UNKNOWN
    steps = [step for step in table.rules.passes if step.at_home and step.kind == "reference"]
    if not steps:
        return home, waits
    every = table.quotes("code")
    first = np.zeros(len(every.lefts), dtype=np.uint64)
    first[every.keys] = home[every.rows]
    wanders = np.zeros(len(first), dtype=bool)
    wanders[every.keys[home[every.rows] != first[every.keys]]] = True
    single = wanders & (every.lefts == 1) & (every.rights == 1)
    waits[every.rows[(wanders & ~single)[every.keys]]] = True
    a, b = _pairs(every.rows[single[every.keys]], every.keys[single[every.keys]], table.split)
    for step in steps:
        met = score_pairs(table, a, b, step)
        waits[met.a] = True
        waits[met.b] = True
    return home, waits


def spread(table: Table, step: Pass, free: Bools, waits: Bools) -> None:
    """Let all free rows wait that a pass could pair with a row that waits, and so on."""
    if step.kind in ("reference", "shared"):
        every = table.quotes(step.form)
        parts: list[tuple[Rows, Rows | Hashes]] = [(every.rows, every.keys)]
    else:
        mine = np.flatnonzero(free)
        parts = [(mine, key_of(table, block.equal, mine)) for block in step.blocks]
    waiting = -1
    while waiting != (waiting := int(waits.sum())):
        for rows, keys in parts:
            _spread(rows, keys, free, waits)


def _spread(rows: Rows, keys: Rows | Hashes, free: Bools, waits: Bools) -> None:
    touched = np.unique(keys[waits[rows] & free[rows]])
    if len(touched):
        waits[rows[free[rows] & np.isin(keys, touched)]] = True


def _pairs(rows: Rows, keys: Rows, split: int) -> tuple[Rows, Rows]:
    """Return the left and the right row of each key that has one of each."""
    rows = rows[np.lexsort((rows, keys))]
    a: Rows = rows[rows < split]
    b: Rows = rows[rows >= split]
    return a, b
