"""Prices, quantities and amounts that are off by one factor: pence, units, an FX rate."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workflows.causes.forms import Evidence, Form
from workflows.causes.inputs import Rate
from workflows.causes.places import LEAST_SUPPORT
from workflows.causes.units import Bools, Ints

Floats = NDArray[np.float64]
FIELDS = {"PRICE": "PRICE_FACTOR", "QUANTITY": "QUANTITY_FACTOR", "NET_AMOUNT": "AMOUNT_FACTOR"}
POWERS = (10.0, 100.0, 1000.0, 10_000.0, 1_000_000.0)
# A feed that quotes in hundreds may be off a little besides.
NEAR_A_POWER = 0.02
NEAR_A_RATE = 0.0004
OLDEST_RATE = 30
POUNDS = frozenset({"GBP", "GBX", "GBp", "GBPENCE"})
LONDON = frozenset({"XLON"})


@dataclass(frozen=True)
class _Ratios:
    """Right over left, as logarithms; `slack` is how far rounding can move each."""

    field: str
    breaks: Ints
    logs: Floats
    slack: Floats

    def near(self, factor: float | Floats, within: float) -> Bools:
        return np.abs(self.logs - np.log(factor)) <= within + self.slack

    def without(self, taken: Bools) -> "_Ratios":
        return _Ratios(self.field, self.breaks[~taken], self.logs[~taken], self.slack[~taken])


def factors(evidence: Evidence) -> list[Form]:
    """Return the factors by which numbers of a field are off."""
    found = []
    for name in FIELDS:
        ratios = _ratios(evidence, name)
        for factor in (*POWERS, *(1 / power for power in POWERS)):
            hit = ratios.near(factor, NEAR_A_POWER)
            if hit.sum() >= LEAST_SUPPORT:
                found += _powers(evidence, ratios, hit, factor)
            ratios = ratios.without(hit)
        if name != "QUANTITY":
            forms, ratios = _rates(evidence, ratios)
            found += forms
        found += _constant(ratios)
    return found


def _ratios(evidence: Evidence, name: str) -> _Ratios:
    breaks = evidence.of_type(name)
    left, right = evidence.numbers(breaks)
    known = (left > 0) & (right > 0)
    breaks, left, right = breaks[known], left[known], right[known]
    step = _step(evidence, breaks)
    return _Ratios(name, breaks, np.log(right / left), step / np.minimum(left, right))


def _step(evidence: Evidence, breaks: Ints) -> Floats:
    """Return half of the last place that either side's number was rounded to."""
    rows = evidence.desk.breaks.iloc[breaks]
    places = np.array(
        [
            min(len(left.partition(".")[2]), len(right.partition(".")[2]))
            for left, right in zip(rows["left_value"], rows["right_value"], strict=True)
        ],
        dtype=np.int64,
    )
    return 0.5 * 10.0 ** -np.maximum(places, 2)


def _powers(evidence: Evidence, ratios: _Ratios, hit: Bools, factor: float) -> list[Form]:
    """
    Tell pence taken for pounds from a factor of a hundred elsewhere: by where the trades are.

    A hundred on London's prices only is pence; on all markets' it is no matter of pence.
    """
    breaks = ratios.breaks[hit]
    figures: dict[str, Any] = {"field": ratios.field, "factor": f"{factor:g}"}
    key = (ratios.field, f"{factor:g}")
    if ratios.field == "PRICE" and round(abs(np.log10(factor))) == 2:
        frame = evidence.units.frame
        pounds = frame["currency"].isin(POUNDS) | frame["venue"].isin(LONDON)
        british = pounds.to_numpy()[evidence.units.of_break[breaks]]
        if british.sum() >= LEAST_SUPPORT and (~british).sum() < 0.3 * len(breaks):
            figures |= {"british": int(british.sum()), "of": len(breaks)}
            fix = {"kind": "price_unit", "factor": f"{factor:g}"}
            form = Form("PENCE_POUNDS", key, breaks[british], figures, pounds.to_numpy(), fix)
            return [form]
    fix = {"kind": "unit_factor", "field": ratios.field, "factor": f"{factor:g}"}
    return [Form(FIELDS[ratios.field], key, breaks, figures, None, fix)]


def _rates(evidence: Evidence, ratios: _Ratios) -> tuple[list[Form], _Ratios]:
    """Return the amounts converted at another day's rate, or on one side only."""
    found = []
    trade_days = evidence.units.frame["trade_date"].dt.date.to_numpy()
    for currency, known in _by_currency(evidence.desk.rates):
        while len(ratios.breaks) >= LEAST_SUPPORT:
            days = trade_days[evidence.units.of_break[ratios.breaks]]
            candidates = list(_candidates(known, days))
            best, hit = None, np.zeros(len(ratios.breaks), dtype=bool)
            for candidate in candidates:
                near = ratios.near(candidate.factors, NEAR_A_RATE) & candidate.there
                if near.sum() > hit.sum():
                    best, hit = candidate, near
            if best is None or hit.sum() < LEAST_SUPPORT:
                break
            breaks = ratios.breaks[hit]
            figures = {
                "field": ratios.field,
                "currency": currency,
                "factor": f"{float(np.median(np.exp(ratios.logs[hit]))):.6g}",
                **best.figures,
            }
            key = (ratios.field, currency, *best.key)
            fix = {"kind": "fx_rate", "currency": currency, **best.figures}
            found.append(Form(best.mechanism, key, breaks, figures, None, fix, len(candidates)))
            ratios = ratios.without(hit)
    return found, ratios


@dataclass(frozen=True)
class _Candidate:
    """What each break's ratio would be; `there` where it would show at all."""

    mechanism: str
    key: tuple[object, ...]
    factors: Floats
    there: Bools
    figures: dict[str, str]


def _candidates(known: list[Rate], days: NDArray[np.object_]) -> Iterator[_Candidate]:
    dates = [rate.as_of_date for rate in known]
    rates = np.array([rate.rate for rate in known])
    at = np.array([bisect_right(dates, day) - 1 for day in days])
    now = np.where(at >= 0, rates[at], 1.0)
    old_days = sorted({place for place in at.tolist() if place >= 0}, reverse=True)
    oldest = max((old_days[0] if old_days else 0) - OLDEST_RATE, 0)
    for stale in range(oldest, old_days[0] if old_days else 0):
        for whose, ratio in (("right", rates[stale] / now), ("left", now / rates[stale])):
            there = (at > stale) & (np.abs(np.log(ratio)) > 3 * NEAR_A_RATE)
            figures = {
                "stale_side": whose,
                "stale_date": dates[stale].isoformat(),
                "stale_rate": f"{rates[stale]:.6g}",
                "rate": f"{np.median(now[at >= 0]):.6g}",
            }
            yield _Candidate("STALE_FX", (whose,), ratio, there, figures)
    for whose, ratio in (("right", now), ("left", 1 / now)):
        figures = {"converted_side": whose, "rate": f"{np.median(now):.6g}"}
        there = (at >= 0) & (np.abs(np.log(ratio)) > 3 * NEAR_A_RATE)
        yield _Candidate("FX_CONVERSION", (whose,), ratio, there, figures)


def _by_currency(rates: Sequence[Rate]) -> Iterator[tuple[str, list[Rate]]]:
    ordered = sorted(rates, key=lambda rate: (rate.currency, rate.as_of_date))
    for currency, known in groupby(ordered, key=lambda rate: rate.currency):
        yield currency, list(known)


def _constant(ratios: _Ratios) -> list[Form]:
    """Return the one factor that most of what is left shares, whatever it may be."""
    if len(ratios.breaks) < LEAST_SUPPORT:
        return []
    order = np.argsort(ratios.logs)
    logs = ratios.logs[order]
    until = np.searchsorted(logs, logs + 2 * NEAR_A_RATE, side="right")
    at = int(np.argmax(until - np.arange(len(logs))))
    alike = order[at : until[at]]
    if len(alike) < LEAST_SUPPORT or len(alike) < 0.3 * len(logs):
        return []
    factor = f"{float(np.exp(np.median(ratios.logs[alike]))):.4g}"
    figures = {"field": ratios.field, "factor": factor}
    fix = {"kind": "unit_factor", "field": ratios.field, "factor": factor}
    breaks = np.sort(ratios.breaks[alike])
    key = (ratios.field, factor)
    return [Form(FIELDS[ratios.field], key, breaks, figures, None, fix, len(logs))]
