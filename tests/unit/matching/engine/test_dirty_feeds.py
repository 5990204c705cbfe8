"""Two dirty feeds of the same trades: pairing and differences against the truth."""

import pytest

from matching.engine import reconcile
from tests.unit.matching.engine.feeds import dirty_feeds
from tests.unit.matching.engine.trades import RULES

TRADES = 5_000


@pytest.fixture(scope="module")
def feeds():
    return dirty_feeds(TRADES, seed=20261122)


@pytest.fixture(scope="module")
def result(feeds):
    return reconcile(feeds.left, feeds.right, RULES)


@pytest.fixture(scope="module")
def found(result):
    legs = result.legs
    left, right = legs[legs["side"] == "left"], legs[legs["side"] == "right"]
    return left.merge(right, on="match_id", suffixes=("_left", "_right"))


def test_pairs_with_the_precision_and_recall_asked_for(feeds, found):
    made = set(zip(found["row_left"], found["row_right"], strict=True))

    assert len(made & feeds.pairs) / len(made) >= 0.9995
    assert len(made & feeds.pairs) / len(feeds.pairs) >= 0.995


def test_finds_every_planted_error_and_hardly_another(feeds, result, found):
    left_of = found.groupby("match_id")["row_left"].first()
    reported = set(
        zip(result.differences["kind"], result.differences["match_id"].map(left_of), strict=True)
    )

    assert feeds.planted <= reported
    assert len(reported - feeds.planted) < TRADES / 1000


def test_every_row_is_in_one_leg_or_unmatched(feeds, result):
    for side, frame, unmatched in (
        ("left", feeds.left, result.unmatched_left),
        ("right", feeds.right, result.unmatched_right),
    ):
        labels = [*result.legs.loc[result.legs["side"] == side, "row"], *unmatched]
        assert sorted(labels) == sorted(frame.index)
