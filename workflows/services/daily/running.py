"""Run a pipeline: claimed by one worker, step after step, each with an end of its own."""

import logging
from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from matching.choices import RunStatus
from trades.leases import held, take
from workflows.choices import UNFINISHED_STEPS, StepStatus
from workflows.models import PipelineRun, PipelineStep
from workflows.pipeline import day
from workflows.services.steps.kinds import Busy, ClaimLost, Outcome, Work
from workflows.services.steps.passing_on import tell_late

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
GIVEN_UP = (
    f"Given up after {MAX_ATTEMPTS} attempts whose worker was lost each time, as when it runs out "
    "of memory. Look at the step it was at, and resume it."
)
# Called with a step as it begins and as it ends: for who waits at a terminal.
Watcher = Callable[[PipelineStep], None]


class NotClaimable(Exception):
    """Another worker has the pipeline, or it has ended."""


def run_pipeline(
    *, pipeline_id: int, at: datetime, watcher: Watcher = lambda _step: None
) -> PipelineRun:
    """
    Run what is left of a queued pipeline and return it, ended.

    A step that fails says why and holds up no other: a reconciliation whose report is missing
    runs with what waits for it pending. What a worker that was lost had begun is taken over.

    :raises NotClaimable: if another worker has it or it has ended.
    :raises Busy: if somebody else is at what a step needs; it is queued until they have ended.
    """
    work = Work(_claim(pipeline_id, at), at)
    try:
        for step in _steps(work.run):
            if step.status in UNFINISHED_STEPS:
                _do(step, work, watcher)
        _finish(work)
    except ClaimLost as lost:
        logger.info("%s", lost)
    work.run.refresh_from_db()
    return work.run


def _claim(pipeline_id: int, at: datetime) -> PipelineRun:
    asked = PipelineRun.objects.filter(pk=pipeline_id)
    begun = Coalesce(F("started_at"), at)
    if not take(asked, at=at, started_at=begun, attempt=F("attempt") + 1, error=""):
        raise NotClaimable(f"Pipeline {pipeline_id} is not waiting to be run.")
    run = PipelineRun.objects.select_related("requested_by", "resumed_by").get(pk=pipeline_id)
    if run.attempt > MAX_ATTEMPTS:
        with transaction.atomic():
            run.steps.filter(status__in=UNFINISHED_STEPS).update(
                status=StepStatus.FAILED, ended_at=at, says=GIVEN_UP
            )
            held(run).update(
                status=RunStatus.FAILED, error=GIVEN_UP, finished_at=at, lease_expires_at=None
            )
        raise NotClaimable(f"Pipeline {pipeline_id} was tried {MAX_ATTEMPTS} times.")
    return run


def _steps(run: PipelineRun) -> list[PipelineStep]:
    return list(
        run.steps.select_related(
            "feed__source",
            "delivery",
            "reconciliation__left_source",
            "reconciliation__right_source",
            "reconciliation_run",
        ).order_by("position")
    )


def _do(step: PipelineStep, work: Work, watcher: Watcher) -> None:
    _begin(step, work)
    watcher(step)
    kind = next(kind for kind in day() if kind.code == step.kind)
    try:
        outcome = kind.run(step, work)
    except Busy as busy:
        _wait(step, work, str(busy))
        raise
    except Exception as failure:
        logger.exception("step %s of pipeline %s failed", step, work.run.pk)
        outcome = Outcome(StepStatus.FAILED, says=str(failure) or type(failure).__name__)
    _end(step, outcome, work)
    watcher(step)


def _begin(step: PipelineStep, work: Work) -> None:
    with transaction.atomic():
        work.hold()
        step.status = StepStatus.RUNNING
        step.started_at = step.started_at or work.now()
        step.save(update_fields=["status", "started_at"])


def _end(step: PipelineStep, outcome: Outcome, work: Work) -> None:
    step.status, step.says = outcome.status, outcome.says
    step.counts = list(outcome.counts.items())
    step.ended_at = work.now()
    with transaction.atomic():
        work.hold()
        if step.status == StepStatus.LATE:
            told = ", ".join(tell_late(step, work.business_date, step.ended_at))
            step.says += f" Told: {told}." if told else " There is nobody to tell."
        step.save(update_fields=["status", "says", "counts", "ended_at"])


def _wait(step: PipelineStep, work: Work, why: str) -> None:
    """Give the pipeline back to the queue, and this attempt with it: nobody was lost."""
    with transaction.atomic():
        work.hold()
        step.status = StepStatus.QUEUED
        step.save(update_fields=["status"])
        held(work.run).update(
            status=RunStatus.QUEUED, error=why, lease_expires_at=None, attempt=F("attempt") - 1
        )


def _finish(work: Work) -> None:
    steps = list(work.run.steps.all())
    failed = [step for step in steps if step.status == StepStatus.FAILED]
    said = ""
    if failed:
        names = ", ".join(map(str, failed))
        said = f"{len(failed)} of {len(steps)} steps failed: {names}."
    with transaction.atomic():
        work.hold()
        held(work.run).update(
            status=RunStatus.FAILED if failed else RunStatus.SUCCEEDED,
            error=said,
            finished_at=work.now(),
            lease_expires_at=None,
        )
