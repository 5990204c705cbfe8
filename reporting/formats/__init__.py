"""A report as files: CSV, Excel and PDF, all of the same cells."""

from collections.abc import Callable

from reporting.formats.as_csv import as_csv
from reporting.formats.as_pdf import as_pdf
from reporting.formats.as_xlsx import as_xlsx
from reporting.formats.report import Report

# By the end of a file's name: what makes it, and its media type.
FORMATS: dict[str, tuple[Callable[[Report], bytes], str]] = {
    "pdf": (as_pdf, "application/pdf"),
    "xlsx": (as_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "csv": (as_csv, "text/csv; charset=utf-8"),
}

__all__ = ["FORMATS", "Report", "as_csv", "as_pdf", "as_xlsx"]
