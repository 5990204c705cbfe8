"""A report as an Excel workbook: a sheet a section, numbers as numbers, no formula anywhere."""

import io
import re
from decimal import Decimal
from typing import Any

from reporting.formats.report import COUNT, MONEY, TEXT, Report, Section

NUMBER_FORMATS = {COUNT: "#,##0", MONEY: "#,##0.00"}
MOST_WIDE, MOST_DIGITS = 48, 15
# Excel takes none of these in the name of a sheet.
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\]")


def as_xlsx(report: Report) -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    for place, section in enumerate(report.sections, start=1):
        name = _NOT_IN_NAMES.sub(" ", section.title)[:28]
        taken = name in book.sheetnames
        _fill(book.create_sheet(f"{name} {place}" if taken else name), report, section)
    book.properties.title = report.title
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def _fill(sheet: Any, report: Report, section: Section) -> None:
    from openpyxl.styles import Font

    for at, text in enumerate((report.title, report.subtitle, section.title), start=1):
        _write(sheet, at, 1, text, TEXT)
        sheet.cell(at, 1).font = Font(bold=at != 2, size=14 if at == 1 else 11)
    for at, name in enumerate(section.head, start=1):
        _write(sheet, 5, at, name, TEXT)
        sheet.cell(5, at).font = Font(bold=True)
    for line, row in enumerate(section.rows, start=6):
        for at, (text, kind) in enumerate(zip(row, section.kinds, strict=True), start=1):
            _write(sheet, line, at, text, kind)
    if not section.rows:
        _write(sheet, 6, 1, section.none, TEXT)
    sheet.freeze_panes = "A6"
    for at, name in enumerate(section.head, start=1):
        longest = max([len(name), *(len(row[at - 1]) for row in section.rows)])
        letter = sheet.cell(5, at).column_letter
        sheet.column_dimensions[letter].width = min(longest + 3, MOST_WIDE)


def _write(sheet: Any, line: int, at: int, text: str, kind: str) -> None:
    """Write one cell; what is text stays text, whatever it begins with."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    into = sheet.cell(line, at)
    # Excel keeps fifteen digits of a number and rounds the rest: longer ones stay text.
    if kind != TEXT and 0 < sum(digit.isdigit() for digit in text) <= MOST_DIGITS:
        into.value = Decimal(text) if kind == MONEY else int(text)
        into.number_format = NUMBER_FORMATS[kind]
        return
    into.value = ILLEGAL_CHARACTERS_RE.sub("", text)
    # Excel runs what openpyxl takes for a formula by its first letter.
    into.data_type = "s"
    into.quotePrefix = True
