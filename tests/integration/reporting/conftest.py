"""A date of one reconciliation to sign for: a matched pair, a broken one and one to review."""

from datetime import UTC, datetime

import pytest

from tests import factories
from tests.integration.breaks.conftest import PRICE, Desk

# The trade date, Wednesday, has ended in New York by then.
AT = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)


@pytest.fixture
def desk(db) -> Desk:
    """Return the desk whose run left one pair matched, one broken and one pending."""
    made = Desk()
    factories.reconciliation(calendar="XNYS")
    made.reconciliation.refresh_from_db()
    made.pair()
    made.pair(PRICE)
    made.pair(status="PROPOSED", reason="score", score=0.9)
    made.run()
    return made
