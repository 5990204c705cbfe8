"""Candidate pairs: rows that share a key, and in a busy key only near neighbours."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from matching.engine import hashing
from matching.engine.arrays import Bools, Hashes, Rows
from matching.engine.rules import Block
from matching.engine.table import Table


@dataclass(frozen=True)
class Candidates:
    """Distinct pairs of a left and a right joint row, and how many pairs the bounds left out."""

    a: Rows
    b: Rows
    cut: int


def in_blocks(table: Table, blocks: tuple[Block, ...], window: int, free: Bools) -> Candidates:
    """
    Return the candidates of all blocks among the `free` joint rows.

    At most ``2 * window`` candidates a row come from one block, however many rows share its key.
    """
    found = [_in_block(table, block, window, free) for block in blocks]
    a, b = (np.concatenate([getattr(one, side) for one in found]) for side in ("a", "b"))
    a, b = distinct(a, b, table.size)
    return Candidates(a, b, sum(one.cut for one in found))


def key_of(table: Table, names: tuple[str, ...], rows: Rows) -> Hashes:
    """
    Return a hash of the named fields' block values for each of the rows, 0 where any is unknown.

    At home, the home stands for the fields that make it.
    """
    parts = [] if table.home is None else [table.home[rows]]
    at_home = () if table.home is None else table.rules.home
    parts += [table.fields[name].block[rows] for name in names if name not in at_home]
    known = np.logical_and.reduce([part != hashing.UNKNOWN for part in parts])
    return np.where(known, hashing.combine(parts), hashing.UNKNOWN)


def distinct(a: Rows, b: Rows, size: int) -> tuple[Rows, Rows]:
    """Return each pair once."""
    packed = pd.unique(a * size + b)
    return packed // size, packed % size


def _in_block(table: Table, block: Block, window: int, free: Bools) -> Candidates:
    rows = np.flatnonzero(free)
    key = key_of(table, block.equal, rows)
    known = key != hashing.UNKNOWN
    order = [table.fields[name].order for name in block.order]
    return join(rows[known], key[known], table, order, window)


def join(rows: Rows, keys: Hashes, table: Table, order: list[Rows], window: int) -> Candidates:
    """
    Pair the left and right rows that share a key.

    A row may appear under several keys. Where a key has so many rows that all pairs would exceed
    ``window`` a row, each row meets the `window` nearest on either side by `order`.
    """
    group, distinct_keys = pd.factorize(keys)
    on_left = rows < table.split
    lefts = np.bincount(group[on_left], minlength=len(distinct_keys))
    rights = np.bincount(group[~on_left], minlength=len(distinct_keys))
    possible = lefts * rights
    busy = possible > window * (lefts + rights)
    quiet = (possible > 0) & ~busy
    a, b = _all_pairs(rows, group, on_left, quiet[group])
    inside = busy[group]
    if not bool(inside.any()):
        return Candidates(a, b, 0)
    near_a, near_b = _neighbours(rows[inside], group[inside], table, order, window)
    cut = int(possible[busy].sum()) - len(near_a)
    return Candidates(np.concatenate([a, near_a]), np.concatenate([b, near_b]), cut)


def _all_pairs(rows: Rows, group: Rows, on_left: Bools, chosen: Bools) -> tuple[Rows, Rows]:
    left, right = np.flatnonzero(chosen & on_left), np.flatnonzero(chosen & ~on_left)
    right = right[np.argsort(group[right], kind="stable")]
    start = np.searchsorted(group[right], group[left], side="left")
    stop = np.searchsorted(group[right], group[left], side="right")
    place, partner = _spans(start, stop)
    return rows[left[place]], rows[right[partner]]


def _spans(start: Rows, stop: Rows) -> tuple[Rows, Rows]:
    """Return for each span its place repeated, and the numbers from start up to stop."""
    lengths = np.maximum(stop - start, 0)
    place = np.repeat(np.arange(len(start)), lengths)
    before = np.cumsum(lengths) - lengths
    return place, np.arange(len(place)) - np.repeat(before - start, lengths)


def _neighbours(
    rows: Rows, group: Rows, table: Table, order: list[Rows], window: int
) -> tuple[Rows, Rows]:
    """Return the pairs within `window` places of each other, left and right sorted together."""
    sort_by = [group, *(values[rows] for values in order)]
    on_right = rows >= table.split
    # Equal rows of one side would stand in one heap: number them, and sort by that number next.
    heap = np.lexsort((table.rank[rows], on_right, *sort_by[::-1]))
    changes = np.logical_or.reduce(
        [np.diff(values[heap], prepend=values[heap[0]] - 1) != 0 for values in sort_by]
    )
    changes |= np.diff(on_right[heap].astype(np.int8), prepend=-1) != 0
    places = np.arange(len(heap))
    number = np.empty(len(heap), dtype=np.int64)
    number[heap] = places - np.maximum.accumulate(np.where(changes, places, 0))
    merged = np.lexsort((on_right, number, *sort_by[::-1]))
    rows, group, on_right = rows[merged], group[merged], on_right[merged]
    a, b = _nearest(rows, group, on_right, window)
    other_b, other_a = _nearest(rows, group, ~on_right, window)
    return distinct(np.concatenate([a, other_a]), np.concatenate([b, other_b]), table.size)


def _nearest(rows: Rows, group: Rows, other: Bools, window: int) -> tuple[Rows, Rows]:
    """Pair each row not of the `other` side with the nearest rows of it, before and after."""
    others = np.flatnonzero(other)
    mine = np.flatnonzero(~other)
    passed = np.cumsum(other)[mine]
    first = np.searchsorted(group[others], group[mine], side="left")
    last = np.searchsorted(group[others], group[mine], side="right")
    place, partner = _spans(np.maximum(passed - window, first), np.minimum(passed + window, last))
    return rows[mine[place]], rows[others[partner]]
