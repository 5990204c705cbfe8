"""What moves a probability, against asking one feature of one trade at a time."""

import numpy as np
import pandas as pd
import pytest

from predictions import factors
from predictions.factors import LEAST_EFFECT, MOST, Factor, factors_of, log_odds

TYPICAL = {"rate": 0.02, "missing": 0, "source": "oms", "gap": np.nan}


def predict(frame: pd.DataFrame) -> np.ndarray:
    """Score as a made-up model does, with two features that only together mean something."""
    odds = (
        -3.5
        + 20 * (frame["rate"].to_numpy() - 0.02)
        + 0.7 * frame["missing"].to_numpy()
        + np.where(frame["source"].to_numpy() == "kraken", -0.4, 0.0)
        + np.nan_to_num(frame["gap"].to_numpy(dtype=float)) * frame["missing"].to_numpy()
    )
    return 1 / (1 + np.exp(-odds))


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    rows = 60
    return pd.DataFrame(
        {
            "rate": rng.choice([0.02, 0.02, 0.08, 0.15], rows),
            "missing": rng.integers(0, 4, rows),
            "source": rng.choice(["oms", "kraken"], rows),
            "gap": np.where(rng.random(rows) < 0.5, np.nan, rng.random(rows)),
        },
        index=rng.permutation(10_000)[:rows],
    )


def one_by_one(frame: pd.DataFrame) -> list[dict[str, float]]:
    found = []
    for at in range(len(frame)):
        row = frame.iloc[[at]]
        was = log_odds(predict(row))[0]
        effects = {}
        for name, usual in TYPICAL.items():
            put_back = row.copy()
            put_back[name] = [usual]
            effects[name] = was - log_odds(predict(put_back))[0]
        found.append({n: e for n, e in effects.items() if abs(e) >= LEAST_EFFECT})
    return found


def of(frame: pd.DataFrame) -> list[list[Factor]]:
    return factors_of(frame, predict(frame), typical=TYPICAL, predict=predict)


class TestFactorsOf:
    def test_equal_one_feature_put_back_at_a_time(self, frame):
        found = [{one.feature: one.effect for one in each} for each in of(frame)]

        for ours, theirs in zip(found, one_by_one(frame), strict=True):
            assert ours == pytest.approx(theirs)

    def test_do_not_change_with_how_many_are_asked_at_once(self, frame, monkeypatch):
        at_once = of(frame)
        monkeypatch.setattr(factors, "AT_A_TIME", 12)

        assert [[one.feature for one in each] for each in of(frame)] == [
            [one.feature for one in each] for each in at_once
        ]

    def test_what_raises_comes_first_then_what_lowers_the_largest_first(self, frame):
        for each in of(frame):
            raising = [one.effect for one in each if one.effect > 0]
            lowering = [one.effect for one in each if one.effect < 0]
            assert [one.effect for one in each] == sorted(raising, reverse=True) + sorted(lowering)

    def test_putting_back_the_first_lowers_the_probability(self, frame):
        for at, each in enumerate(of(frame)):
            if each and each[0].effect > 0:
                row = frame.iloc[[at]].copy()
                before = predict(row)[0]
                row[each[0].feature] = [TYPICAL[each[0].feature]]
                assert predict(row)[0] < before

    def test_ask_the_model_once(self, frame):
        asked = []

        def counting(rows: pd.DataFrame) -> np.ndarray:
            asked.append(len(rows))
            return predict(rows)

        factors_of(frame, predict(frame), typical=TYPICAL, predict=counting)

        assert len(asked) == 1
        assert asked[0] < len(frame) * len(TYPICAL)

    def test_a_typical_trade_has_none_and_needs_no_model(self):
        typical = pd.DataFrame([TYPICAL])

        found = factors_of(typical, predict(typical), typical=TYPICAL, predict=lambda _: 1 / 0)

        assert found == [[]]

    def test_are_no_more_than_an_analyst_reads(self):
        names = [f"f{at}" for at in range(MOST + 5)]
        wide = pd.DataFrame([dict.fromkeys(names, 1.0)])

        def model(rows: pd.DataFrame) -> np.ndarray:
            return 1 / (1 + np.exp(-rows.sum(axis=1).to_numpy() + 3))

        [each] = factors_of(wide, model(wide), typical=dict.fromkeys(names, 0.0), predict=model)

        assert len(each) == MOST

    def test_of_no_trades_are_none(self, frame):
        assert of(frame.iloc[:0]) == []

    def test_a_certain_model_has_finite_effects(self, frame):
        def certain(rows: pd.DataFrame) -> np.ndarray:
            return (rows["missing"].to_numpy() > 0).astype(float)

        found = factors_of(frame, certain(frame), typical=TYPICAL, predict=certain)

        assert all(np.isfinite(one.effect) for each in found for one in each)
