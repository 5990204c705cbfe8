import logging

from celery import shared_task
from django.utils import timezone

logger = logging.getLogger(__name__)


@shared_task(name="tasks.calibrate_rules", ignore_result=True)
def calibrate_rules(*, calibration_id: int, **_later_arguments: object) -> None:
    """Do one queued calibration; the row says what it came to, or why it came to nothing."""
    from matching.services import calibrating

    try:
        done = calibrating.calibrate(calibration_id=calibration_id, at=timezone.now())
    except calibrating.CalibrationNotClaimable as taken:
        logger.info("%s", taken)
    except calibrating.CalibrationRefused as refusal:
        logger.info("calibration %s: %s", calibration_id, refusal)
    else:
        logger.info("%s: %s is a draft", done, done.draft)
