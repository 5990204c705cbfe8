"""Habits of the source that a machine can see."""

import ast
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
APPS = (
    "recon_project", "trades", "connectors", "matching", "breaks", "predictions", "workflows",
    "reporting",
)  # fmt: skip
CEILING = 400
FORBIDDEN_NAMES = {"utils", "helpers", "common", "signals"}

# The only numbers that are not money: likenesses, weights and probabilities, seconds and sizes.
FLOATS_ALLOWED_IN = {
    "connectors/http.py": "seconds to wait",
    "connectors/kraken.py": "seconds to wait",
    "matching/admin/review.py": "what proposals are ordered by, never shown",
    "matching/admin/runs.py": "seconds a step took",
    "matching/engine": "similarities, weights and times as numbers",
    "matching/models/match.py": "the score of a match",
    "matching/api/outputs.py": "rates, durations, likenesses and weights",
    "matching/services": "scores and durations",
    "matching/learning": "likenesses, probabilities and weights",
    "matching/selectors.py": "rates and durations",
    "predictions": "features, probabilities and what they are judged by; no money is written",
    "reporting/api/outputs.py": "rates, ages and durations; money is an Amount",
    "trades/services/columns.py": "the column type of scores",
    "workflows/causes": "ratios, lifts and probabilities",
    "workflows/models/root_cause.py": "lifts and probabilities",
    "workflows/services/causes": "what causes are told by; sums of money are Decimal",
}


def _sources(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return [path for path in found if "__pycache__" not in path.parts]


def _is_written(path: Path) -> bool:
    """Tell whether people write the file: migrations are generated."""
    return "migrations" not in path.parts


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def test_no_file_passes_the_ceiling():
    files = filter(_is_written, _sources(*APPS, "tests", "benchmarks"))

    assert {
        str(path.relative_to(ROOT)): _lines(path) for path in files if _lines(path) > CEILING
    } == {}


def test_the_usual_file_is_short():
    files = filter(_is_written, _sources(*APPS))
    sizes = [lines for path in files if (lines := _lines(path)) > 10]

    assert 40 <= statistics.median(sizes) <= 120


def test_modules_are_named_for_what_they_do():
    named = {path for path in _sources(*APPS) if path.stem in FORBIDDEN_NAMES}
    named |= {path for path in _sources(*APPS) if path.parent.name in FORBIDDEN_NAMES}

    assert named == set()


FLOATS = {"float", "float32", "float64", "FloatField", "to_numeric"}


def float_calls(source: str) -> list[tuple[int, str]]:
    """Return line and name of every call that makes a float, such as ``np.float64(x)``."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    named = [(call.lineno, ast.unparse(call.func).rpartition(".")[2]) for call in calls]
    return [(line, name) for line, name in named if name in FLOATS]


class TestMoneyIsNeverFloat:
    """No ``float(...)`` and no ``FloatField`` outside the places named above, each with why."""

    def _allowed(self, path: Path) -> bool:
        name = path.relative_to(ROOT).as_posix()
        return any(name == place or name.startswith(f"{place}/") for place in FLOATS_ALLOWED_IN)

    def test_in_the_source(self):
        files = [p for p in _sources(*APPS) if _is_written(p) and not self._allowed(p)]
        found = {str(p.relative_to(ROOT)): float_calls(p.read_text()) for p in files}

        assert {name: calls for name, calls in found.items() if calls} == {}

    def test_the_check_sees_one(self):
        planted = "x = 1\nprice = float(text)\nrate = models.FloatField()\n"

        assert float_calls(planted) == [(2, "float"), (3, "FloatField")]

    def test_every_money_column_is_an_exact_decimal(self):
        from django.apps import apps
        from django.db.models import DecimalField, FloatField

        from trades.fields import ExactDecimalField

        fields = [
            field
            for app in APPS
            for model in apps.get_app_config(app).get_models()
            for field in model._meta.get_fields()
        ]
        loose = [
            f
            for f in fields
            if isinstance(f, DecimalField) and not isinstance(f, ExactDecimalField)
        ]
        floats = {f.name for f in fields if isinstance(f, FloatField)}

        assert loose == []
        measures = {"expected", "brier", "calibration_error", "stability", "value", "limit"}
        limits = {"medium_from", "high_from", "critical_from", "predicted_from"}
        limits |= {"drift_limit", "calibration_limit"}
        assert floats <= measures | limits | {
            "score", "probability", "similarity", "weight", "lift", "p_value", "base_rate"
        }  # fmt: skip


@pytest.mark.parametrize("folder", APPS)
def test_every_python_folder_is_a_package(folder):
    folders = {path.parent for path in _sources(folder)}

    assert [str(f.relative_to(ROOT)) for f in folders if not (f / "__init__.py").exists()] == []
