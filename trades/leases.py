"""
Work that is a row: one worker at a time has it, by a conditional UPDATE, while its lease lasts.

A model of such work has `status` (QUEUED, RUNNING and ends of its own), `started_at`,
`lease_expires_at`, and a token that rises with every claim, so that a worker who was taken for
dead cannot write.
"""

from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import F, Model, Q, QuerySet

LEASE = timedelta(minutes=2)
QUEUED, RUNNING = "QUEUED", "RUNNING"

Row = TypeVar("Row", bound=Model)


def free(at: datetime) -> Q:
    """Tell the work that may be taken: queued, or its worker's lease has run out."""
    return Q(status=QUEUED) | Q(status=RUNNING, lease_expires_at__lt=at)


def take(
    rows: QuerySet[Row], *, at: datetime, counter: str = "fencing_token", **values: Any
) -> bool:
    """
    Claim the one row of `rows` for the caller alone; tell whether it was free.

    Whether it is free is asked of the row itself, outside whatever `rows` joins: Postgres looks
    again at a row it had to wait for, but not at a subquery, and two would have it.
    """
    taken = {
        "status": RUNNING,
        "started_at": at,
        "lease_expires_at": at + LEASE,
        counter: F(counter) + 1,
    }
    free_rows = rows.model._default_manager.filter(free(at), pk__in=rows.values("pk"))  # noqa: SLF001
    return bool(free_rows.update(**taken | values))


def held(row: Row, *, counter: str = "fencing_token") -> QuerySet[Row]:
    """Return the row as long as the caller's claim of it stands."""
    kept = {"pk": row.pk, "status": RUNNING, counter: getattr(row, counter)}
    return type(row)._default_manager.filter(**kept)  # noqa: SLF001
