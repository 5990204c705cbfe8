import pytest

from tests.integration.breaks.conftest import Desk


@pytest.fixture
def desk(db) -> Desk:
    return Desk()
