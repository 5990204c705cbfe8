"""The interval of a counted share."""

import pytest
from scipy.stats import binomtest

from matching.learning.intervals import clopper_pearson


@pytest.mark.parametrize(("hits", "of"), [(0, 1), (1, 1), (0, 300), (3, 300), (17, 40), (40, 40)])
def test_is_the_exact_one(hits, of):
    exact = binomtest(hits, of).proportion_ci(method="exact")

    assert clopper_pearson(hits, of) == pytest.approx((exact.low, exact.high), abs=1e-12)


def test_of_nothing_nothing_is_known():
    assert clopper_pearson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("hits", "of"), [(2, 1), (-1, 4)])
def test_refuses_what_is_no_count(hits, of):
    with pytest.raises(ValueError, match="is no count"):
        clopper_pearson(hits, of)
