"""Rows side by side: what a column's distinct texts mean is read once a batch."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from json.encoder import encode_basestring_ascii as quoted
from typing import Any

from connectors.delimited import Row, Table, distinct, read_rows
from connectors.habits import Habits
from connectors.protocol import Record
from connectors.rows import Problems, Reader, RowRefused, readers_for, report_of, said
from trades.reports import as_text, value_fields
from trades.services.bulk import batches
from trades.services.staging import Reports

# Large enough that most distinct texts come up again, small enough to be a few dozen megabytes.
BATCH = 10_000


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that cannot be loaded: where it begins, its text as sent, and why."""

    number: int
    text: str
    reason: str


@dataclass(slots=True)
class Batch:
    """
    Some rows of an arrival: their `columns` by canonical name, all as long as `numbers`.

    `raws` are the payloads by the source's own names, as JSON. Rows without values are in
    `rejects` only.
    """

    numbers: Sequence[int]
    texts: Sequence[str]
    raws: Sequence[str]
    columns: dict[str, Sequence[str]]
    rejects: list[Reject] = field(default_factory=list)

    def record(self, row: int) -> Record:
        values = {name: column[row] for name, column in self.columns.items()}
        return Record(self.numbers[row], self.texts[row], values, json.loads(self.raws[row]))


def batches_of_file(table: Table, columns: Sequence[str]) -> Iterator[Batch]:
    """Yield the rows below a header, whose canonical names are `columns`, empty for raw only."""
    names = [quoted(name).replace("%", "%%") for name in distinct(table.header)]
    payload = "{" + ", ".join(f"{name}: %s" for name in names) + "}"
    rest = read_rows(table)
    while True:
        # Kept as texts and not as rows: the garbage collector has nothing to look through.
        numbers, texts, fields, rejects = [], [], [], []
        for row in islice(rest, BATCH):
            if row.problem:
                rejects.append(_refused(row))
            else:
                numbers.append(row.number)
                texts.append(row.text)
                fields.append(row.fields)
        if not numbers and not rejects:
            return
        named = zip(columns, zip(*fields, strict=True), strict=False)
        yield Batch(
            numbers=numbers,
            texts=texts,
            raws=[payload % tuple(map(quoted, cells)) for cells in fields],
            columns={name: column for name, column in named if name},
            rejects=rejects,
        )


def batches_of_records(records: Iterable[Record]) -> Iterator[Batch]:
    """Yield the records of an interface; each may name columns of its own."""
    for some in batches(records, BATCH):
        good = [record for record in some if not record.problem]
        names = dict.fromkeys(name for record in good for name in record.values)
        yield Batch(
            numbers=[record.number for record in good],
            texts=[record.text for record in good],
            raws=[json.dumps(dict(record.raw)) for record in good],
            columns={name: [record.values.get(name, "") for record in good] for name in names},
            rejects=[_refused(record) for record in some if record.problem],
        )


def _refused(row: Row | Record) -> Reject:
    return Reject(row.number, row.text, row.problem)


def read_batch(batch: Batch, habits: Habits) -> tuple[Reports, list[Reject]]:
    """
    Return the batch's reports, in its order, and its rejects.

    The same as `report_of` each of its rows makes, which also says why one makes none.
    """
    found: dict[str, Sequence[str | None]] = {}
    wrong: set[int] = set()
    for reader in readers_for(habits):
        found |= _read(reader, batch, habits, wrong)
    contents = [found[name] for name in value_fields()]
    reports = Reports(batch.numbers, batch.texts, batch.raws, contents)
    if not wrong:
        return reports, batch.rejects
    is_good = [row not in wrong for row in range(len(batch.numbers))]
    rejects = batch.rejects + [_explained(batch.record(row), habits) for row in sorted(wrong)]
    return reports.only(is_good), rejects


def _read(
    reader: Reader, batch: Batch, habits: Habits, wrong: set[int]
) -> dict[str, Sequence[str | None]]:
    """Return the texts of a reader's fields; rows it finds a problem in are added to `wrong`."""
    nothing = [""] * len(batch.numbers)
    columns = [batch.columns.get(name, nothing) for name in reader.columns]
    cells = columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))
    meanings, unreadable = _meanings(reader, habits, set(cells))
    if unreadable:
        wrong.update(row for row, cell in enumerate(cells) if cell in unreadable)
    values = [meanings[cell] for cell in cells]
    if len(reader.fields) == 1:
        return {reader.fields[0]: values}
    return {name: [value[place] for value in values] for place, name in enumerate(reader.fields)}


def _meanings(reader: Reader, habits: Habits, cells: set[Any]) -> tuple[dict[Any, Any], set[Any]]:
    """Return what each distinct cell, or tuple of cells, means; and those with a problem."""
    meanings, unreadable, problems = {}, set(), Problems()
    read, is_one = reader.read, len(reader.columns) == 1
    is_value = len(reader.fields) == 1
    for cell in cells:
        texts = (said(cell),) if is_one else map(said, cell)
        value = read(problems, habits, *texts)
        meanings[cell] = as_text(value) if is_value else tuple(map(as_text, value))
        if problems:
            unreadable.add(cell)
            problems.clear()
    return meanings, unreadable


def _explained(record: Record, habits: Habits) -> Reject:
    try:
        report_of(record, habits)
    except RowRefused as refusal:
        return Reject(record.number, record.text, str(refusal))
    raise AssertionError(f"line {record.number} is a good row")  # pragma: no cover
