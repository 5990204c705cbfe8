from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.causes.significance import binomial, holm, hypergeometric


def test_hypergeometric_is_the_sum_by_hand():
    by_hand = sum(comb(10, k) * comb(90, 20 - k) for k in range(6, 11)) / comb(100, 20)

    assert hypergeometric(6, 20, 10, 100) == pytest.approx(by_hand)


def test_binomial_is_the_sum_by_hand():
    by_hand = sum(comb(12, k) * 0.1**k * 0.9 ** (12 - k) for k in range(4, 13))

    assert binomial(4, 12, 0.1) == pytest.approx(by_hand)


def test_holm_is_the_textbooks():
    # Holm's own steps: 4 x .005, 3 x .01, 2 x .03 and 1 x .04, none below the one before.
    corrected = holm(np.array([0.01, 0.04, 0.03, 0.005]), tried=4)

    assert corrected == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.integers(0, 1_000))
def test_holm_never_lowers_and_keeps_the_order(p_values, more):
    given_ = np.array(p_values)
    corrected = holm(given_, tried=len(p_values) + more)

    assert (corrected >= given_).all()
    assert (corrected <= 1).all()
    assert (np.diff(corrected[np.argsort(given_, kind="stable")]) >= 0).all()
