"""What share was matched, and what share ended in time: the figures and their sums."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Q

from breaks.models.trade_break import ENDED
from breaks.querysets import TradeBreakQuerySet


@dataclass(frozen=True)
class Matched:
    """
    What runs found, added up: trades in scope, those in a match, and how these came about.

    `by_itself` and `to_review` are matches. A trade that two reconciliations compare counts in
    each of them.
    """

    trades: int = 0
    matched: int = 0
    by_itself: int = 0
    to_review: int = 0
    breaks: int = 0

    @property
    def match_rate(self) -> float | None:
        return self.matched / self.trades if self.trades else None

    @property
    def auto_match_rate(self) -> float | None:
        """Return the share of the matches found that needed nobody."""
        found = self.by_itself + self.to_review
        return self.by_itself / found if found else None


class MatchedDay(NamedTuple):
    """What was found of the trade dates that end at a day."""

    day: date
    found: Matched


def together(days: Iterable[MatchedDay]) -> Matched:
    """Add days up."""
    every = [one.found for one in days]
    return Matched(
        *(sum(getattr(one, name) for one in every) for name in Matched.__dataclass_fields__)
    )


class Ended(NamedTuple):
    """`took` is their mean time from being found to their end, None where none ended."""

    count: int  # type: ignore[assignment]
    took: timedelta | None
    in_time: int

    @property
    def met(self) -> float | None:
        """Return the share of them that ended by their due time."""
        return self.in_time / self.count if self.count else None


def ended_of(breaks: TradeBreakQuerySet) -> Ended:
    """Count those of these breaks that ended, in one query."""
    took = ExpressionWrapper(F("resolved_at") - F("opened_at"), DurationField())
    found = breaks.filter(status__in=ENDED, resolved_at__isnull=False).aggregate(
        count=Count("pk"),
        took=Avg(took),
        in_time=Count("pk", filter=Q(resolved_at__lte=F("due_at"))),
    )
    return Ended(found["count"], found["took"], found["in_time"])


def percent(rate: float | None) -> str:
    """Write a share to two places, rounded down: 99.996% is not all."""
    return "" if rate is None else f"{int(rate * 10_000 + 1e-9) / 100:.2f}%"
