"""What the schedule asks for: each business date once it has ended, and again for what was owed."""

from datetime import date, datetime, timedelta

from connectors.expectations import ReportState, expectation
from matching.choices import RunStatus
from workflows.choices import OWING_STEPS, StepStatus
from workflows.models import PipelineRun, PipelineStep
from workflows.services.daily.asking import request_pipeline
from workflows.services.daily.places import last_ended
from workflows.services.steps.kinds import Busy

# So many dates are caught up after the desk was down, and looked at again for a late report.
LOOK_BACK = timedelta(days=7)


def queue_due_pipelines(*, at: datetime) -> list[PipelineRun]:
    """
    Queue what is due: dates that ended since the last pipeline, and those still owed a report.

    A date that is queued or running is left to it, so that a second scheduler does no harm.
    """
    queued = []
    for business_date in [*_new_dates(at), *_owed_dates(at)]:
        try:
            queued.append(request_pipeline(business_date=business_date, by=None, at=at))
        except Busy:
            continue
    return queued


def _new_dates(at: datetime) -> list[date]:
    """Return the dates that have ended and have had no pipeline; of a new desk the last alone."""
    last = last_ended(at)
    had = PipelineRun.objects.filter(business_date__lte=last)
    seen = set(had.values_list("business_date", flat=True).order_by().distinct())
    if not seen:
        return [last]
    # Not from the newest on: somebody may have run that one by hand, and not those before it.
    week = [last - timedelta(days=before) for before in reversed(range(LOOK_BACK.days))]
    return [day for day in week if day > min(seen) and day not in seen]


def _owed_dates(at: datetime) -> list[date]:
    """Return the dates whose last pipeline lacked a report that has come, or is due, since."""
    since = last_ended(at) - LOOK_BACK
    runs = PipelineRun.objects.filter(
        business_date__gt=since, status__in=(RunStatus.SUCCEEDED, RunStatus.FAILED)
    ).order_by("pk")
    newest = {run.business_date: run for run in runs}
    owing = PipelineStep.objects.filter(
        run__in=[run.pk for run in newest.values()],
        status__in=(*OWING_STEPS, StepStatus.FAILED),
        feed__is_enabled=True,
    ).select_related("run", "feed__source")
    return sorted({step.run.business_date for step in owing if _stands_otherwise(step, at)})


def _stands_otherwise(step: PipelineStep, at: datetime) -> bool:
    """Tell whether a report that a step went without has come, or is late where it was not due."""
    feed = step.feed
    if feed is None:
        return False
    day = step.run.business_date
    found = expectation(source=feed.source, trade_date=day, at=at, feed=feed).state
    if step.status == StepStatus.NOT_DUE:
        return found not in (ReportState.NOT_DUE, ReportState.GRACE)
    return found == ReportState.DELIVERED
