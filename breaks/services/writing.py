"""Writes of break rows, each only if the row is still at the version that was read."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connections, router

from breaks.models import TradeBreak

# Everything a break may change after it was opened; what identifies it stays as it is.
CHANGEABLE = (
    "severity",
    "status",
    "match",
    "left_trade",
    "right_trade",
    "trade_date",
    "left_value",
    "right_value",
    "difference",
    "tolerance",
    "exposure",
    "currency",
    "exposure_note",
    "last_seen_at",
    "times_seen",
    "last_run",
    "assigned_to",
    "team",
    "sla_policy",
    "clock_from",
    "clock_spent_us",
    "paused_at",
    "due_at",
    "rank",
    "resolved_at",
    "resolved_by",
    "reason_code",
    "version",
)


@dataclass(frozen=True)
class Written:
    """A row as it should become, and the version at which it was read."""

    row: TradeBreak
    read_version: int


def hold(break_id: int) -> TradeBreak:
    """
    Read a break and let nobody else write it until the commit.

    Nothing is joined: of a row that was waited for, Postgres gives the rest as it was before.
    SQLite has one writer at a time anyway.

    :raises TradeBreak.DoesNotExist: if there is no such break.
    """
    locked = TradeBreak.objects.select_for_update(no_key=True)
    held: TradeBreak = locked.get(pk=break_id)
    return held


def write_rows(writes: Sequence[Written], names: Sequence[str] = CHANGEABLE) -> int:
    """
    Write every row that is still at the version read, or the fields named of it; return how many.

    One prepared statement for all rows, whatever their number. Django's own `bulk_update` can
    set a condition on all rows alike only, not each row's own version.
    """
    if not writes:
        return 0
    connection = connections[router.db_for_write(TradeBreak)]
    meta = TradeBreak._meta  # noqa: SLF001  Django's documented way to a model's columns
    fields = [field for field in meta.concrete_fields if field.name in names]
    quoted = connection.ops.quote_name
    columns = ", ".join(f"{quoted(str(field.column))} = %s" for field in fields)
    statement = (
        f"UPDATE {quoted(meta.db_table)} SET {columns} "  # noqa: S608  our own names
        f"WHERE {quoted('id')} = %s AND {quoted('version')} = %s"
    )
    rows = [
        [
            *(
                field.get_db_prep_save(getattr(write.row, field.attname), connection)
                for field in fields
            ),
            write.row.pk,
            write.read_version,
        ]
        for write in writes
    ]
    with connection.cursor() as cursor:
        cursor.executemany(statement, rows)
        return int(cursor.rowcount)
