import logging

from celery import shared_task
from django.utils import timezone

logger = logging.getLogger(__name__)


@shared_task(name="tasks.mail_daily_reports", ignore_result=True)
def mail_daily_reports(**_later_arguments: object) -> None:
    """Make the daily reports that are due; the outbox mails them."""
    from reporting.services.daily_reports import issue_due_reports

    if made := issue_due_reports(at=timezone.now()):
        logger.info("made %s daily reports", len(made))


@shared_task(name="tasks.open_sign_offs", ignore_result=True)
def open_sign_offs(**_later_arguments: object) -> None:
    """Open the sheets of the business dates that have ended and have none."""
    from reporting.services.signing import open_due_sheets

    if made := open_due_sheets(at=timezone.now()):
        logger.info("opened %s sign-off sheets", len(made))
