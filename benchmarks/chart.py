"""A line chart on two logarithmic axes, drawn as SVG that reads in light and in dark."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

WIDTH, HEIGHT = 860, 460
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 250, 76, 56
_LABEL_GAP = 18

_STYLE = """
text { font: 13px -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif; fill: #57606a }
.title { font-size: 16px; font-weight: 600; fill: #1f2328 }
.grid { stroke: #d0d7de; stroke-width: 1 }
.line { fill: none; stroke-width: 2.5; stroke-linejoin: round; stroke-linecap: round }
.paper { fill: #ffffff }
.s0 { --c: #bc4c00 } .s1 { --c: #9a6700 } .s2 { --c: #0969da } .s3 { --c: #8250df } .s4 { --c: #6e7781 }
.line, .dot { stroke: var(--c) } .dot { fill: var(--c) } .name { fill: var(--c); font-weight: 600 }
@media (prefers-color-scheme: dark) {
  text { fill: #9198a1 } .title { fill: #f0f6fc } .grid { stroke: #3d444d } .paper { fill: #0d1117 }
  .s0 { --c: #f0883e } .s1 { --c: #d29922 } .s2 { --c: #4493f8 } .s3 { --c: #ab7df8 } .s4 { --c: #9198a1 }
}
"""  # noqa: E501  one colour scheme a line


@dataclass(frozen=True)
class Line:
    """A named line through points of (rows, seconds), both above zero; `colour` is 0 to 4."""

    colour: int
    name: str
    points: Sequence[tuple[float, float]]


def draw(title: str, lines: Sequence[Line], *, x_title: str, y_title: str) -> str:
    """Return an SVG document; every line, of a point or more, is named at its end."""
    xs = [x for line in lines for x, _ in line.points]
    ys = [y for line in lines for _, y in line.points]
    across = _Axis.over(xs, _LEFT, WIDTH - _RIGHT, margin=0.04)
    up = _Axis.over(ys, HEIGHT - _BOTTOM, _TOP, margin=0.04)
    right, bottom = WIDTH - _RIGHT, HEIGHT - _BOTTOM
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" role="img"',
        f' viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">',
        f"<title>{escape(title)}</title>",
        f"<style>{_STYLE}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}" rx="6"/>',
        f'<text class="title" x="{_LEFT - 52}" y="32">{escape(title)}</text>',
        f'<text x="{_LEFT - 52}" y="{_TOP - 20}">{escape(y_title)}</text>',
        f'<text x="{(_LEFT + right) / 2}" y="{HEIGHT - 14}" text-anchor="middle">',
        f"{escape(x_title)}</text>",
    ]
    for tick in sorted(set(xs)):
        x = across.place(tick)
        parts += [
            f'<path class="grid" d="M{x:.1f} {_TOP}V{bottom}"/>',
            f'<text x="{x:.1f}" y="{bottom + 20}" text-anchor="middle">{_short(tick)}</text>',
        ]
    for tick in up.ticks():
        y = up.place(tick)
        parts += [
            f'<path class="grid" d="M{_LEFT} {y:.1f}H{right}"/>',
            f'<text x="{_LEFT - 10}" y="{y + 4:.1f}" text-anchor="end">{tick:g} s</text>',
        ]
    ends = _spread([up.place(line.points[-1][1]) for line in lines])
    for line, end in zip(lines, ends, strict=True):
        dots = [(across.place(x), up.place(y)) for x, y in line.points]
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in dots)
        last = line.points[-1][1]
        parts += [
            f'<g class="s{line.colour}"><path class="line" d="{path}"/>',
            *(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' for x, y in dots),
            f'<text x="{dots[-1][0] + 14:.1f}" y="{end + 4:.1f}">',
            f'<tspan class="name">{escape(line.name)}</tspan> {_seconds(last)}</text></g>',
        ]
    return "\n".join([*parts, "</svg>", ""])


@dataclass(frozen=True)
class _Axis:
    """A logarithmic scale from `low` to `high` over the pixels from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    @classmethod
    def over(cls, values: Sequence[float], start: float, end: float, *, margin: float) -> "_Axis":
        low, high = math.log10(min(values)), math.log10(max(values))
        room = max(high - low, 0.5) * margin + 0.05
        return cls(low - room, high + room, start, end)

    def place(self, value: float) -> float:
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Return the powers of ten in range; of a short range 2 and 5 times them too."""
        steps = (1, 2, 5) if self.high - self.low < 2.5 else (1,)
        powers = range(math.floor(self.low), math.ceil(self.high) + 1)
        ticks = [step * 10.0**power for power in powers for step in steps]
        return [tick for tick in ticks if self.low <= math.log10(tick) <= self.high]


def _spread(places: Sequence[float]) -> list[float]:
    """Move labels apart until each has a line's height, those in a crowd up and down alike."""
    order = sorted(range(len(places)), key=places.__getitem__)
    lowered, raised = list(places), list(places)
    for above, below in pairwise(order):
        lowered[below] = max(lowered[below], lowered[above] + _LABEL_GAP)
    for below, above in pairwise(reversed(order)):
        raised[above] = min(raised[above], raised[below] - _LABEL_GAP)
    return [(low + high) / 2 for low, high in zip(lowered, raised, strict=True)]


def _short(number: float) -> str:
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:g}{letter}"
    return f"{number:g}"


def _seconds(number: float) -> str:
    return f"{number:.0f} s" if number >= 20 else f"{number:.2g} s"
