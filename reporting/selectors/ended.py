"""The breaks that ended: how many, how long they took, and how many in time."""

from datetime import timedelta
from typing import NamedTuple

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Q

from breaks.models.trade_break import ENDED
from breaks.querysets import TradeBreakQuerySet


class EndedFigures(NamedTuple):
    """`took` is their mean time from being found to their end, None where none ended."""

    count: int
    took: timedelta | None
    in_time: int

    @property
    def met(self) -> float | None:
        """Return the share of them that ended by their due time."""
        return self.in_time / self.count if self.count else None


def ended_figures(breaks: TradeBreakQuerySet) -> EndedFigures:
    """Count those of these breaks that ended, in one query."""
    took = ExpressionWrapper(F("resolved_at") - F("opened_at"), DurationField())
    found = breaks.filter(status__in=ENDED, resolved_at__isnull=False).aggregate(
        count=Count("pk"),
        took=Avg(took),
        in_time=Count("pk", filter=Q(resolved_at__lte=F("due_at"))),
    )
    return EndedFigures(found["count"], found["took"], found["in_time"])
