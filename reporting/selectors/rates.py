"""How much was matched: by the newest run that ended well over each scope."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Max, Q

from breaks.models import TradeBreak
from matching.choices import RunStatus
from matching.models import ReconciliationRun


@dataclass(frozen=True)
class Matched:
    """What runs found, added up: trades in scope, those in a match, and how these came about."""

    trades: int
    matched: int
    by_itself: int
    to_review: int
    breaks: int

    @property
    def rate(self) -> float | None:
        return self.matched / self.trades if self.trades else None


class MatchedDay(NamedTuple):
    day: date
    found: Matched


def matched_by_day(*, from_date: date, to_date: date) -> list[MatchedDay]:
    """
    Return what was matched of each trade date that runs ended at, the oldest first; two queries.

    Of runs over one scope the newest counts alone: each goes over all of it again.
    """
    ended = ReconciliationRun.objects.filter(
        status=RunStatus.SUCCEEDED, to_date__range=(from_date, to_date)
    )
    newest = (
        ended.order_by().values("reconciliation", "from_date", "to_date").annotate(last=Max("pk"))
    )
    rows = ReconciliationRun.objects.filter(pk__in=[row["last"] for row in newest])
    by_day: dict[date, list[ReconciliationRun]] = {}
    for run in rows.order_by("to_date", "pk"):
        by_day.setdefault(run.to_date, []).append(run)
    return [MatchedDay(day, added_up(runs)) for day, runs in by_day.items()]


def added_up(runs: Iterable[ReconciliationRun]) -> Matched:
    every = list(runs)
    return Matched(
        trades=sum(run.left_trades + run.right_trades for run in every),
        matched=sum(run.matched_left + run.matched_right for run in every),
        by_itself=sum(run.auto_matched for run in every),
        to_review=sum(run.manual_review for run in every),
        breaks=sum(run.breaks_identified for run in every),
    )


def together(days: Iterable[MatchedDay]) -> Matched:
    """Add days up."""
    every = [one.found for one in days]
    return Matched(
        *(sum(getattr(one, name) for one in every) for name in Matched.__dataclass_fields__)
    )


@dataclass(frozen=True)
class Ended:
    """How many breaks ended, how long each was open on average, and the share that was in time."""

    count: int
    took: timedelta | None
    met: float | None


def ended(*, user: Any, since: datetime) -> Ended:
    """Say what a person may see of the breaks that ended since a moment, by the calendar."""
    took = ExpressionWrapper(F("resolved_at") - F("opened_at"), DurationField())
    found = (
        TradeBreak.objects.visible_to(user)
        .filter(resolved_at__gte=since)
        .aggregate(
            count=Count("pk"),
            took=Avg(took),
            met=Count("pk", filter=Q(resolved_at__lte=F("due_at"))),
        )
    )
    count = found["count"]
    return Ended(count, found["took"], found["met"] / count if count else None)


def percent(rate: float | None) -> str:
    """Write a share to two places, rounded down: 99.996% is not all."""
    return "" if rate is None else f"{int(rate * 10_000 + 1e-9) / 100:.2f}%"
