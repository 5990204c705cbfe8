import pytest


@pytest.fixture(autouse=True)
def _models_of_its_own(settings, tmp_path):
    settings.ML_ARTIFACTS = tmp_path / "models"
