"""The eleven known mechanisms, each in a feed of its own, taken in as anybody's files are."""

from datetime import UTC, datetime

import pytest

from breaks.models import TradeBreak
from tests.functional.workflows import plants
from workflows.models import RootCauseFinding
from workflows.services.causes import analyse

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]
MONDAY = datetime(2026, 3, 9, 12, tzinfo=UTC)
TRADES = 900


@pytest.fixture(autouse=True)
def inbox(tmp_path, settings) -> None:
    settings.FEED_ROOT = tmp_path / "inbox"


def findings(name: str | None, tmp_path, seed: int) -> list[RootCauseFinding]:
    feed = plants.planted(name, seed=seed, trades=TRADES)
    reconciliation = plants.take_in(feed, tmp_path, at=MONDAY)
    days = feed.week.days
    analyse(reconciliation=reconciliation, from_date=days[0], to_date=days[-1], at=MONDAY)
    return list(RootCauseFinding.objects.filter(beneath=None).order_by("place"))


@pytest.mark.parametrize("name", plants.PLANTS)
def test_the_mechanism_is_named_first(name, tmp_path):
    found = findings(name, tmp_path, seed=11)

    best, *_ = found
    assert best.mechanism == plants.PLANTS[name][0]
    assert best.p_value < 0.01
    assert best.would_clear is not None
    assert best.would_clear >= 0.8 * best.break_count


def test_a_clean_feed_has_none(tmp_path):
    found = findings(None, tmp_path, seed=12)

    assert TradeBreak.objects.live().count() > 30
    assert [one.headline for one in found] == []
