"""The pairs made are those of the greatest total, each row in one at most."""

from itertools import combinations
from time import process_time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from matching.engine import assignment
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


@given(EDGES)
def test_rounds_make_the_pairs_that_going_down_the_ranks_makes(edges):
    a, b, rank = np.array(edges, dtype=np.int64).reshape(-1, 3).T
    ranked = np.argsort(-rank, kind="stable")

    chosen = assignment._mutual(a, b, rank.astype(np.float64))

    assert sorted(np.flatnonzero(chosen)) == sorted(assignment._one_by_one(a, b, ranked))


def test_a_long_chain_of_preferences_takes_no_round_for_each_link():
    links = 2 * assignment.MOST_EDGES
    a = (np.arange(links) + 1) // 2
    b = links + np.arange(links) // 2
    began = process_time()

    chosen = assign(a, b, np.arange(links, 0, -1.0), np.arange(2 * links))

    assert chosen.tolist() == [True, False] * assignment.MOST_EDGES
    assert process_time() - began < 5
