"""Row order, index labels and the hash seed change nothing."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from matching.engine import reconcile
from tests.unit.matching.engine.feeds import dirty_feeds
from tests.unit.matching.engine.trades import RULES

ROOT = Path(__file__).resolve().parents[4]
DIGEST = """
from tests.unit.matching.engine.test_determinism import digest
print(digest())
"""


def digest(seed=None):
    """Return a digest of all that a run found, after shuffling its rows by `seed`."""
    feeds = dirty_feeds(120, seed=3, instruments=5, accounts=2)
    left, right = feeds.left, feeds.right
    if seed is not None:
        left, right = (frame.sample(frac=1, random_state=seed) for frame in (left, right))
    result = reconcile(left, right, RULES)
    frames = [result.matches, result.legs, result.differences, result.alternatives]
    unmatched = [sorted(result.unmatched_left), sorted(result.unmatched_right)]
    text = "\n".join([*(frame.to_csv(index=False) for frame in frames), str(unmatched)])
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("seed", [1, 2])
def test_shuffled_rows_give_the_same_result(seed):
    assert digest(seed) == digest()


def test_the_hash_seed_changes_nothing():
    # This process has a hash seed of its own.
    other = subprocess.run(
        [sys.executable, "-c", DIGEST],
        env={**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip

    assert other.stdout.strip() == digest()


def test_index_labels_change_nothing_but_the_labels():
    feeds = dirty_feeds(100, seed=5, instruments=5)
    by_id = reconcile(feeds.left, feeds.right, RULES)

    numbered = [
        frame.set_axis(pd.RangeIndex(len(frame)) + 7) for frame in (feeds.left, feeds.right)
    ]
    by_number = reconcile(*numbered, RULES)

    label = {"left": feeds.left.index, "right": feeds.right.index}
    named = [label[side][row - 7] for side, row in by_number.legs[["side", "row"]].to_numpy()]
    assert named == list(by_id.legs["row"])
