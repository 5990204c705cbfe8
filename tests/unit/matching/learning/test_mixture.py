"""The mixture finds again what was planted."""

import numpy as np
import pytest

from matching.learning.levels import COUNT, levels_of, patterns_of, shares_of
from matching.learning.mixture import fit, probability

M = np.array([
    [0.02, 0.03, 0.05, 0.90],
    [0.10, 0.05, 0.15, 0.70],
    [0.01, 0.01, 0.08, 0.90],
    [0.20, 0.20, 0.10, 0.50],
])  # fmt: skip
U = np.array([
    [0.95, 0.03, 0.01, 0.01],
    [0.50, 0.20, 0.20, 0.10],
    [0.97, 0.01, 0.01, 0.01],
    [0.70, 0.20, 0.05, 0.05],
])  # fmt: skip


def simulated(seed, pairs=40_000, share=0.2, unknown=0.1):
    """Return comparison levels drawn under M and U, and which pairs match."""
    drawing = np.random.default_rng(seed)
    matched = drawing.random(pairs) < share
    levels = np.empty((pairs, len(M)), dtype=np.int8)
    for field in range(len(M)):
        for sort, chances in ((True, M[field]), (False, U[field])):
            rows = matched == sort
            levels[rows, field] = drawing.choice(COUNT, size=rows.sum(), p=chances)
    levels[drawing.random(levels.shape) < unknown] = -1
    return levels, matched


@pytest.fixture(scope="module")
def fitted():
    levels, matched = simulated(5)
    patterns, counts, place = patterns_of(levels)
    # u as it is counted: on other pairs, of which none match.
    u = shares_of(simulated(6, share=0.0)[0])
    return fit(patterns, counts, u), matched, place


def test_finds_the_share_of_matches_and_both_tables(fitted):
    found, matched, _ = fitted

    assert found.share == pytest.approx(matched.mean(), abs=0.005)
    assert found.m == pytest.approx(M, abs=0.02)
    assert found.u == pytest.approx(U, abs=0.02)


def test_a_posterior_is_as_often_right_as_it_says(fitted):
    found, matched, place = fitted
    said = found.posterior[place]

    for low, high in ((0.0, 0.1), (0.1, 0.5), (0.5, 0.9), (0.9, 1.0)):
        inside = (said >= low) & (said <= high)
        assert matched[inside].mean() == pytest.approx(said[inside].mean(), abs=0.04)


def test_the_same_pairs_give_the_same_to_the_last_digit():
    patterns, counts, _ = patterns_of(simulated(5, pairs=5_000)[0])

    one, other = (fit(patterns, counts, U) for _ in range(2))

    assert (one.m == other.m).all()
    assert one.share == other.share


def test_two_fields_are_too_few_to_fit_u_by(fitted):
    patterns, counts, _ = patterns_of(simulated(5, pairs=5_000)[0][:, :2])

    assert (fit(patterns, counts, U[:2]).u == U[:2]).all()


def test_no_more_pairs_match_than_can():
    patterns, counts, _ = patterns_of(simulated(5, pairs=5_000, share=0.6)[0])

    assert fit(patterns, counts, U, most_share=0.25).share <= 0.25


def test_nothing_to_learn_from_is_said():
    with pytest.raises(ValueError, match="no pair"):
        fit(np.zeros((0, 4), dtype=np.int8), np.zeros(0), U)


def test_unknown_is_no_level():
    found = levels_of(np.array([np.nan, 0.0, 0.5, 0.95, 1.0]))

    assert found.tolist() == [-1, 0, 1, 2, 3]


def test_probability_of_even_evidence_is_the_share():
    assert probability(np.array([0.0, 1e9, -1e9]), 0.25) == pytest.approx([0.25, 1.0, 0.0])
