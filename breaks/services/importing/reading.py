"""From the bytes of a file to rows of text: dialects, encodings, and the escape taken off again."""

import codecs
import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from breaks.services.lifecycle import WorkRefused
from breaks.spreadsheet import SEAL, WORKED
from trades.spreadsheet import Mode, mode_of, read, seal

MAX_BYTES = 64 * 1024 * 1024
MAX_ROWS = 100_000
NEEDED = ("id", "version")

_DELIMITERS = (",", ";", "\t", "|")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_SAVE_AS = "Save it as CSV in UTF-8 and hand that in."


class FileRefused(WorkRefused):
    """A file of which no row can be read."""


@dataclass(frozen=True, slots=True)
class FileRow:
    """
    One row: the line of the file it begins on, from 1, and its texts by column.

    `is_untouched` tells that it is to the letter as the export wrote it; `problem` why it cannot
    be read.
    """

    line: int
    texts: Mapping[str, str]
    is_untouched: bool = False
    problem: str = ""


def read_file(content: bytes) -> Iterator[FileRow]:
    """
    Yield the rows of a file, blank ones left out.

    Commas, semicolons, tabs and bars are taken as separators, whichever the header has; UTF-8
    and, where a mark says so, UTF-16. A cell is text: nothing in it is evaluated.

    :raises FileRefused: if the file is no such file, with the line where reading stopped.
    """
    text = _decoded(content)
    first, _, _ = text.partition("\n")
    skipped = first.strip().lower().startswith("sep=")
    delimiter = _delimiter(text[len(first) + 1 :] if skipped else text)
    file = io.StringIO(text, newline="")
    if skipped:
        file.readline()
    yield from _rows(csv.reader(file, delimiter=delimiter, strict=True), 1 if skipped else 0)


def _decoded(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise FileRefused(
            f"The file has {len(content):,} bytes, and at most {MAX_BYTES:,} are taken. Split it."
        )
    if content.startswith(_WORKBOOKS):
        raise FileRefused(f"This is a workbook of a spreadsheet and no CSV. {_SAVE_AS}")
    encoding, start = "utf-8", 0
    for mark, named in _MARKS:
        if content.startswith(mark):
            encoding, start = named, len(mark)
    try:
        text = content[start:].decode(encoding)
    except UnicodeDecodeError as problem:
        line = content[: start + problem.start].count(b"\n") + 1
        raise FileRefused(
            f"Line {line} is not {encoding.upper()}, so letters would be guessed. {_SAVE_AS}"
        ) from problem
    if "\x00" in text:
        raise FileRefused(f"The file holds NUL characters, so it is no CSV in UTF-8. {_SAVE_AS}")
    if not text.strip():
        raise FileRefused("The file is empty.")
    return text


def _delimiter(text: str) -> str:
    for delimiter in _DELIMITERS:
        try:
            header = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
        except csv.Error:
            continue
        if set(NEEDED) <= set(_names(header)):
            return delimiter
    raise FileRefused(
        f"The first line is no header of breaks: it needs the columns {' and '.join(NEEDED)}, as "
        "an export of the queue has them."
    )


def _names(header: Sequence[str]) -> list[str]:
    return [name.strip().lower() for name in header]


def _rows(reader: Any, skipped: int) -> Iterator[FileRow]:
    names = _names(next(reader))
    _check_names(names)
    count = 0
    while True:
        line = reader.line_num + 1 + skipped
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            raise FileRefused(
                f"From line {line} on the file is no CSV ({problem}): quotes there do not match."
            ) from problem
        if not any(cell.strip() for cell in cells):
            continue
        count += 1
        if count > MAX_ROWS:
            raise FileRefused(f"The file has more than {MAX_ROWS:,} rows. Split it.")
        yield _row(line, names, cells)


def _check_names(names: Sequence[str]) -> None:
    given = [name for name in names if name]
    unknown = [name for name in given if name not in WORKED]
    if unknown:
        raise FileRefused(
            f"There is no column {unknown[0]!r}; take it out. An export of the queue has "
            f"{', '.join(WORKED)}."
        )
    twice = sorted({name for name in given if given.count(name) > 1})
    if twice:
        raise FileRefused(f"The column {twice[0]!r} is there twice; take one out.")


def _row(line: int, names: Sequence[str], cells: Sequence[str]) -> FileRow:
    beyond = [cell for at, cell in enumerate(cells) if cell and (at >= len(names) or not names[at])]
    if beyond or len(cells) < sum(1 for name in names if name):
        return FileRow(
            line, {}, problem=f"The row has {len(cells)} cells for {len(names)} columns."
        )
    found = dict(zip(names, cells, strict=False))
    sealed = found.pop(SEAL, "").strip()
    mode = mode_of(sealed)
    if sealed and mode is None:
        return FileRow(
            line, found,
            problem="The last column, seal, is not as it was written, and it says how the others "
            "are to be read. Put it back, or export again.",
        )  # fmt: skip
    texts = {name: read(cell, mode or Mode.EXACT) for name, cell in found.items() if name}
    whole = mode is not None and len(texts) == len(WORKED) - 1
    untouched = whole and sealed == seal([texts[name] for name in WORKED[:-1]], mode or Mode.EXACT)
    return FileRow(line, texts, is_untouched=untouched)
