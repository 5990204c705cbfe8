from breaks.models.approval import ApprovalPolicy, ApprovalRequest
from breaks.models.back_test import BackTest
from breaks.models.batch import ActBatch
from breaks.models.calendar import CalendarDay, HolidayCalendar
from breaks.models.desk import BreakAttachment, SavedView
from breaks.models.history import BreakComment, BreakEvent, HistoryRoot
from breaks.models.pending import PendingTrade
from breaks.models.policy import ExposureThreshold
from breaks.models.sla import ClockChange, SlaPolicy
from breaks.models.team import Team
from breaks.models.trade_break import TradeBreak

__all__ = [
    "ActBatch",
    "ApprovalPolicy",
    "ApprovalRequest",
    "BackTest",
    "BreakAttachment",
    "BreakComment",
    "BreakEvent",
    "CalendarDay",
    "ClockChange",
    "ExposureThreshold",
    "HistoryRoot",
    "HolidayCalendar",
    "PendingTrade",
    "SavedView",
    "SlaPolicy",
    "Team",
    "TradeBreak",
]
