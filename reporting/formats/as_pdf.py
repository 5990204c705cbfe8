"""A report as PDF: A4 across, a table a section, heads repeated on every page."""

import io
from typing import Any
from xml.sax.saxutils import escape

from reporting.formats.report import Report, Section

MARGIN = 36
SMALL = 8


def as_pdf(report: Report, *, compressed: bool = True) -> bytes:
    """Draw the report; the same report is the same file to the byte."""
    from reportlab.lib.pagesizes import A4, landscape
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer

    styles = {
        "title": ParagraphStyle("title", fontName="Helvetica-Bold", fontSize=16, leading=20),
        "soft": ParagraphStyle("soft", fontName="Helvetica", fontSize=9, leading=12),
        "section": ParagraphStyle(
            "section", fontName="Helvetica-Bold", fontSize=11, leading=14, spaceBefore=10,
            spaceAfter=3, keepWithNext=1,
        ),
        "cell": ParagraphStyle("cell", fontName="Helvetica", fontSize=SMALL, leading=10),
        "number": ParagraphStyle(
            "number", fontName="Helvetica", fontSize=SMALL, leading=10, alignment=2
        ),
        "head": ParagraphStyle("head", fontName="Helvetica-Bold", fontSize=SMALL, leading=10),
        "head_number": ParagraphStyle(
            "head_number", fontName="Helvetica-Bold", fontSize=SMALL, leading=10, alignment=2
        ),
    }  # fmt: skip
    made = io.BytesIO()
    page = landscape(A4)
    paper = SimpleDocTemplate(
        made, pagesize=page, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN,
        bottomMargin=MARGIN, title=report.title, author="Recon desk", invariant=1,
        pageCompression=int(compressed),
    )  # fmt: skip
    flow: list[Any] = [
        Paragraph(escape(report.title), styles["title"]),
        Paragraph(escape(report.subtitle), styles["soft"]),
        Spacer(1, 4),
    ]
    for section in report.sections:
        flow.append(Paragraph(escape(section.title), styles["section"]))
        if section.rows:
            flow.append(_table(section, styles, page[0] - 2 * MARGIN))
        else:
            flow.append(Paragraph(escape(section.none), styles["soft"]))
    foot = _Foot(report.title)
    paper.build(flow, onFirstPage=foot, onLaterPages=foot)
    return made.getvalue()


def _table(section: Section, styles: dict[str, Any], room: float) -> Any:
    from reportlab.lib import colors
    from reportlab.platypus import LongTable, Paragraph, TableStyle

    heads = [
        Paragraph(escape(name), styles["head_number" if is_number else "head"])
        for name, is_number in section.heads
    ]
    rows = [
        [
            Paragraph(escape(_drawable(text)), styles["number" if is_number else "cell"])
            for text, is_number in row
        ]
        for row in section.shown
    ]
    look = TableStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 0), (-1, 0), 0.75, colors.black),
            ("LINEBELOW", (0, 1), (-1, -1), 0.25, colors.lightgrey),
            ("TOPPADDING", (0, 0), (-1, -1), 1.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
            ("LEFTPADDING", (0, 0), (-1, -1), 3),
            ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ]
    )
    return LongTable(
        [heads, *rows], colWidths=_widths(section, room), repeatRows=1, style=look, hAlign="LEFT"
    )


def _widths(section: Section, room: float) -> list[float]:
    """Share the page out by the longest text of each column, none too narrow for its head."""
    longest = [
        min(40, max([len(name) + 1, *(len(row[at][0]) for row in section.shown), 6]))
        for at, name in enumerate(section.head)
    ]
    wanted = [length * SMALL * 0.62 + 8 for length in longest]
    scale = min(1.0, room / sum(wanted))
    return [width * scale for width in wanted]


def _drawable(text: str) -> str:
    """Keep what the built-in fonts can draw; another letter is a question mark, not a box."""
    return text.encode("cp1252", errors="replace").decode("cp1252")


class _Foot:
    """Writes the title and the number of each page beneath it."""

    def __init__(self, title: str) -> None:
        self.title = title

    def __call__(self, canvas: Any, paper: Any) -> None:
        canvas.saveState()
        canvas.setFont("Helvetica", 7)
        canvas.drawString(MARGIN, MARGIN / 2, self.title)
        canvas.drawRightString(paper.pagesize[0] - MARGIN, MARGIN / 2, f"page {paper.page}")
        canvas.restoreState()
