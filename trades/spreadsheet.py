"""
Text in the cells of a CSV file that a spreadsheet can open without running or changing anything.

Whatever `escape` and `guard` do to a text `restore` undoes to the letter, so that a file may be
opened, saved and read again.
"""

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

# What a spreadsheet takes for the start of a formula, in full width too; and the mark itself, so
# it can be undone.
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "'", "＝", "＋", "－", "＠")  # noqa: RUF001
NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)

# A cell begins where the text does, and after what another country's spreadsheet splits at.
_BEGINS = r"(?<![^;,\t\r\n])"
_TO_MARK = re.compile(f"{_BEGINS}(?=[{re.escape(''.join(RISKY))}])")
_MARKED = re.compile(f"{_BEGINS}'")

# Longer ones are shown rounded, and saved as shown.
LONGEST_NUMBER = 11
_LONGEST_DATE = 60
_LONG_NUMBER = re.compile(r"[\d\s.,+-]*")
_KEPT_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d*[1-9])?", re.ASCII)
_MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_TURNED = re.compile(
    # Numbers, dates, times, shares and fractions; 1E5; dates by the names of months; truth.
    r"\s*[\d.,:/%$€£¥()\s-]*\d[\d.,:/%$€£¥()\sTZ+-]*(e[+-]?\d+)?([ap]\.?m\.?)?\s*"
    rf"|\s*\d{{1,4}}[\s./-]*{_MONTH}[\s./,-]*\d*\s*|\s*{_MONTH}[\s./,-]*\d[\d\s./,-]*"
    r"|\s*(true|false)\s*",
    re.IGNORECASE,
)


class Mode(StrEnum):
    """How cells are written: for a spreadsheet, or as the values are, for a program."""

    SAFE = "safe"
    EXACT = "exact"


def escape(text: str) -> str:
    """Put an apostrophe before a text a spreadsheet would run; a plain number is left as it is."""
    return text if NUMBER.fullmatch(text) else _TO_MARK.sub("'", text)


def guard(text: str) -> str:
    """
    Put an apostrophe before what a spreadsheet would run, and before what it would change.

    Twenty digits it would round, ``007`` it would shorten, and ``3-4`` is a day of March to it.
    A number that it keeps to the digit stays a number.
    """
    escaped = escape(text)
    turned = _TURNED if len(text) <= _LONGEST_DATE else _LONG_NUMBER
    if escaped != text or not text or not turned.fullmatch(text):
        return escaped
    is_kept = _KEPT_NUMBER.fullmatch(text) and len(text.lstrip("-")) <= LONGEST_NUMBER
    return text if is_kept and text != "-0" else f"'{text}"


def restore(cell: str) -> str:
    """Return the text that `escape` or `guard` made a cell of."""
    return _MARKED.sub("", cell) if "'" in cell else cell


def written(text: str, mode: Mode) -> str:
    """Return the cell that a text is in a file of this mode."""
    return guard(text) if mode == Mode.SAFE else text


def read(cell: str, mode: Mode) -> str:
    """Return the text that `written` made a cell of."""
    return restore(cell) if mode == Mode.SAFE else cell


@dataclass(frozen=True)
class Table:
    """
    A list as rows of text: `rows(queryset)` yields one a row, in the order of `columns`.

    `holds_raw` tells that reports are among the columns as their sources sent them.
    """

    name: str
    columns: Sequence[str]
    rows: Callable[[Any], Iterator[list[str]]]
    holds_raw: bool = False


def csv_lines(header: Sequence[str], rows: Iterable[list[str]], mode: Mode) -> Iterator[str]:
    """Yield the lines of a CSV file, the header first; memory does not grow with them."""
    # A spreadsheet reads UTF-8 only where a mark says so; in quotes no separator splits a cell.
    line = _Line(quotes_all=mode == Mode.SAFE)
    yield "\ufeff" * (mode == Mode.SAFE) + line.of(header)
    for row in rows:
        yield line.of([written(text, mode) for text in row])


class _Line:
    """Makes one line of CSV at a time."""

    def __init__(self, *, quotes_all: bool) -> None:
        self._file = io.StringIO(newline="")
        self._quoted = csv.writer(self._file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        bare = csv.writer(self._file, lineterminator="\n")
        self._usual = self._quoted if quotes_all else bare

    def of(self, cells: Sequence[str]) -> str:
        # Python quotes a lone carriage return only where lines end in one, yet readers stop at it.
        writer = self._quoted if any("\r" in cell for cell in cells) else self._usual
        writer.writerow(cells)
        line = self._file.getvalue()
        self._file.seek(0)
        self._file.truncate()
        return line


def seal(texts: Sequence[str], mode: Mode) -> str:
    """
    Return the mode's first letter and a digest of a row's texts, as the row's last cell.

    It tells how the row was written and whether somebody has edited it since; it proves nothing.
    """
    digest = hashlib.sha256(json.dumps(list(texts)).encode()).hexdigest()
    return f"{_LETTERS[mode]}{digest[:16]}"


def mode_of(sealed: str) -> Mode | None:
    """Return the mode that a seal names; None if it is no seal."""
    found = _SEAL.fullmatch(sealed)
    return next(mode for mode, letter in _LETTERS.items() if letter == found[1]) if found else None


# Neither letter can be a digit of the digest, nor make a number or a month of it.
_LETTERS = {Mode.SAFE: "s", Mode.EXACT: "x"}
_SEAL = re.compile(r"([sx])[0-9a-f]{16}", re.ASCII)
