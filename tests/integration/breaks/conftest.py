"""A desk of one reconciliation, OMS against custodian, whose matches the tests write by hand."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from breaks.models import BreakEvent, PendingTrade, TradeBreak
from breaks.selectors import Positions, positions
from breaks.services.history import verify
from breaks.services.opening import open_breaks
from matching.choices import MatchStatus
from matching.models import Match, MatchLeg, Reconciliation, ReconciliationRun
from tests import factories
from trades.models import Trade

PRICE = {
    "field": "price",
    "kind": "PRICE",
    "left_value": "187.5",
    "right_value": "187",
    "difference": "0.5",
}


class Desk:
    """Shorthand for what happens to one reconciliation; every step a minute after the last."""

    def __init__(self) -> None:
        self.reconciliation: Reconciliation = factories.reconciliation()
        self.at: datetime = factories.NOW

    def left(self, **over: Any) -> Trade:
        return factories.trade(source="oms", **over)

    def right(self, **over: Any) -> Trade:
        return factories.trade(source="custodian", **over)

    def pair(self, *differences: dict[str, Any], **over: Any) -> Match:
        over.setdefault("reconciliation", self.reconciliation)
        for side, trade in (("left", self.left), ("right", self.right)):
            if side not in over:
                over[side] = [trade()]
        return factories.match(differences=differences, **over)

    def part(self, match: Match, status: MatchStatus = MatchStatus.SUPERSEDED) -> None:
        """Take a match apart as a later run does, leaving the breaks behind."""
        Match.objects.filter(pk=match.pk).update(status=status)
        MatchLeg.objects.filter(match=match).update(is_live=False)

    def differ(self, match: Match, **changed: Any) -> None:
        """Change what a match's comparison says."""
        match.differences.update(**changed)

    def later(self, **more: float) -> datetime:
        self.at += timedelta(**more or {"minutes": 1})
        return self.at

    def run(self, run: ReconciliationRun | None = None, **over: Any) -> int:
        """Run the breaks of a new run, or of one there was; the invariants hold afterwards."""
        run = run or factories.run(reconciliation=self.reconciliation, **over)
        count = open_breaks(run=run, at=self.later())
        self.check()
        return count

    def positions(self) -> Positions:
        day = timedelta(days=10)
        return positions(
            reconciliation=self.reconciliation,
            from_date=factories.TRADE_DATE - day,
            to_date=factories.TRADE_DATE + day,
        )

    def check(self) -> None:
        """Each trade is in one place, and every history holds."""
        found = self.positions()
        assert found.hold, found
        assert list(verify()) == []

    def only(self) -> TradeBreak:
        return TradeBreak.objects.get()

    def kinds(self, row: TradeBreak | None = None) -> list[str]:
        events = BreakEvent.objects.order_by("trade_break", "sequence")
        return [event.kind for event in (events.filter(trade_break=row) if row else events)]


def dump() -> dict[str, list]:
    """Return every row a refused operation could have touched."""
    return {
        model.__name__: list(model.objects.order_by("pk").values())
        for model in (TradeBreak, BreakEvent, PendingTrade, Match, MatchLeg)
    }


@pytest.fixture
def desk(db) -> Desk:
    return Desk()


@pytest.fixture
def price_break(desk: Desk) -> TradeBreak:
    """Return an open break of 0.5 in price on 100 shares, opened by a run."""
    desk.pair(PRICE)
    desk.run()
    return desk.only()


@pytest.fixture
def other(db) -> User:
    return factories.user("Analyst", username="bob")
