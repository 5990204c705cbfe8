import numpy as np
import pytest

from predictions.learning import judge
from predictions.measures import curves, measure

BROKE = np.array([1, 0, 1, 0, 0, 0, 0, 0, 0, 0], dtype=bool)
FORESEEN = np.array([0.9, 0.8, 0.7, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1])


def test_the_metrics_of_a_list_one_can_count_by_hand():
    found = measure(FORESEEN, BROKE)

    assert found["pr_auc"] == pytest.approx((1 + 2 / 3) / 2)
    assert found["roc_auc"] == pytest.approx(15 / 16)
    assert found["brier"] == pytest.approx((0.1**2 + 0.8**2 + 0.3**2 + 7 * 0.1**2) / 10)
    assert found["recall_at_90_precision"] == pytest.approx(0.5)
    assert found["precision_at_top_1_pct"] == found["precision_at_top_5_pct"] == 1


def test_of_equally_likely_trades_the_top_is_as_good_as_all():
    same = measure(np.full(100, 0.02), np.arange(100) < 4)

    assert same["precision_at_top_1_pct"] == pytest.approx(0.04)
    assert same["pr_auc"] == pytest.approx(0.04)


def test_no_list_of_that_precision_is_no_recall():
    assert measure(1 - FORESEEN, BROKE)["recall_at_90_precision"] == 0


def test_the_curves_are_points_within_the_square():
    chance = np.random.default_rng(7)
    foreseen = chance.random(5000)
    broke = chance.random(5000) < foreseen

    found = curves(foreseen, broke)

    assert [count for *_, count in found["reliability"]] == [500] * 10
    assert all(abs(said - share) < 0.08 for said, share, _ in found["reliability"])
    recalls = [recall for recall, _ in found["precision_recall"]]
    assert recalls == sorted(recalls)
    assert len(recalls) <= 120
    assert all(0 <= value <= 1 for pair in found["precision_recall"] for value in pair)


@pytest.mark.parametrize(
    ("pr_auc", "brier", "is_good", "words"),
    [
        (0.30, 0.018, True, "It beat both"),
        (0.20, 0.018, False, "logistic regression has 0.200"),
        (0.01, 0.018, False, "logistic regression has 0.200 and the base rate has 0.020"),
        (0.30, 0.020, False, "no better than the same for all"),
    ],
)
def test_a_model_has_to_beat_both(pr_auc, brier, is_good, words):
    compared = {
        "logistic": {"pr_auc": 0.20, "brier": 0.019},
        "base_rate": {"pr_auc": 0.02, "brier": 0.020},
    }

    good, verdict = judge({"pr_auc": pr_auc, "brier": brier}, compared)

    assert good is is_good
    assert words in verdict
