"""The stability index and the calibration error, against plain loops over the rows."""

import math

import numpy as np
import pandas as pd
import pytest

from predictions.stability import (
    BINS,
    LEAST_SHARE,
    calibration_error,
    shares_in,
    spread_of,
    stability,
)


def index_by_hand(was: list[float], now: list[float]) -> float:
    total = 0.0
    for a, b in zip(was, now, strict=True):
        before, after = max(a, LEAST_SHARE), max(b, LEAST_SHARE)
        total += (after - before) * math.log(after / before)
    return total


class TestNumbers:
    def test_shares_are_those_a_loop_counts(self):
        rng = np.random.default_rng(3)
        reference = pd.Series(rng.normal(size=2_000))
        now = pd.Series(np.where(rng.random(500) < 0.1, np.nan, rng.normal(0.4, size=500)))
        spread = spread_of(reference)

        counts = [0] * (len(spread.bins) + 2)
        for value in now:
            at = sum(value >= edge for edge in spread.bins)
            counts[-1 if math.isnan(value) else at] += 1

        assert shares_in(now, spread.bins) == [count / len(now) for count in counts]
        assert sum(spread.shares) == pytest.approx(1)

    def test_the_same_population_is_calm_and_another_is_not(self):
        rng = np.random.default_rng(4)
        spread = spread_of(pd.Series(rng.normal(size=4_000)))
        same = shares_in(pd.Series(rng.normal(size=4_000)), spread.bins)
        other = shares_in(pd.Series(rng.normal(1.0, size=4_000)), spread.bins)

        assert stability(spread.shares, same) < 0.02
        assert stability(spread.shares, other) > 0.25
        assert stability(spread.shares, other) == pytest.approx(index_by_hand(spread.shares, other))

    def test_a_number_that_never_varied_and_now_does_is_seen(self):
        spread = spread_of(pd.Series([0] * 500))

        assert stability(spread.shares, shares_in(pd.Series([0] * 100), spread.bins)) == 0
        assert stability(spread.shares, shares_in(pd.Series([1] * 100), spread.bins)) > 1

    def test_what_is_missing_of_late_is_seen(self):
        spread = spread_of(pd.Series(np.arange(500.0)))

        late = pd.Series([*np.arange(250.0) * 2, *[np.nan] * 250])

        assert stability(spread.shares, shares_in(late, spread.bins)) > 0.25

    def test_a_reference_of_nothing_is_no_error(self):
        spread = spread_of(pd.Series([np.nan, np.nan]))

        assert shares_in(pd.Series([1.0, np.nan]), spread.bins) == [0.5, 0.5]


class TestWords:
    def test_unknown_words_and_missing_ones_have_a_bin_each(self):
        spread = spread_of(pd.Series(["a", "a", "b", None]))

        assert spread.bins == ["a", "b"]
        assert spread.shares == [0.5, 0.25, 0.0, 0.25]
        assert shares_in(pd.Series(["a", "z", None, "b"]), spread.bins) == [0.25] * 4

    def test_true_and_false_are_words(self):
        spread = spread_of(pd.Series([True, False, True, True]))

        assert shares_in(pd.Series([False, False]), spread.bins) == [0.0, 1.0, 0.0, 0.0]


class TestCalibrationError:
    def test_equals_a_loop_over_bins_of_equal_count(self):
        rng = np.random.default_rng(5)
        chances = rng.random(1_003) ** 3
        broke = rng.random(1_003) < chances * 0.8

        ranked = sorted(range(len(chances)), key=lambda at: chances[at])
        total, start = 0.0, 0
        for part in range(BINS):
            size = len(chances) // BINS + (part < len(chances) % BINS)
            rows = ranked[start : start + size]
            start += size
            gap = sum(chances[at] for at in rows) - sum(broke[at] for at in rows)
            total += abs(gap)

        assert calibration_error(chances, broke) == pytest.approx(total / len(chances))

    def test_fewer_rows_than_bins(self):
        assert calibration_error(np.array([0.2]), np.array([True])) == pytest.approx(0.8)
