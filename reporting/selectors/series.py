"""The trend lines: what was matched and broken, date by date, as their snapshots keep it."""

from bisect import bisect_left
from collections import Counter
from dataclasses import replace
from datetime import date

from django.db.models import Count

from reporting.models import DailySnapshot
from reporting.scope import Scope
from reporting.selectors.paired import Days, matched_in
from reporting.selectors.rates import Matched, MatchedDay, together

Points = dict[date, Matched]


def series(scope: Scope, *, told: Days | None = None) -> Days:
    """
    Return a point a business date, the oldest first; `told` is `matched_in` of the same scope.

    Dates with a snapshot are as it keeps them, the others as the newest runs do. The breaks are
    those that were live as the run ended; to whoever may not see all of them, those that are live
    now and theirs to see.
    """
    points: Points = {one.day: one.found for one in (matched_in(scope) if told is None else told)}
    if scope.source is None:
        points |= _kept(scope)
    if points and not scope.is_of_all_breaks:
        points = _as_seen(scope, points)
    return [MatchedDay(day, points[day]) for day in sorted(points)]


def _kept(scope: Scope) -> Points:
    """Return what the snapshots of the scope keep, its reconciliations added up; one query."""
    rows = DailySnapshot.objects.filter(scope.compared("reconciliation"), trades__isnull=False)
    if scope.from_date is not None:
        rows = rows.filter(business_date__gte=scope.from_date)
    if scope.to_date is not None:
        rows = rows.filter(business_date__lte=scope.to_date)
    found: dict[date, Days] = {}
    names = ("trades", "matched", "by_itself", "to_review", "breaks")
    for day, *counts in rows.values_list("business_date", *names):
        found.setdefault(day, []).append(MatchedDay(day, Matched(*counts)))
    return {day: together(of_it) for day, of_it in found.items()}


def _as_seen(scope: Scope, points: Points) -> Points:
    """Count the live breaks that a person may see; each date belongs to the point it ends at."""
    days = sorted(points)
    counts: Counter[date] = Counter()
    rows = scope.breaks().live().order_by().values_list("trade_date").annotate(Count("pk"))
    for day, count in rows:
        at = bisect_left(days, day)
        if at < len(days):
            counts[days[at]] += count
    return {day: replace(found, breaks=counts[day]) for day, found in points.items()}
