"""How long work took, as histograms that the database counts."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Count, DurationField, ExpressionWrapper, F, Q, QuerySet, Sum
from prometheus_client.core import HistogramMetricFamily

BOUNDS = (1, 5, 15, 60, 300, 900, 3600)


def histogram(name: str, words: str, *, label: str, by: str, rows: QuerySet) -> Iterator[Any]:
    """
    Yield the durations of finished rows, cumulative by bound, one series a value of `by`.

    The rows are only ever added to, so the counts rise as Prometheus wants them to.
    """
    took = ExpressionWrapper(F("finished_at") - F("started_at"), DurationField())
    within = {
        f"within_{bound}": Count(
            "pk", filter=Q(finished_at__lte=F("started_at") + timedelta(seconds=bound))
        )
        for bound in BOUNDS
    }
    done = rows.filter(started_at__isnull=False, finished_at__isnull=False)
    found = (
        done.order_by()
        .values_list(by)
        .annotate(count=Count("pk"), total=Sum(took), **within)
        .order_by(by)
    )
    family = HistogramMetricFamily(name, words, labels=[label])
    for value, count, total, *counts in found:
        family.add_metric([value], _buckets(counts, count), total.total_seconds())
    yield family


def _buckets(counts: Sequence[int], count: int) -> list[tuple[str, float]]:
    bounded = [(f"{bound}.0", n) for bound, n in zip(BOUNDS, counts, strict=True)]
    return [*bounded, ("+Inf", count)]
