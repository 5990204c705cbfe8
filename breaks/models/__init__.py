from breaks.models.history import BreakComment, BreakEvent
from breaks.models.pending import PendingTrade
from breaks.models.policy import ExposureThreshold
from breaks.models.trade_break import TradeBreak

__all__ = ["BreakComment", "BreakEvent", "ExposureThreshold", "PendingTrade", "TradeBreak"]
