import pytest

from tests.integration.workflows.days import Desk


@pytest.fixture
def desk(tmp_path, settings):
    settings.FEED_ROOT = tmp_path / "inbox"
    return Desk(settings.FEED_ROOT)
