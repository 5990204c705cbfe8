"""
How much money a pairing puts at stake, by which its policy tells whether two must agree to it.

A pairing made or undone by mistake hides or shows the breaks of all its trades, so the stake is
the sum over the trades of both sides: what their breaks say, and of a trade without one its worth
as a missing trade. A sum with an unknown part is unknown.
"""

from collections.abc import Sequence
from decimal import Decimal, localcontext

from django.db.models import Q, QuerySet

from breaks.choices import BreakType
from breaks.exposure import STEP, TOO_LARGE, WIDE, Position, Rates, exposure_of
from breaks.models import TradeBreak
from breaks.reported import ReportedTrade, reported
from matching.models import Match, Reconciliation
from trades.models import Trade


def stake_of_pairing(reconciliation: Reconciliation, trade_ids: Sequence[int]) -> Decimal | None:
    """Return what the live breaks of these trades put at risk; without one, the trade's worth."""
    rows = breaks_of(reconciliation, trade_ids).values_list("left_trade", "right_trade", "exposure")
    found = list(rows)
    named = {key for left, right, _ in found for key in (left, right)}
    rest = [key for key in trade_ids if key not in named]
    return _sum([*(exposure for *_, exposure in found), *_worths(reconciliation, rest)])


def stake_of_unmatching(match: Match) -> Decimal | None:
    """Return what the breaks put at risk that open once these trades are missing to each other."""
    trade_ids = list(match.legs.values_list("trade", flat=True))
    return _sum(_worths(match.reconciliation, trade_ids))


def breaks_of(reconciliation: Reconciliation, trade_ids: Sequence[int]) -> QuerySet[TradeBreak]:
    """Return the live breaks that name one of these trades, the dearest first."""
    ours = Q(left_trade__among=trade_ids) | Q(right_trade__among=trade_ids)
    live = TradeBreak.objects.live().filter(ours, reconciliation=reconciliation)
    return live.order_by("-rank", "-pk")


def _worths(reconciliation: Reconciliation, trade_ids: Sequence[int]) -> list[Decimal | None]:
    trades = list(reported(Trade.objects.filter(pk__among=trade_ids)).values())
    if not trades:
        return []
    days = [trade.trade_date for trade in trades]
    rates = Rates.load(base=reconciliation.base_currency, from_date=min(days), to_date=max(days))
    return [_worth(trade, rates) for trade in trades]


def _worth(trade: ReportedTrade, rates: Rates) -> Decimal | None:
    missing = exposure_of(
        break_type=BreakType.MISSING_RIGHT,
        left=Position.of([trade]),
        right=None,
        difference=None,
        trade_date=trade.trade_date,
        rates=rates,
    )
    return missing.amount


def _sum(amounts: Sequence[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    if len(known) < len(amounts):
        return None
    with localcontext(WIDE):
        total = sum(known, Decimal(0))
        # More digits than a column holds: as good as unknown, which is guarded.
        return None if total >= TOO_LARGE else total.quantize(STEP)
