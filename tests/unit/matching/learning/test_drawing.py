"""The draw of matches to check."""

import numpy as np

from matching.learning.drawing import drawn

KEYS = np.arange(1, 100_001)


def test_draws_about_the_share_asked_for():
    out = drawn(KEYS, share=0.01, most=100_000, seed=5)

    assert 880 <= out.sum() <= 1_120  # within four standard deviations of a thousand


def test_draws_the_same_again_whatever_the_order():
    mixed = np.random.default_rng(3).permutation(KEYS)

    again = set(mixed[drawn(mixed, share=0.01, most=40, seed=5)])

    assert again == set(KEYS[drawn(KEYS, share=0.01, most=40, seed=5)])
    assert len(again) == 40


def test_another_run_draws_others():
    one, other = (set(KEYS[drawn(KEYS, share=0.01, most=50, seed=seed)]) for seed in (5, 6))

    assert len(one & other) <= 5


def test_neighbouring_keys_have_nothing_in_common():
    out = drawn(KEYS, share=0.5, most=100_000, seed=1).astype(float)

    assert abs(np.corrcoef(out[1:], out[:-1])[0, 1]) < 0.02


def test_of_none_draws_none_and_of_all_all():
    assert not drawn(KEYS, share=0.0, most=9, seed=1).any()
    assert drawn(KEYS[:7], share=1.0, most=9, seed=1).all()
    assert drawn(KEYS[:0], share=1.0, most=9, seed=1).shape == (0,)
