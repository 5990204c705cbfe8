"""A report as CSV: one file, a line before each table, safe to open in a spreadsheet."""

from reporting.formats.report import Report
from trades.spreadsheet import Mode, csv_lines


def as_csv(report: Report) -> bytes:
    """Write every section under its title; numbers stay numbers, and nothing runs as a formula."""
    rows: list[list[str]] = [[report.subtitle], []]
    for section in report.sections:
        rows += [[section.title], list(section.head)]
        rows += [list(row) for row in section.rows] or [[section.none]]
        rows.append([])
    return "".join(csv_lines([report.title], rows, Mode.SAFE)).encode()
