"""What decisions teach, and how few teach little."""

import numpy as np
import pytest

from matching.learning import decided

TRUE = np.array([0.6, 0.3, 0.1])
EVEN = np.array([1 / 3, 1 / 3, 1 / 3])


def decisions(count, seed=4, unknown=0.0):
    """Return likenesses and what people who weigh what they know by TRUE say of them."""
    drawing = np.random.default_rng(seed)
    likeness = drawing.random((count, 3))
    likeness[drawing.random(likeness.shape) < unknown] = np.nan
    sure = 1 / (1 + np.exp(-20 * (decided.scores(likeness, TRUE) - 0.5)))
    return likeness, drawing.random(count) < sure


def test_many_decisions_teach_what_people_weigh_by():
    found = decided.fit(*decisions(5_000), EVEN)

    assert found.weights == pytest.approx(TRUE, abs=0.03)


def test_unknown_values_do_not_lead_astray():
    found = decided.fit(*decisions(5_000, unknown=0.2), EVEN)

    assert found.weights == pytest.approx(TRUE, abs=0.05)


def test_few_decisions_move_little():
    few, many = (decided.fit(*decisions(count), EVEN) for count in (40, 4_000))

    assert np.abs(few.weights - EVEN).max() < np.abs(many.weights - EVEN).max()


def test_no_field_counts_against_a_match():
    likeness, right = decisions(2_000)
    likeness[:, 2] = 1 - likeness[:, 0]

    assert (decided.fit(likeness, right, EVEN).weights >= 0.0099).all()


def test_decisions_that_part_cleanly_do_not_run_away():
    likeness = np.repeat([[1.0, 1.0, 1.0], [0.2, 0.1, 0.0]], 30, axis=0)

    found = decided.fit(likeness, np.arange(60) < 30, EVEN)

    assert np.isfinite(found.slope)
    assert found.probability(likeness)[[0, -1]] == pytest.approx([1.0, 0.0], abs=0.1)


def test_a_probability_holds_on_pairs_it_was_not_told_of():
    likeness, right = decisions(3_000)
    _, sure = decided.out_of_fold(likeness, right, EVEN)

    for low, high in ((0.0, 0.2), (0.2, 0.8), (0.8, 1.0)):
        inside = (sure >= low) & (sure <= high)
        assert right[inside].mean() == pytest.approx(sure[inside].mean(), abs=0.06)


def test_is_the_same_every_time():
    one, other = (decided.fit(*decisions(300), EVEN) for _ in range(2))

    assert (one.weights == other.weights).all()
    assert (one.bias, one.slope) == (other.bias, other.slope)


@pytest.mark.parametrize("answer", [True, False])
def test_decisions_all_alike_teach_nothing(answer):
    with pytest.raises(ValueError, match="all decisions are alike"):
        decided.fit(np.ones((9, 3)), np.full(9, answer), EVEN)


def test_a_score_is_the_engines():
    likeness = np.array([[1.0, np.nan, 0.5], [np.nan, np.nan, np.nan]])

    assert decided.scores(likeness, TRUE).tolist() == [round(0.65 / 0.7, 9), 0.0]
