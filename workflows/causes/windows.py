"""
A source that says nothing of a window of time in which the other goes on.

Of a day's units in order of time, those that a source lacks and those that it has are weighed by
how much likelier each is inside a hole than outside (log-likelihood ratio), and the heaviest
stretch is the window: Kadane's maximum-sum segment. Its chance is binomial, times every stretch
that a day has.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from workflows.causes.finding import Finding
from workflows.causes.forms import Evidence
from workflows.causes.places import LEAST_SUPPORT
from workflows.causes.scopes import ORDINARY
from workflows.causes.significance import binomial
from workflows.causes.units import Bools, Ints

SIDES = {"MISSING_RIGHT": "right", "MISSING_LEFT": "left"}
WHOLE = 0.95
LEAST_MISSING = 0.85
ROUND_MINUTES = (60, 30, 15, 10, 5, 1)
# A trade is told by our clock, and the source that left it out has its own.
CLOCKS_APART = pd.Timedelta(minutes=2)


@dataclass(frozen=True)
class _Hole:
    """The units of a stretch of one day, how many of them are missing, and its bounds."""

    units: Ints
    missing: Bools
    since: pd.Timestamp
    until: pd.Timestamp
    p_value: float

    @property
    def clock(self) -> tuple[pd.Timedelta, pd.Timedelta]:
        midnight = self.since.floor("D")
        return self.since - midnight, self.until - midnight


def windows(evidence: Evidence) -> tuple[list[Finding], int]:
    """Return the windows that a source lacks, and how many stretches were tried."""
    found, tried = [], 0
    for kind, side in SIDES.items():
        breaks = evidence.of_type(kind)
        if len(breaks) < LEAST_SUPPORT:
            continue
        holes = []
        for hole, stretches in _holes(evidence, breaks):
            tried += stretches
            holes.append(hole)
        found += [_finding(evidence, kind, side, alike) for alike in _alike(holes)]
    return found, tried


def _holes(evidence: Evidence, breaks: Ints) -> Iterator[tuple[_Hole, int]]:
    units = evidence.units
    lacking = units.marked(breaks)
    times = units.frame["executed_at"].reset_index(drop=True)
    known = times.notna().to_numpy()
    for day in np.unique(units.days[lacking & known]):
        here = np.flatnonzero(known & (units.days == day))
        here = here[np.argsort(times.to_numpy()[here], kind="stable")]
        if lacking[here].sum() < LEAST_SUPPORT:
            continue
        # The hole itself must not pass for what is usual: half of the rest is.
        usual = max(
            ORDINARY, 0.5 * float(lacking[here].mean()) if lacking[here].mean() < 0.5 else 0.1
        )
        first, last = _heaviest(lacking[here], usual)
        inside = here[first : last + 1]
        k, n = int(lacking[inside].sum()), len(inside)
        if k < LEAST_SUPPORT or k < LEAST_MISSING * n:
            continue
        before = times[here[first - 1]] if first else times[inside[0]].floor("D")
        after = times[here[last + 1]] if last + 1 < len(here) else times[inside[-1]].ceil("D")
        since = _roundest(before, times[inside[0]])
        until = _roundest(times[inside[-1]], after)
        outside = (int(lacking[here].sum()) - k) / max(len(here) - n, 1)
        stretches = len(here) * (len(here) + 1) // 2
        chance = binomial(k, n, max(ORDINARY, outside)) * stretches
        yield _Hole(inside, lacking[inside], since, until, min(chance, 1.0)), 1


def _heaviest(lacking: Bools, usual: float) -> tuple[int, int]:
    """Return the first and last place of the stretch that most speaks for a hole."""
    weights = np.where(lacking, np.log(WHOLE / usual), np.log((1 - WHOLE) / (1 - usual)))
    sums = np.concatenate([[0.0], np.cumsum(weights)])
    lowest = np.minimum.accumulate(sums[:-1])
    last = int(np.argmax(sums[1:] - lowest))
    first = int(np.argmin(sums[: last + 1]))
    return first, last


def _roundest(after: pd.Timestamp, until: pd.Timestamp) -> pd.Timestamp:
    """Return the roundest time later than one and not later than another."""
    for minutes in ROUND_MINUTES:
        at = (after - CLOCKS_APART).ceil(f"{minutes}min")
        if at <= until:
            return at
    return until


def _alike(holes: list[_Hole]) -> list[list[_Hole]]:
    """Put the holes together that overlap by the clock on different days."""
    groups: list[list[_Hole]] = []
    for hole in sorted(holes, key=lambda one: one.p_value):
        for group in groups:
            since, until = group[0].clock
            shared = min(until, hole.clock[1]) - max(since, hole.clock[0])
            if 2 * shared >= min(until - since, hole.clock[1] - hole.clock[0]):
                group.append(hole)
                break
        else:
            groups.append([hole])
    return groups


def _finding(evidence: Evidence, kind: str, side: str, holes: list[_Hole]) -> Finding:
    best = holes[0]
    inside = np.concatenate([hole.units for hole in holes])
    missing = inside[np.concatenate([hole.missing for hole in holes])]
    members = np.zeros(len(evidence.units), dtype=bool)
    members[missing] = True
    breaks = evidence.of_type(kind)
    breaks = breaks[members[evidence.units.of_break[breaks]]]
    lacking = evidence.units.marked(evidence.of_type(kind))
    rate = len(missing) / len(inside)
    days = sorted({hole.since.date().isoformat() for hole in holes})
    figures = {
        "side": side,
        "since": best.since.strftime("%H:%M"),
        "until": best.until.strftime("%H:%M"),
        "days": days,
        "missing": len(missing),
        "of": len(inside),
    }
    fix = {
        "kind": "resend",
        "side": side,
        "windows": [[hole.since.isoformat(), hole.until.isoformat()] for hole in holes],
    }
    return Finding(
        mechanism="MISSING_WINDOW",
        key=(side, figures["since"], figures["until"]),
        terms=(),
        breaks=breaks,
        units=members,
        lift=rate / float(lacking.mean()),
        p_value=min(hole.p_value for hole in holes),
        figures=figures,
        fix=fix,
    )
