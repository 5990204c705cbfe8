"""Which candidates to pair: the best total, each row at most once."""

import numpy as np

from matching.engine.arrays import Bools, Floats, Rows
from matching.engine.graph import components

# Beyond so many edges a component is paired by mutual preference: the solver is cubic.
MOST_EDGES = 20_000
# A round that leaves more than this share of the pairs is one of too many.
_SLOW = 0.8


def assign(a: Rows, b: Rows, rank: Floats, order: Rows) -> Bools:
    """
    Tell which pairs to make, so that no row is in two and the total rank is the greatest.

    Pairs are solved component by component; where they share one row, the best of them is the
    answer. In a component of more than `MOST_EDGES` pairs, rows
    that prefer each other are paired first, in rounds. `order` ranks rows where nothing else does.
    """
    chosen = np.zeros(len(a), dtype=bool)
    if not len(a):
        return chosen
    alone = (_counts(a) == 1) & (_counts(b) == 1)
    chosen[alone] = True
    rest = np.flatnonzero(~alone)
    rest = rest[np.lexsort((order[b[rest]], order[a[rest]]))]
    label = components(a[rest], b[rest], int(max(a.max(), b.max())) + 1)[a[rest]]
    sizes = np.bincount(label) if len(rest) else np.zeros(0, dtype=np.int64)
    large = sizes[label] > MOST_EDGES if len(rest) else np.zeros(0, dtype=bool)
    chosen[rest[large]] = _mutual(a[rest[large]], b[rest[large]], rank[rest[large]])
    star = ~large & (_of_one(a[rest], label) | _of_one(b[rest], label))
    chosen[_best(rest[star], label[star], rank[rest[star]])] = True
    meshed = ~large & ~star
    for edges in _by_component(rest[meshed], label[meshed]):
        chosen[edges] = _solve(a[edges], b[edges], rank[edges])
    return chosen


def _counts(rows: Rows) -> Rows:
    return np.bincount(rows)[rows]


def _of_one(rows: Rows, label: Rows) -> Bools:
    """Tell the pairs of components in which all pairs have the same row on this side."""
    first = np.zeros(int(label.max(initial=-1)) + 1, dtype=np.int64)
    first[label] = rows
    several: Bools = np.zeros(len(first), dtype=bool)
    several[label[rows != first[label]]] = True
    return ~several[label]


def _best(edges: Rows, label: Rows, rank: Floats) -> Rows:
    """Return the pair that ranks highest in each component, the first of equals."""
    order = np.lexsort((np.arange(len(edges)), -rank, label))
    return edges[order[np.flatnonzero(np.diff(label[order], prepend=-1))]]


def _by_component(edges: Rows, label: Rows) -> list[Rows]:
    order = np.argsort(label, kind="stable")
    cuts = np.flatnonzero(np.diff(label[order])) + 1
    return [part for part in np.split(edges[order], cuts) if len(part)]


def _solve(a: Rows, b: Rows, rank: Floats) -> Bools:
    from scipy.optimize import linear_sum_assignment

    rows, row = np.unique(a, return_inverse=True)
    columns, column = np.unique(b, return_inverse=True)
    gain = np.zeros((len(rows), len(columns)))
    gain[row, column] = rank
    picked = np.zeros(gain.shape, dtype=bool)
    picked[linear_sum_assignment(gain, maximize=True)] = True
    return picked[row, column]


def _mutual(a: Rows, b: Rows, rank: Floats) -> Bools:
    """
    Pair the rows that are each other's best, again and again, until none are left.

    That is to go through the pairs from the best down; rounds do it for many at once, and one by
    one is done what they would make few of, as where each row's best prefers the next.
    """
    chosen = np.zeros(len(a), dtype=bool)
    left = np.argsort(-rank, kind="stable")
    while len(left):
        first_a = np.zeros(len(left), dtype=bool)
        first_b = np.zeros(len(left), dtype=bool)
        first_a[np.unique(a[left], return_index=True)[1]] = True
        first_b[np.unique(b[left], return_index=True)[1]] = True
        made = left[first_a & first_b]
        chosen[made] = True
        before = len(left)
        left = left[~np.isin(a[left], a[made]) & ~np.isin(b[left], b[made])]
        if len(left) > _SLOW * before:
            chosen[_one_by_one(a, b, left)] = True
            break
    return chosen


def _one_by_one(a: Rows, b: Rows, ranked: Rows) -> list[int]:
    """Take each pair, from the best down, whose rows no better one has taken."""
    taken: set[int] = set()
    made = []
    for edge, one, other in zip(
        ranked.tolist(), a[ranked].tolist(), b[ranked].tolist(), strict=True
    ):
        if one not in taken and other not in taken:
            taken |= {one, other}
            made.append(edge)
    return made
