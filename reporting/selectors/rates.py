"""How much was matched day by day, as the newest runs found it."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from django.db.models import Max

from matching.choices import RunStatus
from matching.models import ReconciliationRun
from reporting.selectors.paired import PairedFigures, figures_of


class MatchedDay(NamedTuple):
    """What the runs that ended at a trade date found; `breaks` were live when they ended."""

    day: date
    paired: PairedFigures
    breaks: int


def matched_by_day(*, from_date: date, to_date: date) -> list[MatchedDay]:
    """
    Return what was matched of each trade date that runs ended at, the oldest first; two queries.

    Of runs over one scope the newest counts alone: each goes over all of it again.
    """
    ended = ReconciliationRun.objects.filter(
        status=RunStatus.SUCCEEDED, to_date__range=(from_date, to_date)
    )
    scopes = ended.order_by().values("reconciliation", "from_date", "to_date")
    newest = [row["last"] for row in scopes.annotate(last=Max("pk"))]
    runs = ReconciliationRun.objects.filter(pk__in=newest).order_by("to_date", "pk")
    found: dict[date, MatchedDay] = {}
    for run in runs:
        day = found.get(run.to_date, MatchedDay(run.to_date, PairedFigures(), 0))
        paired = day.paired + figures_of(run)
        found[run.to_date] = MatchedDay(run.to_date, paired, day.breaks + run.breaks_identified)
    return list(found.values())


def together(days: Iterable[MatchedDay]) -> PairedFigures:
    return sum((one.paired for one in days), PairedFigures())


def percent(rate: float | None) -> str:
    """Write a share to two places, rounded down: 99.996% is not all."""
    return "" if rate is None else f"{int(rate * 10_000 + 1e-9) / 100:.2f}%"
