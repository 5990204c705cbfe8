"""Which trades and matches a run looks at, as querysets."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, When

from matching.choices import Decision, LegSide, MatchKind, MatchStatus
from matching.models import (
    Match,
    MatchDifference,
    MatchLeg,
    Reconciliation,
    ReconciliationRun,
)
from matching.querysets import MatchQuerySet
from trades.choices import TradeState
from trades.models import Source, Trade
from trades.querysets import TradeQuerySet

# The two sources may date one trade apart: around midnight, and over a weekend.
NEIGHBOUR_DAYS = timedelta(days=3)


def live_legs(reconciliation: Reconciliation) -> QuerySet[MatchLeg]:
    """Return, within a query of trades, the live leg that a trade has in a reconciliation."""
    return MatchLeg.objects.filter(
        reconciliation=reconciliation, is_live=True, trade=OuterRef("pk")
    )


def live_leg(reconciliation: Reconciliation) -> Exists:
    """Tell of a trade whether it has a live leg in a reconciliation."""
    return Exists(live_legs(reconciliation))


def of_asset_class(reconciliation: Reconciliation) -> Q:
    """Tell the trades of the asset class a reconciliation compares; one of none compares all."""
    wanted = reconciliation.asset_class
    if not wanted:
        return Q()
    return Q(asset_class=wanted) | Q(asset_class="", instrument__asset_class=wanted)


def live_matches_dated(
    reconciliation: Reconciliation, from_date: date, to_date: date
) -> MatchQuerySet:
    """
    Return the live matches with a leg dated from `from_date` to `to_date`, both included.

    The dates a match was compared with tell, except of the few a trade of which was changed since.
    """
    live = Match.objects.live().filter(reconciliation=reconciliation)
    changed = live.stale()
    moved = changed.filter(legs__trade__trade_date__range=(from_date, to_date))
    compared = Q(first_trade_date__lte=to_date, last_trade_date__gte=from_date)
    return live.filter((compared & ~Q(pk__in=changed.values("pk"))) | Q(pk__in=moved.values("pk")))


def matches_in_scope(run: ReconciliationRun) -> MatchQuerySet:
    """Return the live matches with a leg dated within the run."""
    return live_matches_dated(run.reconciliation, run.from_date, run.to_date)


def count_unpaired(run: ReconciliationRun, unpaired: Sequence[int]) -> dict[int, int]:
    """
    Count, by source, those of the trades left over that the run answers for.

    A cancelled trade nobody ever paired has nothing to agree with and is left out.
    """
    trades = Trade.objects.between(run.from_date, run.to_date).filter(
        ~live_leg(run.reconciliation), pk__among=unpaired
    )
    living = trades.exclude(state=TradeState.CANCELLED).order_by()
    return dict(living.values_list("source").annotate(Count("pk")))


class MatchCounts(NamedTuple):
    """Live matches in scope; `legs` are those of trades in scope, by side and match status."""

    auto_matched: int
    proposed: int
    legs: Counter[tuple[str, str]]


def count_matches(run: ReconciliationRun) -> MatchCounts:
    """
    Count the live matches in scope and their legs.

    Nearly all are pairs dated within the run, and their legs need no look at.
    """
    compared = run.reconciliation
    days = (run.from_date, run.to_date)
    pair = Q(
        ~_changed(), kind=MatchKind.ONE_TO_ONE, first_trade_date__gte=days[0],
        last_trade_date__lte=days[1],
    )  # fmt: skip
    if compared.asset_class:
        pair = Q(pk__isnull=True)
    live = matches_in_scope(run).order_by()
    legs: Counter[tuple[str, str]] = Counter()
    auto_matched = proposed = 0
    grouped = live.annotate(is_pair=Case(When(pair, then=True), default=False))
    for status, decision, is_pair, count in grouped.values_list(
        "status", "decision", "is_pair"
    ).annotate(Count("pk")):
        proposed += count * (status == MatchStatus.PROPOSED)
        auto_matched += count * ((status, decision) == (MatchStatus.MATCHED, Decision.AUTO))
        legs.update({(side, status): count * is_pair for side in LegSide})
    rest = list(live.exclude(pair).values_list("pk", flat=True))
    others = MatchLeg.objects.filter(match__among=rest, is_live=True).order_by()
    others = others.filter(trade__trade_date__range=days)
    if compared.asset_class:
        others = others.filter(trade__in=Trade.objects.filter(of_asset_class(compared)))
    for side, status, count in others.values_list("side", "match__status").annotate(Count("pk")):
        legs[side, status] += count
    return MatchCounts(auto_matched, proposed, legs)


def undecided_matches(run: ReconciliationRun) -> MatchQuerySet:
    """Return the matches in scope that nobody decided on."""
    return matches_in_scope(run).filter(decided_by=None)


def doubtful_matches(run: ReconciliationRun) -> MatchQuerySet:
    """
    Return the matches in scope that nobody decided on and that a new look may change.

    Those are the proposals, those whose trades disagree or changed since, and those made under
    other rules. A quietly agreed match stays as it is, which is what makes a second run cheap.
    """
    return undecided_matches(run).filter(
        Q(status=MatchStatus.PROPOSED) | ~Q(rule_set=run.rule_set) | _disagrees() | _changed()
    )


def decided_matches_to_compare(run: ReconciliationRun) -> MatchQuerySet:
    """Return the matches a person made or confirmed whose comparison may have changed."""
    decided = matches_in_scope(run).filter(decided_by__isnull=False, status=MatchStatus.MATCHED)
    return decided.filter(~Q(rule_set=run.rule_set) | _disagrees() | _changed())


def open_trades(run: ReconciliationRun, source: Source, doubtful: Sequence[int]) -> TradeQuerySet:
    """
    Return the trades of a source the engine may pair: not held by a match that stands.

    `doubtful` are the keys of the matches that do not.
    """
    days = (run.from_date - NEIGHBOUR_DAYS, run.to_date + NEIGHBOUR_DAYS)
    doubted = MatchLeg.objects.filter(match__among=doubtful, is_live=True)
    elsewhere = doubted.exclude(trade__trade_date__range=days).values_list("trade", flat=True)
    dated = Q(trade_date__range=days)
    # Hardly ever is there one, and without it the dates alone lead to the trades.
    if far := list(elsewhere):
        dated |= Q(pk__among=far)
    standing = live_legs(run.reconciliation).exclude(match__among=doubtful)
    trades = Trade.objects.filter(of_asset_class(run.reconciliation), source=source)
    return trades.filter(dated).filter(~Exists(standing))


def _disagrees() -> Exists:
    return Exists(MatchDifference.objects.filter(match=OuterRef("pk")))


def _changed() -> Q:
    return Q(pk__in=Match.objects.stale().values("pk"))
