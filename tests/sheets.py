"""A file of breaks as somebody edits it: parsed, cells changed, written in any dialect."""

import csv
import io
from collections.abc import Callable, Iterable

from django.db.models import QuerySet

from breaks.models import TradeBreak
from breaks.spreadsheet import worked_table
from trades.spreadsheet import Mode, csv_lines, restore, written

Row = dict[str, str]


def exported(mode: Mode = Mode.SAFE, breaks: QuerySet | None = None) -> str:
    """Return the file that an export of these breaks, else of all, is."""
    rows = TradeBreak.objects.order_by("pk") if breaks is None else breaks
    table = worked_table(mode)
    return "".join(csv_lines(table.columns, table.rows(rows), mode))


def parsed(text: str, delimiter: str = ",") -> list[Row]:
    file = io.StringIO(text.removeprefix("\ufeff"), newline="")
    return list(csv.DictReader(file, delimiter=delimiter))


def saved(rows: Iterable[Row], delimiter: str = ",", end: str = "\r\n") -> str:
    """Write rows as a spreadsheet does: quotes only where they are needed."""
    rows = list(rows)
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter, lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def edited(text: str, cells: dict[int, Row], mode: Mode = Mode.SAFE) -> str:
    """Return the file with cells of these breaks changed, to what a person types."""
    rows = parsed(text)
    for row in rows:
        row |= {name: written(v, mode) for name, v in cells.get(int(row["id"]), {}).items()}
    return saved(rows)


def retyped(change: Callable[[str], str], text: str) -> str:
    """Return the file with every cell passed through `change`."""
    return saved({name: change(cell) for name, cell in row.items()} for row in parsed(text))


def plain_cells(text: str) -> list[Row]:
    """Return the rows with the escape of the safe mode taken off."""
    return [{name: restore(cell) for name, cell in row.items()} for row in parsed(text)]
