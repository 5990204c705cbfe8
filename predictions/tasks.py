import logging

from celery import shared_task
from django.utils import timezone

logger = logging.getLogger(__name__)


@shared_task(name="tasks.score_trades", ignore_result=True)
def score_trades(**_later_arguments: object) -> None:
    """Score the trades that wait and have no score yet; a second one finds nothing left to do."""
    from predictions.registry import ModelAbsent, ModelAltered
    from predictions.services.scoring import score_waiting

    try:
        kept = score_waiting(at=timezone.now())
    except ModelAbsent as absent:
        logger.info("%s", absent)
    except ModelAltered as altered:
        logger.warning("%s", altered)
    else:
        logger.info("scored %s trades by %s", kept.scored, kept.version)
