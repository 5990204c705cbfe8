"""
What of the trades is matched, by the counts that the runs keep.

Each trade date of a reconciliation is told by the newest run that went over it, so that a figure
of millions of trades is read from a handful of rows. Dates that no run tells apart from others, or
that none went over, are counted from the trades themselves.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import Count, Q

from breaks.choices import LIVE
from breaks.models import TradeBreak
from matching.choices import LegSide, MatchStatus, RunStatus
from matching.models import Reconciliation, ReconciliationRun
from matching.scope import count_matches, live_leg, of_asset_class
from reporting.scope import Scope
from reporting.selectors.rates import Matched, MatchedDay, together
from trades.choices import TradeState
from trades.models import Trade

ONE = timedelta(days=1)
_SOURCES = ("reconciliation__left_source", "reconciliation__right_source")

Days = list[MatchedDay]


class Span(NamedTuple):
    """Trade dates from the first to the last, both included."""

    first: date
    last: date


@dataclass
class _Told:
    """What the newest runs tell of one reconciliation, and the dates they tell."""

    days: list[MatchedDay] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    gone_over: list[Span] = field(default_factory=list)


def matched_by_day(*, from_date: date | None = None, to_date: date | None = None) -> Days:
    """Return what was matched of the trade dates between these, of every reconciliation."""
    return matched_in(Scope(user=None, from_date=from_date, to_date=to_date))


def matched_in(scope: Scope, *, counting: bool = True) -> Days:
    """
    Return what was matched of the trade dates of a scope, the oldest first.

    Two queries and one for each reconciliation, and a few more for each stretch of dates that
    has to be counted; without `counting` these dates are left out, and it is one query. A run of
    several dates stands at the last of them.
    """
    told: dict[int, _Told] = defaultdict(_Told)
    runs = scope.runs().filter(status=RunStatus.SUCCEEDED)
    for run in runs.select_related(*_SOURCES).order_by("-finished_at", "-pk"):
        _hear(told[run.reconciliation_id], run, scope)
    every = [day for one in told.values() for day in one.days]
    if counting:
        every += _counted_days(scope, told)
    found: dict[date, list[MatchedDay]] = {}
    for day in every:
        found.setdefault(day.day, []).append(day)
    return [MatchedDay(day, together(found[day])) for day in sorted(found)]


def _counted_days(scope: Scope, told: Mapping[int, _Told]) -> Iterator[MatchedDay]:
    """Yield what no run tells, counted from the trades."""
    between = Reconciliation.objects.filter(scope.compared())
    for one in between.select_related("left_source", "right_source"):
        spans = told[one.pk].spans if one.pk in told else []
        for span in _untold(one, spans, scope):
            yield MatchedDay(span.last, counted(one, span, scope.source))


def figures_of(run: ReconciliationRun, source: str | None = None) -> Matched:
    """Return what a run keeps, of both sides or of that of one source."""
    trades, matched = 0, 0
    if source is None or source == run.reconciliation.left_source.code:
        trades, matched = trades + run.left_trades, matched + run.matched_left
    if source is None or source == run.reconciliation.right_source.code:
        trades, matched = trades + run.right_trades, matched + run.matched_right
    return Matched(trades, matched, run.auto_matched, run.manual_review, run.breaks_identified)


def counted(between: Reconciliation, span: Span, source: str | None = None) -> Matched:
    """Count the trades of these dates as a run over them would that ended now."""
    run = ReconciliationRun(reconciliation=between, from_date=span.first, to_date=span.last)
    matches = count_matches(run)
    lone = dict(
        Trade.objects.filter(of_asset_class(between), trade_date__range=span)
        .filter(source__in=[between.left_source_id, between.right_source_id])
        .filter(~live_leg(between))
        .exclude(state=TradeState.CANCELLED)
        .order_by()
        .values_list("source")
        .annotate(Count("pk"))
    )
    for side, key in (
        (LegSide.LEFT, between.left_source_id),
        (LegSide.RIGHT, between.right_source_id),
    ):
        matched = matches.legs[side, MatchStatus.MATCHED]
        proposed = matches.legs[side, MatchStatus.PROPOSED]
        setattr(run, f"{side}_trades", lone.get(key, 0) + matched + proposed)
        setattr(run, f"matched_{side}", matched)
    run.auto_matched, run.manual_review = matches.auto_matched, matches.proposed
    run.breaks_identified = TradeBreak.objects.filter(
        reconciliation=between, trade_date__range=span, status__in=LIVE
    ).count()
    return figures_of(run, source)


def _hear(told: _Told, run: ReconciliationRun, scope: Scope) -> None:
    """Take a run's counts, if it lies within the scope and no newer one went over its dates."""
    span = Span(run.from_date, run.to_date)
    within = (scope.from_date is None or scope.from_date <= span.first) and (
        scope.to_date is None or span.last <= scope.to_date
    )
    if within and not any(_meet(span, newer) for newer in told.gone_over):
        told.days.append(MatchedDay(span.last, figures_of(run, scope.source)))
        told.spans.append(span)
    told.gone_over.append(span)


def _meet(one: Span, other: Span) -> bool:
    return one.first <= other.last and other.first <= one.last


def _untold(between: Reconciliation, spans: Sequence[Span], scope: Scope) -> Iterable[Span]:
    """Yield the stretches of dates with a trade that no run tells, as few as there are."""
    rows = Trade.objects.filter(source__in=[between.left_source_id, between.right_source_id])
    dates = (
        rows.filter(_outside(spans, scope))
        .order_by("trade_date")
        .values_list("trade_date")
        .distinct()
    )
    first = last = None
    for (day,) in dates:
        if last is not None and any(last < span.first and span.last < day for span in spans):
            yield Span(first or last, last)
            first = None
        first, last = first or day, day
    if last is not None:
        yield Span(first or last, last)


def _outside(spans: Sequence[Span], scope: Scope) -> Q:
    """Tell the dates of the scope between the spans, each gap as a range that an index reads."""
    begin, where = scope.from_date, Q(pk__in=[])
    for span in [*sorted(spans), None]:
        last = span.first - ONE if span else scope.to_date
        gap = Q()
        if begin is not None:
            gap &= Q(trade_date__gte=begin)
        if last is not None:
            gap &= Q(trade_date__lte=last)
        if begin is None or last is None or begin <= last:
            where |= gap or Q(pk__isnull=False)
        begin = span.last + ONE if span else begin
    return where
