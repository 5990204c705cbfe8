"""A small model in force, fitted to made-up rows in a moment: no history is needed for it."""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from predictions import registry
from predictions.features import FEATURES, NAMES, NUMBERS, WORDS
from predictions.models import ModelVersion
from tests.factories import NOW
from tests.predicting import CURVES, METRICS

DRIVERS = ("quantity", "missing_fields", "settlement_days")
TYPICAL: dict[str, Any] = dict.fromkeys(NUMBERS, 1.0) | dict.fromkeys(WORDS, "") | {
    "source": "oms", "side": "BUY", "asset_class": "EQUITY", "currency": "USD",
    "quantity": 100.0, "price": 187.5, "notional": 18_750.0, "hour": np.nan, "weekday": 2.0,
    "month_end": 15.0, "quarter_end": 45.0, "settlement_days": 2.0, "amendments": 0.0,
    "missing_fields": 4.0, "price_off_range_pct": np.nan, "source_rate": 0.02,
    "counterparty_rate": 0.02, "account_rate": 0.02, "instrument_rate": 0.02,
    "counterparty_last_break_days": np.nan,
}  # fmt: skip


def made_up(rows: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Return trades by feature, and which of them broke: large, incomplete and late ones do."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({name: [TYPICAL[name]] * rows for name in NAMES})
    frame["quantity"] = rng.choice([50.0, 100.0, 100.0, 200.0, 5_000.0], rows)
    frame["missing_fields"] = rng.integers(0, 9, rows).astype(float)
    frame["settlement_days"] = rng.choice([1.0, 2.0, 2.0, 2.0, 9.0], rows)
    odds = -3 + 3.5 * (frame["quantity"] > 1_000) + 1.5 * (frame["settlement_days"] > 5)
    odds += 0.4 * (frame["missing_fields"] - 4)
    return frame, rng.random(rows) < 1 / (1 + np.exp(-odds.to_numpy()))


@cache
def _fitted() -> Any:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.frozen import FrozenEstimator
    from sklearn.pipeline import make_pipeline

    frame, broke = made_up(3_000, seed=11)
    numbers = ColumnTransformer([("numbers", "passthrough", list(DRIVERS))])
    trees = HistGradientBoostingClassifier(max_iter=40, max_leaf_nodes=8, random_state=0)
    pipe = make_pipeline(numbers, trees).fit(frame, broke)
    return CalibratedClassifierCV(FrozenEstimator(pipe)).fit(*made_up(2_000, seed=12))


def model_in_force(settings: Any, folder: Path, **over: Any) -> ModelVersion:
    """Register the small model, its file in `folder`, and put it in force."""
    settings.ML_ARTIFACTS = folder
    digest = registry.write(_fitted())
    kept = {"words": "", "kind": ""}
    features = [
        {"name": one.name, **kept, "typical": _as_json(TYPICAL[one.name])} for one in FEATURES
    ]
    values: dict[str, Any] = {
        "status": "ACTIVE", "digest": digest, "features": features,
        "trained_from": date(2026, 1, 1), "trained_to": date(2026, 2, 28), "rows": 3_000,
        "broken": 500, "base_rate": 0.17, "metrics": METRICS, "curves": CURVES,
        "split": {
            name: {"rows": 1000, "broken": 20, "from": NOW.isoformat(), "to": NOW.isoformat()}
            for name in ("train", "calibration", "test")
        },
        "compared": dict.fromkeys(("logistic", "base_rate"), METRICS),
        "verdict": "Good enough.", "made_at": NOW, "activated_at": NOW,
    } | over  # fmt: skip
    version = ModelVersion.objects.create(**values)
    registry.put_in_force(version)
    return version


def _as_json(value: Any) -> Any:
    return None if isinstance(value, float) and np.isnan(value) else value
