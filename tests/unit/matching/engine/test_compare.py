"""Pairings compared again say what the run that made them said."""

import pandas as pd
import pytest

from matching.engine import compare, reconcile
from tests.unit.matching.engine.feeds import dirty_feeds
from tests.unit.matching.engine.trades import RULES, frame, trade


def test_the_pairings_of_a_run_compared_again_differ_as_they_did():
    feeds = dirty_feeds(600, seed=11, instruments=40)
    made = reconcile(feeds.left, feeds.right, RULES)

    again = compare(feeds.left, feeds.right, made.legs, RULES)

    assert {"1:N", "1:1"} <= set(made.matches["kind"])
    assert not again.empty
    pd.testing.assert_frame_equal(again, made.differences, check_dtype=False)


def test_a_pairing_no_run_would_make_is_compared_all_the_same():
    left, right = frame(trade("L1")), frame(trade("R7", side="SELL", quantity=7))
    legs = pd.DataFrame({"match_id": [41, 41], "side": ["left", "right"], "row": ["L1", "R7"]})

    found = compare(left, right, legs, RULES)

    assert found[["match_id", "kind"]].to_numpy().tolist() == [[41, "SIDE"], [41, "QUANTITY"]]


def test_a_leg_of_neither_frame_is_refused():
    legs = pd.DataFrame({"match_id": [1, 1], "side": ["left", "right"], "row": ["L1", "gone"]})

    with pytest.raises(KeyError, match=r"these legs are in neither frame: \['gone'\]"):
        compare(frame(trade("L1")), frame(trade("R7")), legs, RULES)
