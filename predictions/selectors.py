"""Reads: which trades wait for their other side, and the scores of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from breaks.choices import BreakType
from breaks.models import PendingTrade, TradeBreak
from breaks.selectors import in_reconciliation
from matching.models import MatchLeg, Reconciliation
from matching.scope import live_leg
from predictions.choices import ModelStatus
from predictions.models import ModelVersion, ScoringSettings, TradeScore
from trades.choices import TradeState
from trades.models import Trade


def active_version() -> ModelVersion | None:
    """Return the version in force; its file is not looked at."""
    return ModelVersion.objects.filter(status=ModelStatus.ACTIVE).first()


def scoring_settings() -> ScoringSettings:
    """Return the settings, the defaults where somebody removed the row."""
    return ScoringSettings.objects.first() or ScoringSettings()


def waiting_trades(*, at: datetime, days: int | None = None) -> QuerySet[Trade]:
    """
    Return the trades of the last `days` whose other side has not come, by the settings without.

    Such a trade is in no live match and named by no break, in at least one reconciliation that is
    enabled: nothing is known of its end yet.
    """
    back = scoring_settings().look_back_days if days is None else days
    recent = Trade.objects.filter(trade_date__gt=at.date() - timedelta(days=back))
    return recent.exclude(state=TradeState.CANCELLED).filter(_waits())


def _waits() -> Q:
    waits = Q(pk__in=[])
    for one in Reconciliation.objects.filter(is_enabled=True).order_by("pk"):
        waits |= in_reconciliation(one) & ~Q(live_leg(one)) & ~Q(_named(one))
    return waits


def _named(reconciliation: Reconciliation) -> Q:
    """Tell the trades that a break names; a late file is no end of a trade."""
    breaks = TradeBreak.objects.filter(reconciliation=reconciliation).exclude(
        break_type=BreakType.TIMING
    )
    on_left = Exists(breaks.filter(left_trade=OuterRef("pk")))
    return Q(on_left) | Q(Exists(breaks.filter(right_trade=OuterRef("pk"))))


def seen_by_a_run() -> Exists:
    """Tell the trades that a run left pending: it looked, and the other side was not there."""
    return Exists(PendingTrade.objects.filter(trade=OuterRef("pk")))


def last_score(trades: Sequence[int]) -> TradeScore | None:
    """Return what the newest model said of these trades, the likeliest of them; one query."""
    return _newest_first(TradeScore.objects.filter(trade__in=trades)).first()


def score_of_break(trade_break: TradeBreak) -> TradeScore | None:
    """Return what was foreseen of the trades of a break, itself or through its match."""
    named = Q(trade__in=[trade_break.left_trade_id, trade_break.right_trade_id])
    if trade_break.match_id is not None:
        legs = MatchLeg.objects.filter(match=trade_break.match_id)
        named |= Q(trade__in=legs.values("trade"))
    return _newest_first(TradeScore.objects.filter(named)).first()


def _newest_first(scores: QuerySet[TradeScore]) -> QuerySet[TradeScore]:
    return scores.select_related("model_version").order_by("-model_version", "-probability", "pk")
