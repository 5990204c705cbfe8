from typing import Any

from django.apps import AppConfig


class ReportingConfig(AppConfig):
    name = "reporting"
    verbose_name = "Reporting"

    def ready(self) -> None:
        """Tell the apps below what of this one they keep, and what goes with its notices."""
        from breaks.append_only import protect
        from workflows.choices import NoticeKind
        from workflows.enclosing import enclose
        from workflows.last_steps import end_with

        protect("reporting_signoffevent", ("sign_off_id", "sequence"))
        enclose(NoticeKind.DAILY_REPORT, _daily_report)
        end_with("snapshot", _snapshot)


def _daily_report() -> Any:
    from reporting.services.daily_reports import enclosures

    return enclosures


def _snapshot() -> Any:
    from reporting.services.snapshots import STEP

    return STEP
