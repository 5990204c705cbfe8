"""Ask for a pipeline, ask for the rest of one, or call it off."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet

from matching.choices import RunStatus
from trades.dates import FIRST_DAY
from trades.models import Source
from workflows.choices import UNFINISHED_STEPS, StepStatus
from workflows.models import PipelineRun, PipelineStep
from workflows.pipeline import day
from workflows.services.daily.places import today_of
from workflows.services.steps.kinds import Busy, Planned

# A pipeline that nobody took for so long has lost its message, or there is no worker.
STALE_AFTER = timedelta(minutes=1)
LIVE = (RunStatus.QUEUED, RunStatus.RUNNING)
RESUMABLE = (RunStatus.FAILED, RunStatus.CANCELLED)


class NotAskable(Exception):
    """There can be no such pipeline, or it is in no state for this; the sentence says why."""


def abandoned(at: datetime) -> Q:
    """Tell the pipelines that no worker took in time, or whose worker is gone."""
    asked = Q(requested_at__lt=at - STALE_AFTER) & (
        Q(resumed_at=None) | Q(resumed_at__lt=at - STALE_AFTER)
    )
    return Q(asked, status=RunStatus.QUEUED) | Q(status=RunStatus.RUNNING, lease_expires_at__lt=at)


def request_pipeline(*, business_date: date, by: Any, at: datetime) -> PipelineRun:
    """
    Queue the main job for a business date, with its steps.

    One that its worker left behind, or that none ever took, is returned to be taken over.

    :raises Busy: if one of the same date is queued or running.
    :raises NotAskable: if the date has not begun at any source, or is none the desk knows.
    """
    if business_date < FIRST_DAY:
        raise NotAskable(f"{business_date} is before {FIRST_DAY}, the first date the desk knows.")
    newest = max((today_of(source, at) for source in Source.objects.all()), default=at.date())
    if business_date > newest:
        raise NotAskable(
            f"{business_date} has not begun at any source; the latest date there is is {newest}."
        )
    try:
        with transaction.atomic():
            run = PipelineRun.objects.create(
                business_date=business_date, requested_by=by, requested_at=at
            )
            plan(run)
            return run
    except IntegrityError as collision:
        live = PipelineRun.objects.filter(business_date=business_date, status__in=LIVE)
        if left := live.filter(abandoned(at)).first():
            return left
        raise Busy(f"{_the_one(live)} is at it; wait until it ends.") from collision


def plan(run: PipelineRun) -> None:
    """
    Write the steps of a pipeline that are not there yet, in the order they happen.

    Of those that were planned before, what is not done is dropped where it is turned off since.
    """
    planned = {
        (kind.code, one.subject): one for kind in day() for one in kind.plan(run.business_date)
    }
    there = {(step.kind, step.subject): step for step in run.steps.all()}
    # Positions are unique: those of old move out of the way before they are given anew.
    run.steps.update(position=F("position") + len(there) + len(planned))
    for key in there.keys() - planned.keys():
        if there[key].status in UNFINISHED_STEPS:
            there.pop(key).delete()
    for key in planned.keys() - there.keys():
        there[key] = _step(run, key[0], planned[key])
    places = {kind.code: place for place, kind in enumerate(day())}
    order = sorted(there, key=lambda key: (places.get(key[0], len(places)), key[1]))
    for position, key in enumerate(order, start=1):
        there[key].position = position
    fresh = [step for step in there.values() if step.pk is None]
    PipelineStep.objects.bulk_update([step for step in there.values() if step.pk], ["position"])
    PipelineStep.objects.bulk_create(fresh)


def resume_pipeline(*, pipeline_id: int, by: Any, at: datetime) -> PipelineRun:
    """
    Queue the rest of a pipeline that failed or was cancelled: what is done is not done again.

    A reconciliation that ran without a report that is fetched again now runs again, and so do
    the steps that look at the desk as it stands. One whose worker is gone is taken over as it is.

    :raises NotAskable: if it did not fail, or a later one of its date did what it left undone.
    :raises Busy: if another one of its date is queued or running.
    """
    run = PipelineRun.objects.get(pk=pipeline_id)
    later = PipelineRun.objects.filter(business_date=run.business_date, pk__gt=run.pk)
    if newest := later.order_by("-pk").first():
        raise NotAskable(f"{newest} came after it; look at that one.")
    if PipelineRun.objects.filter(abandoned(at), pk=run.pk).exists():
        return run
    try:
        with transaction.atomic():
            ended = PipelineRun.objects.filter(pk=run.pk, status__in=RESUMABLE)
            if not ended.update(
                status=RunStatus.QUEUED, error="", attempt=0, finished_at=None,
                resumed_by=by, resumed_at=at,
            ):  # fmt: skip
                run.refresh_from_db()
                raise NotAskable(f"{run} is {run.get_status_display().lower()}; nothing is left.")
            _queue_again(run)
            plan(run)
    except IntegrityError as collision:
        raise Busy(f"Another pipeline of {run.business_date} is at work.") from collision
    run.refresh_from_db()
    return run


def cancel_pipeline(*, pipeline_id: int, by: Any, at: datetime) -> PipelineRun:
    """
    Call a pipeline off: no further step begins, and a step that runs comes to its own end.

    :raises NotAskable: if it has ended.
    """
    with transaction.atomic():
        said = f"Cancelled by {by or 'the system'}."
        live = PipelineRun.objects.filter(pk=pipeline_id, status__in=LIVE)
        if not live.update(
            status=RunStatus.CANCELLED, error=said, finished_at=at, lease_expires_at=None
        ):
            run = PipelineRun.objects.get(pk=pipeline_id)
            raise NotAskable(f"{run} is {run.get_status_display().lower()}; it has ended.")
        steps = PipelineStep.objects.filter(run=pipeline_id)
        steps.filter(status__in=UNFINISHED_STEPS).update(status=StepStatus.CANCELLED, ended_at=at)
    return PipelineRun.objects.get(pk=pipeline_id)


def _queue_again(run: PipelineRun) -> None:
    """Queue the steps that are not done, and those whose ground they change."""
    done = (StepStatus.SUCCEEDED, StepStatus.SKIPPED)
    undone = list(run.steps.exclude(status__in=done).select_related("feed"))
    sources = {step.feed.source_id for step in undone if step.feed}
    again = Q(pk__in=[step.pk for step in undone])
    again |= Q(kind__in=[kind.code for kind in day() if kind.whole])
    again |= Q(reconciliation__left_source__in=sources, status=StepStatus.SUCCEEDED)
    again |= Q(reconciliation__right_source__in=sources, status=StepStatus.SUCCEEDED)
    run.steps.filter(again).update(
        status=StepStatus.QUEUED, started_at=None, ended_at=None, counts=[], says="",
        delivery=None, reconciliation_run=None,
    )  # fmt: skip


def _step(run: PipelineRun, kind: str, planned: Planned) -> PipelineStep:
    step = PipelineStep(run=run, kind=kind, subject=planned.subject, **planned.links)
    if planned.outcome is not None:
        step.status, step.says = planned.outcome.status, planned.outcome.says
    return step


def _the_one(live: QuerySet[PipelineRun]) -> str:
    return str(live.first() or "Another pipeline of the date")
