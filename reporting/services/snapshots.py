"""The only writer of `DailySnapshot`: taken as a day's pipeline ends, or made again of history."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone

from connectors.expectations import dates_of
from matching.choices import RunStatus
from matching.models import Reconciliation, ReconciliationRun
from reporting.models import DailySnapshot
from reporting.services.standing import of_each, standing_now, standings_at
from workflows.choices import StepStatus
from workflows.models import PipelineRun, PipelineStep
from workflows.services.steps.kinds import Kind, Outcome, Work, once

COUNTS = ("trades", "matched", "by_itself", "to_review", "breaks")
STANDING = ("live", "exposure", "unknown_exposures", "opened", "ended")
FIGURES = ("as_of", "run", *COUNTS, *STANDING)


class Point(NamedTuple):
    """Which snapshot: a reconciliation's key and a business date."""

    reconciliation: int
    business_date: date


def take(
    *, business_date: date, reconciliations: Sequence[Reconciliation], at: datetime
) -> list[DailySnapshot]:
    """Take the snapshots of a business date as things stand; one taken before is replaced."""
    with transaction.atomic():
        standing = of_each(standing_now(at=at), [one.pk for one in reconciliations])
        return _write(
            [_snapshot(one, business_date, at, standing[one.pk]) for one in reconciliations]
        )


def rebuild(*, from_date: date | None = None, to_date: date | None = None) -> list[DailySnapshot]:
    """
    Make the snapshots of these business dates again, of what is kept for good.

    Each is of the moment it had, or that at which its date's pipeline took it, or ended; without
    a pipeline, that at which the newest run over the date ended.
    """
    moments = {
        point: at
        for point, at in _moments().items()
        if (from_date is None or from_date <= point.business_date)
        and (to_date is None or point.business_date <= to_date)
    }
    known = {one.pk: one for one in Reconciliation.objects.all()}
    at_once: dict[datetime, list[Point]] = {}
    for point, at in moments.items():
        at_once.setdefault(at, []).append(point)
    made = []
    with transaction.atomic():
        for at, found in standings_at(list(at_once)):
            standing = of_each(found, [point.reconciliation for point in at_once[at]])
            made += [
                _snapshot(known[key], day, at, standing[key]) for key, day in sorted(at_once[at])
            ]
        return _write(made)


def _snapshot(
    between: Reconciliation, business_date: date, at: datetime, standing: dict[str, Any]
) -> DailySnapshot:
    run = _run_over(between, business_date, at)
    counts: dict[str, int | None] = dict.fromkeys(COUNTS)
    if run is not None:
        counts = {
            "trades": run.left_trades + run.right_trades,
            "matched": run.matched_left + run.matched_right,
            "by_itself": run.auto_matched,
            "to_review": run.manual_review,
            "breaks": run.breaks_identified,
        }
    return DailySnapshot(
        business_date=business_date, reconciliation=between, as_of=at, run=run, **counts, **standing
    )


def _run_over(
    between: Reconciliation, business_date: date, at: datetime
) -> ReconciliationRun | None:
    """Return the newest run over exactly the dates of a business date that had ended by then."""
    first, last = dates_of(between.calendar, business_date)
    ended = between.runs.filter(
        status=RunStatus.SUCCEEDED, from_date=first, to_date=last, finished_at__lte=at
    )
    return ended.order_by("-finished_at", "-pk").first()


def _write(snapshots: list[DailySnapshot]) -> list[DailySnapshot]:
    return DailySnapshot.objects.bulk_create(
        snapshots,
        update_conflicts=True,
        unique_fields=["reconciliation", "business_date"],
        update_fields=FIGURES,
    )


# --- of which moments there are snapshots ----------------------------------------------------


def _moments() -> dict[Point, datetime]:
    """Return when each snapshot was taken, or is to be of; the surest knowledge last."""
    return {**_ends_of_runs(), **_ends_of_pipelines(), **_taken(), **_kept()}


def _kept() -> dict[Point, datetime]:
    rows = DailySnapshot.objects.values_list("reconciliation", "business_date", "as_of")
    return {Point(key, day): at for key, day, at in rows}


def _taken() -> dict[Point, datetime]:
    """Return when the step of each date's newest pipeline that has one took them."""
    done = PipelineStep.objects.filter(kind=STEP.code, status=StepStatus.SUCCEEDED)
    rows = done.order_by("run_id").values_list("run", "started_at")
    return _of_pipelines({run: at for run, at in rows if at is not None})


def _ends_of_pipelines() -> dict[Point, datetime]:
    ended = PipelineRun.objects.filter(finished_at__isnull=False)
    rows = ended.order_by("pk").values_list("pk", "finished_at")
    return _of_pipelines({run: at for run, at in rows if at is not None})


def _of_pipelines(moments: dict[int, datetime]) -> dict[Point, datetime]:
    steps = _compared(PipelineStep.objects.filter(run__in=list(moments)))
    rows = steps.order_by("run_id").values_list("reconciliation", "run__business_date", "run")
    return {Point(key, day): moments[run] for key, day, run in rows}


def _ends_of_runs() -> dict[Point, datetime]:
    ended = ReconciliationRun.objects.filter(status=RunStatus.SUCCEEDED)
    rows = ended.order_by("finished_at", "pk").values_list(
        "reconciliation", "reconciliation__calendar", "from_date", "to_date", "finished_at"
    )
    return {
        Point(key, last): at
        for key, calendar, first, last, at in rows
        if at is not None and dates_of(calendar, last) == (first, last)
    }


def _compared(steps: Any) -> Any:
    """Return the steps that went over a reconciliation: not where its calendar is closed."""
    return steps.filter(reconciliation__isnull=False).exclude(status=StepStatus.SKIPPED)


# --- the step --------------------------------------------------------------------------------


def _run_step(step: PipelineStep, work: Work) -> Outcome:
    """Take the snapshots of what this pipeline compared; they are of the moment it began."""
    # Runs are dated by the clock as they end, and none of this pipeline's may lie ahead.
    at = max(work.now(), timezone.now())
    work.link(step, started_at=at)
    taken = take(business_date=work.business_date, reconciliations=_of(work.run), at=at)
    return Outcome(StepStatus.SUCCEEDED, {"snapshots": len(taken)})


def _of(run: PipelineRun) -> list[Reconciliation]:
    rows: Iterable[PipelineStep] = _compared(run.steps).select_related("reconciliation")
    return sorted({step.reconciliation for step in rows if step.reconciliation}, key=lambda x: x.pk)


STEP = Kind(code="snapshot", label="Snapshot", plan=once, run=_run_step, whole=True)
