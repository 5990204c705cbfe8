"""A picture's figures as a table, for print, for readers of screens and to the digit."""

from collections.abc import Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


def table_twin(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> SafeString:
    """Return the figures of a picture as a table that opens below it."""
    names = format_html_join(
        "", "<th{}>{}</th>", ((_right(at), name) for at, name in enumerate(head))
    )
    body = format_html_join(
        "",
        "<tr>{}</tr>",
        (
            (
                format_html_join(
                    "", "<td{}>{}</td>", ((_right(at), cell) for at, cell in enumerate(row))
                ),
            )
            for row in rows
        ),
    )
    return format_html(
        '<details class="dk-twin"><summary>As a table</summary><div class="dk-scroll">'
        '<table class="dk-table"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>'
        "</div></details>",
        names,
        body,
    )


def _right(at: int) -> SafeString:
    return format_html(' class="{}"', "dk-right") if at else SafeString()
