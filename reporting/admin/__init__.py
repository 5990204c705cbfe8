from reporting.admin import daily_reports, sign_offs

__all__ = ["daily_reports", "sign_offs"]
