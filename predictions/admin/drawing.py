"""The watch as pictures: SVG from the server, each with its figures as a table."""

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from trades.admin.cells import NOTHING, digits

WIDTH, HEIGHT, BASE, LEFT, TOP = 640, 170, 22, 40, 16


def pairs(
    rows: Sequence[tuple[str, float, float]], *, title: str, first: str, second: str
) -> SafeString:
    """Draw two columns a row of ``(label, first, second)``, beside one another."""
    most = max((max(a, b) for _, a, b in rows), default=0) or 1
    step = (WIDTH - LEFT) / max(len(rows), 1)
    wide = min(step * 0.32, 22)
    bars = format_html_join(
        "",
        '<g><title>{}: {} {}, {} {}</title><rect class="dk-draw-all" x="{}" y="{}" width="{}" '
        'height="{}"/><rect class="dk-draw-ours" x="{}" y="{}" width="{}" height="{}"/>'
        '<text x="{}" y="{}" text-anchor="middle">{}</text></g>',
        (
            (
                label, f"{a:,.1f}", first, digits(b), second,
                *_bar(LEFT + step * (at + 0.5) - wide - 1, wide, a / most),
                *_bar(LEFT + step * (at + 0.5) + 1, wide, b / most),
                f"{LEFT + step * (at + 0.5):.1f}", HEIGHT - 6, label,
            )
            for at, (label, a, b) in enumerate(rows)
        ),
    )  # fmt: skip
    return format_html(
        "{}{}</svg>"
        '<p class="dk-draw-key"><i class="dk-draw-all"></i>{} <i class="dk-draw-ours"></i>{}</p>',
        _frame(title, f"{most:,.0f}"), bars, first, second,
    )  # fmt: skip


def line(
    rows: Sequence[tuple[str, float | None]], *, title: str, limit: float, limit_word: str
) -> SafeString:
    """Draw a figure from row to row with the limit it should stay below; gaps where unknown."""
    known = [value for _, value in rows if value is not None]
    most = max([limit * 1.25, *known]) or 1
    step = (WIDTH - LEFT) / max(len(rows), 1)
    places = [
        (LEFT + step * (at + 0.5), None if value is None else _height(value / most), label, value)
        for at, (label, value) in enumerate(rows)
    ]
    dots = format_html_join(
        "",
        '<circle class="{}" cx="{}" cy="{}" r="3.5"><title>{}: {}</title></circle>',
        (
            ("dk-draw-past" if value > limit else "dk-draw-dot",
             f"{x:.1f}", f"{y:.1f}", label, f"{value:.4f}")
            for x, y, label, value in places
            if y is not None and value is not None
        ),
    )  # fmt: skip
    labels = format_html_join(
        "", '<text x="{}" y="{}" text-anchor="middle">{}</text>',
        ((f"{x:.1f}", HEIGHT - 6, label) for x, _, label, _ in places),
    )  # fmt: skip
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _, _ in places if y is not None)
    at_limit = f"{_height(limit / most):.1f}"
    return format_html(
        '{}<line class="dk-draw-usual" x1="{}" x2="{}" y1="{}" y2="{}"/>'
        '<text x="{}" y="{}" text-anchor="end">{}</text>'
        '<polyline class="dk-draw-line" points="{}"/>{}{}</svg>',
        _frame(title, f"{most:.3g}"), LEFT, WIDTH, at_limit, at_limit,
        WIDTH, f"{_height(limit / most) - 4:.1f}", limit_word, path, dots, labels,
    )  # fmt: skip


def heat(index: float | None, limit: float) -> SafeString:
    """Show a stability index: calm below 0.1, lit where it is past the limit."""
    if index is None:
        return NOTHING
    tone = "past" if index > limit else "warm" if index >= 0.1 else "calm"
    return format_html('<span class="dk-num dk-heat dk-heat-{}">{}</span>', tone, f"{index:.2f}")


def _frame(title: str, most: str) -> SafeString:
    """Begin a picture: its name for readers of screens, its ground line, its largest value."""
    return format_html(
        '<svg class="dk-draw" viewBox="0 0 {} {}" role="img" aria-label="{}">'
        '<line x1="{}" x2="{}" y1="{}" y2="{}"/><text x="0" y="{}">{}</text>'
        '<text x="0" y="{}">0</text>',
        WIDTH, HEIGHT, title, LEFT, WIDTH, HEIGHT - BASE, HEIGHT - BASE, TOP, most, HEIGHT - BASE,
    )  # fmt: skip


def _height(share: float) -> float:
    return HEIGHT - BASE - (HEIGHT - BASE - TOP) * share


def _bar(x: float, wide: float, share: float) -> tuple[str, str, str, str]:
    top = _height(share)
    return f"{x:.1f}", f"{top:.1f}", f"{wide:.1f}", f"{HEIGHT - BASE - top:.1f}"
