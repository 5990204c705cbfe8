"""How far a worker is, and what became of rows, drawn."""

from collections.abc import Sequence
from decimal import Decimal

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from trades.admin.page import Panel

NOBODY_CAME = (
    "No worker has taken it yet. The message is sent again every minute; Administration, Workers "
    "shows which are alive."
)
WORKER_LOST = (
    "Its worker has not been heard of lately, and another takes over within a minute. "
    "Administration, Workers shows which are alive."
)
# Of a hundred: the least a part that is there gets, so that one row in a million is seen.
LEAST_WIDTH = Decimal("1.2")


def progress_panel(
    step: str, *, percent: int | None = None, beside: str = "", hint: str = ""
) -> Panel:
    """Show a step and how far it is; `percent` is None where nobody knows how much there is."""
    known = percent is not None
    body = format_html(
        '<div class="dk-progress"><p><b>{}</b> <span class="dk-soft">{}</span><span>{}</span></p>'
        '<svg viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect class="{}" width="{}" height="8"/></svg>{}</div>',
        step, beside, f"{percent}%" if known else "",
        f"{percent}% done" if known else "at work",
        "" if known else "dk-unmeasured", percent if known else 100,
        format_html('<p class="dk-soft">{}</p>', hint) if hint else "",
    )  # fmt: skip
    return Panel(title="Progress", note="this page follows by itself", body=body)


def split_bar(parts: Sequence[tuple[str, int]]) -> SafeString:
    """Draw parts of a whole, each with its tone, as wide as they count; nothing for no rows."""
    present = [(tone, count) for tone, count in parts if count]
    if not present:
        return SafeString("")
    whole = Decimal(sum(count for _, count in present))
    widths = [max(LEAST_WIDTH, count / whole * 100) for _, count in present]
    scale = 100 / sum(widths, Decimal(0))
    drawn, at = [], Decimal(0)
    for (tone, _), width in zip(present, widths, strict=True):
        drawn.append((tone, f"{at:.2f}", f"{width * scale:.2f}"))
        at += width * scale
    return format_html(
        '<svg class="dk-split" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">{}'
        "</svg>",
        format_html_join("", '<rect class="dk-part-{}" x="{}" width="{}" height="8"/>', drawn),
    )


def sum_of(whole: str, total: int, parts: Sequence[tuple[str, str, int]]) -> SafeString:
    """Draw ``whole = part + part`` as figures and a bar; a part is its tone, name and count."""
    terms = format_html_join(
        "",
        '<div><dt><i class="dk-part-{}"></i>{}</dt><dd>{}</dd></div>',
        ((tone, name, f"{count:,}") for tone, name, count in parts),
    )
    return format_html(
        '<div class="dk-sum"><dl><div><dt>{}</dt><dd>{}</dd></div>{}</dl>{}</div>',
        whole, f"{total:,}", terms, split_bar([(tone, count) for tone, _, count in parts]),
    )  # fmt: skip
