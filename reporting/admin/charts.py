"""
The dashboard's pictures: SVG from the server, each with its figures as a table beneath.

They need no script, follow the theme by their classes, print as they stand, and every bar is a
link to the rows it counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from reporting.selectors.rates import percent
from workflows.admin.drawing import table_twin

WIDTH, HEIGHT, LEFT, TOP, BASE = 600, 210, 40, 12, 24


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a column: its tone, name, count, and the list behind it."""

    tone: str
    name: str
    count: int
    link: str


class Day(NamedTuple):
    """One day of a trend: what was opened, what share was matched, and the list behind it."""

    day: date
    opened: int
    rate: float | None
    link: str


def stacked(columns: Sequence[tuple[str, Sequence[Part]]], *, title: str) -> SafeString:
    """Draw columns of parts, one above the other, with what each part counts in its title."""
    most = max((sum(part.count for part in parts) for _, parts in columns), default=0)
    top = nice(most)
    step = (WIDTH - LEFT) / max(len(columns), 1)
    wide = min(step * 0.62, 84)
    drawn = []
    for at, (label, parts) in enumerate(columns):
        x = LEFT + step * at + (step - wide) / 2
        drawn.append(_column(label, parts, x=x, wide=wide, top=top))
    names = [part.name for part in columns[0][1]] if columns else []
    tones = [part.tone for part in columns[0][1]] if columns else []
    picture = format_html(
        '<svg class="dk-chart" viewBox="0 0 {} {}" role="group" aria-label="{}">{}{}</svg>{}',
        WIDTH, HEIGHT, title, _grid(top), format_html_join("", "{}", ((one,) for one in drawn)),
        _key(list(zip(tones, names, strict=True))),
    )  # fmt: skip
    rows = [
        (label, *(f"{part.count:,}" for part in parts), f"{sum(p.count for p in parts):,}")
        for label, parts in columns
    ]
    return picture + table_twin(("", *names, "All"), rows)


def trend(days: Sequence[Day], *, title: str) -> SafeString:
    """Draw breaks opened a day as columns, and the match rate as a line on a scale of its own."""
    top = nice(max((one.opened for one in days), default=0))
    rates = [one.rate for one in days if one.rate is not None]
    low, high = rate_scale(rates)
    step = (WIDTH - LEFT - 40) / max(len(days), 1)
    wide = min(step * 0.6, 40)
    bars = format_html_join(
        "",
        '<a href="{}"><title>{}: {} breaks, {} matched</title><rect class="dk-fill-bar" x="{}" '
        'y="{}" width="{}" height="{}"/></a>',
        (
            (
                one.link, one.day.isoformat(), f"{one.opened:,}", percent(one.rate),
                f"{LEFT + step * at + (step - wide) / 2:.1f}", f"{_y(one.opened, top):.1f}",
                f"{wide:.1f}", f"{_y(0, top) - _y(one.opened, top):.1f}",
            )
            for at, one in enumerate(days)
        ),
    )  # fmt: skip
    spots = [
        (LEFT + step * (at + 0.5), _y(one.rate - low, high - low), one)
        for at, one in enumerate(days)
        if one.rate is not None
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in spots)
    dots = format_html_join(
        "",
        '<circle class="dk-fill-line" cx="{}" cy="{}" r="3"><title>{}: {} matched</title></circle>',
        ((f"{x:.1f}", f"{y:.1f}", one.day.isoformat(), percent(one.rate)) for x, y, one in spots),
    )
    every = max(1, round(len(days) / 8 + 0.49))
    labels = format_html_join(
        "",
        '<text x="{}" y="{}" text-anchor="middle">{}</text>',
        (
            (f"{LEFT + step * (at + 0.5):.1f}", HEIGHT - 6, f"{one.day:%d %b}")
            for at, one in enumerate(days)
            if at % every == 0
        ),
    )
    picture = format_html(
        '<svg class="dk-chart" viewBox="0 0 {} {}" role="group" aria-label="{}">{}{}{}'
        '<polyline class="dk-line" points="{}"/>{}{}</svg>{}',
        WIDTH, HEIGHT, title, _grid(top), _right_scale(low, high) if rates else "", bars, line,
        dots, labels, _key([("bar", "Breaks"), ("line", "Match rate, right scale")]),
    )  # fmt: skip
    rows = [(one.day.isoformat(), f"{one.opened:,}", percent(one.rate)) for one in days]
    return picture + table_twin(("Day", "Breaks", "Match rate"), rows)


def share_bar(count: int, most: int) -> SafeString:
    """Draw how much of the largest a row of a list is, behind its figures."""
    wide = 100 * count / most if most else 0
    return format_html(
        '<svg class="dk-share-bar" viewBox="0 0 100 4" preserveAspectRatio="none" '
        'aria-hidden="true"><rect width="{}" height="4"/></svg>',
        f"{wide:.1f}",
    )


def nice(most: int) -> int:
    """Return the round number at or above the largest that a scale of four steps ends at."""
    unit = 1
    while True:
        for times in (1, 2, 3, 4, 5, 6, 8):
            if most <= 4 * unit * times:
                return 4 * unit * times
        unit *= 10


def rate_scale(rates: Sequence[float]) -> tuple[float, float]:
    """Return the two ends of a scale that shows rates apart, whole tenths of all."""
    lowest = min(rates, default=0.0)
    for low in (0.99, 0.95, 0.9, 0.8, 0.5):
        if lowest >= low + (1 - low) * 0.1:
            return low, 1.0
    return 0.0, 1.0


def _column(label: str, parts: Sequence[Part], *, x: float, wide: float, top: int) -> SafeString:
    below, drawn = 0, []
    for part in parts:
        if not part.count:
            continue
        y = _y(below + part.count, top)
        tall = max(_y(below, top) - y, 1.0)
        drawn.append((part.link, label, part.name, f"{part.count:,}", part.tone, f"{x:.1f}",
                      f"{y:.1f}", f"{wide:.1f}", f"{tall:.1f}"))  # fmt: skip
        below += part.count
    bars = format_html_join(
        "",
        '<a href="{}"><title>{}, {}: {}</title><rect class="dk-fill-{}" x="{}" y="{}" width="{}" '
        'height="{}"/></a>',
        drawn,
    )
    middle = f"{x + wide / 2:.1f}"
    return format_html(
        '{}<text class="dk-sum-word" x="{}" y="{}" text-anchor="middle">{}</text>'
        '<text x="{}" y="{}" text-anchor="middle">{}</text>',
        bars, middle, f"{_y(below, top) - 4:.1f}", f"{below:,}" if below else "",
        middle, HEIGHT - 6, label,
    )  # fmt: skip


def _y(value: float, top: float) -> float:
    return HEIGHT - BASE - (HEIGHT - BASE - TOP) * value / top


def _grid(top: int) -> SafeString:
    lines = [(LEFT, WIDTH, _y(top * part / 4, top), f"{top * part // 4:,}") for part in range(5)]
    return format_html_join(
        "",
        '<line x1="{}" x2="{}" y1="{}" y2="{}"/><text x="{}" y="{}" text-anchor="end">{}</text>',
        ((left, right, f"{y:.1f}", f"{y:.1f}", left - 6, f"{y + 4:.1f}", word)
         for left, right, y, word in lines),
    )  # fmt: skip


def _right_scale(low: float, high: float) -> SafeString:
    marks = [(low + (high - low) * part / 4) for part in (0, 2, 4)]
    return format_html_join(
        "",
        '<text x="{}" y="{}" text-anchor="end">{}%</text>',
        ((WIDTH, f"{_y(one - low, high - low) + 4:.1f}", f"{one * 100:g}") for one in marks),
    )


def _key(tones: Sequence[tuple[str, str]]) -> SafeString:
    return format_html(
        '<p class="dk-chart-key">{}</p>',
        format_html_join("", '<span><i class="dk-back-{}"></i>{}</span>', tones),
    )
