from reporting.models.daily_report import DailyReport, ReportSubscription
from reporting.models.sign_off import SignOff, SignOffEvent

__all__ = ["DailyReport", "ReportSubscription", "SignOff", "SignOffEvent"]
