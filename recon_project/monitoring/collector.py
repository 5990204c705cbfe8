"""
The desk's metrics, read from the database when Prometheus asks: a fixed number of queries.

The rows are the truth of every process of the desk alike; counters kept in a web process would
know only what that one process did, and forget it when it ends.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, Max, Min, Q, QuerySet, Value
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.registry import Collector

from breaks.choices import Severity
from breaks.models import ClockChange, PendingTrade, TradeBreak
from breaks.querysets import is_overdue
from connectors.choices import DeliveryStatus, RejectStatus
from connectors.models import Delivery, RejectedRow
from matching.choices import RunStatus
from matching.models import Calibration, ReconciliationRun, RunPartition
from predictions import registry
from predictions.models import TrainingRun
from predictions.selectors import active_version
from recon_project.models import WorkerPulse
from recon_project.monitoring.durations import histogram
from reporting.choices import SignOffStatus
from reporting.models import SignOff
from workflows.choices import NoticeStatus
from workflows.models import Notification, PipelineRun

STATES = ("queued", "running")
# Each kind of work: its rows, the statuses that are queued and running, and since when one waits.
KINDS: dict[str, tuple[Any, dict[str, str], str]] = {
    "delivery": (Delivery, {"QUEUED": "queued", "RUNNING": "running"}, "received_at"),
    "run": (ReconciliationRun, {"QUEUED": "queued", "RUNNING": "running"}, "requested_at"),
    "partition": (RunPartition, {"QUEUED": "queued", "RUNNING": "running"}, "run__requested_at"),
    "pipeline": (PipelineRun, {"QUEUED": "queued", "RUNNING": "running"}, "requested_at"),
    "notification": (Notification, {"QUEUED": "queued", "SENDING": "running"}, "created_at"),
    "training": (TrainingRun, {"QUEUED": "queued", "RUNNING": "running"}, "requested_at"),
    "calibration": (Calibration, {"QUEUED": "queued", "RUNNING": "running"}, "requested_at"),
    "due_time_change": (ClockChange, {"QUEUED": "queued", "RUNNING": "running"}, "made_at"),
}


class DeskCollector(Collector):
    """Reads everything anew at every scrape."""

    def __init__(self, *, at: datetime | None = None) -> None:
        self.at = at or timezone.now()

    def describe(self) -> list[Any]:
        return []  # or registering would read the database

    def collect(self) -> Iterator[Any]:
        yield InfoMetricFamily(
            "desk_build",
            "Which desk this is.",
            {"version": settings.VERSION, "environment": settings.ENVIRONMENT},
        )
        yield from self._queues()
        yield from self._breaks()
        yield from self._durations()
        yield from self._workers()
        yield from self._dates()
        yield from self._left()
        yield from self._model()

    def _queues(self) -> Iterator[Any]:
        """Count the work that waits or is done, of every kind, in one query."""
        every = [
            _waiting(kind, model, list(states), since)
            for kind, (model, states, since) in KINDS.items()
        ]
        first, *others = every
        depth = GaugeMetricFamily(
            "desk_queue_depth", "Rows of work by kind and state.", labels=["kind", "state"]
        )
        oldest = GaugeMetricFamily(
            "desk_queue_oldest_seconds", "How long the oldest queued row waits.", labels=["kind"]
        )
        counts = {(kind, state): 0 for kind in KINDS for state in STATES}
        waits = dict.fromkeys(KINDS, 0.0)
        for kind, status, count, since in first.union(*others, all=True):
            state = KINDS[kind][1][status]
            counts[kind, state] = count
            if state == "queued" and since is not None:
                waits[kind] = max(0.0, (self.at - since).total_seconds())
        for (kind, state), count in counts.items():
            depth.add_metric([kind, state], count)
        for kind, seconds in waits.items():
            oldest.add_metric([kind], seconds)
        yield depth
        yield oldest

    def _breaks(self) -> Iterator[Any]:
        rows = (
            TradeBreak.objects.live()
            .order_by()
            .values_list("severity")
            .annotate(
                count=Count("pk"),
                late=Count("pk", filter=is_overdue(self.at)),
                free=Count("pk", filter=Q(assigned_to=None)),
            )
        )
        found = {severity: counts for severity, *counts in rows}
        names = (
            ("desk_open_breaks", "Live breaks."),
            ("desk_overdue_breaks", "Live breaks past their due time."),
            ("desk_unassigned_breaks", "Live breaks that nobody has."),
        )
        for at, (name, words) in enumerate(names):
            family = GaugeMetricFamily(name, words, labels=["severity"])
            for severity in Severity:
                family.add_metric([severity.lower()], found.get(severity, [0, 0, 0])[at])
            yield family

    def _durations(self) -> Iterator[Any]:
        yield from histogram(
            "desk_run_duration_seconds",
            "Duration of reconciliation runs that succeeded.",
            label="reconciliation",
            by="reconciliation__code",
            rows=ReconciliationRun.objects.filter(status=RunStatus.SUCCEEDED),
        )
        # A look at a feed that had nothing is no delivery.
        yield from histogram(
            "desk_delivery_duration_seconds",
            "Duration of deliveries that were loaded.",
            label="source",
            by="source__code",
            rows=Delivery.objects.filter(status=DeliveryStatus.LOADED).exclude(digest=""),
        )

    def _workers(self) -> Iterator[Any]:
        ages = [
            max(0.0, (self.at - seen_at).total_seconds())
            for seen_at in WorkerPulse.objects.values_list("seen_at", flat=True)
        ]
        yield GaugeMetricFamily("desk_workers", "Workers heard of within a day.", len(ages))
        family = GaugeMetricFamily(
            "desk_worker_heartbeat_age_seconds", "Since the newest sign of life of any worker."
        )
        if ages:
            family.add_metric([], min(ages))
        yield family

    def _dates(self) -> Iterator[Any]:
        """Say when the main job last ended well, and how many ended dates are not signed."""
        last = PipelineRun.objects.filter(status=RunStatus.SUCCEEDED).aggregate(
            at=Max("finished_at")
        )["at"]
        family = GaugeMetricFamily(
            "desk_pipeline_last_success_age_seconds", "Since a pipeline last succeeded."
        )
        if last is not None:
            family.add_metric([], max(0.0, (self.at - last).total_seconds()))
        yield family
        unsigned = SignOff.objects.exclude(status=SignOffStatus.SIGNED).count()
        yield GaugeMetricFamily("desk_unsigned_dates", "Business dates not signed.", unsigned)

    def _left(self) -> Iterator[Any]:
        """Count what waits for people, in one query."""
        counts: dict[str, QuerySet] = {
            "pending_trades": PendingTrade.objects.all(),
            "quarantined_rows": RejectedRow.objects.filter(status=RejectStatus.OPEN),
            "undelivered_notices": Notification.objects.filter(status=NoticeStatus.DEAD),
        }
        words = {
            "pending_trades": "Trades that wait for their counterpart.",
            "quarantined_rows": "Rows of files that could not be read and nobody decided on.",
            "undelivered_notices": "Notifications given up.",
        }
        first, *others = [
            rows.order_by()
            .annotate(what=Value(name))
            .values_list("what")
            .annotate(count=Count("pk"))
            for name, rows in counts.items()
        ]
        found = dict(first.union(*others, all=True))
        for name in counts:
            yield GaugeMetricFamily(f"desk_{name}", words[name], found.get(name, 0))

    def _model(self) -> Iterator[Any]:
        version = active_version()
        there = registry.state() == "ok"
        yield GaugeMetricFamily(
            "desk_model_present", "1 with a break-prediction model that may be used.", there
        )
        family = GaugeMetricFamily("desk_model_age_seconds", "Since the model was trained.")
        if version is not None and there:
            family.add_metric([], max(0.0, (self.at - version.made_at).total_seconds()))
        yield family


def _waiting(kind: str, model: Any, statuses: list[str], since: str) -> QuerySet:
    rows = model._default_manager.filter(status__in=statuses).order_by()  # noqa: SLF001
    grouped = rows.annotate(kind_name=Value(kind)).values_list("kind_name", "status")
    return grouped.annotate(count=Count("pk"), oldest=Min(since))  # type: ignore[no-any-return]
