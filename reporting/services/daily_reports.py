"""Making the daily report of each subscriber, once a person and date, and telling them of it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.urls import reverse

from reporting.formats import FORMATS
from reporting.formats.report import Report
from reporting.models import DailyReport, ReportSubscription
from reporting.selectors.daily import daily_report
from workflows.choices import NoticeKind
from workflows.enclosing import Enclosure
from workflows.models import Notification
from workflows.services.daily.places import last_ended
from workflows.services.notifications.outbox import Notice, notify

SATURDAY = 5


def issue_due_reports(*, at: datetime) -> list[DailyReport]:
    """
    Make the report of the last business date that has ended for everybody who subscribes to it.

    A second scheduler, or a second call, finds them made: a person gets one a date.
    """
    day = last_ended(at)
    made = []
    wanted = ReportSubscription.objects.filter(is_enabled=True, person__is_active=True)
    for one in wanted.select_related("person"):
        if day.weekday() >= SATURDAY and not one.on_weekends:
            continue
        report = issue_report(person=one.person, business_date=day, formats=one.formats, at=at)
        if report is not None:
            made.append(report)
    return made


@transaction.atomic
def issue_report(
    *, person: Any, business_date: date, formats: Sequence[str], at: datetime
) -> DailyReport | None:
    """Keep a person's report of a date and tell them, in one transaction; None if there is one."""
    if DailyReport.objects.filter(person=person, business_date=business_date).exists():
        return None
    report = daily_report(user=person, business_date=business_date, at=at)
    kept, is_new = DailyReport.objects.get_or_create(
        person=person,
        business_date=business_date,
        defaults={"made_at": at, "formats": list(formats), "content": report.as_json()},
    )
    if not is_new:
        return None
    notice = Notice(
        kind=NoticeKind.DAILY_REPORT,
        key=f"daily-report:{business_date}",
        subject=report.title,
        text=_words(report),
        link=reverse("admin:reporting_dailyreport_change", args=[kept.pk]),
        people=[person],
    )
    notify([notice], at=at)
    return kept


def enclosures(notice: Notification) -> list[Enclosure]:
    """Return the files that go with the e-mail of a report: made of what was kept, every time."""
    day = notice.key.removeprefix("daily-report:")
    kept = DailyReport.objects.filter(person=notice.person_id, business_date=day).first()
    if kept is None:
        return []
    report = Report.from_json(kept.content)
    return [
        Enclosure(f"{report.name}.{name}", FORMATS[name][0](report), FORMATS[name][1])
        for name in kept.formats
        if name in FORMATS
    ]


def _words(report: Report) -> str:
    """Write the first section as the text of the e-mail."""
    if not report.sections:
        return report.subtitle
    lines = [f"{name}: {value}" for name, value in report.sections[0].rows if value]
    return "\n".join([report.subtitle, "", *lines])
