from reporting.models.daily_report import DailyReport, ReportSubscription
from reporting.models.daily_snapshot import DailySnapshot
from reporting.models.sign_off import SignOff, SignOffEvent

__all__ = ["DailyReport", "DailySnapshot", "ReportSubscription", "SignOff", "SignOffEvent"]
