"""Rejected rows as the rows of a file, with or without what was sent."""

from collections.abc import Iterator

from django.db.models import QuerySet

from connectors.models import RejectedRow
from trades.spreadsheet import Table
from trades.tables import cell_text

COLUMNS = ("id", "source", "delivery", "file", "received_at", "line", "reason", "status",
           "decision", "decided_by", "decided_at")  # fmt: skip
RAW = ("raw", "fixed")
CHUNK = 2_000


def rejects_table(*, with_raw: bool) -> Table:
    columns = (*COLUMNS, *RAW) if with_raw else COLUMNS
    return Table(
        "rejected rows", columns, lambda rejects: _rows(rejects, with_raw), holds_raw=with_raw
    )


def _rows(rejects: QuerySet[RejectedRow], with_raw: bool) -> Iterator[list[str]]:
    rows = rejects.select_related("delivery__source", "decided_by")
    if not with_raw:
        rows = rows.defer(*RAW)
    for row in rows.iterator(chunk_size=CHUNK):
        arrival = row.delivery
        said = [str(row.pk), arrival.source.code, str(arrival.pk), arrival.name,
                cell_text(arrival.received_at), str(row.line_number), row.reason, row.status,
                row.decision, str(row.decided_by or ""), cell_text(row.decided_at)]  # fmt: skip
        yield [*said, row.raw, row.fixed] if with_raw else said
