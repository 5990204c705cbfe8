import logging

from celery import shared_task
from django.utils import timezone

from predictions.services.training import (
    NothingToLearn,
    TrainingNotClaimable,
    request_training,
    train,
)

logger = logging.getLogger(__name__)


@shared_task(name="tasks.train_break_model", ignore_result=True)
def train_break_model(*, run_id: int | None = None, **_later_arguments: object) -> None:
    """Carry out one queued training; without one, queue the scheduled training."""
    now = timezone.now()
    if run_id is None:
        request_training(by=None, at=now)
        return
    try:
        version = train(run_id=run_id, at=now)
    except (TrainingNotClaimable, NothingToLearn) as said:
        logger.info("%s", said)
    else:
        logger.info("%s: %s", version, version.verdict)


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
