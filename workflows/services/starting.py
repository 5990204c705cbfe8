"""Start the main job: whoever asks, the row is written first and a worker only woken."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from breaks.services import sla
from breaks.services.opening import BreaksMoved
from breaks.services.wanted import UnknownBreakType
from connectors.choices import DeliveryStatus
from connectors.models import Delivery
from matching.models import Reconciliation, ReconciliationRun
from matching.rules import InvalidRules, NoActiveRules
from matching.services.claims import STALE_AFTER, RunNotClaimable, ScopeBusy, abandoned
from matching.services.runs import cancel_run, request_run
from trades.models import Source
from workflows.pipeline import reconcile

# Why a reconciliation cannot be started or cannot end, each a sentence for whoever asked for it.
REFUSALS = (ScopeBusy, NoActiveRules, InvalidRules, UnknownBreakType, BreaksMoved)


class SourcesNotComparable(Exception):
    """Two sources cannot be reconciled; the sentence says why."""


def reconciliation_between(*, source1: str, source2: str) -> Reconciliation:
    """
    Return the reconciliation of two sources given by code, made on first use.

    :raises SourcesNotComparable: if a code is unknown, both are the same, or several
        reconciliations compare the two and the caller must name one.
    """
    sources = {source.code: source for source in Source.objects.filter(code__in=[source1, source2])}
    for code in (source1, source2):
        if code not in sources:
            known = ", ".join(Source.objects.values_list("code", flat=True))
            raise SourcesNotComparable(f"There is no source {code!r}; the sources are: {known}.")
    if source1 == source2:
        raise SourcesNotComparable(
            f"{source1!r} cannot be reconciled with itself; name two sources."
        )
    left, right = sources[source1], sources[source2]
    # The same two the other way round are the same comparison: a second one would open twins.
    either_way = Q(left_source=left, right_source=right) | Q(left_source=right, right_source=left)
    existing = list(Reconciliation.objects.filter(either_way))
    if len(existing) > 1:
        codes = ", ".join(sorted(one.code for one in existing))
        raise SourcesNotComparable(
            f"Several reconciliations compare {source1} with {source2} ({codes}); name one of them."
        )
    if existing:
        return existing[0]
    reconciliation, _ = Reconciliation.objects.get_or_create(
        code=f"{left.code}-{right.code}",
        defaults={
            "name": f"{left.name} against {right.name}",
            "left_source": left,
            "right_source": right,
            "calendar": left.calendar,
            "base_currency": settings.BASE_CURRENCY,
        },
    )
    return reconciliation


def start_reconciliation(
    *,
    reconciliation: Reconciliation,
    from_date: date,
    to_date: date,
    by: Any,
    at: datetime,
    inline: bool,
    partitions: int = 0,
) -> ReconciliationRun:
    """
    Queue a run and wake a worker, or with `inline` execute it and return it ended.

    It is split into so many `partitions`, or with 0 into as many as its size calls for.

    :raises ScopeBusy: if the same scope is queued or running, or, inline, another run of the
        reconciliation is; a run that could not start inline is cancelled.
    :raises NoActiveRules: if the reconciliation's rule set has no active version.
    :raises InvalidRules, UnknownBreakType, BreaksMoved: inline, if it cannot end; the run is
        FAILED with that reason.
    """
    run = request_run(
        reconciliation=reconciliation,
        from_date=from_date,
        to_date=to_date,
        by=by,
        at=at,
        partitions=partitions,
    )
    if not inline:
        wake_run(run.pk)
        return run
    try:
        return reconcile(run_id=run.pk, at=at)
    except ScopeBusy:
        cancel_run(run_id=run.pk, by=by, at=at)
        raise
    except RunNotClaimable as taken:
        raise ScopeBusy(
            f"{reconciliation.code} was just taken up by a worker as run {run.pk}; "
            "wait until it ends.",
            run,
        ) from taken


def queue_due_reconciliations(*, at: datetime) -> list[ReconciliationRun]:
    """
    Queue every enabled reconciliation for yesterday and today at its left source's place.

    One that is queued or running already is left to it, so that a second scheduler does no harm.
    """
    queued = []
    enabled = Reconciliation.objects.filter(is_enabled=True).select_related("left_source")
    for reconciliation in enabled:
        today = at.astimezone(ZoneInfo(reconciliation.left_source.timezone)).date()
        try:
            queued.append(
                start_reconciliation(
                    reconciliation=reconciliation,
                    from_date=today - timedelta(days=1),
                    to_date=today,
                    by=None,
                    at=at,
                    inline=False,
                )
            )
        except ScopeBusy:
            continue
    return queued


def wake_run(run_id: int) -> None:
    """
    Send a worker the message to look at a run, once the row is committed.

    A broker that is down loses only the message: the sweep finds the row again.
    """
    transaction.on_commit(
        lambda: current_app.send_task("tasks.run_reconciliation", kwargs={"run_id": run_id}),
        robust=True,
    )


def wake_stale_work(*, at: datetime) -> int:
    """
    Send a message again for work that waits too long or whose worker is gone; return how many.

    Waking a row twice does no harm: only one worker can claim it.
    """
    runs = ReconciliationRun.objects.filter(abandoned(at)).values_list("pk", flat=True)
    deliveries = Delivery.objects.filter(
        Q(status=DeliveryStatus.QUEUED, received_at__lt=at - STALE_AFTER)
        | Q(status=DeliveryStatus.RUNNING, lease_expires_at__lt=at)
    ).values_list("pk", flat=True)
    for run_id in runs:
        wake_run(run_id)
    changes = sla.unfinished(at).values_list("pk", flat=True)
    for change_id in changes:
        current_app.send_task("tasks.recalculate_due_times", kwargs={"change_id": change_id})
    if deliveries:
        kwargs = {"delivery_ids": list(deliveries)}
        current_app.send_task("tasks.run_ingestion", kwargs=kwargs)
    return len(runs) + len(deliveries) + len(changes)
