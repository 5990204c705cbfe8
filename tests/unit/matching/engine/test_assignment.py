"""The pairs made are those of the greatest total, each row in one at most."""

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from matching.engine.assignment import assign

EDGES = st.lists(
    st.tuples(st.integers(0, 3), st.integers(4, 7), st.integers(1, 100)),
    max_size=8,
    unique_by=lambda edge: edge[:2],
)


def best_total(edges):
    """Try every set of pairs."""
    return max(
        sum(rank for *_, rank in some)
        for size in range(len(edges) + 1)
        for some in combinations(edges, size)
        if len({a for a, *_ in some}) == len({b for _, b, _ in some}) == size
    )


@given(EDGES)
def test_no_other_pairs_would_rank_higher_in_all(edges):
    a, b, rank = (
        (np.array(values, dtype=np.int64) for values in zip(*edges, strict=True))
        if (edges)
        else (np.zeros(0, dtype=np.int64),) * 3
    )

    chosen = assign(a, b, rank.astype(np.float64), np.arange(8))

    assert len(set(a[chosen])) == len(set(b[chosen])) == chosen.sum()
    assert rank[chosen].sum() == best_total(edges)
