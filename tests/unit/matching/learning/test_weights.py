"""Weights and thresholds a rule set can have."""

import math

import numpy as np
import pytest

from matching.default_rules import TRADE_RULES
from matching.engine import RuleSet
from matching.learning import weights as scale


def test_weights_are_what_a_field_gives_from_differing_to_agreeing():
    bits = np.array([[-3.0, 0, 0, 5.0], [-1.0, 0, 0, 1.0]])

    assert scale.from_evidence(bits) == pytest.approx([0.8, 0.2])


def test_a_field_that_tells_nothing_keeps_a_little():
    found = scale.parts(np.array([0.0, 3.0, 1.0]))

    assert found[0] == pytest.approx(scale.LEAST)
    assert found.sum() == pytest.approx(1.0)
    assert found[1] > found[2] > scale.LEAST


@pytest.mark.parametrize("seed", range(20))
def test_rounded_weights_add_up_exactly(seed):
    drawing = np.random.default_rng(seed)
    found = scale.rounded(drawing.random(drawing.integers(1, 12)) + 1e-9, 1.0)

    assert math.fsum(found) == 1.0
    assert all(round(one, 4) == one >= 0 for one in found)


def test_revised_rules_differ_in_weights_and_thresholds_alone_and_are_valid():
    before = RuleSet.from_dict(TRADE_RULES).to_dict()
    weights = {one["name"]: one["weight"] for one in before["fields"] if one.get("weight")}
    swapped = dict(zip(weights, reversed(weights.values()), strict=True))

    made = scale.revised(before, weights=swapped, auto_at=0.9, review_at=0.71)

    assert RuleSet.from_dict(made).auto_at == 0.9
    assert before == RuleSet.from_dict(TRADE_RULES).to_dict()
    back = scale.revised(made, weights=weights, auto_at=0.95, review_at=0.75)
    assert RuleSet.from_dict(back) == RuleSet.from_dict(before)


class TestLowestSafe:
    SCORES = np.array([1.0, 0.9, 0.9, 0.8, 0.5])

    def test_is_the_lowest_from_which_on_few_enough_are_false(self):
        doubt = np.array([0.0, 0.0, 0.0, 0.0, 0.9])

        assert scale.lowest_safe(self.SCORES, doubt, most_false=0.01) == 0.8

    def test_pairs_of_one_score_stand_or_fall_together(self):
        doubt = np.array([0.0, 0.0, 1.0, 1.0, 1.0])

        assert scale.lowest_safe(self.SCORES, doubt, most_false=0.01) == 1.0

    def test_is_none_where_none_is_sure(self):
        assert scale.lowest_safe(self.SCORES, np.ones(5), most_false=0.01) is None
        assert scale.lowest_safe(self.SCORES[:0], np.ones(0), most_false=0.01) is None


def test_the_best_balance_leaves_the_unlikely_out():
    scores = np.array([0.9, 0.8, 0.8, 0.6, 0.2])
    sure = np.array([1.0, 0.9, 0.8, 0.1, 0.0])

    assert scale.best_balance(scores, sure) == 0.8


def test_a_threshold_is_still_reached_once_cut_to_four_places():
    assert scale.floor_to(0.87777777) == 0.8777
    assert scale.at_or_above(np.array([0.87777777]), 0.8777).all()


def test_as_many_reach_the_score():
    scores = np.array([0.5, 0.9, 0.7])

    assert [scale.as_many(scores, count) for count in (0, 1, 2, 3, 4)] == [
        None, 0.9, 0.7, 0.5, None,
    ]  # fmt: skip
