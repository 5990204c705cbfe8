"""How well a model foresees, as pictures: SVG from the server, each with its figures as a table."""

from collections.abc import Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from trades.admin.cells import digits
from trades.admin.page import Panel
from trades.admin.twin import table_twin

WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 56, 14, 14, 44
STEPS = 5


def reliability(points: Sequence[Sequence[float]]) -> Panel:
    """Draw what was foreseen against the share that broke; on the dashed line both are one."""
    most = _round_up(max((max(foreseen, broke) for foreseen, broke, _ in points), default=0))
    places = [(_x(foreseen / most), _y(broke / most)) for foreseen, broke, _ in points]
    dots = format_html_join(
        "",
        '<circle cx="{}" cy="{}" r="4"><title>{} foreseen, {} broke, of {}</title></circle>',
        (
            (f"{x:.1f}", f"{y:.1f}", percent(foreseen), percent(broke), digits(count))
            for (x, y), (foreseen, broke, count) in zip(places, points, strict=True)
        ),
    )
    even = format_html(
        '<line class="dk-draw-usual" x1="{}" y1="{}" x2="{}" y2="{}"/>',
        _x(0), _y(0), _x(1), _y(1),
    )  # fmt: skip
    drawn = _axes("Reliability", most, x="foreseen", y="broke", inside=even + _line(places) + dots)
    head = ("Tenth of the trades", "Foreseen", "Broke", "Trades")
    cells = [
        (at + 1, percent(foreseen), percent(broke), digits(count))
        for at, (foreseen, broke, count) in enumerate(points)
    ]
    note = "each point is a tenth of the test part; on the dashed line as many broke as foreseen"
    return Panel(title="Reliability", note=note, body=drawn + table_twin(head, cells))


def precision_recall(points: Sequence[Sequence[float]], *, base_rate: float) -> Panel:
    """Draw precision against recall; the dashed line is a list drawn by lot."""
    places = [(_x(recall), _y(precision)) for recall, precision in points]
    by_lot = format_html(
        '<line class="dk-draw-usual" x1="{}" y1="{}" x2="{}" y2="{}"><title>{} break</title>'
        "</line>",
        _x(0), f"{_y(base_rate):.1f}", _x(1), f"{_y(base_rate):.1f}", percent(base_rate),
    )  # fmt: skip
    drawn = _axes(
        "Precision and recall", 1, x="recall", y="precision", inside=by_lot + _line(places)
    )
    shown = points[:: max(1, len(points) // 20)]
    cells = [(percent(recall), percent(precision)) for recall, precision in shown]
    note = "of all breaks, how many a list holds, and of the list, how many break"
    twin = table_twin(("Recall", "Precision"), cells)
    return Panel(title="Precision and recall", note=note, body=drawn + twin)


def percent(share: float) -> str:
    """Write a share in percent, small ones with the digits that tell them apart."""
    return f"{share * 100:.{1 if share >= 0.01 else 2}f}%"


def _axes(title: str, most: float, *, x: str, y: str, inside: Any) -> SafeString:
    """Draw both axes from nought to `most`, with their names, around what is inside."""
    grid = format_html_join(
        "",
        '<line x1="{}" x2="{}" y1="{}" y2="{}"/><text x="{}" y="{}" text-anchor="end">{}</text>'
        '<text x="{}" y="{}" text-anchor="middle">{}</text>',
        (
            (
                LEFT, WIDTH - RIGHT, f"{_y(at / STEPS):.1f}", f"{_y(at / STEPS):.1f}",
                LEFT - 8, f"{_y(at / STEPS) + 4:.1f}", _tick(most * at / STEPS),
                f"{_x(at / STEPS):.1f}", HEIGHT - BOTTOM + 18, _tick(most * at / STEPS),
            )
            for at in range(STEPS + 1)
        ),
    )  # fmt: skip
    return format_html(
        '<svg class="dk-draw dk-curve" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}'
        '<text x="{}" y="{}" text-anchor="middle">{}</text>'
        '<text x="{}" y="{}" text-anchor="middle" transform="rotate(-90 12 {})">{}</text></svg>',
        WIDTH, HEIGHT, title, grid, inside,
        (LEFT + WIDTH - RIGHT) // 2, HEIGHT - 6, x,
        12, (HEIGHT - BOTTOM + TOP) // 2, (HEIGHT - BOTTOM + TOP) // 2, y,
    )  # fmt: skip


def _line(places: Sequence[tuple[float, float]]) -> SafeString:
    return format_html('<polyline points="{}"/>', " ".join(f"{x:.1f},{y:.1f}" for x, y in places))


def _x(share: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * share


def _y(share: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share


def _tick(value: float) -> str:
    return f"{value * 100:.3g}%"


def _round_up(value: float) -> float:
    """Return the next share that five even steps divide well."""
    steps = (0.005, 0.01, 0.02, 0.025, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0)
    return next((step for step in steps if step >= value), 1.0)
