"""
Learning to foresee breaks: a boosting of trees, and the simpler models that it has to beat.

All learn from the same part of the past and are calibrated on the same later one. Rare breaks are
weighed up; no rows are made.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from predictions.features import FEATURES, NUMBERS, WORDS
from predictions.measures import curves, measure

# A word that is rarer is one of many: each column has so many of its own.
MOST_WORDS = 200
SEED = 20260304
# More of these never makes a break less likely: the trees may not learn otherwise from chance.
RISES = frozenset({
    "amendments", "missing_fields", "price_off_range_pct", "source_rate", "counterparty_rate",
    "account_rate", "instrument_rate",
})  # fmt: skip


@dataclass(frozen=True)
class Part:
    """Features of trades and whether each broke, of one part of the past."""

    frame: pd.DataFrame
    broke: NDArray[np.bool_]

    @property
    def rows(self) -> int:
        return len(self.broke)

    @property
    def broken(self) -> int:
        return int(self.broke.sum())


@dataclass(frozen=True)
class Learnt:
    """A trained model, how it did on the test part beside others, and whether it may be used."""

    estimator: Any
    metrics: dict[str, float]
    compared: dict[str, dict[str, float]]
    curves: dict[str, list[Any]]
    is_good: bool
    verdict: str


def learn(train: Part, calibration: Part, test: Part, tell: Callable[[str, int], None]) -> Learnt:
    """
    Train, calibrate and judge; each part is later than the one before and has both classes.

    `tell` is called with what is done now and how far it is, in percent.
    """
    tell("Learning with trees", 35)
    boosting = _calibrated(_boosting(), train, calibration)
    tell("Learning with a straight line, to compare", 65)
    logistic = _calibrated(_logistic(), train, calibration)
    tell("Holding both against what happened", 85)
    foreseen = boosting.predict_proba(test.frame)[:, 1]
    base = np.full(test.rows, train.broken / train.rows)
    found = measure(foreseen, test.broke)
    compared = {
        "logistic": measure(logistic.predict_proba(test.frame)[:, 1], test.broke),
        "base_rate": measure(base, test.broke),
    }
    is_good, verdict = judge(found, compared)
    return Learnt(boosting, found, compared, curves(foreseen, test.broke), is_good, verdict)


def judge(found: dict[str, float], compared: dict[str, dict[str, float]]) -> tuple[bool, str]:
    """Tell whether a model beat both others, and say so in a sentence."""
    lost = [
        f"{words} has {theirs:.3f}"
        for key, words in (("logistic", "logistic regression"), ("base_rate", "the base rate"))
        if found["pr_auc"] <= (theirs := compared[key]["pr_auc"])
    ]
    if lost:
        return False, (
            f"Its PR-AUC on the test part is {found['pr_auc']:.3f}, but {' and '.join(lost)}: it "
            "does not foresee better than the simpler ones and may not be activated."
        )
    if found["brier"] >= compared["base_rate"]["brier"]:
        return False, (
            f"Its Brier score is {found['brier']:.4f}, that of the base rate "
            f"{compared['base_rate']['brier']:.4f}: its probabilities are no better than the same "
            "for all, and it may not be activated."
        )
    return True, (
        f"It beat both on the test part: PR-AUC {found['pr_auc']:.3f} against "
        f"{compared['logistic']['pr_auc']:.3f} of logistic regression and "
        f"{compared['base_rate']['pr_auc']:.3f} of the base rate."
    )


def typical_values(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return each feature as it is kept, with its typical value by the feature's own rule."""
    rows = []
    for feature in FEATURES:
        column = frame[feature.name]
        value: Any
        if feature.typical == "median":
            middle = column.median()
            value = None if pd.isna(middle) else float(middle)
        else:
            value = str(column.value_counts().sort_index().idxmax()) if len(column) else ""
        kept = {"name": feature.name, "words": feature.words, "kind": feature.kind}
        rows.append(kept | {"typical": value})
    return rows


def weights(broke: NDArray[np.bool_]) -> NDArray[np.float64]:
    """
    Return what each row counts: a break as many as the root of how much rarer it is.

    Counted in full the few breaks are learnt by heart, and counted as one they are overlooked.
    """
    rarer = max(1.0, (len(broke) - broke.sum()) / max(int(broke.sum()), 1))
    return np.where(broke, np.sqrt(rarer), 1.0)


def _calibrated(pipeline: Any, train: Part, calibration: Part) -> Any:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.frozen import FrozenEstimator

    pipeline.fit(train.frame, train.broke, last__sample_weight=weights(train.broke))
    # A curve of two figures: it keeps the order, and needs few breaks to be found.
    calibrated = CalibratedClassifierCV(FrozenEstimator(pipeline), method="sigmoid")
    return calibrated.fit(calibration.frame, calibration.broke)


def _boosting() -> Any:
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OrdinalEncoder

    # Codes, and not the categories that the trees know of themselves: those would bring functions
    # into the file, and it is to hold none that a reader has to trust.
    codes = OrdinalEncoder(
        max_categories=MOST_WORDS, handle_unknown="use_encoded_value", unknown_value=np.nan
    )
    columns = ColumnTransformer(
        [("words", codes, list(WORDS)), ("numbers", "passthrough", list(NUMBERS))]
    )
    trees = HistGradientBoostingClassifier(
        # Many small trees: what three questions do not tell apart in few breaks is mostly chance.
        learning_rate=0.08,
        max_iter=400,
        max_leaf_nodes=4,
        min_samples_leaf=80,
        l2_regularization=20.0,
        monotonic_cst=[1 if name in RISES else 0 for name in (*WORDS, *NUMBERS)],
        # It would set rows aside at random, and later ones would tell of earlier ones.
        early_stopping=False,
        random_state=SEED,
    )
    return Pipeline([("columns", columns), ("last", trees)])


def _logistic() -> Any:
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder, QuantileTransformer

    words = OneHotEncoder(min_frequency=20, handle_unknown="infrequent_if_exist")
    numbers = Pipeline(
        [
            (
                "spread",
                QuantileTransformer(
                    n_quantiles=200,
                    output_distribution="normal",
                    subsample=20_000,
                    random_state=SEED,
                ),
            ),
            ("missing", SimpleImputer(add_indicator=True, keep_empty_features=True)),
        ]
    )
    columns = ColumnTransformer(
        [("words", words, list(WORDS)), ("numbers", numbers, list(NUMBERS))]
    )
    line = LogisticRegression(C=0.1, max_iter=500)
    return Pipeline([("columns", columns), ("last", line)])
