"""Delimited text: bytes become a header and records with true line numbers."""

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connectors.protocol import Record, Unreadable

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# One field may be long; one that swallowed the file for want of a quote may not.
FIELD_LIMIT = 131_072


@dataclass(frozen=True, slots=True)
class Table:
    """A decoded file: its header as written and as names, and the text below it."""

    text: str
    header_text: str
    header: tuple[str, ...]
    delimiter: str


def decode(content: bytes, encoding: str, name: str) -> str:
    """
    Return the text of a file; a byte order mark overrules the layout's encoding.

    :raises Unreadable: if the file is empty, binary or in another encoding.
    """
    if not content.strip():
        raise Unreadable(f"{name} is empty; ask the source to send it again.")
    encoding = next((found for mark, found in _BOMS if content.startswith(mark)), encoding)
    try:
        text = content.decode(encoding)
    except LookupError as problem:
        raise Unreadable(
            f"The layout's encoding {encoding!r} is none that is known; write utf-8 or cp1252."
        ) from problem
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise Unreadable(
            f"{name} is not written in {encoding}: line {line} has the byte "
            f"0x{content[problem.start]:02X}. Save it as UTF-8, or name its encoding in the layout."
        ) from problem
    # Further down a zero byte is one bad row's.
    if "\x00" in text.lstrip().partition("\n")[0]:
        raise Unreadable(f"{name} is no text but binary data; send it as delimited text.")
    return text


def read_header(text: str, delimiter: str, name: str) -> Table:
    """
    Return the table whose first line that is not blank holds the column names.

    :raises Unreadable: if there is no such line.
    """
    lines = _Lines(text)
    for fields in _reader(lines, delimiter):
        if any(field.strip() for field in fields):
            header = tuple(field.strip().lstrip("\ufeff") for field in fields)
            return Table(text, lines.take(), header, delimiter)
        lines.take()
    raise Unreadable(f"{name} has no header; its first line must name the columns.")


def read_records(table: Table, columns: Sequence[str]) -> Iterator[Record]:
    """
    Yield every record below the header; blank lines are none.

    `columns` gives each header's canonical name, or empty text for what stays raw only. A
    record with more or fewer fields than the header is yielded with its problem.
    """
    names = _distinct(table.header)
    lines = _Lines(table.text)
    reader = _reader(lines, table.delimiter)
    is_header = True
    while True:
        start = lines.number + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            yield Record(start, _shown(lines.take()), {}, {}, _broken(problem))
            continue
        text = lines.take()
        if not fields or (len(fields) == 1 and not fields[0].strip()):
            continue
        if is_header:
            is_header = not any(field.strip() for field in fields)
            continue
        if _is_cut_off(text, table.delimiter):
            yield Record(start, _shown(text), {}, {}, "A quote is opened and never closed.")
            continue
        yield _record(start, text, fields, names, columns)


def parse_line(
    table_header: str, text: str, delimiter: str, columns: Sequence[str]
) -> list[Record]:
    """Return the records of `text` as they would be read below `table_header`."""
    header = table_header if table_header.endswith("\n") else f"{table_header}\n"
    table = read_header(header + text, delimiter, "The corrected row")
    return list(read_records(table, columns))


class _Lines:
    """The lines of a text, remembering those that the current record has taken."""

    def __init__(self, text: str) -> None:
        self._lines = io.StringIO(text, newline="")
        self._taken: list[str] = []
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.number += 1
            self._taken.append(line)
            yield line

    def take(self) -> str:
        text = "".join(self._taken)
        self._taken.clear()
        return text


def _reader(lines: _Lines, delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(FIELD_LIMIT)
    return csv.reader(iter(lines), delimiter=delimiter)


def _record(
    start: int, text: str, fields: list[str], names: Sequence[str], columns: Sequence[str]
) -> Record:
    shown = _shown(text)
    while len(fields) > len(names) and not fields[-1].strip():
        fields.pop()
    if len(fields) != len(names):
        problem = f"The row has {_count(len(fields))} where the header has {len(names)}"
        if "\n" in shown:
            problem += "; a quote that is opened and not closed would do this"
        return Record(start, shown, {}, {}, f"{problem}.")
    if "\x00" in text:
        return Record(start, shown, {}, {}, "The row holds a zero byte, which no text has.")
    values = {column: value for column, value in zip(columns, fields, strict=True) if column}
    return Record(start, shown, values, dict(zip(names, fields, strict=True)))


def _is_cut_off(text: str, delimiter: str) -> bool:
    """Tell whether the file ended inside quotes: what is there of the field is not all of it."""
    if text.count('"') % 2 == 0:
        return False
    try:
        list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as problem:
        return "end of data" in str(problem)
    return False


def _shown(text: str) -> str:
    return text.rstrip("\r\n").replace("\x00", "\ufffd")


def _count(fields: int) -> str:
    return "1 field" if fields == 1 else f"{fields} fields"


def _broken(problem: csv.Error) -> str:
    if "field larger" in str(problem):
        return (
            f"A field is longer than {FIELD_LIMIT:,} characters; a quote is opened and not closed."
        )
    return f"The row cannot be split into fields: {problem}."


def _distinct(header: Sequence[str]) -> list[str]:
    """Return names for the raw payload, two columns of one name kept apart."""
    names: list[str] = []
    for position, name in enumerate(header, start=1):
        plain = name or f"column {position}"
        names.append(plain if plain not in names else f"{plain} ({position})")
    return names
