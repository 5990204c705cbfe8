"""A list going out as a file: streamed, and with a record of who took what."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet

from trades.raw import leave_trace
from trades.spreadsheet import Mode, Table, csv_lines

LINES_AT_ONCE = 200
_MODES = {Mode.SAFE: "spreadsheet-safe CSV", Mode.EXACT: "exact CSV"}


def export(
    *, table: Table, rows: QuerySet[Any], mode: Mode, query: str, by: User, at: datetime
) -> Iterator[str]:
    """
    Return the text of a file piece by piece, the rows in the order of the queryset.

    A log entry says who exported what, before the first row leaves; how many rows left is
    written when the file ends, or is given up. Memory does not grow with the rows.
    """
    entry = LogEntry.objects.create(
        user=by,
        action_time=at,
        content_type=ContentType.objects.get_for_model(rows.model),
        object_repr=f"Export of {table.name}",
        action_flag=CHANGE,
        change_message=_sentence(table, mode, query),
    )
    if table.holds_raw:
        leave_trace(by, f"reports as they were sent: {entry.change_message}")
    return _pieces(entry, table, rows, mode)


def _pieces(entry: LogEntry, table: Table, rows: QuerySet[Any], mode: Mode) -> Iterator[str]:
    lines = csv_lines(table.columns, table.rows(rows), mode)
    sent, is_whole = -1, False  # less the header
    try:
        while piece := list(islice(lines, LINES_AT_ONCE)):
            sent += len(piece)
            yield "".join(piece)
        is_whole = True
    finally:
        ended = f"{max(sent, 0)} rows." if is_whole else f"Given up after {max(sent, 0)} rows."
        LogEntry.objects.filter(pk=entry.pk).update(
            change_message=f"{entry.change_message} {ended}"
        )


def _sentence(table: Table, mode: Mode, query: str) -> str:
    raw = ", with the reports as they were sent" if table.holds_raw else ""
    return f"Exported {table.name} as {_MODES[mode]}{raw}: {query or 'the whole list'}."
