"""Which trades and matches a run looks at, as querysets."""

from datetime import timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from matching.choices import MatchStatus
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


def in_scope(run: ReconciliationRun, source: Source) -> TradeQuerySet:
    """
    Return the trades of a source the run answers for: matched, broken or pending, each one.

    A cancelled trade nobody ever paired has nothing to agree with and is left out.
    """
    dated = source.trades.between(run.from_date, run.to_date)
    return dated.filter(of_asset_class(run.reconciliation)).filter(
        ~Q(state=TradeState.CANCELLED) | live_leg(run.reconciliation)
    )


def matches_in_scope(run: ReconciliationRun) -> MatchQuerySet:
    """Return the live matches with a leg dated within the run."""
    leg = MatchLeg.objects.filter(
        match=OuterRef("pk"), trade__trade_date__range=(run.from_date, run.to_date)
    )
    live = Match.objects.live().filter(reconciliation=run.reconciliation)
    return live.filter(Exists(leg))


def doubtful_matches(run: ReconciliationRun) -> MatchQuerySet:
    """
    Return the matches in scope that nobody decided on and that a new look may change.

    Those are the proposals, those whose trades disagree or changed since, and those made under
    other rules. A quietly agreed match stays as it is, which is what makes a second run cheap.
    """
    undecided = matches_in_scope(run).filter(decided_by=None)
    return undecided.filter(
        Q(status=MatchStatus.PROPOSED) | ~Q(rule_set=run.rule_set) | _disagrees() | _changed()
    )


def decided_matches_to_compare(run: ReconciliationRun) -> MatchQuerySet:
    """Return the matches a person made or confirmed whose comparison may have changed."""
    decided = matches_in_scope(run).filter(decided_by__isnull=False, status=MatchStatus.MATCHED)
    return decided.filter(~Q(rule_set=run.rule_set) | _disagrees() | _changed())


def open_trades(run: ReconciliationRun, source: Source, doubtful: MatchQuerySet) -> TradeQuerySet:
    """Return the trades of a source the engine may pair: not held by a match that stands."""
    standing = live_legs(run.reconciliation).exclude(match__in=doubtful.values("pk"))
    doubted = MatchLeg.objects.filter(match__in=doubtful.values("pk"), is_live=True)
    dated = Q(trade_date__range=(run.from_date - NEIGHBOUR_DAYS, run.to_date + NEIGHBOUR_DAYS)) | Q(
        pk__in=doubted.values("trade")
    )
    trades = Trade.objects.filter(of_asset_class(run.reconciliation), source=source)
    return trades.filter(dated).filter(~Exists(standing))


def _disagrees() -> Exists:
    return Exists(MatchDifference.objects.filter(match=OuterRef("pk")))


def _changed() -> Q:
    return Q(pk__in=Match.objects.stale().values("pk"))
