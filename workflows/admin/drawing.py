"""A finding's evidence as pictures: SVG from the server, each with its figures as a table."""

from collections.abc import Sequence
from typing import Any

from django.utils.html import format_html, format_html_join

from trades.admin.cells import digits
from trades.admin.page import Panel
from trades.admin.twin import table_twin

WIDTH, HEIGHT, BASE, LEFT = 640, 150, 20, 34


def columns(
    rows: Sequence[tuple[str, int, int]], *, title: str, all_of: str, ours: str, note: str = ""
) -> Panel:
    """
    Draw columns, one a row of ``(label, all, ours)``: the part that is the finding's stands out.

    Below is the same as a table, for print, for readers of screens and for the exact figures.
    """
    most = max((count for _, count, _ in rows), default=0) or 1
    step = (WIDTH - LEFT) / max(len(rows), 1)
    wide = min(step * 0.7, 48)
    bars = format_html_join(
        "",
        '<g><title>{}: {} of {}</title><rect class="dk-draw-all" x="{}" y="{}" width="{}" '
        'height="{}"/><rect class="dk-draw-ours" x="{}" y="{}" width="{}" height="{}"/>'
        '<text x="{}" y="{}" text-anchor="middle">{}</text></g>',
        (
            (
                label, digits(mine), digits(count),
                *_bar(LEFT + step * at + (step - wide) / 2, wide, count / most),
                *_bar(LEFT + step * at + (step - wide) / 2, wide, mine / most),
                f"{LEFT + step * (at + 0.5):.1f}", HEIGHT - 6,
                label if at % _every(len(rows), step, label) == 0 else "",
            )
            for at, (label, count, mine) in enumerate(rows)
        ),
    )  # fmt: skip
    drawn = format_html(
        '<svg class="dk-draw" viewBox="0 0 {} {}" role="img" aria-label="{}">'
        '<line x1="{}" x2="{}" y1="{}" y2="{}"/><text x="0" y="12">{}</text>{}</svg>'
        '<p class="dk-draw-key"><i class="dk-draw-all"></i>{} <i class="dk-draw-ours"></i>{}</p>',
        WIDTH, HEIGHT, title, LEFT, WIDTH, HEIGHT - BASE, HEIGHT - BASE, digits(most), bars,
        all_of, ours,
    )  # fmt: skip
    head = ("", all_of.capitalize(), ours.capitalize(), "Share")
    cells = [
        (label, digits(count), digits(mine), _percent(mine, count)) for label, count, mine in rows
    ]
    return Panel(title=title, note=note, body=drawn + table_twin(head, cells))


def lift_bars(places: Sequence[dict[str, Any]]) -> Panel:
    """Draw how many times the usual share of breaks each place has; the line is the usual."""
    most = max((place["lift"] or 0 for place in places), default=0) or 1
    line = 22
    room = WIDTH - 230
    bars = format_html_join(
        "",
        '<g><title>{}: {} of {} trades</title><text x="0" y="{}">{}</text>'
        '<rect class="dk-draw-ours" x="170" y="{}" width="{}" height="12"/>'
        '<text x="{}" y="{}">{}</text></g>',
        (
            (
                place["name"], digits(place["breaks"]), digits(place["trades"]),
                at * line + 14, _cut(place["name"]), at * line + 4,
                f"{room * (place['lift'] or 0) / most:.1f}",
                f"{176 + room * (place['lift'] or 0) / most:.1f}", at * line + 14,
                f"{place['lift']:g}x",
            )
            for at, place in enumerate(places)
        ),
    )  # fmt: skip
    usual = 170 + room / most
    drawn = format_html(
        '<svg class="dk-draw" viewBox="0 0 {} {}" role="img" aria-label="Lift by place">'
        '{}<line class="dk-draw-usual" x1="{}" x2="{}" y1="0" y2="{}"/></svg>',
        WIDTH, len(places) * line + 4, bars, f"{usual:.1f}", f"{usual:.1f}", len(places) * line,
    )  # fmt: skip
    noun = str(places[0]["dimension"]) if places else "place"
    cells = [
        (place["name"], digits(place["trades"]), digits(place["breaks"]), f"{place['lift']:g}")
        for place in places
    ]
    twin = table_twin((noun.capitalize(), "Trades", "Broken so", "Lift"), cells)
    note = "times the usual share of trades; the line is the usual"
    return Panel(title=f"Lift by {noun}", note=note, body=drawn + twin)


def _bar(x: float, wide: float, share: float) -> tuple[str, str, str, str]:
    tall = (HEIGHT - BASE - 16) * share
    return f"{x:.1f}", f"{HEIGHT - BASE - tall:.1f}", f"{wide:.1f}", f"{tall:.1f}"


def _every(count: int, step: float, label: str) -> int:
    """Tell how many labels to pass over so that those shown stand apart."""
    return max(1, round(len(label) * 7 / step + 0.49)) if count else 1


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else ""


def _cut(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:22]}..."
