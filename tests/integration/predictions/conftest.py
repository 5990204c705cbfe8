import pytest

from predictions.models import ModelVersion
from tests.foresight import model_in_force


@pytest.fixture(autouse=True)
def _models_of_its_own(settings, tmp_path):
    settings.ML_ARTIFACTS = tmp_path / "models"


@pytest.fixture
def model(db, settings, tmp_path) -> ModelVersion:
    """Put a small model in force."""
    return model_in_force(settings, tmp_path / "models")
