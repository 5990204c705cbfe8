"""Delimited text: bytes become a header and records with true line numbers."""

import codecs
import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from connectors.protocol import Record, Unreadable
from connectors.spool import Spool

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# One field may be long; one that swallowed the file for want of a quote may not.
FIELD_LIMIT = 131_072
_PIECE = 1024 * 1024


# Begins the text anew each time: its lines, with their ends as they are.
Lines = Callable[[], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Table:
    """A decoded file: its header as written and as names, and the lines it begins with."""

    lines: Lines
    header_text: str
    header: tuple[str, ...]
    delimiter: str


class Row(NamedTuple):
    """One row below the header: the line it begins on, its text, and its fields or a problem."""

    number: int
    text: str
    fields: tuple[str, ...]
    problem: str = ""


def text_of(file: Spool, encoding: str, name: str) -> Lines:
    """
    Return the lines of a file, all of which can be decoded.

    A byte order mark overrules the layout's encoding.

    :raises Unreadable: if the file is empty, binary or in another encoding.
    """
    with file.binary() as content:
        start = content.read(4)
    encoding = next((found for mark, found in _BOMS if start.startswith(mark)), encoding)
    _check_decodes(file, encoding, name)
    _check_text(next((line for line in file.lines(encoding) if line.strip()), ""), name)
    return partial(file.lines, encoding)


def lines_of(text: str) -> Lines:
    return partial(io.StringIO, text, newline="")


def _check_decodes(file: Spool, encoding: str, name: str) -> None:
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
    except LookupError as problem:
        raise Unreadable(
            f"The layout's encoding {encoding!r} is none that is known; write utf-8 or cp1252."
        ) from problem
    is_blank, lines, piece = True, 0, b""
    with file.binary() as content:
        try:
            while piece := content.read(_PIECE):
                is_blank = is_blank and not piece.strip()
                decoder.decode(piece)
                lines += piece.count(b"\n")
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as problem:
            # The decoder may have kept the last few bytes of the piece before.
            at = problem.start - (len(problem.object) - len(piece))
            line = lines + piece.count(b"\n", 0, max(at, 0)) + 1
            raise Unreadable(
                f"{name} is not written in {encoding}: line {line} has the byte "
                f"0x{problem.object[problem.start]:02X}. Save it as UTF-8, or name its encoding "
                "in the layout."
            ) from problem
    if is_blank:
        raise Unreadable(f"{name} is empty; ask the source to send it again.")


def _check_text(beginning: str, name: str) -> None:
    # Further down a zero byte is one bad row's.
    if "\x00" in beginning:
        raise Unreadable(f"{name} is no text but binary data; send it as delimited text.")


def read_header(lines: Lines, delimiter: str, name: str) -> Table:
    """
    Return the table whose first line that is not blank holds the column names.

    :raises Unreadable: if there is no such line, or it cannot be read.
    """
    taken = _Lines(lines())
    try:
        for fields in _reader(taken, delimiter):
            text = taken.take()
            _check_text(text, name)
            if any(field.strip() for field in fields):
                header = tuple(field.strip().lstrip("\ufeff") for field in fields)
                return Table(lines, text, header, delimiter)
    except csv.Error as problem:
        raise Unreadable(f"{name} has no header that can be read. {_broken(problem)}") from problem
    raise Unreadable(f"{name} has no header; its first line must name the columns.")


def read_rows(table: Table) -> Iterator[Row]:
    """
    Yield every row below the header; blank lines are none.

    One with more or fewer fields than the header is yielded with its problem.
    """
    lines = _Lines(table.lines())
    reader = _reader(lines, table.delimiter)
    width = len(table.header)
    is_header = True
    while True:
        start = lines.number + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            yield Row(start, _shown(lines.take()), (), _broken(problem))
            continue
        text = lines.take()
        if not fields or (len(fields) == 1 and not fields[0].strip()):
            continue
        if is_header:
            is_header = not any(field.strip() for field in fields)
            continue
        if lines.ended:
            yield Row(start, _shown(text), (), "A quote is opened and never closed.")
            return
        yield _row(start, text, fields, width)


def parse_line(
    table_header: str, text: str, delimiter: str, columns: Sequence[str]
) -> list[Record]:
    """
    Return the records of `text` as they would be read below `table_header`.

    `columns` gives each header's canonical name, or empty text for what stays raw only.
    """
    header = table_header if table_header.endswith("\n") else f"{table_header}\n"
    table = read_header(lines_of(header + text), delimiter, "The corrected row")
    return [record_of(row, table, columns) for row in read_rows(table)]


def record_of(row: Row, table: Table, columns: Sequence[str]) -> Record:
    if row.problem:
        return Record(row.number, row.text, {}, {}, row.problem)
    values = {column: value for column, value in zip(columns, row.fields, strict=True) if column}
    raw = dict(zip(distinct(table.header), row.fields, strict=True))
    return Record(row.number, row.text, values, raw)


class _Lines:
    """
    The lines of a text, remembering those that the current record has taken.

    `ended` is true once more were asked for than there are: within a record, inside its quotes.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = lines
        self._taken: list[str] = []
        self.number = 0
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.number += 1
            self._taken.append(line)
            yield line
        self.ended = True

    def take(self) -> str:
        text = "".join(self._taken)
        self._taken.clear()
        return text


def _reader(lines: _Lines, delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(FIELD_LIMIT)
    return csv.reader(iter(lines), delimiter=delimiter)


def _row(start: int, text: str, fields: list[str], width: int) -> Row:
    shown = _shown(text)
    while len(fields) > width and not fields[-1].strip():
        fields.pop()
    if len(fields) != width:
        problem = f"The row has {_count(len(fields))} where the header has {width}"
        if "\n" in shown:
            problem += "; a quote that is opened and not closed would do this"
        return Row(start, shown, (), f"{problem}.")
    if "\x00" in text:
        return Row(start, shown, (), "The row holds a zero byte, which no text has.")
    return Row(start, shown, tuple(fields))


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


def distinct(header: Sequence[str]) -> list[str]:
    """Return names for the raw payload, two columns of one name kept apart."""
    names: list[str] = []
    for position, name in enumerate(header, start=1):
        plain = name or f"column {position}"
        names.append(plain if plain not in names else f"{plain} ({position})")
    return names
