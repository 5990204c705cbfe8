"""Models of which only the bytes matter: what is in force, what was altered, who decides."""

import hashlib
from datetime import UTC, date, datetime
from typing import Any

from predictions import registry
from predictions.choices import ModelStatus
from predictions.models import ModelVersion
from tests.factories import number

MADE = datetime(2026, 6, 1, 4, 20, tzinfo=UTC)
METRICS = {
    "pr_auc": 0.31, "roc_auc": 0.86, "brier": 0.0172, "calibration_error": 0.0031,
    "recall_at_90_precision": 0.02, "precision_at_top_1_pct": 0.44, "precision_at_top_5_pct": 0.17,
}  # fmt: skip
CURVES = {
    "reliability": [[0.002, 0.001, 400], [0.01, 0.012, 400], [0.2, 0.18, 400]],
    "precision_recall": [[0.05, 0.8], [0.4, 0.3], [1.0, 0.02]],
}


def model_version(*, kept: bool = True, **over: Any) -> ModelVersion:
    """Make a model that may be activated, its file kept and, if it is in force, in place."""
    data = b"a model, %d" % number()
    values: dict[str, Any] = {
        "status": ModelStatus.CANDIDATE,
        "digest": hashlib.sha256(data).hexdigest(),
        "features": [{"name": "quantity", "words": "Quantity", "kind": "number", "typical": 300.0}],
        "trained_from": date(2026, 2, 2),
        "trained_to": date(2026, 4, 30),
        "rows": 84_000,
        "broken": 1_680,
        "base_rate": 0.02,
        "split": {
            name: {"rows": 1000, "broken": 20, "from": MADE.isoformat(), "to": MADE.isoformat()}
            for name in ("train", "calibration", "test")
        },
        "metrics": METRICS,
        "compared": {name: METRICS | {"pr_auc": 0.1} for name in ("logistic", "base_rate")},
        "curves": CURVES,
        "verdict": "It beat both on the test part.",
        "made_at": MADE,
    } | over
    if values["status"] == ModelStatus.REFUSED:
        values["digest"] = ""
    version = ModelVersion.objects.create(**values)
    if kept and version.digest:
        file = registry.kept(version.digest)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        if version.status == ModelStatus.ACTIVE:
            registry.put_in_force(version)
    return version
