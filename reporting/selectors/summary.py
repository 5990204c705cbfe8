"""How a scope stands, in one row of figures."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import prefetch_related_objects

from reporting.scope import Scope
from reporting.selectors.live import LiveFigures, live_in
from reporting.selectors.paired import matched_in
from reporting.selectors.rates import Ended, Matched, ended_of, together


@dataclass(frozen=True)
class Summary:
    """The figures of `docs/reference/metrics.md`; rates are shares from 0 to 1."""

    at: datetime
    paired: Matched
    live: LiveFigures
    ended: Ended

    @property
    def total_breaks(self) -> int:
        return self.live.count() + self.ended.count

    @property
    def open_exposure(self) -> Decimal | None:
        """Return the known exposure of the live breaks; None where it is of several currencies."""
        money = self.live.exposure()
        return sum(money.values(), Decimal(0)) if len(money) <= 1 else None


def summary(scope: Scope, *, at: datetime) -> Summary:
    """Return the figures of a scope, in a fixed number of queries where runs tell its dates."""
    prefetch_related_objects([scope.user], "teams")
    breaks = scope.breaks()
    return Summary(at, together(matched_in(scope)), live_in(breaks, at=at), ended_of(breaks))
